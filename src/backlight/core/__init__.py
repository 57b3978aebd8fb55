"""The nouns everything else is made of: types, notation, operations, graphs and arrays."""
