"""Rows that hold graphs: loops, choices and blocks, each graph a program inside the one around it (`within`).

What is carried is written over what it was made from wherever a step allows it (`inplace`), and what a step keeps is written
where it stays. Results that nobody reads are not computed, and what is carried for nobody's sake is not carried.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backlight.core.graph import Graph, lent, live_nodes
from backlight.core.types import Type
from backlight.run.lower.descent import descend
from backlight.run.lower.inplace import donate
from backlight.run.lower.items import KINDS, Unplaced
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Carry, Choose, Inner, Program, Repeat
from backlight.run.lower.translate import Translation, UnableError, entry_of
from backlight.run.lower.within import Operands, Written, added, types_of, written

__all__ = ["handed_over"]

operand, result, scratch = Unplaced.operand, Unplaced.result, Unplaced.scratch


def handed_over(program: Program, pairs: Sequence[tuple[int, int]]) -> tuple[Program, dict[int, int]]:
    """Return the program of one step planned, with outputs written over the inputs that they become, where that can be.

    Pairs are (input, output); what comes back beside the program says for each input which buffer its output is.
    """
    program, taken = donate(program, pairs)
    in_place = {source for source, _ in taken}
    return plan(descend(program, in_place)), {a: a if a in in_place else b for a, b in pairs}


# -- loops --------------------------------------------------------------------------------------------------------------
def needed(body: Graph, carries: int, read: Collection[int] | None, also: Collection[int] = ()) -> list[int]:
    """Return the results of a step that count: those that are read, and what is carried for their sake, or for `also`."""
    wanted = set(range(len(body.outputs)) if read is None else [k for k in read if k < len(body.outputs)]) | {*also}
    while True:
        live = live_nodes(body, [*[body.outputs[k] for k in wanted], *[guard.node for guard in body.guards]])
        more = {k for k in range(carries) if live[body.inputs[k]]} - wanted
        if not more:
            return sorted(wanted)
        wanted |= more


def only(graph: Graph, results: Sequence[int], inputs: Sequence[int]) -> Graph:
    """Return a graph with some of its results and some of its inputs."""
    return graph.with_(outputs=tuple(graph.outputs[k] for k in results), inputs=tuple(graph.inputs[k] for k in inputs))


def put_back(found: Sequence[Any], places: Sequence[int], count: int) -> list[Any]:
    """Return so many results, those at these places and None."""
    known = dict(zip(places, found, strict=True))
    return [known.get(k) for k in range(count)]


@entry_of("scan")
def scan(t: Translation, inputs: list[int], attrs: Mapping[str, Any], read: Collection[int] | None) -> list[Any]:
    """Write a loop whose number of steps is known; what nobody reads of a step is not kept."""
    body, carries, fixed, length = attrs["body"], attrs["carries"], attrs["fixed"], attrs["length"]
    types_of(body)
    results = needed(body, carries, read)
    live = live_nodes(body, [*[body.outputs[k] for k in results], *[guard.node for guard in body.guards]])
    taken = [k for k, i in enumerate(body.inputs) if (live[i] if k >= carries else k in results)]
    every, stays = len(body.outputs), {body.inputs[k]: inputs[k] for k in range(carries, carries + fixed)}
    body, inputs, carries = only(body, results, taken), [inputs[k] for k in taken], sum(k < carries for k in results)
    ins, outs = types_of(body)
    if not length:
        nothing = [t.items.uniform(0, KINDS[x.dtype.name], (0, *x.shape), t.origin) for x in outs[carries:]]
        return put_back([*inputs[:carries], *nothing], results, every)
    moving = [k for k, i in enumerate(body.inputs) if i not in stays]
    operands = Operands(t, [inputs[k] for k in moving])
    inner = written(operands, body, stays)
    carried, program, rooms = handed(inner, outs, carries)
    step = Inner(program, inner.given, (), program.outputs[len(outs):], body)
    held = result(len(outs)) if step.checks else None
    slices = tuple((operand(k), inner.inputs[k], ins[moving[k]].nbytes) for k in range(carries, len(moving)))
    kept = tuple((program.outputs[k], result(k), outs[k].nbytes) for k in range(carries, len(outs)))
    repeat = Repeat(step, length, bool(attrs["reverse"]), carried, slices, kept, None, None, held, (scratch(len(rooms)), None),
                    (t.origin,))
    stacked = [x.with_shape((length, *x.shape)) for x in outs[carries:]]
    found = added(operands, "scan", repeat, [*outs[:carries], *stacked], held, [*rooms, program.arena])
    return put_back(found, results, every)


@entry_of("while_loop")
def while_loop(t: Translation, inputs: list[int], attrs: Mapping[str, Any], read: Collection[int] | None) -> list[Any]:
    """Write a loop that asks before each step; what it carries for nobody's sake is left out."""
    body, test, carries = attrs["body"], attrs["test"], attrs["carries"]
    types_of(body)
    types_of(test)
    questions = live_nodes(test, [*test.outputs, *[guard.node for guard in test.guards]])
    asked_of = {k for k in range(carries) if questions[test.inputs[k]]}
    results = needed(body, carries, read, asked_of)
    taken = [*results, *range(carries, len(inputs))]
    body, test = only(body, results, taken), only(test, range(len(test.outputs)), taken)
    every, inputs, carries = carries, [inputs[k] for k in taken], len(results)
    outs = types_of(body)[1]
    operands = Operands(t, inputs[:carries])
    inner = written(operands, body, dict(zip(body.inputs[carries:], inputs[carries:], strict=True)))
    carried, program, rooms = handed(inner, outs, carries)
    asked = written(operands, test, dict(zip(test.inputs[carries:], inputs[carries:], strict=True)))
    carried = tuple(replace(c, asked=place) for c, place in zip(carried, asked.inputs, strict=True))
    asking = plan(asked.program)
    step = Inner(program, inner.given, (), program.outputs[len(outs):], body)
    question = Inner(asking, asked.given, (), asking.outputs, test)  # the first of its checks is the answer
    held = result(len(outs) + 1) if step.checks or len(question.checks) > 1 else None
    repeat = Repeat(step, -1, False, carried, (), (), question, result(len(outs)), held,
                    (scratch(len(rooms)), scratch(len(rooms) + 1)), (t.origin,))
    found = added(operands, "while_loop", repeat, [*outs, Type("int64", ())], held, [*rooms, program.arena, asking.arena])
    return put_back(found, [*results, every], every + 1)


def handed(inner: Written, outs: Sequence[Type], carries: int) -> tuple[tuple[Carry, ...], Program, list[int]]:
    """Return what is carried, the program of a step planned for it, and the bytes of further memory that it takes."""
    program, becomes = handed_over(inner.program, list(zip(inner.inputs[:carries], inner.outputs[:carries], strict=True)))
    carried: list[Carry] = []
    rooms: list[int] = []
    for k, place in enumerate(inner.inputs[:carries]):
        spare = None
        if becomes[place] != place:
            spare = scratch(len(rooms))
            rooms.append(outs[k].nbytes)
        carried.append(Carry(operand(k), result(k), spare, place, becomes[place], outs[k].nbytes))
    return tuple(carried), program, rooms


# -- choices and blocks -------------------------------------------------------------------------------------------------
@entry_of("cond")
def cond(t: Translation, inputs: list[int], attrs: Mapping[str, Any], read: Collection[int] | None) -> list[Any]:
    """Write the one graph or the other."""
    return chosen(t, "cond", inputs[1:], inputs[:1], [attrs["yes"], attrs["no"]], read)


@entry_of("block")
def block(t: Translation, inputs: list[int], attrs: Mapping[str, Any], read: Collection[int] | None) -> list[Any]:
    """Write a graph whose values inside are forgotten: in a program of its own it shares nothing with what is around it."""
    return chosen(t, "block", inputs, [], [attrs["body"]], read)


@entry_of("counted")
def counted(t: Translation, inputs: list[int], attrs: Mapping[str, Any], read: Collection[int] | None) -> list[Any]:
    """Write the derivative of a loop of as many steps as were seen, and a check: other numbers are the reference machine's."""
    body, each, seen = attrs["body"], attrs["each"], attrs["seen"]
    if seen < 0:
        raise UnableError
    graph = lent("control")["counted_graph"](body, attrs["carries"], each, attrs["ways"], seen)
    items, place = t.items, len(body.inputs)
    steps = items.all[inputs[place]]
    bound = items.uniform(seen, steps.kind, steps.shape, t.origin)
    alike = items.point("less_equal" if each else "equal", [inputs[place], bound], "i1", steps.shape, t.origin)
    results = chosen(t, "block", inputs, [], [graph], read)
    t.checks.append(items.fold("smallest", alike, tuple(range(len(steps.shape))), False, t.origin))
    return results


def chosen(t: Translation, op: str, inputs: list[int], question: list[int], graphs: Sequence[Graph],
           read: Collection[int] | None) -> list[Any]:
    """Return the items of what one of some graphs gives, on the same operands; of results that nobody reads there is none."""
    every = len(graphs[0].outputs)
    for graph in graphs:
        types_of(graph)
    results = range(every) if read is None else sorted(read)
    graphs = [only(graph, results, range(len(graph.inputs))) for graph in graphs]
    outs = types_of(graphs[0])[1]
    alike = {k for k, x in enumerate(inputs) if t.items.all[x].form == "uniform"}
    operands = Operands(t, [*question, *[x for k, x in enumerate(inputs) if k not in alike]])
    branches = []
    for graph in graphs:
        inner = written(operands, graph, {graph.inputs[k]: inputs[k] for k in alike})
        program = plan(inner.program)
        given = [(operand(k + len(question)), place) for k, place in enumerate(inner.inputs)]
        pairs = tuple((b, result(k)) for k, b in enumerate(program.outputs[: len(outs)]))
        branches.append(Inner(program, (*given, *inner.given), pairs, program.outputs[len(outs):], graph))
    held = result(len(outs)) if any(branch.checks for branch in branches) else None
    choose = Choose(operand(0) if question else None, tuple(branches), held, scratch(0), (t.origin,))
    found = added(operands, op, choose, outs, held, [max(branch.program.arena for branch in branches)])
    return put_back(found, results, every)
