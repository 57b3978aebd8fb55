"""Nodes that hold graphs: blocks, choices and loops, as what the library has for them or as plain Python.

JAX has loops and choices of its own, which trace what is inside; PyTorch and NumPy run Python's. A `while` is Python's in JAX
too, because its own has no gradient backward, and then so is everything around it, since what is traced has no values to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from ...core.graph import Graph, Node, lent
from ...core.types import TupleType
from ...errors import GraphError
from .literal import literal
from .program import Writing

__all__ = ["HOLDS"]

STAND_IN: Final = (7919, 9973)  # primes that stand for any number of steps: both must give the same lines


def one_or_several(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names)


def is_concrete(graph: Graph) -> bool:
    """Whether there is a loop inside that asks for values."""
    inner = (value for node in graph.nodes for _, value in node.attrs if isinstance(value, Graph))
    return any(node.op.name in ("while_loop", "counted") for node in graph.nodes) or any(is_concrete(g) for g in inner)


def traces(writing: Writing, *graphs: Graph) -> bool:
    """Whether JAX's own word is used, which traces what is inside."""
    return writing.dialect.name == "jax" and not any(map(is_concrete, graphs))


def block(writing: Writing, i: int, node: Node) -> list[str]:
    body = node.attr("body")
    name = writing.program.function(node.attr("label") or "block", body, one_or_several)
    xs = [writing.called(j) for j in node.inputs]
    if writing.dialect.name == "torch":
        right = f"torch.utils.checkpoint.checkpoint({', '.join([name, *xs])}, use_reentrant=False)"
    elif traces(writing, body):
        right = f"jax.checkpoint({name})({', '.join(xs)})"
    else:
        right = f"{name}({', '.join(xs)})"
    return [f"{', '.join(writing.targets(i))} = {right}"]


def cond(writing: Writing, i: int, node: Node) -> list[str]:
    graphs = node.attr("yes"), node.attr("no")
    yes, no = (writing.program.function(word, graph, one_or_several) for word, graph in zip(("yes", "no"), graphs, strict=True))
    p, *xs = [writing.called(j) for j in node.inputs]
    given = ", ".join(xs)
    right = (
        f"jax.lax.cond({', '.join([p, yes, no, *xs])})" if traces(writing, *graphs) else f"{yes}({given}) if {p} else {no}({given})"
    )
    return [f"{', '.join(writing.targets(i))} = {right}"]


def results(writing: Writing, i: int, carries: int) -> tuple[list[str], list[str]]:
    """Names of what is carried, none of them `_`, and of what is kept."""
    names = writing.targets(i)
    return [name if name != "_" else writing.fresh() for name in names[:carries]], names[carries:]


def begun(carried: Sequence[str], start: Sequence[str]) -> list[str]:
    return [f"{', '.join(carried)} = {', '.join(start)}"] if carried else []


def scan(writing: Writing, i: int, node: Node) -> list[str]:
    attrs: dict[str, Any] = {**node.op.attrs, **dict(node.attrs)}
    body, carries, fixed, length, reverse = (attrs[word] for word in ("body", "carries", "fixed", "length", "reverse"))
    xs = [writing.called(j) for j in node.inputs]
    start, still, slices = xs[:carries], xs[carries : carries + fixed], xs[carries + fixed :]
    carried, kept = results(writing, i, carries)
    lines: list[str] = []
    if not length:
        kinds = node.type.types if isinstance(node.type, TupleType) else (node.type,)
        nothing = [literal(np.zeros(t.shape, t.dtype), writing.dialect) for t in kinds[carries:]]  # type: ignore[union-attr]
        return [*begun(carried, start), *[f"{name} = {text}" for name, text in zip(kept, nothing, strict=True) if name != "_"]]
    if traces(writing, body):
        step = writing.program.function("step", body, lambda outs: f"{nest(outs[:carries])}, {nest(outs[carries:])}")
        call = f"{step}({', '.join(['*carry', *still, '*x'])})"
        how = f"length={length}{', reverse=True' if reverse else ''}"
        over = f"{nest(start)}, {nest(slices) if slices else None}"
        inner = call if slices else call.replace(", *x)", ")")
        return [f"{nest(carried)}, {nest(kept)} = jax.lax.scan(lambda carry, x: {inner}, {over}, {how})"]
    step = writing.program.function("step", body, one_or_several)
    k = writing.fresh("k")
    lists = [name for name in kept if name != "_"]
    steps = [f"{name}_{k}" if name != "_" else "_" for name in kept]
    stack = f"{writing.dialect.module}.stack"
    lines += begun(carried, start)
    lines += [f"{name} = []" for name in lists]
    lines += [f"for {k} in {'reversed(' * reverse}range({length}){')' * reverse}:"]
    lines += [f"    {', '.join([*carried, *steps])} = {step}({', '.join([*carried, *still, *[f'{x}[{k}]' for x in slices]])})"]
    lines += [f"    {name}.append({name}_{k})" for name in lists]
    some = " if {0} else {0}" if length in STAND_IN else ""  # of no steps there is nothing to stack, and nobody looks at it
    return [*lines, *[f"{name} = {stack}({name}{'[::-1]' if reverse else ''}){some.format(name)}" for name in lists]]


def nest(names: Sequence[str]) -> str:
    return f"({', '.join(names)}{',' if len(names) == 1 else ''})"


def while_loop(writing: Writing, i: int, node: Node) -> list[str]:
    carries = node.attr("carries", 0)
    test = writing.program.function("test", node.attr("test"), one_or_several)
    step = writing.program.function("step", node.attr("body"), one_or_several)
    xs = [writing.called(j) for j in node.inputs]
    carried, (count,) = results(writing, i, carries)
    call = ", ".join([*carried, *xs[carries:]])
    lines = [*begun(carried, xs[:carries]), f"while {test}({call}):", f"    {', '.join(carried)} = {step}({call})"]
    return lines if count == "_" else [f"{count} = {writing.dialect.array.format(0)}", *lines, f"    {count} = {count} + 1"]


def counted(writing: Writing, i: int, node: Node) -> list[str]:
    """As many steps as a number says: the function is written for a number that stands for any."""
    attrs: dict[str, Any] = {**node.op.attrs, **dict(node.attrs)}
    body, place = attrs["body"], len(attrs["body"].inputs)
    written = lent("control")["counted_graph"]

    def named(number: int) -> str:
        def change(text: str) -> str:
            head, _, rest = text.partition(":\n")
            count = head[1:-1].split(", ")[place]
            first = f"    steps = int({writing.dialect.module}.max({count}))\n" if attrs["each"] else f"    steps = int({count})\n"
            return f"{head}:\n{first}" + rest.replace(str(number), "steps")

        graph = written(body, attrs["carries"], attrs["each"], attrs["ways"], number)
        return writing.program.function("loop", graph, one_or_several, change)

    first, second = map(named, STAND_IN)
    if first != second:
        raise GraphError(
            f"counted cannot be written in {writing.dialect.title}: what its loop does depends on how many steps it takes. "
            "Export another form, JSON or HTML, which hold any graph"
        )
    return [f"{', '.join(writing.targets(i))} = {first}({', '.join(writing.called(j) for j in node.inputs)})"]


HOLDS: Final[Mapping[str, Callable[[Writing, int, Node], list[str]]]] = {
    "block": block, "cond": cond, "scan": scan, "while_loop": while_loop, "counted": counted,
}  # fmt: skip
