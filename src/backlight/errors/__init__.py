"""Every error that Backlight raises on purpose.

A message says who found it, what was found, where, and what to do next: values, not adjectives. There is one class per
kind of mistake, each also a builtin kind, so that `except ValueError` keeps working. `raise` is for users, `assert` for
ourselves. Each docstring is a failing example and its mend.
"""

import builtins
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .matrix import MatrixError

__all__ = [
    "BacklightError",
    "CompilerError",
    "DTypeError",
    "DifferentiationError",
    "FileError",
    "GradientWarning",
    "GraphError",
    "IndexError",
    "InputError",
    "LeakError",
    "LimitError",
    "MatrixError",
    "MutationError",
    "NameError",
    "NotFiniteError",
    "ShapeError",
    "SyntaxError",
    "ValueError",
]


class BacklightError(Exception):
    """The root of all errors raised on purpose: `except bl.errors.BacklightError` catches them and nothing else.

    `at` is where in a text or in a person's code the mistake is, for editors that want to mark it: file, line, column, end,
    code; None elsewhere.
    """

    at: tuple[str, int, int, int, str] | None = None


class ShapeError(BacklightError, builtins.ValueError):
    """Shapes that do not fit together.

    `bl.run(bl.parse("x + y"), x=[1, 2], y=[1, 2, 3])` fails; give `x` and `y` the same length, or one of them length 1.
    """


class IndexError(ShapeError, builtins.IndexError):
    """A place that an array does not have.

    `bl.grad(lambda x: x[3])(np.ones(3))` fails; the places are 0, 1, 2 and -3, -2, -1.
    """


class DTypeError(BacklightError, builtins.TypeError):
    """A number of the wrong kind: a float where an index is needed, a complex where only a real makes sense.

    `bl.run(bl.parse("gather(x, i)"), x=[1.0, 2.0], i=[0.5])` fails; give `i` whole numbers.
    """


class SyntaxError(BacklightError, builtins.SyntaxError):
    """A text that is not in the language: the message shows the line with a caret under the column.

    `bl.parse("3 + * 4")` fails; write `3 + 4` or `3 * 4`.
    """

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NameError(BacklightError, builtins.LookupError):
    """A name that nothing carries, or that more than one node carries; the nearest names are suggested.

    `run["z"]` fails when the graph has `x` and `y` only; `list(run.names)` shows them all.
    """


class InputError(BacklightError, builtins.TypeError):
    """An input without a value, a value without an input, or a value that cannot be an array.

    `bl.run(bl.parse("x + y"), x=1)` fails; give `y` a value too.
    """


class ValueError(BacklightError, builtins.ValueError):
    """A setting outside its range.

    `dropout(x, rate=1.5)` fails; a rate is at least 0 and below 1.
    """


class GraphError(BacklightError, builtins.ValueError):
    """A graph that breaks its own rules, or values of two graphs mixed in one operation."""


class DifferentiationError(BacklightError, builtins.TypeError):
    """A derivative that does not exist: of an integer or a truth value, or of a node that the output does not have.

    `bl.backprop(bl.parse("x > 0"), x=1)` fails; differentiate something that is a float.
    """


class LimitError(BacklightError, builtins.ValueError):
    """Something larger than the stated limit: a text too long, brackets too deep, an array too big."""


class LeakError(GraphError):
    """A traced array that is used after the function that it was traced in has ended.

    It was kept in a list or a global name; return it from the function instead, or keep `x.value`.
    """


class MutationError(BacklightError, builtins.ValueError):
    """An assignment whose effect elsewhere could not be shown: into an argument, which the caller has too.

    `bl.grad(f)(x)` fails where `f` does `x[0] = 0.0`; begin `f` with `x = x.copy()`.
    """


class NotFiniteError(BacklightError, builtins.ArithmeticError):
    """A number that is infinite or NaN, in a run that watches for them; the message names the first node that has one.

    `bl.compile(lambda x: log(x), watch="nan")(-1.0)` fails; give `x` a positive value.
    """


class CompilerError(BacklightError, builtins.RuntimeError):
    """A compiler that fell over, in a process of its own: nothing but that is lost. The mistake is in Backlight or in LLVM.

    The graph runs on the reference machine: `bl.backprop(f, …)`, or `f` without `bl.compile`.
    """


class FileError(BacklightError, builtins.OSError):
    """A file that is missing, damaged, or of another format or version; nothing was changed on disk."""


class GradientWarning(UserWarning):
    """A gradient leaves something out that Python computed with plain numbers.

    `bl.grad(lambda x: x * float(x))(3.0)` warns and gives 3, since `float(x)` is a constant; `x * x` gives 6.
    """


def __getattr__(name: str) -> Any:
    if name == "MatrixError":  # NumPy's error too, and a command that needs no NumPy does not wait for it
        from .matrix import MatrixError

        return MatrixError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
