"""The machine that compiles a graph for this processor."""
