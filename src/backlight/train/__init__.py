"""Learning: what is done to parameters once their gradients are known."""
