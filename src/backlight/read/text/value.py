"""Values as one types them behind `name=`: numbers, arrays, files, random draws.

`-1`, `1e-3`, `pi/2`, `[[1, 2], [3, 4]]` are read by the same grammar as formulas. Beside these there are files,
`@weights.npy` and `@table.csv`, and arrays by their shape: `zeros(5)`, `normal(5, 10, seed=1)`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from ...core.array import as_value
from ...core.types import Type, type_of
from ...errors import BacklightError, FileError, InputError, LimitError
from .build import Builder
from .literal import literal, quiet_literal, rectangular
from .names import functions
from .tree import Tree, tree
from .words import LIMIT, Place, near, words

__all__ = ["makers", "read_value"]

NUMBERS: Final = 1 << 27  # in one array: a gigabyte of float64
LONG: Final = 100 * LIMIT  # words: data may be pasted


def read_value(text: str, *, most: int = NUMBERS, files: bool = True) -> Any:
    """A number, nested lists of numbers or a NumPy array, from what a person types on a command line.

    Draws are the same on every machine and every day: `normal(shape…, mean=0, std=1, seed=0)`,
    `uniform(shape…, low=0, high=1, seed=0)`; and `zeros(…)`, `ones(…)`, `eye(n)`, `range(n)`, `linspace(a, b, n)`.
    A `.csv` may have a line of titles; one row or one column becomes a vector. `most` is how many numbers an array may have;
    without `files` none is read, for texts that come from elsewhere.
    Raises: SyntaxError with a caret; InputError for a name that has no value; FileError for a file that cannot be read;
    LimitError for more than `most` numbers.

    >>> read_value("-1"), read_value("[[1, 2], [3, 4]]"), read_value("zeros(2)")
    (-1, [[1, 2], [3, 4]], array([0., 0.]))
    """
    text = text.strip()
    if text.startswith("@"):
        if not files:
            raise FileError(f"{text[:40]}: files are not read here: give the numbers themselves")
        return read_file(text[1:])
    found, place = words(text, functions() | set(MAKERS), LONG)
    statements = tree(found, place)
    kind, _, _, parts = statements[0]
    if len(statements) > 1 or kind != "result" or len(parts[0]) > 1:
        raise place.mistake("expected one value, as in 2, [1, 2] or normal(3, seed=1)", 0, len(text))
    item = parts[0][0]
    if item[0] == "call" and item[3][0][3] in MAKERS:
        return make(item, place, most)
    value = quiet_literal(place, item, set())
    if value is not None:
        if isinstance(value, tuple):
            rectangular(place, item, value)
        return as_lists(value)
    return computed(statements, place, most)


def as_lists(value: Any) -> Any:
    """Tuples as lists, all the way down."""
    return [as_lists(v) for v in value] if isinstance(value, tuple) else value


def computed(statements: list[Tree], place: Place, most: int) -> Any:
    """The value of a formula without names."""
    graph = Builder(place, LONG).graph(statements)
    if graph.inputs:
        at = graph.nodes[graph.inputs[0]].at
        assert at is not None
        start = place.starts[at.line - 1] + at.column - 1
        raise place.mistake(f"{graph.input_names[0]!r} has no value here: expected numbers", start, start + 1, InputError)
    values: list[Any] = []
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op.name == "const":
                value = as_value(node.attrs[0][1])
                values.append(value if value.dtype.kind == "b" else value.astype(np.float64))
            else:
                operands = [values[j] for j in node.inputs]
                result = node.op.infer(tuple([type_of(v) for v in operands]), node.attrs)
                if isinstance(result, Type) and result.size > most:
                    raise LimitError(f"{node.op.name}: {result.size} numbers are more than the limit, {most}")
                values.append(node.op.value(*operands, **dict(node.attrs)))
    return values[graph.outputs[0]]


def filled(value: float) -> Callable[..., Any]:
    """A maker of arrays of one number."""
    return lambda *shape: np.full(shape, value)


def normal(*shape: int, mean: float = 0.0, std: float = 1.0, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape) * std + mean


def uniform(*shape: int, low: float = 0.0, high: float = 1.0, seed: int = 0) -> Any:
    return np.random.default_rng(seed).random(shape) * (high - low) + low


# How each is made, its settings, what it takes in brackets, and what it gives.
MAKERS: Final[dict[str, tuple[Callable[..., Any], tuple[str, ...], str, str]]] = {
    "eye": (lambda n: np.eye(n), (), "n", "ones on the diagonal of a square matrix, zeros elsewhere"),
    "linspace": (lambda a, b, n: np.linspace(a, b, n), (), "a, b, n", "n numbers from a to b, evenly spaced"),
    "normal": (normal, ("mean", "std", "seed"), "shape…", "random numbers of this mean and standard deviation"),
    "ones": (filled(1.0), (), "shape…", "ones"),
    "range": (lambda n: np.arange(float(n)), (), "n", "the whole numbers below n"),
    "uniform": (uniform, ("low", "high", "seed"), "shape…", "random numbers from low to high, all equally likely"),
    "zeros": (filled(0.0), (), "shape…", "zeros"),
}


def makers() -> list[tuple[str, str, str]]:
    """What arrays of any shape are made with: name, how it is typed with holes {shape} and {seed}, and what it gives."""
    return [
        (name, f"{name}({{shape}}, seed={{seed}})" if "seed" in settings else f"{name}({{shape}})", docs)
        for name, (_, settings, takes, docs) in MAKERS.items()
        if takes == "shape…"
    ]


def make(item: Tree, place: Place, most: int) -> Any:
    """An array by its shape."""
    _, start, end, parts = item
    name = parts[0][3]
    maker, settings, takes, _ = MAKERS[name]
    given: list[Any] = []
    named: dict[str, Any] = {}
    for argument in parts[2] if len(parts) == 4 else []:
        if argument[0] == "keyword":
            word, _, value = argument[3]
            if word[3] not in settings:
                has = f"its settings are {', '.join(settings)}" if settings else "it has none"
                raise place.mistake(
                    f"{name}: has no setting {word[3]!r}{near(word[3], settings) or '; ' + has}", word[1], word[2]
                )
            named[word[3]] = literal(place, value, word[3])
            if type(named[word[3]]) not in (int, float) or (word[3] == "seed" and not whole(named["seed"])):
                kind = "a whole number from 0" if word[3] == "seed" else "a number"
                raise place.mistake(f"{name}: {word[3]} must be {kind}", value[1], value[2])
        else:
            given.append(literal(place, argument, "a size"))
    if len(given) == 1 and isinstance(given[0], tuple):
        given = list(given[0])
    wanted = takes.count(",") + 1
    sizes = given[2:] if name == "linspace" else given
    ends = given[:2] if name == "linspace" else []
    fits = takes == "shape…" or len(given) == wanted
    if not fits or not all(whole(n) for n in sizes) or not all(type(x) in (int, float) for x in ends):
        raise place.mistake(f"{name}({takes}): sizes are whole numbers from 0", start, end)
    count = 1
    for n in (*sizes, *(sizes if name == "eye" else ())):
        count *= n
    if count > most or len(sizes) > 32:
        raise place.mistake(f"{name}: {count} numbers are more than the limit, {most}", start, end, LimitError)
    return maker(*given, **named)


def whole(n: Any) -> bool:
    """Whether this is a whole number from 0."""
    return type(n) is int and n >= 0


def read_file(name: str) -> Any:
    """An array from a `.npy` or `.csv` file."""
    path = Path(name)
    kind = path.suffix.lower()
    if kind not in (".npy", ".csv"):
        raise FileError(f"@{name}: a file of values ends in .npy or .csv")
    try:
        if kind == ".npy":
            found = np.load(path, allow_pickle=False)
            if not isinstance(found, np.ndarray) or found.dtype.kind not in "biufc":
                raise FileError(f"@{name}: holds no array of numbers")
            return found
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except FileNotFoundError:
        raise FileError(f"@{name}: there is no such file") from None
    except BacklightError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FileError(f"@{name}: cannot be read: {reason:.200}") from None
    return table(name, lines)


def table(name: str, lines: list[str]) -> Any:
    """Rows of numbers between commas (or semicolons), below an optional line of titles."""
    rows: list[list[float]] = []
    for count, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.split(";" if ";" in line else ",")]
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            if count == 1:
                continue
            bad = next(cell for cell in cells if not is_number(cell))
            raise FileError(f"@{name}: row {count}: {bad[:40]!r} is not a number") from None
        if rows and len(row) != len(rows[0]):
            raise FileError(f"@{name}: row {count} has {len(row)} numbers, and the first has {len(rows[0])}")
        rows.append(row)
    if not rows:
        raise FileError(f"@{name}: holds no numbers")
    found = np.array(rows)
    return found.reshape(-1) if 1 in found.shape else found


def is_number(cell: str) -> bool:
    """Whether Python's float takes this."""
    try:
        float(cell)
    except ValueError:
        return False
    return True
