"""Write `operations.md`, the reference of all operations, from the rows themselves.

    .venv/bin/python docs/make_operations.py

Nothing on the page is written twice: sentences, settings and worked numbers are those of the row, the numbers are the
cases that the tests try, and a derivative is what the rule of the row writes when it is asked. A row that is new or
changed needs this to be run again; a test says so.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from backlight import ops
from backlight.core.array import Array
from backlight.core.math import Math, name
from backlight.core.op import Case, Op
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.explain.formula import spelled
from backlight.ops.complex import takes_complex

PAGE = Path(__file__).with_name("operations.md")
SHOWN = 3  # worked examples to a row; the other cases are for the tests

HEAD = """\
# Operations

Every operation there is, family by family, written by `docs/make_operations.py` from the rows of the table. `x @ y`,
`x * y` and the other operators are short for the operation of that name. Where an operation has settings, they are given
by name. `z` is the result, and `∂z/∂x` the local derivative, element by element; reverse mode multiplies it by the
gradient from upstream. The worked numbers are values at the operands shown, and gradients, one for each operand, for an
upstream gradient of ones.
"""
NUMBER = Type("float64", ())


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
    points = [f"{what}: {said}" for what, said in about(row) if said]
    points += [example(row, case) for case in row.cases if worked(case)][:SHOWN]
    if points:
        lines += ["", *(f"- {point}" for point in points)]
    return "\n".join(lines) + "\n"


def about(row: Op) -> Iterator[tuple[str, str]]:
    """What a row says beside its sentence."""
    if row.paper is not None and row.args and not row.variadic:
        on_paper = spelled(row.math([name(x) for x in row.args], ()))
        yield "Written", f"`{on_paper}`" if on_paper != f"{row.name}({', '.join(row.args)})" else ""
    if row.kind != "leaf":
        yield "Derivative", "; ".join([*derivatives(row), row.words] if row.words else derivatives(row)) or (
            "" if row.differentiable else "none"
        )
    if row.inside is not None and row.kind == "elementwise":
        yield "In smaller operations", f"`{formula(row, row.inside, result=False)}`"
    yield "Linear in", ", ".join(dict.fromkeys(row.args[min(k, len(row.args) - 1)].lstrip("*") for k in row.linear))
    yield "Complex numbers", "taken" if takes_complex(row) else ""
    yield "Whole numbers", ", ".join(row.args[k] for k in row.integers)
    yield "Source", row.source.rstrip(".")


def derivatives(row: Op) -> list[str]:
    """The local derivative by each operand, where it is a formula for one element."""
    if row.local is None or row.variadic:
        return []
    found = []
    for k, operand in enumerate(row.args):
        rule = row.rule("local", k)
        if rule is not None:
            chosen = row.select[k] if row.select is not None else None
            where = f" where `{formula(row, chosen)}`, else `0`" if chosen is not None else ""
            found.append(f"`∂z/∂{operand} = {formula(row, rule)}`{where}")
    return found


def formula(row: Op, rule: Callable[..., Any], result: bool = True) -> str:
    """What a rule writes for single numbers; `result` says whether it is given z too."""
    tape = Tape()
    given = [tape.input(operand, type=NUMBER) for operand in (("z", *row.args) if result else row.args)]
    made = rule(*given, **row.attrs)
    if not isinstance(made, Array):
        return written(made)
    spoken: list[Math] = []
    for node in tape.nodes:
        spoken.append(name(node.name) if node.name else node.op.math([spoken[j] for j in node.inputs], node.attrs))
    return spelled(spoken[made.number])


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
