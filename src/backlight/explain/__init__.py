"""What a graph or a run says about itself, in words, formulas and numbers: no pictures."""
