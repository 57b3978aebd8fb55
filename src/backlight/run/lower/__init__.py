"""From a graph to loops over memory: what every compiling machine does first, and what a reader can print."""
