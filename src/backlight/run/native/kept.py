"""What is kept of a compiled graph: its code, and what must be known to run it, named by the graph itself.

An entry that is found saves more than the compiler: nothing is lowered and nothing is written. Its name is a digest of all
that the code follows from: the graph (rows, operands, types, settings, constants, not the names that a person gave), what
was asked of it, the processor, the versions, and the sources of this package. Where a graph has what cannot be named so (an
operation of one's own, large constants, pieces that the reference machine computes), the name is a digest of the text.
"""

from __future__ import annotations

import functools
import json
import math
import os
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backlight.core.graph import Graph, Node
from backlight.core.table import TABLE
from backlight.core.types import TupleType, Type
from backlight.run.digest import sha256
from backlight.run.emit.table import slots
from backlight.run.native import compiler, host, store

if TYPE_CHECKING:
    from backlight.run.emit.code import Module
    from backlight.run.lower.lowering import Lowered
    from backlight.run.lower.program import Program

VERSION = "2"  # of what is kept on disk: raise it when the meaning of an entry changes
CONSTANT_BYTES = 1 << 18  # of constants in one entry
ENDLESS = 100_000  # scalar operations more for a loop of unknown length: others may run Python meanwhile
DIGESTED_BYTES = 1 << 23  # of one constant: more would take longer to read than lowering takes
FOLDERS = ("core", "ops", "rewrite", "run")  # whose sources the code follows from


@dataclass(frozen=True, slots=True)
class Recipe:
    """What must be known to run compiled code: where its table has what, and how much memory it needs."""

    arena: int
    work: int  # scalar operations, roughly
    places: int  # in the table, for buffers
    inputs: tuple[int, ...]  # the place of each
    outputs: tuple[int, ...]  # the place of each, then those of the checks
    kinds: tuple[str, ...]  # of the inputs, then of the outputs
    constants: tuple[tuple[int, np.ndarray[Any, Any]], ...]
    symbols: tuple[str, ...]  # the functions of the code
    exchanged: tuple[tuple[int, int], ...] = ()  # an input, and the output that becomes it


def recipe_of(lowered: Lowered, program: Program, symbols: Sequence[str],
              exchanged: Sequence[tuple[int, int]] = ()) -> Recipe:
    """Return what must be known of a program and its functions; `exchanged` are pairs of its buffers."""
    from backlight.run.emit.program import arena_bytes
    from backlight.run.emit.shared import work

    at = slots(program)
    kinds = {b.number: b.kind for b in program.buffers}
    return Recipe(
        arena_bytes(host.target(), program), sum(map(work, program.instructions)) + ENDLESS * endless(program), len(at),
        tuple(at[b] for b in program.inputs), tuple(at[b] for b in program.outputs),
        tuple(kinds[b] for b in (*program.inputs, *program.outputs)),
        tuple((at[b], np.ascontiguousarray(a)) for b, a in lowered.constants.items()),
        tuple(symbols), tuple((at[a], at[b]) for a, b in exchanged),
    )


def endless(program: Program) -> bool:
    """Return whether there is a loop in it that goes on as long as something says so."""
    from backlight.run.lower.program import Choose, Repeat

    for i in program.instructions:
        inner = i.branches if isinstance(i, Choose) else [p for p in (i.step, i.test) if p] if isinstance(i, Repeat) else []
        if (isinstance(i, Repeat) and i.count < 0) or any(endless(part.program) for part in inner):
            return True
    return False


class UnnamedError(Exception):
    """Raised for a graph with something that has no name by which it could be found again."""


def name(graph: Graph, *asked: Any) -> str | None:
    """Return the name of the entry of a typed graph; `asked` is what else the code follows from. None if it has none."""
    try:
        parts = [spelled(graph), spelled(asked)]
        return store.key(VERSION, "graph", *parts, versions(), host.identity())
    except UnnamedError:
        return None


def spelled(value: Any) -> str:
    """Return a value as text, so that two values have the same text only if they are the same to the last bit."""
    kind = type(value)
    if value is None or kind is int or kind is bool:
        return repr(value)
    if kind is str or kind is bytes:
        return repr(value)
    if kind is float:
        return f"f{struct.pack('<d', value).hex()}"
    if kind is complex:
        return f"c{struct.pack('<dd', value.real, value.imag).hex()}"
    if kind is tuple or kind is list:
        return f"{kind.__name__}({','.join(map(spelled, value))})"
    if kind is slice:
        return f"slice({spelled(value.start)},{spelled(value.stop)},{spelled(value.step)})"
    if kind is Type:
        return f"{value.dtype.str}{value.shape}"
    if kind is TupleType:
        return f"types{spelled(value.types)}"
    if kind is Graph:
        asked = [(guard.node, guard.kind, guard.answer) for guard in value.guards]
        return f"graph({spelled(value.inputs)};{spelled(value.outputs)};{spelled(asked)};{nodes(value.nodes)})"
    if kind is np.ndarray or isinstance(value, np.generic):
        return array(np.asarray(value))
    raise UnnamedError


def array(value: np.ndarray[Any, Any]) -> str:
    """Return an array as text: a digest of its numbers."""
    if value.dtype.hasobject or value.nbytes > DIGESTED_BYTES:
        raise UnnamedError
    return f"array({value.dtype.str}{value.shape}{sha256(value.tobytes()).hexdigest()})"


def nodes(of: Sequence[Node]) -> str:
    """Return the nodes of a graph as text: what each computes, not what it is called."""
    lines = []
    for node in of:
        op = node.op
        if TABLE.get(op.name) is not op or (op.inside is not None and not op.inside.__module__.startswith("backlight.")):
            raise UnnamedError
        if op.name == "input" or not node.attrs:
            settings = ""
        else:
            settings = ",".join([f"{key}={spelled(value)}" for key, value in node.attrs])
        lines.append(f"{op.name}{node.inputs}{typed(node.type)}{settings}")
    return "\n".join(lines)


@functools.lru_cache(4096)
def typed(type_: Type | TupleType | None) -> str:
    """Return the type of a node as text."""
    return spelled(type_)


@functools.cache
def versions() -> str:
    """Return the versions of what takes part: the interpreter, NumPy, and the sources of this package by size and time."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    found = []
    for folder in FOLDERS:
        for where, _, names in os.walk(os.path.join(root, folder)):
            for path in (os.path.join(where, name) for name in names if name.endswith(".py")):
                status = os.stat(path)
                found.append(f"{path[len(root) :]} {status.st_size} {status.st_mtime_ns}")
    found.sort()
    if not found:  # not in a folder: nothing tells one version from another
        raise UnnamedError
    return "\n".join([sys.version, sys.platform, np.__version__, *found])


# -- entries ----------------------------------------------------------------------------------------------------------
def packed(recipe: Recipe, graph: Graph) -> bytes | None:
    """Return what stands before the code: a line of text, and constants that the graph itself has not. None if they are large."""
    own = {array(a): number for number, a in constants_of(graph)}
    sources = [own.get(array(a), -1) if a.nbytes <= DIGESTED_BYTES else -1 for _, a in recipe.constants]
    left = [a for source, (_, a) in zip(sources, recipe.constants, strict=True) if source < 0]
    if sum(a.nbytes for a in left) > CONSTANT_BYTES:
        return None
    head = {
        "arena": recipe.arena, "work": recipe.work, "places": recipe.places, "inputs": recipe.inputs, "outputs": recipe.outputs,
        "kinds": recipe.kinds,
        "constants": [(place, a.dtype.str, a.shape, k) for k, (place, a) in zip(sources, recipe.constants, strict=True)],
        "symbols": recipe.symbols, "exchanged": recipe.exchanged,
    }
    return json.dumps(head).encode() + b"\n" + b"".join(a.tobytes() for a in left)


def constants_of(graph: Graph) -> list[tuple[int, np.ndarray[Any, Any]]]:
    """Return the constants of a graph, each with its node."""
    found = []
    for number, node in enumerate(graph.nodes):
        if node.op.name == "const" and isinstance(node.type, Type):
            found.append((number, np.ascontiguousarray(node.attr("value"), node.type.dtype).reshape(node.type.shape)))
    return found


def unpacked(data: bytes, graph: Graph) -> tuple[Recipe, bytes]:
    """Return what is in an entry for this graph. Raises: ValueError, KeyError, TypeError for one that is none."""
    text, newline, rest = data.partition(b"\n")
    if not newline:
        raise ValueError("no entry")
    head = json.loads(text)
    constants, own = [], dict(constants_of(graph))
    for place, dtype, shape, source in head["constants"]:
        if source < 0:
            found = np.frombuffer(rest, dtype, math.prod(shape)).reshape(shape).copy()
            rest = rest[found.nbytes :]
        else:
            found = own[source]
        constants.append((place, found))
    numbers = {key: int(head[key]) for key in ("arena", "work", "places")}
    return Recipe(
        **numbers, inputs=tuple(head["inputs"]), outputs=tuple(head["outputs"]), kinds=tuple(head["kinds"]),
        constants=tuple(constants), symbols=tuple(head["symbols"]), exchanged=tuple((a, b) for a, b in head["exchanged"]),
    ), rest


def find(name: str | None, graph: Graph) -> tuple[Recipe, host.Loaded] | None:
    """Return the recipe and the code of the entry of a graph; None if it is not there, or is not what it says."""
    data = store.load(name) if name is not None else None
    if name is None or data is None:
        host.begin()
        return None
    try:
        recipe, image = unpacked(data, graph)
        return recipe, host.Loaded(image, recipe.symbols)
    except (ValueError, KeyError, TypeError, RuntimeError):
        store.remove(name)
        host.begin()
        return None


def written(module: Module) -> str:
    """Return the text of a module, in parts if it is long."""
    from backlight.run.emit.divided import divided

    return compiler.PART.join(divided(module, host.attributes()))


def made(name: str | None, graph: Graph, recipe: Recipe, module: Module) -> host.Loaded:
    """Return the code of a module that was just written for a graph, and keep it under this name."""
    before = packed(recipe, graph) if name is not None else None
    if name is None or before is None:
        return loaded(module, recipe.symbols)
    image = host.assemble(written(module))
    store.save(name, before + image)
    return host.Loaded(image, recipe.symbols)


def loaded(module: Module, symbols: Sequence[str]) -> host.Loaded:
    """Return the code of a module: from disk if it is there and can be loaded, else made and put there."""
    text = written(module)
    return entry(store.key(VERSION, text, host.identity()), lambda: text, symbols)


def loaded_own(what: str, text: Callable[[], str], symbols: Sequence[str]) -> host.Loaded:
    """Return code that is the same for every graph; its text is written only where it is not on disk."""
    try:
        named = versions()
    except UnnamedError:
        named = text()
    return entry(store.key(VERSION, what, named, host.identity()), text, symbols)


def entry(name: str, text: Callable[[], str], symbols: Sequence[str]) -> host.Loaded:
    """Return the code of an entry, made from its text if it is not there or cannot be loaded."""
    image = store.load(name)
    if image is not None:
        try:
            return host.Loaded(image, symbols)
        except (RuntimeError, KeyError):  # it is not what it says
            store.remove(name)
    host.begin()
    image = host.assemble(text())
    store.save(name, image)
    return host.Loaded(image, symbols)
