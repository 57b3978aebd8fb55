"""Write `operations.md`, the reference of all operations, from the rows themselves.

    .venv/bin/python docs/make_operations.py

Nothing on the page is written twice: sentences, rules, settings and worked numbers are those of the row, and the numbers
are the cases that the tests try. A row that is new or changed needs this to be run again; a test says so.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backlight import ops
from backlight.core.op import Case, Op

PAGE = Path(__file__).with_name("operations.md")
SHOWN = 3  # worked examples to a row; the other cases are for the tests

HEAD = """\
# Operations

Every operation there is, family by family, written by `docs/make_operations.py` from the rows of the table. `x @ y`,
`x * y` and the other operators are short for the operation of that name. Where an operation has settings, they are given
by name. The worked numbers are values at the operands shown, and gradients, one for each operand, for an upstream
gradient of ones.
"""


def families() -> Iterator[tuple[str, list[Op]]]:
    """The modules of the room of operations: what each is about, and its rows in the order of the file."""
    for found in pkgutil.iter_modules(ops.__path__):
        module = importlib.import_module(f"{ops.__name__}.{found.name}")
        rows = [row for row in vars(module).values() if isinstance(row, Op) and row.name in module.__all__]
        if rows:
            yield str(module.__doc__).strip().partition("\n")[0].rstrip("."), rows


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, rows in families():
        parts += [f"## {title}\n", *map(entry, rows)]
    return "\n".join(parts)


def entry(row: Op) -> str:
    """One operation."""
    settings = [f"{name}={value!r}" for name, value in row.attrs.items()]
    lines = [f"### `{row.name}({', '.join([*row.args, *settings])})`\n", row.doc]
    facts = [f"{what}: {said}." for what, said in about(row) if said]
    if facts:
        lines += ["", " ".join(facts)]
    examples = [example(row, case) for case in row.cases if worked(case)][:SHOWN]
    if examples:
        lines += ["", *(f"- {line}" for line in examples)]
    return "\n".join(lines) + "\n"


def about(row: Op) -> Iterator[tuple[str, str]]:
    """What a row says beside its sentence."""
    yield "Derivative", (row.words or ("" if row.differentiable else "none")) if row.kind != "leaf" else ""
    yield "Linear in", ", ".join(row.args[k] for k in row.linear)
    yield "Whole numbers", ", ".join(row.args[k] for k in row.integers)
    yield "Source", row.source.rstrip(".")


def worked(case: Case) -> bool:
    """Whether a case is small enough to be read."""
    return case.gives is not None and len(written(case.args)) + len(written(case.gives)) < 60


def example(row: Op, case: Case) -> str:
    """One case as a line."""
    words = [*map(written, case.args), *(f"{name}={value!r}" for name, value in case.attrs.items())]
    line = f"`{row.name}({', '.join(words)})` is `{written(case.gives)}`"
    if case.grads is not None:
        line += f", gradient {', '.join(f'`{written(grad)}`' for grad in case.grads)}"
    return line + (f" ({case.note})" if case.note else "")


def written(value: Any) -> str:
    """A number, or a nested list of them, as a person would type it."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(written, value)) + "]"
    text = repr(value)
    return text.removesuffix(".0") if isinstance(value, float) else text


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
