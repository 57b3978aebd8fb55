"""How NumPy spells the operations. Most functions are differentiated without it: `door` is opened when NumPy first asks an array."""
