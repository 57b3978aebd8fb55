"""Random well-typed graphs, with values for their inputs, for whatever should hold of every graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from backlight import ops
from backlight.core.array import Array
from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.core.types import Type, broadcast_shapes
from backlight.errors import BacklightError

assert ops.__all__  # the room was imported, so the table is filled

SHAPES = [(), (3,), (2, 3), (2, 1), (3, 2)]
# Rows that are smooth wherever a person would put them, so that what is measured beside them means something.
TAME = ["add", "sub", "mul", "neg", "sin", "cos", "tanh", "sigmoid", "square", "identity"]


class Sample(NamedTuple):
    """A graph with one output, and values for its inputs by number."""

    graph: Graph
    values: dict[int, Any]


def piece_of(name: str) -> tuple[int, Callable[..., Array]]:
    row = TABLE[name]
    return len(row.args), row


@st.composite
def graphs(
    draw: st.DrawFn,
    rows: Sequence[str] = TAME,
    pieces: Sequence[tuple[int, Callable[..., Array]]] = (),
    size: int = 12,
    special: bool = False,
    axes: bool = True,
) -> Sample:
    """A graph of up to `size` pieces: rows by name, and functions of so many arrays; sums and products of matrices too.

    Values lie between -2 and 2, with a digit or two; `special` adds zeros of both signs, infinities, NaN, tiny and huge.
    """
    tape = Tape()
    numbers = st.integers(-200, 200).map(lambda n: n / 100)
    if special:
        numbers |= st.sampled_from([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-300, -1e300, 1.0, 5e-324])
    values: dict[int, Any] = {}
    for name in "xyz"[: draw(st.integers(1, 3))]:
        shape = draw(st.sampled_from(SHAPES))
        x = tape.input(name, type=Type("float64", shape))
        count = int(np.prod(shape))
        values[x.number] = np.array(draw(st.lists(numbers, min_size=count, max_size=count))).reshape(shape)[()]
    def pick() -> Array:
        floats = [i for i, node in enumerate(tape.nodes) if isinstance(node.type, Type) and node.type.is_float]
        return tape.handle(draw(st.sampled_from(floats)))

    given = [*map(piece_of, rows), *pieces]
    for _ in range(draw(st.integers(1, size))):
        kind = draw(st.integers(0, 9))
        start = len(tape.nodes)
        try:
            if kind == 0:
                tape.constant(draw(st.sampled_from([0.0, 1.0, -1.0, 2.0, 0.5, 3.0])))
            elif kind == 1 and axes:
                x = pick()
                TABLE["sum"](x, axis=draw(st.sampled_from([None, *range(x.ndim)])))
            elif kind == 2 and axes:
                TABLE["transpose"](pick())
            elif kind == 3 and axes:
                TABLE["matmul"](pick(), pick())
            else:
                count, function = draw(st.sampled_from(given))
                xs = [pick() for _ in range(count)]
                if broadcast_shapes(*[x.shape for x in xs]) is not None:
                    function(*xs)
        except BacklightError:
            del tape.nodes[start:]  # these two do not fit together
    top = max(i for i, node in enumerate(tape.nodes) if isinstance(node.type, Type) and node.type.is_float)
    return Sample(Graph(tuple(tape.nodes), tuple(tape.inputs), (top,)), values)
