"""A graph as plain data: dictionaries, lists, numbers and words that JSON can hold, and back.

The form is columnar, because most nodes of a large graph share their type, their place in the source and their reason:
each distinct one is written once, in a table, and nodes refer to it by number. Nothing is lost: numbers inside arrays
are kept as their bytes. Operations are written by name, so reading needs the table of operations to be filled; of those that
people made themselves the file says which they are, and the program that reads it has made them too.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, get_args

import numpy as np

from ..errors import FileError, GraphError
from .graph import At, Graph, Node, Part, Parts, Why, WhyKind
from .guard import ANSWERS, Guard
from .own import described, found
from .table import TABLE
from .types import TupleType, Type

__all__ = ["VERSION", "graph_from_json", "graph_to_json"]

VERSION = 1
KINDS = frozenset(get_args(WhyKind))

# Turns the value of a constant that was left out of the document back into that value, given node and type.
Fetch = Callable[[int, Type], Any]


def graph_to_json(graph: Graph, *, constants: bool = True) -> dict[str, Any]:
    """The graph as data for `json.dumps`; `graph_from_json` makes the same graph of it again.

    With `constants=False` the values of typed constants are left out, for those who keep them elsewhere.
    Raises: FileError for a setting that is neither a number, a word, a slice, an array nor a tuple of them.
    """
    ops, types, whys, ats, scopes = (_Index() for _ in range(5))
    rows: list[list[Any]] = []
    for i, (op, inputs, type_, attrs, name, scope, at, why) in enumerate(graph.nodes):
        if op.name == "const" and not constants and type_ is not None:
            attrs = ()
        rows.append([
            ops[op], list(inputs), types[type_], [[key, _pack(value, i, key)] for key, value in attrs],
            name, scopes[scope], ats[at], whys[why],
        ])  # fmt: skip
    flat = graph.parts.flat.tolist() if isinstance(graph.parts, Parts) else [
        *chain.from_iterable((*edge, *part) for edge, part in graph.parts.items())
    ]  # fmt: skip
    return {
        "version": VERSION,
        "nodes": rows,
        "ops": [described(op, lambda value, key: _pack(value, -1, key)) for op in ops.items],
        "types": [_type_out(t) for t in types.items],
        "scopes": scopes.items,
        "ats": [None if at is None else list(at) for at in ats.items],
        "whys": [list(why) for why in whys.items],
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "grads": [*chain.from_iterable(graph.grads.items())],
        "parts": flat,
        "tangents": [*chain.from_iterable(graph.tangents.items())],
        "source": graph.source,
        "forward": graph.forward,
        "guards": [
            [g.node, g.kind, _pack(g.answer, g.node, "answer"), None if g.at is None else list(g.at)] for g in graph.guards
        ],
    }


def graph_from_json(data: Mapping[str, Any], fetch: Fetch | None = None) -> Graph:
    """The graph that `graph_to_json` described; `fetch` finds the values of constants that were left out.

    Raises: FileError where the data describes no graph, or one with operations or a version unknown here.
    """
    try:
        version = data["version"]
        if version != VERSION:
            raise FileError(f"this graph is of version {version!r:.20}, and this program reads version {VERSION}")
        return _read(data, fetch)
    except GraphError as error:
        raise FileError(f"this is no description of a graph: {error}") from None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
        raise FileError(f"this is no description of a graph: {type(error).__name__}: {error!s:.80}") from None


def _read(data: Mapping[str, Any], fetch: Fetch | None) -> Graph:
    strange = [name for name in data["ops"] if not isinstance(name, dict) and name not in TABLE]
    if strange:
        raise FileError(f"this graph uses operations that this version does not have: {', '.join(map(str, strange[:5]))}")
    ops = [found(op, lambda value, key: _pack(value, -1, key)) if isinstance(op, dict) else TABLE[op] for op in data["ops"]]
    types = [_type_in(t) for t in data["types"]]
    ats = [None if at is None else At(str(at[0]), int(at[1]), int(at[2]), int(at[3]), str(at[4])) for at in data["ats"]]
    whys = [Why(_kind(kind), str(rule), int(of), int(operand)) for kind, rule, of, operand in data["whys"]]
    scopes = [str(scope) for scope in data["scopes"]]
    nodes = []
    for i, (op, inputs, kind, attrs, name, scope, at, why) in enumerate(data["nodes"]):
        type_ = types[kind]
        settings: tuple[tuple[str, Any], ...] = tuple((str(key), _unpack(value)) for key, value in attrs)
        if ops[op].name == "const" and not settings and fetch is not None and isinstance(type_, Type):
            settings = (("value", fetch(i, type_)),)
        nodes.append(Node(ops[op], tuple(map(int, inputs)), type_, settings, str(name), scopes[scope], ats[at], whys[why]))
    parts = Parts()
    numbers = [int(n) for n in data["parts"]]
    parts.flat.extend(numbers)
    graph = Graph(
        nodes=tuple(nodes),
        inputs=tuple(map(int, data["inputs"])),
        outputs=tuple(map(int, data["outputs"])),
        grads=_pairs(data["grads"]),
        parts=parts if numbers else dict[tuple[int, int], Part](),
        tangents=_pairs(data["tangents"]),
        source=str(data["source"]),
        forward=int(data["forward"]),
        guards=tuple(_guard_in(guard) for guard in data.get("guards", [])),
    )
    graph.check()
    size = len(nodes)
    if not all(0 <= guard.node < size for guard in graph.guards):
        raise FileError("this is no description of a graph: a number in it names no node")
    named = [*chain.from_iterable([*graph.grads.items(), *graph.tangents.items()])]
    if len(numbers) % 5 or not all(0 <= n < size for n in named) or not -1 <= graph.forward <= size:
        raise FileError("this is no description of a graph: a number in it names no node")
    return graph


def _guard_in(data: Sequence[Any]) -> Guard:
    node, kind, answer, at = data
    if kind not in ANSWERS:
        raise FileError(f"this is no description of a graph: no question of the kind {kind!r:.20} is asked")
    place = None if at is None else At(str(at[0]), int(at[1]), int(at[2]), int(at[3]), str(at[4]))
    return Guard(int(node), kind, _unpack(answer), place)


class _Index(dict[Any, int]):
    """Numbers given to things in the order in which they are met."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[Any] = []  # type: ignore[assignment]  # the things, by number

    def __missing__(self, thing: Any) -> int:
        self.items.append(thing)
        self[thing] = number = len(self.items) - 1
        return number


def _pairs(flat: Sequence[int]) -> dict[int, int]:
    return {int(a): int(b) for a, b in zip(flat[::2], flat[1::2], strict=True)}


def _kind(word: str) -> Any:
    if word not in KINDS:
        raise FileError(f"this is no description of a graph: no node exists for the reason {word!r:.20}")
    return word


def _type_out(type_: Type | TupleType | None) -> Any:
    if type_ is None:
        return None
    if isinstance(type_, TupleType):
        return {"tuple": [_type_out(t) for t in type_.types]}
    return [type_.dtype.name, *type_.shape]


def _type_in(data: Any) -> Any:
    if data is None:
        return None
    if isinstance(data, dict):
        return TupleType([_type_in(t) for t in data["tuple"]])
    dtype, *shape = data
    if not isinstance(dtype, str) or np.dtype(dtype).kind not in "biufc" or min(shape, default=0) < 0:
        raise FileError(f"this is no description of a graph: {data!r:.40} is no type")
    return Type(dtype, [int(n) for n in shape])


def _pack(value: Any, number: int, key: str) -> Any:
    """One setting: JSON's own kinds as they are, a tuple as a list, everything else with its name."""
    if value is None or (isinstance(value, (bool, int, str)) and not isinstance(value, np.generic)):
        return value
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc":
        array = np.asarray(value)
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return {"array": [array.dtype.str, list(array.shape), data, isinstance(value, np.ndarray)]}
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, complex):
        return {"complex": [repr(value.real), repr(value.imag)]}
    if isinstance(value, slice):
        return {"slice": [_pack(v, number, key) for v in (value.start, value.stop, value.step)]}
    if isinstance(value, Graph):
        return {"graph": graph_to_json(value)}
    if isinstance(value, tuple):
        return [_pack(v, number, key) for v in value]
    raise FileError(f"node {number} cannot be written down: its setting {key} is a {type(value).__name__}")


def _unpack(data: Any) -> Any:
    if isinstance(data, list):
        return tuple(_unpack(v) for v in data)
    if not isinstance(data, dict):
        return data
    ((kind, value),) = data.items()
    if kind == "array":
        dtype, shape, text, is_array = value
        found = np.frombuffer(base64.b64decode(text, validate=True), np.dtype(dtype)).reshape(shape).copy()
        return found if is_array else found[()]
    if kind == "float":
        return float(value)
    if kind == "complex":
        return complex(float(value[0]), float(value[1]))
    if kind == "bytes":
        return base64.b64decode(value, validate=True)
    if kind == "graph":
        return graph_from_json(value)
    if kind == "slice":
        return slice(*map(_unpack, value))
    raise FileError(f"this is no description of a graph: a setting of the kind {kind!r:.20}")
