"""The same graph for many at once: every node gets the batch as a new first axis, if anything that it stands on has one.

The graph of one is walked from its inputs up, and each node is written again by the rule of its row: elementwise rows put
their axes side by side, reductions count theirs one further, and what mixes axes in its own way says how. A row that says
nothing is opened into smaller operations where it names them, or computed one by one, which the scope of the nodes then
says. What no input of the batch reaches is written once, as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.array import Array
from ..core.graph import Graph, Node, live_nodes
from ..core.guard import ANSWERS, Guard
from ..core.op import Op
from ..core.table import TABLE
from ..core.tape import Tape
from ..errors import GraphError
from ..ops import batched

__all__ = ["Many", "batch", "guarded", "rule_of"]


@dataclass(frozen=True, slots=True)
class Many:
    """A node written again: its array (or arrays, where it has several outputs), and whether it has the axis of the batch."""

    array: Any
    mapped: Any


def rule_of(op: Op) -> Any:
    """How the row is computed for a batch: its own rule, "inside", that of its kind, or one by one."""
    if op.batch is not None:
        return op.batch
    if op.kind in ("elementwise", "compare"):
        return batched.elementwise(op)
    if op.kind == "reduce":
        return batched.reduced(op.name)
    return None


def batch(
    graph: Graph, n: int, given: Mapping[int, Many], wanted: Sequence[int], tape: Tape | None
) -> dict[int, Many]:
    """The nodes `wanted` for a batch of n, and all that they stand on, by number; `given` says what the inputs are.

    Written on the tape, or only computed where there is none.
    """
    live = live_nodes(graph, wanted)
    found: dict[int, Many] = dict(given)
    if tape is None:
        for i, node in enumerate(graph.nodes):
            if live[i] and i not in found:
                found[i] = written(node, [found[j] for j in node.inputs], n, tape)
        return found
    before = tape.why, tape.at, tape.positions, tape.scope
    tape.positions = False
    for i, node in enumerate(graph.nodes):
        if live[i] and i not in found:
            of = found.get(node.why.of)
            number = of.array.number if of is not None and isinstance(of.array, Array) else -1
            tape.why = node.why if node.why.of < 0 else node.why._replace(of=number)
            tape.at = node.at
            tape.scope = node.scope or before[3]
            found[i] = written(node, [found[j] for j in node.inputs], n, tape)
    tape.why, tape.at, tape.positions, tape.scope = before
    return found


def written(node: Node, operands: Sequence[Many], n: int, tape: Tape | None) -> Many:
    """One node for the whole batch."""
    op = node.op
    if op.name == "const":
        value = node.attr("value")
        return Many(Array(None, -1, value) if tape is None else tape.constant(value), False)
    if op.name == "item":
        (above,) = operands
        k = node.attr("k", 0)
        return Many(above.array[k], above.mapped[k] if isinstance(above.mapped, tuple) else above.mapped)
    xs = [x.array for x in operands]
    mapped = [x.mapped for x in operands]
    attrs = dict(node.attrs)
    if op.kind == "control":
        if not any(mapped):
            return Many(op(*xs, **attrs), False)
        made, flags = op.batch(n, xs, mapped, **attrs)  # type: ignore[operator, misc]
        return Many(made, flags)
    if not any(mapped):
        if not xs:
            value = op.value(**attrs)
            z = Array(None, -1, value) if tape is None else tape.handle(tape.add(op, (), node.type, node.attrs, "", value))
            return Many(z, False)
        return Many(op(*xs, **attrs), False)
    return Many(for_batch(op, n, xs, mapped, {**op.attrs, **attrs}, tape), True)


def for_batch(op: Op, n: int, xs: Sequence[Array], mapped: Sequence[bool], attrs: dict[str, Any], tape: Tape | None) -> Any:
    """One row for a batch of which some operand is mapped."""
    rule = rule_of(op)
    if rule == "inside":
        return opened(op, n, xs, mapped, attrs, tape)
    if rule is not None:
        return rule(n, xs, mapped, **attrs)
    if tape is None:
        return batched.unrolled(op)(n, xs, mapped, **attrs)
    before, tape.scope = tape.scope, f"{tape.scope}/{op.name}, one by one".lstrip("/")
    z = batched.unrolled(op)(n, xs, mapped, **attrs)
    tape.scope = before
    return z


def opened(op: Op, n: int, xs: Sequence[Array], mapped: Sequence[bool], attrs: dict[str, Any], tape: Tape | None) -> Any:
    """The row as its smaller operations, for the whole batch."""
    sheet = Tape()
    kinds = [x.type.with_shape(x.shape[1:]) if m else x.type for x, m in zip(xs, mapped, strict=True)]
    ins = [sheet.input(f"x{k}", type=kind) for k, kind in enumerate(kinds)]
    assert op.inside is not None
    z = op.inside(*ins, **attrs)
    assert isinstance(z, Array)
    given = {x.number: Many(outer, m) for x, outer, m in zip(ins, xs, mapped, strict=True)}
    made = batch(Graph(tuple(sheet.nodes)), n, given, [z.number], tape)[z.number]
    return made.array if made.mapped else batched.covered(n, made.array, False)


def guarded(tape: Tape | None, guards: Sequence[Guard], found: Mapping[int, Many], among: Any = None) -> None:
    """One question for each that was asked of one: do all of the batch (or those `among` it) answer alike?

    It is a guard on the tape. Where values are known it is answered at once: GraphError where they do not.
    """
    for guard in guards:
        x = found[guard.node].array
        kind, answer = (guard.kind, guard.answer)
        if found[guard.node].mapped or among is not None:
            asked = TABLE["trunc"](x) if kind == "int" and x.dtype.kind == "f" else x
            if kind == "numbers":
                answer = np.frombuffer(answer, x.dtype).reshape(x.shape[1:] if found[guard.node].mapped else x.shape)
            alike = asked if kind == "bool" else TABLE["equal"](asked, answer)
            if kind == "bool" and not answer:
                alike = TABLE["logical_not"](asked)
            if among is not None:
                alike = TABLE["logical_or"](alike, TABLE["logical_not"](among))
            x, kind, answer = TABLE["all"](alike), "bool", True
        if (tape is None or tape.values is not None) and ANSWERS[kind](x.value) != answer:
            where = f" at {guard.at.file}, line {guard.at.line}" if guard.at is not None else ""
            raise GraphError(
                f"vmap: a graph inside a node asked {guard.kind}(){where} and was traced for one answer, "
                "and some of the batch answer otherwise: use where(…) or cond(…) there"
            )
        if tape is not None:
            tape.guards.append(Guard(x.number, kind, answer, guard.at))
