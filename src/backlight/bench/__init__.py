"""How long things take: our machines beside NumPy by hand and whatever peers are installed, in one interleaved run."""
