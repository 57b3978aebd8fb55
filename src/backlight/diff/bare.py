"""The walk down a tape that nobody will look at again: only values are wanted, and most nodes are like one before them.

A trace of many small operations spends its time between the operations. So the nodes whose rule is known by heart (a template
that hangs on the types of the operands alone) are done here, in one loop; every other one goes the long way, by `Walk.step`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .walk import Walk

__all__ = ["descend"]


def descend(walk: Walk, top: int, start: int) -> None:
    """Send the gradients of nodes `top` down to `start` on their way."""
    tape = walk.tape
    nodes, values, arrived, active, masks = tape.nodes, tape.values, walk.arrived, walk.active, walk.masks
    assert values is not None
    known: dict[Any, Any] = {}  # by operation, types and settings: the template, and what it needs beside the node
    for i in range(top, start - 1, -1):
        g = arrived[i]
        if g is None:
            continue
        node = nodes[i]
        op, inputs, _, attrs = node[:4]
        if type(g) is list:
            if not inputs or masks:
                walk.step(i, node)
                continue
            g = arrived[i] = walk.added(i, g)
        elif not inputs:
            continue
        found: Any = None
        if len(inputs) == 2:
            a, b = inputs
            key: Any = (op, nodes[a][2], nodes[b][2], attrs, active[a], active[b])
            found = known.get(key)
            if found is None or masks or a == b or g <= top or (found[4] and (nodes[a][0].over or nodes[b][0].over)):
                walk.step(i, node)
                if found is None and (not op.peeks or (active[a] and active[b])):
                    learn(walk, known, key, walk.template_key(node, i, g), op)
                continue
            place = [i, g, a, b]
        elif len(inputs) == 1:
            (a,) = inputs
            key = (op, nodes[a][2], attrs)
            found = known.get(key)
            if found is None or masks or g <= top:
                walk.step(i, node)
                if found is None and not op.over:
                    learn(walk, known, key, walk.template_key(node, i, g), op)
                continue
            place = [i, g, a]
        else:
            walk.step(i, node)
            continue
        shared, pairs, stubs, results, _ = found
        place += shared
        if pairs:
            number = len(values)
            for x, y, work in pairs:
                if y is not None:
                    values.append(work(values[place[x]], values[place[y]]))
                else:
                    values.append(work(*[values[place[r]] for r in x]))
                place.append(number)
                number += 1
            nodes += stubs
        for k, down in results:
            j = inputs[k]
            there = arrived[j]
            if there is None:
                arrived[j] = place[down]
            elif type(there) is list:
                there.append(place[down])
            else:
                arrived[j] = [there, place[down]]


def learn(walk: Walk, known: dict[Any, Any], key: Any, name: Any, op: Any) -> None:
    """Know by heart what the walk has a template for by now; of a product also that it stands under no x·log x."""
    found = walk.templates.get(name) if name is not None else None
    if found is not None:
        known[key] = found.shared, found.pairs, found.stubs, [(k, down) for k, _, down in found.results], op.name == "mul"
