"""Graph in, graph out, every step with its rule and its reason."""
