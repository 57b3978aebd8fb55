"""A loop over vectors as a pipeline: one vector's last steps beside the next one's first.

A long expression of one vector is a chain of instructions of which each waits for the one before. The processor looks some
dozens of instructions ahead, which is less than such a chain has, so its units for products and sums stand idle at every
end of one. Here a body is taken to pieces: `selected` has an instruction for each line, `ordered` an order in which several vectors
are under way, `allotted` the registers for that, and `flow` writes it all as the assembler reads it.

That needs a body without branches. Functions that look at numbers too large for their quick way write the quick way alone,
and leave the question to the loop: when it is through, and one of all its numbers was too large, it is done once more as
others are, number for number by the same formulas, so that the result does not depend on which of the two loops made it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from backlight.run.emit.allotted import Source, allotted
from backlight.run.emit.code import Code
from backlight.run.emit.flow import NAME, Flow, Pipeline, Step, renamed
from backlight.run.emit.ordered import Edge, ordered
from backlight.run.emit.selected import LOADED, WIDTH, Op, alive, is_value, selected
from backlight.run.emit.value import SIZES, Value

LEAST = 24  # vectors, fewer of which are not worth a loop of their own
STEPS = 32  # from which on it pays; shorter ones the processor overlaps itself
STAGES = 6  # vectors that are under way at once, at most
# cycles between a result and its use, and registers for that: the first for which they are enough
PLANS = ((14.0, 29.0), (10.0, 28.0), (6.0, 27.0), (3.0, 25.0), (0.0, 23.0), (-2.0, 22.0), (-4.0, 21.0))
POINTERS = 6  # of them at most
ADDRESS_REGISTERS = 11  # of sixteen, some of which the compiler needs for itself
SIZE = re.compile(r"(call <[^>]*> @llvm\.fabs\.\w+\(<[^>]*> )(%[\w.]+)\)")
OPPOSITE = re.compile(r"fneg <[^>]*> (%[\w.]+)")
ADDRESSES = re.compile(r"(getelementptr|add( nsw)?|mul( nsw)?) (i64|ptr|float|double|i32|i8)\b")
A = r"(%[\w.]+|-?\d+)"
ADDRESS = re.compile(rf"  (%[\w.]+) = (getelementptr (?:float|double|i32|i64), ptr|(?:add|mul)(?: nsw)? i64) {A}, (?:i64 )?{A}")


def drafted(c: Code, kinds: Sequence[Value], body: Callable[..., Sequence[Value]], alone: bool = True) -> Pipeline | None:
    """Return the body as a pipeline, or nothing where it is none: with branches, too short, or not to be done again (`alone`)."""
    before = c.lines, c.block
    c.lines, c.made, c.worries = [], {}, []
    try:
        index = Value(c, "%" + c.name("i"), "i64", 1)
        carry = [Value(c, "%" + c.name("c"), x.kind, x.lanes) for x in kinds]
        results = list(body(index, *carry))
        worries = []
        for x, limit in c.worries:
            most = Value(c, "%" + c.name("c"), x.kind, x.lanes)
            carry.append(most)
            results.append(c.select(x.gt(most), x, most))
            worries.append((most, limit))
        lines, made = c.lines, c.made
    finally:
        (c.lines, c.block), c.made, c.worries = before, None, None
    read = steps_of(lines, made)
    if read is None or len(read[0]) < STEPS or (worries and not alone):
        return None
    steps, addresses, same = read
    found = selected((step.name, step.text) for step in steps)
    if found is None:
        return None
    same |= {name: found[1].get(other, other) for name, other in same.items()} | found[1]
    ends = [same.get(x.text, x.text) for x in results]
    ops = alive(found[0], ends)
    pointers = list(dict.fromkeys(op.where for op in ops if op.form in {"load", "store"}))
    stored = {op.where: k for k, op in enumerate(ops) if op.form == "store"}
    if any(op.form == "load" and stored.get(op.where, k) < k for k, op in enumerate(ops)):
        return None  # what was stored would be loaded before it is
    if len(pointers) > POINTERS or not all(steady(x, addresses, index.text) for x in pointers):
        return None
    return arranged(steps, addresses, ops, pointers, index, carry, ends, worries)


def steady(pointer: str, addresses: Sequence[str], index: str) -> bool:
    """Return whether a pointer moves on by one vector in every turn."""
    moves: dict[str, int | None] = {index: 1}  # by how many numbers each moves with the index; nothing where that is not known
    for line in addresses:
        found = ADDRESS.fullmatch(line)
        if found is None:
            return False
        name, pattern, a, b = found[1], found[2], found[3], found[4]
        one, other = moves.get(a, 0), moves.get(b, 0)
        if pattern.startswith("mul") or one is None or other is None:
            moves[name] = None if one != 0 or other != 0 else 0
        elif pattern.startswith("getelementptr"):
            moves[name] = other if one == 0 and SIZES[pattern.split()[1][:-1]] >= 4 else None
        else:
            moves[name] = one + other
    return moves.get(pointer) == 1


def arranged(steps: list[Step], addresses: list[str], ops: list[Op], pointers: list[str], index: Value, carry: list[Value],
             ends: list[str], worries: list[tuple[Value, float]]) -> Pipeline | None:
    """Return the pipeline of these instructions; nothing where what is under way needs more registers than there are."""
    names = {x for op in ops for x in op.sources if is_value(x)} - {op.result for op in ops} - {x.text for x in carry}
    outside = {name: type_of(name, steps) for name in sorted(names)}
    ops, reads = with_reads(ops, outside)
    edges, operands = list[Edge](), list[list[Source]]()
    maker = {op.result: k for k, op in enumerate(ops) if op.result}
    around = {x.text: maker.get(end) for x, end in zip(carry, ends, strict=True)}
    sums = {x.text for x in carry} - {x.text for x, _ in worries}
    last = {k for k, op in enumerate(ops) if op.form == "store"}  # vector after vector
    for k, op in enumerate(ops):
        mine: list[Source] = []
        for source in op.sources:
            late = source in around
            by = around[source] if late else maker.get(source)
            if by is None:
                mine.append(source)
                continue
            mine.append((by, int(late)))
            edges.append(Edge(by, k, int(late)))
            if source in sums or (not late and by in last):
                last.add(k)
        operands.append(mine)
    last |= {k for x, k in around.items() if x in sums and k is not None}
    if {edge.maker for edge in edges if edge.later} != set(around.values()):
        return None  # something that is carried is not made of what it was
    for spare, registers in PLANS:
        order = ordered(ops, edges, last, spare, registers, STAGES)
        if order is None:
            continue
        later = {order.stages - 1 - stage for op, stage in zip(ops, order.stage, strict=True) if op.where in pointers} - {0}
        if len(pointers) + len(later) + 4 + bool(outside) > ADDRESS_REGISTERS:  # and its place, its end, the last, the constants
            continue
        where = [f"(@from{pointers.index(op.where)},@at{order.stages - 1 - stage})" if op.where in pointers else op.where
                 for op, stage in zip(ops, order.stage, strict=True)]
        made = allotted(ops, order, operands, list(outside), where)
        if made is not None:
            return Pipeline(steps, addresses, ops, order, made, outside, reads, pointers, index, carry, ends, worries)
    return None


def type_of(name: str, steps: Sequence[Step]) -> tuple[str, int]:
    """Return the kind and the lanes of what was made before the loop, as its first user has it."""
    pattern = re.compile(rf"<(\d+) x (\w+)>(?= [^<]*{re.escape(name)}\b)")
    found = next(found for step in steps if name in NAME.findall(step.text) and (found := pattern.search(step.text)))
    return found[2], int(found[1])


def with_reads(ops: Sequence[Op], outside: dict[str, tuple[str, int]]) -> tuple[list[Op], dict[str, str]]:
    """Return the instructions with those that read what was made before the loop, where it is wanted in a register."""
    found, reads = list[Op](), dict[str, str]()
    for op in ops:
        nowhere = all(x in outside or not is_value(x) for x in op.sources)  # none of them in a register
        if op.form in {"one", "choice", "store", "joined", "looked up"} or (op.form == "fused" and nowhere):
            for source in op.sources:
                if source in outside and source + ".read" not in reads:
                    reads[source + ".read"] = source
                    at = WIDTH * list(outside).index(source)
                    found.append(Op("vmovaps", "load", source + ".read", [], LOADED, where=f"{at}(@outside)"))
            op.sources = [x + ".read" if x in outside else x for x in op.sources]
        found.append(op)
    return found, reads


def steps_of(lines: Sequence[str], made: dict[str, tuple[str, int]]) -> tuple[list[Step], list[str], dict[str, str]] | None:
    """Return the steps, the lines that compute addresses, and which names are others' now; nothing if a line is neither.

    What is computed twice is computed once: the compiler would not see it where one of the two is done a vector earlier.
    """
    steps: list[Step] = []
    addresses: list[str] = []
    number: dict[str, int] = {}
    known: dict[str, str] = {}
    same: dict[str, str] = {}
    texts: dict[str, str] = {}
    for line in lines:
        name, _, text = line.strip().partition(" = ") if line.startswith("  %") else ("", "", line.strip())
        text = renamed(text, same)
        if (size := SIZE.fullmatch(text)) and (turned := OPPOSITE.fullmatch(texts.get(size[2], ""))):
            text = f"{size[1]}{turned[1]})"  # the size of -x is that of x
        texts[name] = text
        if name and text in known:
            same[name] = known[text]
            continue
        if name:
            known[text] = name
        if name and ADDRESSES.match(text):
            addresses.append(f"  {name} = {text}")
            if any(n in number for n in NAME.findall(text)):
                return None
            continue
        if name and name not in made:
            return None
        kind, lanes = made[name] if name else ("", 0)
        if name and kind not in SIZES:
            return None
        needs = [number[n] for n in dict.fromkeys(NAME.findall(text)) if n in number]
        steps.append(Step(text, name, kind, lanes, needs))
        if name:
            number[name] = len(steps) - 1
        else:  # what is loaded after a store may be what was stored
            known = {text: name for text, name in known.items() if not text.startswith("load ")}
    return steps, addresses, same


def possible(c: Code, starts: Sequence[Value], alone: bool, body: Callable[..., Sequence[Value]]) -> Pipeline | None:
    """Return a loop's pipeline, where there is one; `alone` says that doing the loop again changes nothing."""
    return drafted(c, starts, body, alone) if c.target.scalef and c.target.width == WIDTH else None


def loop(c: Code, start: Value | int, stop: Value | int, width: int, starts: Sequence[Value], alone: bool,
         body: Callable[..., Sequence[Value]]) -> list[Value]:
    """Write a loop over vectors, as a pipeline where that is quicker."""
    long = not isinstance(start, int) or not isinstance(stop, int) or stop - start >= LEAST * width
    p = possible(c, starts, alone, body) if long else None
    if p is None:
        return c.loop(stop, body, starts, step=width, start=start)
    flow = Flow(c, p, start, stop, width, starts)
    some = isinstance(start, int) and isinstance(stop, int) and start < stop
    found, again = flow.seen(flow.turns(flow.state, flow.first, flow.limit, sure=some))
    return again_if(c, again, lambda: c.loop(stop, body, starts, step=width, start=start), found)


def parts(c: Code, p: Pipeline, first: Value | int, last: Value | int, size: int, stop: int, width: int, starts: Sequence[Value],
          body: Callable[..., Sequence[Value]], after: Callable[[Value, Sequence[Value]], None]) -> None:
    """Write the loop over parts of `size` numbers, from part `first` up to `last`, all of them before `stop`.

    Each begins with `starts`, and `after` is told what it ends with. What is under way goes on from one part to the next: so
    numbers of the next part can be among those that were too large for the quick way, and it is done again as well. Of the one
    after the next they can not be: a part has more vectors than are under way.
    """
    assert size >= p.stages * width
    begin, end = first * size, last * size
    flow = Flow(c, p, begin, least(c, end, stop), width, starts)

    def part(unit: Value, *carried: Value) -> list[Value]:
        here = unit * size
        limit = least(c, here + size, stop)
        state = flow.turns(carried[1:], here, limit)
        found, again = flow.seen(state)
        wanted = None if again is None else again | carried[0]
        after(unit, again_if(c, wanted, lambda: c.loop(limit, body, starts, step=width, start=here), found))
        return [carried[0] if again is None else again, *flow.anew(state)]

    c.loop(last, part, [c.constant(0, "i1"), *flow.state], start=first)


def least(c: Code, a: Value | int, b: int) -> Value | int:
    """Return the smaller one."""
    return min(a, b) if isinstance(a, int) else c.select(a.gt(b), c.constant(b, "i64"), a)


def again_if(c: Code, again: Value | None, whole: Callable[[], Sequence[Value]], found: Sequence[Value]) -> list[Value]:
    """Return what was found, or what the whole loop finds where it must be done again."""
    return list(found) if again is None else c.when(again, whole, found)
