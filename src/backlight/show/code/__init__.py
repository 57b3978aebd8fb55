"""A graph as a program: the code that a person would write for it in NumPy, PyTorch or JAX.

`arrays` and `torch` say how each library spells each operation, one line an operation; `writer` puts the lines together. An
operation that a library has no word for is written by its definition in smaller ones; what has none is named in the error.
"""

from backlight.show.code.dialects import DIALECTS
from backlight.show.code.expand import missing
from backlight.show.code.writer import code

__all__ = ["DIALECTS", "code", "missing"]
