"""Orders of instructions in which several vectors are under way, and registers for them."""

import random

import pytest

from backlight.run.emit.allotted import REGISTERS, Body, Source, allotted
from backlight.run.emit.ordered import Edge, Order, ordered
from backlight.run.emit.selected import EITHER, LOADED, PRODUCT, STORED, SUM, Cost, Op

STAGES = 6


def drawn(seed: int, count: int) -> tuple[list[Op], list[Edge], set[int], list[list[Source]]]:
    """Return instructions of a loop that loads, computes something by chance, stores it and sums it up."""
    draw = random.Random(seed)
    ops = [Op("vmovups", "load", "%0", [], LOADED)]
    operands: list[list[Source]] = [[]]
    for k in range(1, count):
        word, cost = draw.choice([("vmulps", PRODUCT), ("vaddps", SUM), ("vandps", EITHER), ("vdivps", Cost(13, 2))])
        other: Source = draw.choice([(draw.randrange(k), 0), "splat (float 1)"])
        sources: list[Source] = [(max(0, k - draw.randint(1, 5)), 0), other]
        ops.append(Op(word, "two", f"%{k}", [], cost))
        operands.append(sources)
    operands += [[(count - 1, 0)], [(count + 1, 1), (count - 1, 0)]]
    ops += [Op("vmovups", "store", "", [], STORED), Op("vaddps", "two", "%sum", [], SUM)]
    edges = [Edge(s[0], k, s[1]) for k, sources in enumerate(operands) for s in sources if not isinstance(s, str)]
    return ops, edges, {count, count + 1}, operands


@pytest.mark.parametrize("spare", [6.0, 0.0, -3.0])
def test_an_order_uses_nothing_before_it_is_there(spare: float) -> None:
    found = 0
    for seed in range(40):
        ops, edges, last, _ = drawn(seed, [1, 2, 5, 40, 60, 90][seed % 6])
        order = ordered(ops, edges, last, spare, 28.0, STAGES)
        if order is None:  # it would take too many stages or registers, as short and as long ones do
            continue
        found += 1
        assert sorted(order.place) == list(range(len(ops)))
        assert min(map(order.gap, edges)) > 0
        assert order.stages <= STAGES
        assert {order.stage[k] for k in last} == {order.stages - 1}
        assert ordered(ops, edges, last, spare, 28.0, STAGES) == order
    assert found > 8


def run(lines: list[str], registers: dict[int, object], turn: int, loads: list[object], stored: list[object]) -> None:
    """Do what the lines say, with terms in place of numbers."""
    for line in lines:
        word, _, rest = line.partition(" ")
        *sources, to = [x.strip() for x in rest.split(", ")]
        read = [registers[int(x[4:])] if x.startswith("%zmm") else "constant" for x in sources]
        if to == "(store)":
            stored.append(read[0])
        elif sources == ["(load)"]:
            registers[int(to[4:])] = loads[turn]
        else:
            registers[int(to[4:])] = read[0] if word == "vmovaps" else (word, *reversed(read))


@pytest.mark.parametrize("spare", [6.0, 0.0, -3.0])
def test_registers_hold_what_each_instruction_is_made_of(spare: float) -> None:
    memory = {"load": "(load)", "store": "(store)"}
    found = 0
    for seed in range(24):
        ops, edges, last, operands = drawn(seed, 45)
        order = ordered(ops, edges, last, spare, 26.0, STAGES)
        body = order and allotted(ops, order, operands, [], [memory.get(op.form, "") for op in ops])
        if order is not None and body is not None:
            found += 1
            check(ops, order, operands, body)
    assert found > 6


def check(ops: list[Op], order: Order, operands: list[list[Source]], body: Body) -> None:
    """Compare some turns of the lines with what each instruction is made of."""
    assert body.used <= set(range(REGISTERS))
    registers: dict[int, object] = {r: ("before", k, age) for (k, age), r in body.begin.items()}
    begin, stored, loads, turns = dict(registers), list[object](), [f"x{t}" for t in range(40)], 14
    for turn in range(turns):
        run(body.lines, registers, turn, loads, stored)

    def made(k: int, turn: int) -> object:
        """What an instruction gives in a turn, from the table of what it is made of alone."""
        if turn < 0:
            return begin[body.begin[k, -turn]]
        if ops[k].form == "load":
            return loads[turn]
        read = []
        for source in operands[k]:
            if isinstance(source, str):
                read.append("constant")
            else:
                gap = order.gap(Edge(source[0], k, source[1]))
                read.append(made(source[0], turn - (order.place[source[0]] + gap - order.place[k]) // len(ops)))
        return (ops[k].word, *read) if ops[k].form != "store" else read[0]

    for turn in range(turns):
        assert stored[turn] == made(45, turn)
    for (k, age), r in body.begin.items():
        assert registers[r] == made(k, turns - age)
