"""The doors: each turns what people have, a text, Python code, a model file, into a graph."""
