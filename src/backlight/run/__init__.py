"""The machines: each turns a graph and its inputs into a run."""
