"""Steps of descent put into the product that makes them: W − rate·(A B) written as W + A (−rate·B), where W lies.

The gradient of a layer's weights is a product, mostly of two small matrices into a large one; written to memory, and read
again by the loop that subtracts it, it costs more than its sums. Where the update takes the place of the parameter anyway
(`inplace.donate`), the product can go on top of what is there, with the smaller of its operands scaled first.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from math import prod

from backlight.run.lower.loops import tidy
from backlight.run.lower.memory import used
from backlight.run.lower.program import Apply, Buffer, Instruction, Literal, Multiply, Nest, Place, Program, Read, Write

SMALLER = 2  # times smaller the scaled operand must be than what need not be written


def descend(program: Program, donated: Collection[int]) -> Program:
    """Return the program with such updates inside their products; `donated` are the inputs whose memory is written."""
    users: dict[int, list[int]] = {}
    for number, instruction in enumerate(program.instructions):
        for buffer in dict.fromkeys(used(instruction)):
            users.setdefault(buffer, []).append(number)
    buffers = {b.number: b for b in program.buffers}
    instead: dict[int, list[Instruction]] = {}
    for at, nest in enumerate(program.instructions):
        found = update(nest)
        if found is None:
            continue
        rate, product, parameter = found
        first = users[product][0]
        m = program.instructions[first]
        if not isinstance(m, Multiply) or buffers[product].role != "arena" or users[product] != [first, at]:
            continue
        if parameter not in donated or not fits(m, product, nest) or {m.a.buffer, m.b.buffer} & {*donated}:
            continue
        number = max(buffers) + 1
        left = m.m * m.k < m.k * m.n
        rows, columns, place = (m.m, m.k, m.a) if left else (m.k, m.n, m.b)
        buffers[number] = Buffer(number, m.kind, rows * columns, "arena", buffers[product].label)
        del buffers[product]
        scaled = Place(number, 0, (columns, 1))
        steps = (Literal(-rate, m.kind), Read(place, m.kind), Apply("multiply", (0, 1), m.kind))
        scale = tidy(Nest((rows, columns), steps, (Write(2, scaled),), (), nest.nodes))
        onto = replace(m, c=Place(parameter, 0, (m.n, 1)), add=True, nodes=(*m.nodes, *nest.nodes))
        instead[first] = []
        instead[at] = [scale, replace(onto, a=scaled) if left else replace(onto, b=scaled)]
    ordered = [x for k, one in enumerate(program.instructions) for x in instead.get(k, [one])]
    return replace(program, instructions=tuple(ordered), buffers=tuple(buffers.values()))


def fits(m: Multiply, product: int, nest: Instruction) -> bool:
    """Return whether a product is whole, and large enough beside its operands."""
    assert isinstance(nest, Nest)
    whole = not m.batch and m.after is None and m.c == Place(product, 0, (m.n, 1)) and m.m * m.n == prod(nest.sizes) and not m.add
    return whole and m.k > 0 and m.k * min(m.m, m.n) * SMALLER <= m.m * m.n


def update(nest: Instruction) -> tuple[float, int, int] | None:
    """Return rate, gradient and parameter of a loop that does parameter ← parameter − rate · gradient, and nothing else."""
    if not isinstance(nest, Nest) or len(nest.sizes) != 1 or nest.folds or len(nest.writes) != 1 or len(nest.steps) != 5:
        return None
    steps, write = nest.steps, nest.writes[0]
    last = steps[write.value]
    if not isinstance(last, Apply) or last.op != "subtract" or write.index:
        return None
    parameter, product = (steps[v] for v in last.operands)
    if not isinstance(parameter, Read) or not isinstance(product, Apply) or product.op != "multiply":
        return None
    one, other = (steps[v] for v in product.operands)
    rate, gradient = (one, other) if isinstance(one, Literal) else (other, one)
    if not isinstance(rate, Literal) or not isinstance(gradient, Read) or parameter.index or gradient.index:
        return None
    whole = [p.offset == 0 and p.strides == (1,) for p in (parameter.place, gradient.place, write.place)]
    if not all(whole) or parameter.place.buffer != write.place.buffer or parameter.kind not in {"float", "double"}:
        return None
    return float(rate.value), gradient.place.buffer, parameter.place.buffer
