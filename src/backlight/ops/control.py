"""Operations that hold a graph: a block, a choice between two, and loops.

A node of these rows has whole graphs among its settings, each with inputs and outputs of its own. What it means is told by
them: a block is its graph, a choice is one of its two, a loop is its body again and again. Their derivatives are again
blocks, choices and loops, around the derivative of the graph inside, so they are of any order; they are written where graphs
are differentiated (`diff/control`), and lent to the rows here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import math as m
from ..core.graph import Graph, lent
from ..core.op import Case, Op, operation
from ..core.play import player
from ..core.tape import Tape
from ..core.types import TupleType, Type
from ..errors import DTypeError, InputError, ShapeError
from . import samples as s
from .arithmetic import add, mul
from .compare import less
from .index import index
from .leaf import const, input  # noqa: F401 - the small graphs of the cases are made of them
from .trigonometric import sin

__all__ = ["block", "cond", "counted", "scan", "while_loop"]


def from_above(name: str) -> Any:
    """A rule that is written in a room above, and fetched when it is first needed."""
    return lambda *args, **attrs: lent("control")[name](*args, **attrs)


def small(write: Any, *types: Type) -> Graph:
    """The graph of a function, for the cases of this file."""
    tape = Tape()
    xs = [tape.input(f"x{k}", type=t) for k, t in enumerate(types)]
    outs = write(*xs)
    return Graph(tuple(tape.nodes), tuple(x.number for x in xs), tuple(z.number for z in (outs if isinstance(outs, tuple) else (outs,))))


ONE, ROW = Type("float64", ()), Type("float64", (3,))
PRODUCT, PAIR = small(lambda x, y: mul(sin(x), y), ROW, ROW), small(lambda x, y: (mul(x, y), sin(x)), ROW, ONE)
STEP = small(lambda c, a, x: (add(sin(mul(a, c)), x), mul(c, x)), ONE, ONE, ONE)
GROW, SMALL = small(lambda x, a: add(mul(x, 1.5), sin(a)), ROW, ONE), small(lambda x, a: less(index(x, key=0), 9.0), ROW, ONE)


def one_or_several(types: Sequence[Any]) -> Any:
    return types[0] if len(types) == 1 else TupleType(types)


def out_types(graph: Graph) -> list[Type]:
    return [graph.type(i) for i in graph.outputs]


def fits(op: str, word: str, graph: Any, types: Sequence[Type] | None = None) -> None:
    """The operands must be of the types that the graph inside was written for."""
    if not isinstance(graph, Graph):
        raise InputError(f"{op}: takes graphs, which a text has none of: write it in Python, as with bl.cond or bl.scan")
    if types is not None:
        fit(op, word, [graph.type(i) for i in graph.inputs], types)


def fit(op: str, word: str, wanted: Sequence[Type], types: Sequence[Type]) -> None:
    if len(wanted) != len(types):
        raise ShapeError(f"{op}: the graph of {word} takes {len(wanted)} operands and got {len(types)}")
    for k, (a, b) in enumerate(zip(wanted, types, strict=True)):
        if a is not b:
            raise ShapeError(f"{op}: operand {k + 1} of {word} must be {a} {a.shape}, and it is {b} {b.shape}")


def said(name: str) -> Any:
    """How the row is written: by its name and its operands, without the graph inside."""
    return lambda *xs, **attrs: m.call(name, *xs)


# -- a block ----------------------------------------------------------------------------------------------------------
def block_type(*xs: Type, body: Any = None, label: str = "") -> Any:
    fits("block", "the body", body, xs)
    return one_or_several(out_types(body))


def block_value(*xs: Any, body: Any = None, label: str = "") -> Any:
    found = player(body)
    outs = found.play(found.start(), xs)
    return outs[0] if len(outs) == 1 else tuple(outs)


block: Op = operation(
    "block", "*xs",
    doc="A graph as one node: its values inside are forgotten, and computed again when the derivative needs them.",
    words="the chain rule inside, from the operands again",
    kind="control",
    attrs={"body": None, "label": ""},
    type=block_type,
    value=block_value,
    paper=lambda *xs, body=None, label="": m.call(label or "block", *xs),
    pull=from_above("block_pull"),
    move=from_above("block_move"),
    batch=from_above("block_batch"),
    inside=from_above("block_inside"),
    cases=[
        Case(s.ROW, s.POSITIVE_ROW, body=PRODUCT),
        Case(s.ROW, 1.5, body=PAIR, label="pair"),
        Case(s.ROW, s.MATRIX, body=PRODUCT, raises="block: operand 2 of the body must be Vector Float64 (3,), and it is Matrix Float64 (2, 3)"),
        Case(s.ROW, body=PRODUCT, raises="block: the graph of the body takes 2 operands and got 1"),
    ],
)  # fmt: skip


# -- a choice ---------------------------------------------------------------------------------------------------------
def cond_type(p: Type, *xs: Type, yes: Any = None, no: Any = None) -> Any:
    fits("cond", "yes", yes)
    if p.shape != () or p.dtype.kind != "b":
        raise DTypeError(f"cond: the question must be a single truth value, and it is {p} {p.shape}")
    fits("cond", "yes", yes, xs)
    fits("cond", "no", no, xs)
    a, b = out_types(yes), out_types(no)
    if a != b:
        words = [", ".join(f"{t} {t.shape}" for t in types) for types in (a, b)]
        raise ShapeError(f"cond: both branches must give the same types, and they give {words[0]} and {words[1]}")
    return one_or_several(a)


def cond_value(p: Any, *xs: Any, yes: Any = None, no: Any = None) -> Any:
    found = player(yes if p else no)
    outs = found.play(found.start(), xs)
    return outs[0] if len(outs) == 1 else tuple(outs)


cond: Op = operation(
    "cond", "*xs",
    doc="One of two graphs on the same operands: the first where p holds, else the second; the other one is not computed.",
    words="choice rule: the gradient goes through the branch that was taken",
    kind="control",
    attrs={"yes": None, "no": None},
    type=cond_type,
    value=cond_value,
    paper=said("cond"),
    pull=from_above("cond_pull"),
    move=from_above("cond_move"),
    batch=from_above("cond_batch"),
    inside=from_above("cond_inside"),
    cases=[
        Case(True, s.ROW, s.POSITIVE_ROW, yes=PRODUCT, no=small(add, ROW, ROW)),
        Case(False, s.ROW, s.POSITIVE_ROW, yes=PRODUCT, no=small(add, ROW, ROW)),
        Case(True, s.ROW, 0.5, yes=PAIR, no=PAIR),
        Case([True], s.ROW, 0.5, yes=PAIR, no=PAIR, raises="cond: the question must be a single truth value, and it is Vector Bool (1,)"),
        Case(True, s.ROW, 0.5, yes=PAIR, no=GROW, raises="cond: both branches must give the same types, and they give "
             "Vector Float64 (3,), Vector Float64 (3,) and Vector Float64 (3,)"),
    ],
)  # fmt: skip


# -- loops ------------------------------------------------------------------------------------------------------------
def scan_type(*xs: Type, body: Any = None, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False) -> Any:
    fits("scan", "the body", body)
    slices = []
    for k, x in enumerate(xs[carries + fixed :]):
        if x.rank == 0 or x.shape[0] != length:
            raise ShapeError(f"scan: sequence {k + 1} must have {length} slices along its first axis, and it is {x} {x.shape}")
        slices.append(x.with_shape(x.shape[1:]))
    fits("scan", "the body", body, [*xs[: carries + fixed], *slices])
    outs = out_types(body)
    for k, (x, z) in enumerate(zip(xs[:carries], outs, strict=False)):
        if x is not z:
            raise ShapeError(f"scan: what is carried must keep its type, and carry {k + 1} goes from {x} {x.shape} to {z} {z.shape}")
    return one_or_several([*outs[:carries], *[t.with_shape((length, *t.shape)) for t in outs[carries:]]])


def scan_value(
    *xs: Any, body: Any = None, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False
) -> Any:
    found = player(body, tuple(range(carries, carries + fixed)))
    state, sequences = list(xs[:carries]), xs[carries + fixed :]
    kinds = out_types(body)[carries:]
    stacks = [np.empty((length, *t.shape), t.dtype) for t in kinds]
    places = found.start(xs[carries : carries + fixed]) if length else []
    for k in range(length - 1, -1, -1) if reverse else range(length):
        outs = found.play(places, [*state, *[x[k] for x in sequences]])
        state = outs[:carries]
        for stack, out in zip(stacks, outs[carries:], strict=True):
            stack[k] = out
    results = [*state, *stacks]
    return results[0] if len(results) == 1 else tuple(results)


scan: Op = operation(
    "scan", "*xs",
    doc="A graph again and again, once for each slice of the sequences: it takes what is carried, what stays fixed and the slices, "
        "and gives what is carried on and what is kept of each step.",
    words="the same loop from the other end: the gradient of what was carried is carried back",
    kind="control",
    attrs={"body": None, "carries": 0, "fixed": 0, "length": 0, "reverse": False},
    type=scan_type,
    value=scan_value,
    paper=said("scan"),
    pull=from_above("scan_pull"),
    move=from_above("scan_move"),
    batch=from_above("scan_batch"),
    inside=from_above("scan_inside"),
    cases=[
        Case(0.3, 1.4, s.ROW, body=STEP, carries=1, fixed=1, length=3),
        Case(0.3, 1.4, s.VECTOR, body=STEP, carries=1, fixed=1, length=s.VECTOR.size, reverse=True),
        Case(0.3, 1.4, np.zeros(0), body=STEP, carries=1, fixed=1, gives=(0.3, np.zeros(0)), smooth=False),
        Case(s.ROW, 1.5, body=small(lambda x, a: sin(mul(x, a)), ROW, ONE), carries=1, fixed=1, length=4),
        Case(0.3, 1.4, s.ROW, body=STEP, carries=1, fixed=1, length=4,
             raises="scan: sequence 1 must have 4 slices along its first axis, and it is Vector Float64 (3,)"),
        Case(0.3, s.ROW, body=small(lambda c, x: mul(c, np.ones(3)), ONE, ONE), carries=1, length=3,
             raises="scan: what is carried must keep its type, and carry 1 goes from Float64 () to Vector Float64 (3,)"),
    ],
)  # fmt: skip


def while_type(*xs: Type, test: Any = None, body: Any = None, carries: int = 0, steps: int = -1) -> Any:
    fits("while_loop", "the test", test, xs)
    fits("while_loop", "the body", body, xs)
    (asked,) = out_types(test)
    if asked.shape != () or asked.dtype.kind != "b":
        raise DTypeError(f"while_loop: the test must give a single truth value, and it gives {asked} {asked.shape}")
    outs = out_types(body)
    for k, (x, z) in enumerate(zip(xs[:carries], outs, strict=True)):
        if x is not z:
            raise ShapeError(
                f"while_loop: what is carried must keep its type, and carry {k + 1} goes from {x} {x.shape} to {z} {z.shape}"
            )
    return TupleType([*outs, Type("int64", ())])


def while_value(*xs: Any, test: Any = None, body: Any = None, carries: int = 0, steps: int = -1) -> Any:
    still = tuple(range(carries, len(xs)))
    asked, worked = player(test, still), player(body, still)
    before, within = asked.start(xs[carries:]), worked.start(xs[carries:])
    state, count = list(xs[:carries]), 0
    while asked.play(before, state)[0]:
        state, count = worked.play(within, state), count + 1
    return (*state, np.int64(count))


while_loop: Op = operation(
    "while_loop", "*xs",
    doc="A graph again and again as long as another one says so; it gives what is carried at the end, and the number of steps.",
    words="forward with the values; backward as a loop of as many steps as are taken",
    kind="control",
    attrs={"test": None, "body": None, "carries": 0, "steps": -1},
    type=while_type,
    value=while_value,
    paper=said("while_loop"),
    pull=from_above("while_pull"),
    move=from_above("while_move"),
    batch=from_above("while_batch"),
    cases=[
        Case(s.POSITIVE_ROW, 0.4, test=SMALL, body=GROW, carries=1),
        Case(s.POSITIVE_ROW * 100.0, 0.4, test=SMALL, body=GROW, carries=1, gives=(s.POSITIVE_ROW * 100.0, np.int64(0)), steps=0),
        Case(s.POSITIVE_ROW, 0.4, test=GROW, body=GROW, carries=1,
             raises="while_loop: the test must give a single truth value, and it gives Vector Float64 (3,)"),
        Case(s.POSITIVE_ROW, 0.4, test=SMALL, body=small(lambda x, a: sin(a), ROW, ONE), carries=1,
             raises="while_loop: what is carried must keep its type, and carry 1 goes from Vector Float64 (3,) to Float64 ()"),
    ],
)  # fmt: skip


def counted_type(
    *xs: Type, body: Any = None, carries: int = 0, each: bool = False, ways: tuple[Any, ...] = (), seen: int = -1
) -> Any:
    fits("counted", "the body", body)
    wanted, outs = lent("control")["counted_types"](body, carries, each, ways)
    fit("counted", "the loop", wanted, xs)
    return one_or_several(outs)


def counted_value(
    *xs: Any, body: Any = None, carries: int = 0, each: bool = False, ways: tuple[Any, ...] = (), seen: int = -1
) -> Any:
    outs = lent("control")["counted_value"](*xs, body=body, carries=carries, each=each, ways=ways)
    return outs[0] if len(outs) == 1 else tuple(outs)


counted: Op = operation(
    "counted", "*xs",
    doc="A graph again and again, as often as a number says that is known when it runs, or a derivative of that loop: it takes what "
        "is carried, what stays fixed, the number, and what the derivative takes.",
    words="the same loop differentiated once more",
    kind="control",
    attrs={"body": None, "carries": 0, "each": False, "ways": (), "seen": -1},
    type=counted_type,
    value=counted_value,
    paper=said("counted"),
    pull=from_above("counted_pull"),
    move=from_above("counted_move"),
    batch=from_above("counted_batch"),
    cases=[
        Case(s.POSITIVE_ROW, 0.4, 3, body=GROW, carries=1),
        Case(s.POSITIVE_ROW, 0.4, 0, body=GROW, carries=1, seen=0, gives=s.POSITIVE_ROW),
        Case(s.POSITIVE_ROW, 0.4, 2, s.ROW, body=GROW, carries=1, ways=(("pull", (0, 1), ((0, ()),), ((0, ()), (1, ()))),)),
        Case(s.POSITIVE_ROW, 0.4, body=GROW, carries=1, raises="counted: the graph of the loop takes 3 operands and got 2"),
    ],
)  # fmt: skip
