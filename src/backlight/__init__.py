"""Everything is a graph: every value, every gradient, and why each is what it is."""
