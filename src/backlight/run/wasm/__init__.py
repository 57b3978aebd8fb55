"""The machine that compiles a graph for a page: the same instructions as the native one, as WebAssembly."""
