"""A graph written as code, line by line in the order of its list."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ...core.array import Array
from ...core.graph import Graph, Node, live_nodes
from ...core.op import Op
from ...core.tape import Tape
from ...core.types import TupleType, Type
from ...errors import GraphError, InputError
from ...run.record import Run
from .dialects import DIALECTS
from .spelling import Dialect, Line

__all__ = ["code", "missing"]

TAKEN: Final = frozenset({"np", "jnp", "jax", "torch", "math", "f", "gradients", "value", "inputs"})
HELPER: Final = re.compile(r"@(\w+)\(")
LARGEST: Final = 100_000  # numbers that are written out


def code(run: Run, dialect: str) -> str:
    """A program that computes the output of a run and its gradients by the float inputs, with the values of this run.

    In NumPy the gradients are written out, as they are in the graph; PyTorch and JAX differentiate the function themselves.
    Raises: GraphError for an operation that the library has neither a word nor a definition for; InputError for another dialect.
    """
    if dialect not in DIALECTS:
        raise InputError(f"code is written for {', '.join(DIALECTS)}, and not for {dialect!r:.40}")
    words = DIALECTS[dialect]
    graph = run.graph
    wrt = [i for i in graph.inputs if i in graph.grads and i < graph.forward_count]
    written = wrt if dialect == "numpy" else []
    outputs = [graph.outputs[0], *(graph.grads[i] for i in written)]
    short, places = expanded(graph, outputs, words)
    names = called(short)
    used: set[str] = set()
    body = [f"    {line}" for line in lines(short, names, words, used, places)]
    given = [name for i, name in enumerate(names) if short.nodes[i].op.name == "input"]
    results = [names[places[i]] for i in outputs]
    helpers = [HELPER.sub(r"\1(", words.helpers[name]).rstrip("\n") for name in words.helpers if name in needed(used, words)]
    grads = [f"{names[places[i]]!r}: {result}" for i, result in zip(written, results[1:], strict=True)]
    answer = f"{results[0]}, {{{', '.join(grads)}}}" if dialect == "numpy" else results[0]
    function = f"def f({', '.join(given)}):\n" + "\n".join([*body, f"    return {answer}"])
    values = [f"{names[places[i]]} = {literal(run.value(i), words)}" for i in graph.inputs if i in places]
    parts = [words.head, *helpers, function, "\n".join(values) + "\n" + ENDS[dialect](given, [names[places[i]] for i in wrt if i in places])]
    return "\n\n\n".join(parts) + "\n"


def needed(used: set[str], words: Dialect) -> set[str]:
    """The helpers that are called, and those that they call."""
    found, new = set(used), set(used)
    while new:
        new = {name for one in new for name in HELPER.findall(words.helpers[one])} - found
        found |= new
    return found


def numpy_end(given: Sequence[str], wrt: Sequence[str]) -> str:
    return f"value, gradients = f({', '.join(given)})\nprint(value)\nprint(gradients)"


def torch_end(given: Sequence[str], wrt: Sequence[str]) -> str:
    if not wrt:
        return f"value, gradients = f({', '.join(given)}), {{}}\nprint(value)"
    asked = "".join(f"{name}.requires_grad_()\n" for name in wrt)
    grads = ", ".join(f"{name!r}: {name}.grad" for name in wrt)
    return f"{asked}value = f({', '.join(given)})\nvalue.sum().backward()\ngradients = {{{grads}}}\nprint(value)\nprint(gradients)"


def jax_end(given: Sequence[str], wrt: Sequence[str]) -> str:
    call = f"f({', '.join(given)})"
    if not wrt:
        return f"value, gradients = {call}, {{}}\nprint(value)"
    places = tuple(given.index(name) for name in wrt)
    grads = ", ".join(f"{name!r}: g[{k}]" for k, name in enumerate(wrt))
    return (
        f"value = {call}\ng = jax.grad(lambda *x: jnp.sum(f(*x)), {places!r})({', '.join(given)})\n"
        f"gradients = {{{grads}}}\nprint(value)\nprint(gradients)"
    )


ENDS: Final = {"numpy": numpy_end, "torch": torch_end, "jax": jax_end}


def missing(dialect: Dialect, op: Op) -> bool:
    """Whether a library has neither a word for an operation nor a definition of it in smaller ones."""
    return op.name not in dialect.words and op.inside is None and op.kind != "leaf"


def expanded(graph: Graph, outputs: Sequence[int], dialect: Dialect) -> tuple[Graph, dict[int, int]]:
    """What the outputs need, operations without a word written by their definitions, and the new number of each old node."""
    live = live_nodes(graph, outputs)
    tape = Tape()
    places: dict[int, int] = {}
    for i, node in enumerate(graph.nodes):
        if not live[i] and not (node.op.name == "input" and i < graph.forward_count):
            continue
        places[i] = copied(tape, node, tuple(places[j] for j in node.inputs), dialect)
    return Graph(tuple(tape.nodes)), places


def copied(tape: Tape, node: Node, inputs: tuple[int, ...], dialect: Dialect) -> int:
    """One node on the tape, by its definition where the library has no word for it. Raises: GraphError."""
    if (node.op.kind == "leaf" and node.op.name != "item") or spelled(node, [tape.nodes[j] for j in inputs], dialect):
        tape.nodes.append(node._replace(inputs=inputs))
        return len(tape.nodes) - 1
    if node.op.inside is None or isinstance(node.type, TupleType):
        settings = ", ".join(f"{k}={v!r}" for k, v in node.attrs)
        raise GraphError(f"{dialect.name} has no word for {node.op.name}{f' with {settings}' if settings else ''}, and there is no "
                         "definition of it in smaller operations")  # fmt: skip
    sheet = Tape()
    sheet.nodes = list(tape.nodes)
    made = node.op.inside(*[sheet.handle(j) for j in inputs], **dict(node.attrs))
    assert isinstance(made, Array)
    moved = dict(enumerate(range(len(tape.nodes))))
    for k in range(len(tape.nodes), len(sheet.nodes)):
        inner = sheet.nodes[k]
        moved[k] = copied(tape, inner, tuple(moved[j] for j in inner.inputs), dialect)
    result = moved[made.number]
    if node.name and not tape.nodes[result].name:
        tape.nodes[result] = tape.nodes[result]._replace(name=node.name)
    return result


def spelled(node: Node, operands: Sequence[Node], dialect: Dialect, names: Sequence[str] = ()) -> str:
    """The right side of the line of a node; empty where the library has no word for it as it is."""
    spelling = dialect.words.get(node.op.name)
    if spelling is None or not isinstance(node.type, Type) or not all(isinstance(x.type, Type) for x in operands):
        return ""
    attrs: dict[str, Any] = {**node.op.attrs, **dict(node.attrs)}
    xs = names or [f"x{k}" for k in range(len(operands))]
    if callable(spelling):
        return spelling(Line(xs, attrs, [x.type.shape for x in operands], node.type.shape))  # type: ignore[union-attr]
    return spelling.format(*xs, all=", ".join(xs), out=node.type.shape, **attrs)


def called(graph: Graph) -> list[str]:
    """A name for every node that a program may use: its own where that is one, else v and its number."""
    taken, found = set(TAKEN), []
    for i, node in enumerate(graph.nodes):
        name = "".join(c if c.isalnum() or c == "_" else "_" for c in node.name)
        if not name.isidentifier() or keyword.iskeyword(name) or name in taken:
            name = f"v{i}"
            while name in taken:
                name += "_"
        taken.add(name)
        found.append(name)
    return found


def lines(graph: Graph, names: Sequence[str], dialect: Dialect, used: set[str], places: Mapping[int, int]) -> list[str]:
    """One assignment a node."""
    found = []
    for i, node in enumerate(graph.nodes):
        if node.op.name == "input":
            continue
        if node.op.name == "const":
            found.append(f"{names[i]} = {literal(node.attr('value'), dialect)}")
            continue
        right = spelled(node, [graph.nodes[j] for j in node.inputs], dialect, [names[j] for j in node.inputs])
        used.update(HELPER.findall(right))
        right = HELPER.sub(r"\1(", right)
        found.append(f"{names[i]} = {right}")
    return found


def literal(value: Any, dialect: Dialect) -> str:
    """A value as code, every digit of it. Raises: InputError for one of more than 100,000 numbers."""
    array = np.asarray(value)
    if array.size > LARGEST:
        raise InputError(f"an array of {array.size} numbers is too long for a program: from {LARGEST} on, save the run instead")
    text = repr(array.tolist()).replace("nan", "math.nan").replace("inf", "math.inf")
    if "math." in text:
        text = text.replace("math.nan", "float('nan')").replace("math.inf", "float('inf')")
    return dialect.array.format(text, array.dtype.name)
