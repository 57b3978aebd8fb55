"""A long graph of single numbers as a tape: one instruction a node, for a machine that walks along it.

A compiler's time grows with the graph, and a graph of 100,000 single numbers has no loops to find. So it is not compiled:
it becomes a list of (operation, operands), each operation one of the table that compiled code has too, and what is
compiled is the walker, once for all graphs. A row that the table does not have is opened into smaller ones once, and its
pattern is laid down wherever the row stands.

Numbers live in cells, all of them float64. The result of instruction k is cell k; inputs and constants have the numbers
below 0. A float32 result is rounded to one, which an instruction says by its number: of sums, products, quotients and roots
that is exactly the float32 result, and of functions it is the nearest one.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backlight.core.graph import Graph, Node, live_nodes
from backlight.core.tape import Tape as Writing
from backlight.core.types import Type
from backlight.run.lower.long import LONG
from backlight.run.lower.translate import LOGICAL, POINT, RELATIONS

UNARY = tuple(dict.fromkeys(
    """negate abs sign square sqrt reciprocal floor ceil round trunc relu exp exp2 expm1 log log2 log10 log1p sin cos tan asin
    acos atan sinh cosh tanh tanh_slope asinh acosh atanh sigmoid erf erfc cbrt erfinv erfinv_slope sinc sinc_slope mish_slope
    lgamma digamma polygamma1 polygamma2 polygamma3 polygamma4 erfcx erfcx_slope log_ndtr log_ndtr_slope ndtri ndtri_slope
    i0 i1 i0e i1e i0e_slope i1e_slope logical_not isnan isinf isfinite copy""".split()
))  # fmt: skip
BINARY = tuple(
    """add subtract multiply divide power remainder maximum minimum atan2 hypot direction copysign power_log power_slope
    floor_divide less less_equal greater greater_equal equal not_equal logical_and logical_or logical_xor""".split()
)  # fmt: skip
OPCODES = (*BINARY, *UNARY, "where")  # the number of an operation is its place here
CODE = {op: number for number, op in enumerate(OPCODES)}
ROUNDED = 256  # added to the number of an operation whose result is a float32
TRUTHS = {*RELATIONS, *LOGICAL, "isnan", "isinf", "isfinite"}  # operations that give a truth value: 0 or 1 in its cell
# rows that change nothing about a single number
SAME = {"identity", "stop_gradient", "broadcast_to", "reshape", "transpose", "squeeze", "sum", "mean", "max", "min", "prod", "real"}


class UnfitError(Exception):
    """Raised where a graph has other numbers than floats and truth values, or a row that has no smaller parts."""


@dataclass(frozen=True, slots=True)
class Tape:
    """Instructions of four whole numbers (operation, three operands), and which cells are what."""

    codes: np.ndarray[Any, Any]
    cell_of: dict[int, int]  # of the nodes that are wanted, and of the inputs
    constants: tuple[tuple[int, float], ...]
    inputs: tuple[int, ...]  # cells
    outputs: tuple[int, ...]
    below: int  # cells with numbers below 0
    node_of: array[int]  # the node of each instruction

    @property
    def count(self) -> int:
        """How many instructions."""
        return len(self.codes)


def tape(graph: Graph, outputs: Sequence[int], least: int = LONG) -> Tape | None:
    """Return the tape of a typed graph for some of its nodes; None where compiling is the better way, or the only one."""
    if len(graph.nodes) < least:
        return None
    for node in graph.nodes:
        if node.type.__class__ is not Type or node.type.shape != ():
            return None
    live = live_nodes(graph, outputs)
    if sum(live) < least:
        return None
    try:
        return Laying(graph).lay(live, outputs)
    except UnfitError:
        return None


class Laying:
    """A tape while it is laid."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.flat = array("i")
        self.node_of = array("i")
        self.below: dict[Any, int] = {}  # constants by their bits, inputs by their node
        self.constants: dict[int, float] = {}
        self.types: list[Any] = [n.type for n in graph.nodes]  # of what is being laid down: the graph, or an opened row
        self.patterns: dict[Any, tuple[list[Node], int]] = {}  # of rows that are opened: their nodes, and the result

    def lay(self, live: bytearray, outputs: Sequence[int]) -> Tape:
        """Lay every live node down."""
        graph, cells = self.graph, array("i", bytes(4 * len(self.graph.nodes)))
        inputs = tuple(self.lowest(("input", i)) for i in graph.inputs)
        for i, cell in zip(graph.inputs, inputs, strict=True):
            rounded(graph.type(i))
            cells[i] = cell
        flat, node_of, code = self.flat, self.node_of, {row: CODE[op] for row, op in POINT.items() if op in CODE}
        for number, node in enumerate(graph.nodes):
            if not live[number] or node.op.name == "input":
                continue
            found = code.get(node.op.name)
            if found is not None and node.type is FLOAT64 and not node.attrs and found != POWER:  # nearly all of them
                a = node.inputs
                flat.extend((found, cells[a[0]], cells[a[1]] if len(a) > 1 else 0, cells[a[2]] if len(a) > 2 else 0))
                node_of.append(number)
                cells[number] = len(node_of) - 1
            else:
                cells[number] = self.node(node, [cells[i] for i in node.inputs], number)
        codes = np.frombuffer(self.flat, np.int32).reshape(-1, 4) if flat else np.zeros((0, 4), np.int32)
        wanted = {i: cells[i] for i in (*graph.inputs, *outputs)}
        outs = tuple(cells[i] for i in outputs)
        return Tape(codes, wanted, tuple(self.constants.items()), inputs, outs, len(self.below), node_of)

    def lowest(self, key: Any) -> int:
        """Return the cell below 0 for something, a new one if it is new."""
        return -1 - self.below.setdefault(key, len(self.below))

    def constant(self, value: float) -> int:
        """Return the cell of a constant."""
        known = len(self.below)
        cell = self.lowest(("constant", float(value).hex()))
        if len(self.below) > known:
            self.constants[cell] = float(value)
        return cell

    def put(self, op: str, operands: Sequence[int], number: int, more: int = 0) -> int:
        """Lay an instruction down; return its cell."""
        a = [*operands, 0, 0][:3]
        self.flat.extend((CODE[op] + more, *a))
        self.node_of.append(number)
        return len(self.node_of) - 1

    def node(self, node: Node, inputs: Sequence[int], number: int) -> int:
        """Return the cell of any node: laid down, or one that is there already."""
        name = node.op.name
        more = rounded(node.type)
        if name == "const":
            return self.constant(float(node.attr("value")))
        if name in SAME:
            return inputs[0]
        if name == "cast":
            if node.type.dtype.kind == "b":  # type: ignore[union-attr]
                return self.put("not_equal", (inputs[0], self.constant(0.0)), number)
            return self.put("copy", inputs, number, more) if more else inputs[0]
        if name == "total":
            total = inputs[0]
            for other in inputs[1:]:
                total = self.put("add", (total, other), number, more)
            return total
        if name == "pow":
            return self.power(inputs[0], inputs[1], number, more)
        if name == "polygamma" and node.attr("order", 1) in (1, 2, 3, 4):
            return self.put(f"polygamma{node.attr('order', 1)}", inputs, number, more)
        if POINT.get(name) in CODE and not node.attrs:
            return self.put(POINT[name], inputs, number, more)
        return self.pattern(node, inputs, number)

    def power(self, x: int, y: int, number: int, more: int) -> int:
        """Return x^y, as compiled code has it: a few whole exponents as products."""
        exponent = self.constants.get(y)
        if exponent == 1.0:
            return x
        if exponent == 2.0:
            return self.put("square", (x,), number, more)
        if exponent == 3.0:
            return self.put("multiply", (self.put("square", (x,), number, more), x), number, more)
        if exponent == 4.0:
            return self.put("square", (self.put("square", (x,), number, more),), number, more)
        if exponent == -1.0:
            return self.put("reciprocal", (x,), number, more)
        return self.put("power", (x, y), number, more)

    def pattern(self, node: Node, inputs: Sequence[int], number: int) -> int:
        """Return the cell of a row that is opened: its smaller operations, found once and laid down each time."""
        if node.op.inside is None:
            raise UnfitError
        types = [self.types[i] for i in node.inputs]
        key = (node.op.name, repr(node.attrs), *types)
        if key not in self.patterns:
            writing = Writing()
            handles = [writing.input(f"x{k}", type=t) for k, t in enumerate(types)]
            result = node.op.inside(*handles, **{**node.op.attrs, **dict(node.attrs)})
            self.patterns[key] = writing.nodes, result.number
        nodes, result = self.patterns[key]
        outer, self.types = self.types, [n.type for n in nodes]
        found = list(inputs)
        for part in nodes[len(inputs) :]:
            if not isinstance(part.type, Type) or part.type.shape != ():
                raise UnfitError
            found.append(self.node(part, [found[i] for i in part.inputs], number))
        self.types = outer
        return found[result]


def rounded(type_: Any) -> int:
    """Return what to add to the number of an operation with a result of this type: ROUNDED for a float32."""
    if type_ is FLOAT64:
        return 0
    name = type_.dtype.name
    if name not in {"float64", "float32", "bool"}:
        raise UnfitError
    return ROUNDED if name == "float32" else 0


FLOAT64 = Type("float64", ())
POWER = CODE["power"]
