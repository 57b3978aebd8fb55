"""From nodes to items: what each row becomes, one entry a row.

A row without an entry is opened into its definition in smaller operations (`inside`), and a row that has none, or whose
kind of number no loop handles, becomes a call of the reference machine. So every row runs from the day it is added.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np

from backlight.core.graph import Graph, Node
from backlight.core.op import Op
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.core.types import TupleType, Type
from backlight.run.lower.items import KINDS, Item, Items
from backlight.run.reference import evaluate

POINT: dict[str, str] = {
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negate", "pow": "power", "abs": "abs",
    "sign": "sign", "square": "square", "sqrt": "sqrt", "reciprocal": "reciprocal", "floor": "floor", "ceil": "ceil",
    "round": "round", "trunc": "trunc", "mod": "remainder", "maximum": "maximum", "minimum": "minimum", "relu": "relu",
    "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p",
    "sin": "sin", "cos": "cos", "tan": "tan", "asin": "asin", "acos": "acos", "atan": "atan", "atan2": "atan2",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "asinh", "acosh": "acosh", "atanh": "atanh",
    "sigmoid": "sigmoid", "erf": "erf", "erfc": "erfc", "cbrt": "cbrt", "hypot": "hypot", "copysign": "copysign",
    "direction": "direction",
    "less": "less", "less_equal": "less_equal", "greater": "greater", "greater_equal": "greater_equal", "equal": "equal",
    "not_equal": "not_equal", "logical_and": "logical_and", "logical_or": "logical_or", "logical_xor": "logical_xor",
    "logical_not": "logical_not", "where": "where", "bit_and": "bit_and", "bit_or": "bit_or", "bit_xor": "bit_xor",
    "bit_not": "bit_not", "shift_left": "shift_left", "shift_right": "shift_right", "floor_div": "floor_divide",
    "isnan": "isnan", "isinf": "isinf", "isfinite": "isfinite",
    "erfinv": "erfinv", "erfinv_slope": "erfinv_slope", "sinc": "sinc", "sinc_slope": "sinc_slope", "mish_slope": "mish_slope",
    "tanh_slope": "tanh_slope", "lgamma": "lgamma", "digamma": "digamma", "power_log": "power_log", "power_slope": "power_slope",
    **{name: name for name in ("erfcx", "erfcx_slope", "log_ndtr", "log_ndtr_slope", "ndtri", "ndtri_slope")},
    **{name: name for name in ("i0", "i1", "i0e", "i1e", "i0e_slope", "i1e_slope")},
}
# These need floats; on whole numbers they are the reference machine's.
FLOATS_ONLY = {"copysign", "divide", "power", "remainder", "reciprocal", "sqrt", "isnan", "isinf", "isfinite"}
RELATIONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
LOGICAL = {"logical_and", "logical_or", "logical_xor", "logical_not"}


class UnableError(Exception):
    """Raised by an entry that cannot handle these types or settings; the next way is tried."""


@dataclass
class Translation:
    """Items while they are made, and the item of every node."""

    items: Items = field(default_factory=Items)
    arrays: dict[int, np.ndarray[Any, Any]] = field(default_factory=dict)  # the values of constant items
    origin: int = -1  # the node of the graph that is being translated
    checks: list[int] = field(default_factory=list)  # items that must come out true: indices inside their axis
    chosen: dict[int, Any] = field(default_factory=dict)  # items that are places of the largest, and what is known of them

    def kind(self, type_: Type) -> str:
        """Return the kind of number of a type."""
        found = KINDS.get(type_.dtype.name)
        if found is None:
            raise UnableError
        return found

    def convert(self, number: int, kind: str) -> int:
        """Return an item as another kind of number."""
        item = self.items.all[number]
        if item.kind == kind:
            return number
        if item.form == "uniform":
            value = np.dtype(NAMES[kind]).type(item.detail).item()
            return self.items.uniform(value, kind, item.shape, self.origin)
        return self.items.point("convert", [number], kind, item.shape, self.origin)

    def constant(self, value: Any, type_: Type) -> int:
        """Return the item of a constant: one number everywhere, or an array."""
        array = np.ascontiguousarray(value, type_.dtype).reshape(type_.shape)
        kind = self.kind(type_)
        if array.size and np.all(array.view(f"u{array.itemsize}") == array.view(f"u{array.itemsize}").flat[0]):
            return self.items.uniform(array.flat[0].item(), kind, type_.shape, self.origin)
        number = self.items.add(Item("source", "const", (), kind, type_.shape, self.origin))
        self.arrays[number] = array
        return number

    def input(self, type_: Type) -> int:
        """Return the item of an input."""
        kind = KINDS.get(type_.dtype.name)
        if kind is None:
            return self.items.add(Item("source", "input", (), "i8", (type_.nbytes,), self.origin, type_))
        return self.items.add(Item("source", "input", (), kind, type_.shape, self.origin))

    # -- one node --------------------------------------------------------------------------------------------------
    def node(self, node: Node, inputs: Sequence[int], types: Sequence[Any], read: Collection[int] | None = None) -> Any:
        """Return the item (or items, where there are several outputs) of a node.

        `read` says which of several outputs something reads, None that all may be; for the others there may be None.
        """
        name = node.op.name
        if name == "item":
            return inputs[0][node.attr("k", 0)]  # type: ignore[index]
        entry, out = entry_for(name), node.type
        attrs = {**node.op.attrs, **dict(node.attrs)}
        if isinstance(out, Type) and out.size == 0 and out.dtype.name in KINDS:
            return self.items.uniform(0, KINDS[out.dtype.name], out.shape, self.origin)  # nothing to compute
        if name in INNER:
            before = len(self.checks)
            try:
                results = INNER[name](self, list(inputs), attrs, read)
                return results if isinstance(out, TupleType) else results[0]
            except UnableError:
                del self.checks[before:]
        if entry is not None and isinstance(out, Type):
            try:
                if not all(isinstance(t, Type) and t.dtype.name in KINDS for t in (*types, out)):
                    raise UnableError
                return entry(self, out, list(inputs), list(types), attrs)
            except UnableError:
                pass
        elif name == "split" and isinstance(out, TupleType) and all(x.dtype.name in KINDS for x in types):
            from backlight.run.lower.arrange import split

            return split(self, inputs, types, attrs, out.types)
        elif node.op.inside is not None and node.op.kind != "control":  # no loop is unrolled
            try:
                return self.inside(node, inputs, types, attrs)
            except UnableError:
                pass
        return self.call(node, inputs, types)

    def inside(self, node: Node, inputs: Sequence[int], types: Sequence[Any], attrs: Mapping[str, Any]) -> Any:
        """Return the item of a node opened into its definition in smaller operations."""
        if isinstance(node.type, Type) and node.type.is_float:  # a definition counts with truth values as with numbers
            truths = [isinstance(t, Type) and t.dtype.kind == "b" for t in types]
            kind = self.kind(node.type)
            inputs = [self.convert(i, kind) if truth else i for i, truth in zip(inputs, truths, strict=True)]
            types = [t.with_dtype(node.type.dtype) if truth else t for t, truth in zip(types, truths, strict=True)]
        tape = Tape()
        handles = [tape.input(f"x{k}", type=t) for k, t in enumerate(types)]
        result = node.op.inside(*handles, **attrs)  # type: ignore[misc]
        if len(handles) == 1 and node.op.kind == "elementwise" and isinstance(types[0], Type) and types[0].is_float:
            x = handles[0]
            for at, value in edges(node.op, tuple(attrs.items())):
                result = TABLE["where"](TABLE["isnan"](x) if np.isnan(at) else TABLE["equal"](x, at), value, result)
        if not isinstance(node.type, Type) or not isinstance(result.type, Type) or result.type.shape != node.type.shape:
            raise UnableError
        found: dict[int, Any] = {h.number: i for h, i in zip(handles, inputs, strict=True)}
        for number, part in enumerate(tape.nodes):
            if number not in found:
                found[number] = self.leaf_or_node(part, found, tape.nodes)
        return self.convert(found[result.number], self.kind(node.type))

    def leaf_or_node(self, node: Node, found: Mapping[int, Any], nodes: Sequence[Node], read: Collection[int] | None = None) -> Any:
        """Return the item of any node of a list."""
        if node.op.name == "const":
            assert isinstance(node.type, Type)
            if node.type.dtype.name not in KINDS:
                return self.call(node, [], [])
            return self.constant(node.attr("value"), node.type)
        return self.node(node, [found[i] for i in node.inputs], [nodes[i].type for i in node.inputs], read)

    def call(self, node: Node, inputs: Sequence[int], types: Sequence[Any]) -> Any:
        """Return the item of a node that the reference machine computes."""
        contiguous = tuple(self.plain(i) for i in inputs)
        results = node.type.types if isinstance(node.type, TupleType) else (node.type,)
        detail = (node.op, node.attrs, tuple(types), results)
        numbers: list[int] = []
        for k, t in enumerate(results):
            assert isinstance(t, Type)
            kind, shape = (KINDS[t.dtype.name], t.shape) if t.dtype.name in KINDS else ("i8", (t.nbytes,))
            form, operands = ("call", contiguous) if k == 0 else ("part", (numbers[0],))
            numbers.append(self.items.add(Item(form, node.op.name, operands, kind, shape, self.origin, detail)))
        return numbers if isinstance(node.type, TupleType) else numbers[0]

    def plain(self, number: int) -> int:
        """Return an item whose numbers lie in a buffer of their own, row after row."""
        item, view = self.items.all[number], self.items.views[number]
        root = self.items.all[view.root]
        if root.form in {"uniform", "position"} or not (view.is_whole(root.shape) and view.shape == item.shape):
            return self.items.point("copy", [number], item.kind, item.shape, self.origin)
        return view.root


@functools.lru_cache(1024)
def edges(op: Op, attrs: tuple[tuple[str, Any], ...]) -> tuple[tuple[float, float], ...]:
    """Return the infinities, or NaN, where a row of one number is something else than its definition in smaller operations.

    There a definition makes ∞ · 0 of what has a limit: x · sigmoid(x) at −∞.
    """
    if TABLE.get(op.name) is not op:
        return ()
    tape = Tape()
    x = tape.input("x", type=Type("float64", ()))
    made = op.inside(x, **dict(attrs))  # type: ignore[misc]
    graph = Graph(tuple(tape.nodes), (x.number,), (made.number,))
    found = []
    with np.errstate(all="ignore"):
        for at in (np.inf, -np.inf, np.nan):
            wanted = np.asarray(op.value(np.float64(at), **dict(attrs)))
            opened = evaluate(graph, {x.number: np.float64(at)})[made.number]
            if wanted.dtype.kind == "f" and not np.array_equal(wanted, opened, equal_nan=True):
                found.append((at, float(wanted)))
    return tuple(found)


NAMES = {kind: name for name, kind in KINDS.items()}


def translate(graph: Graph, outputs: Sequence[int], live: Sequence[int] | bytearray) -> tuple[Translation, dict[int, Any]]:
    """Return the items of a typed graph, and the item of every live node."""
    t = Translation()
    found: dict[int, Any] = {}
    read = read_results(graph, outputs, live)
    for number, node in enumerate(graph.nodes):
        if not live[number] and number not in graph.inputs:
            continue
        t.origin = number
        if node.op.name == "input":
            assert isinstance(node.type, Type)
            found[number] = t.input(node.type)
        else:
            found[number] = t.leaf_or_node(node, found, graph.nodes, read.get(number))
    return t, found


def read_results(graph: Graph, outputs: Collection[int], live: Sequence[int] | bytearray) -> dict[int, set[int]]:
    """Return for nodes with several results which of them something reads; a node is missing if it is wanted whole."""
    found: dict[int, set[int]] = {}
    whole = set(outputs)
    for number, node in enumerate(graph.nodes):
        if live[number]:
            if node.op.name == "item":
                found.setdefault(node.inputs[0], set()).add(node.attr("k", 0))
            else:
                whole.update(node.inputs)
    return {number: read for number, read in found.items() if number not in whole}


# -- entries ---------------------------------------------------------------------------------------------------------
Entry = Callable[[Translation, Type, list[int], list[Type], dict[str, Any]], int]


LATER = ("windows", "pools", "draws")  # rooms of entries that are opened when a row is met that has none yet


def entry_for(row: str) -> Entry | None:
    """Return the entry of a row, if it has one."""
    for room in LATER:
        if row in ENTRIES:
            break
        import_module(f"backlight.run.lower.{room}")
    return ENTRIES.get(row)


Inside = Callable[[Translation, list[int], Mapping[str, Any], Collection[int] | None], list[Any]]
INNER: dict[str, Inside] = {}  # rows that hold graphs, and give several results (see `inner.py`)


def entry_of(row: str) -> Callable[[Inside], Inside]:
    """Return a decorator: what it decorates writes this row, which holds graphs."""
    def note(write: Inside) -> Inside:
        INNER[row] = write
        return write

    return note


def point_entry(op: str) -> Entry:
    """Return the entry of a scalar operation."""

    def entry(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        kind = t.kind(out)
        if op in RELATIONS:
            common = np.result_type(*(x.dtype for x in types))
            operand = t.kind(Type(common, ()))
        elif op in LOGICAL:
            operand = "i1"
        elif op in {"isnan", "isinf", "isfinite"}:
            operand = t.kind(types[0])
        else:
            operand = kind
        if operand not in {"float", "double"} and op in FLOATS_ONLY:
            raise UnableError
        if operand == "i1" and op not in {*RELATIONS, *LOGICAL, "where", "maximum", "minimum"}:
            raise UnableError
        if op not in EXACT_ON_WHOLE and operand not in {"float", "double"} and op not in {*RELATIONS, *LOGICAL}:
            raise UnableError
        if op == "where":
            converted = [t.convert(inputs[0], "i1"), *(t.convert(i, kind) for i in inputs[1:])]
        else:
            converted = [t.convert(i, operand) for i in inputs]
        if op == "power":
            small = small_power(t, converted, kind, out)
            if small is not None:
                return small
        return t.items.point(op, converted, kind, out.shape, t.origin)

    return entry


EXACT_ON_WHOLE = {"add", "subtract", "multiply", "negate", "abs", "sign", "square", "maximum", "minimum", "relu", "floor",
                  "ceil", "round", "trunc", "where", "bit_and", "bit_or", "bit_xor", "bit_not", "shift_left", "shift_right",
                  "floor_divide"}


def small_power(t: Translation, inputs: list[int], kind: str, out: Type) -> int | None:
    """Return x^n for a few fixed n as products, or a root: what NumPy does for 2, and a few units in the last place."""
    exponent = t.items.all[inputs[1]]
    if exponent.form != "uniform":
        return None
    x = inputs[0]
    n = float(exponent.detail)

    def times(a: int, b: int) -> int:
        return t.items.point("multiply", [a, b], kind, out.shape, t.origin)

    if n == 1.0:
        return t.items.point("copy", [x], kind, out.shape, t.origin)
    if n == 2.0:
        return times(x, x)
    if n == 3.0:
        return times(times(x, x), x)
    if n == 4.0:
        square = times(x, x)
        return times(square, square)
    if n == -1.0:
        return t.items.point("reciprocal", [x], kind, out.shape, t.origin)
    return None


ENTRIES: dict[str, Entry] = {row: point_entry(op) for row, op in POINT.items()}


def polygamma(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Return the entry of the first orders; the others are the reference machine's."""
    if (order := attrs["order"]) not in (1, 2, 3, 4):
        raise UnableError
    return point_entry(f"polygamma{order}")(t, out, inputs, types, {})


ENTRIES["polygamma"] = polygamma
