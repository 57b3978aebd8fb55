"""A loop over vectors as a pipeline: one vector's last steps beside the next one's first.

A long expression of one vector is a chain of instructions of which each waits for the one before. The processor looks some
dozens of instructions ahead, which is less than such a chain has, so its units for products and sums stand idle at every
end of one. Here the steps are put into the order in which they could begin if vectors followed each other as fast as those
units allow (modulo scheduling: Rau 1994), and what begins late is done for the vector before.

That needs a body without branches. Functions that look at numbers too large for their quick way write the quick way alone,
and leave the question to the loop: when it is through, and one of all its numbers was too large, it is done once more as
others are, number for number by the same formulas, so that the result does not depend on which of the two loops made it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backlight.run.emit.code import Code
from backlight.run.emit.value import SIZES, Value, type_text

NAME = re.compile(r"%[\w.]+")
LEAST = 24  # vectors, fewer of which are not worth a loop of their own
STEPS = 64  # from which on it pays: as many as wait for their turn in a processor; shorter ones it overlaps itself
SPARE = (1.05, 1.3, 1.6, 2.0)  # by what part more cycles are planned than the busiest unit needs: the first that fits
STAGES = 3  # parts of a vector's time, and so vectors at once, at most
CARRIED = 16  # vectors that are under way at most: half of the registers


@dataclass(frozen=True, slots=True)
class Cost:
    """What an instruction takes: cycles until its result is there, and of the units for products and for sums."""

    latency: int
    products: float = 0.0
    sums: float = 0.0


# One vector of 512 bits on a processor that begins one product and one sum of them a cycle (measured on Zen 4; where two
# begin, the order is as good and the plan merely too slow). A store takes the way of the products.
COSTS = {
    "fmul": Cost(4, 1), "fadd": Cost(3, 0, 1), "fsub": Cost(3, 0, 1), "fdiv": Cost(13, 2), "select": Cost(2, 0, 1),
    "load": Cost(8), "store": Cost(1, 1.5), "fcmp": Cost(0), "icmp": Cost(3, 1), "bitcast": Cost(0), "insertelement": Cost(1),
    "shufflevector": Cost(1), "and": Cost(1), "or": Cost(1), "xor": Cost(1), "fneg": Cost(1), "add": Cost(1), "sub": Cost(1),
    "shl": Cost(1, 0, 1), "lshr": Cost(1, 0, 1), "ashr": Cost(1, 0, 1),
}
CALLS = {
    "llvm.fma.": Cost(4, 1), "llvm.fabs.": Cost(1), "llvm.copysign.": Cost(1), "llvm.sqrt.": Cost(19, 4),
    "llvm.rint.": Cost(4, 0, 1), "llvm.floor.": Cost(4, 0, 1), "llvm.x86.avx512.permvar.": Cost(5),
    "llvm.x86.avx512.mask.scalef.": Cost(5, 0, 2), "llvm.x86.avx512.mask.range.": Cost(4, 0, 1),
}
CONSTANT = re.compile(r"splat \((float|double) (0x\w+)\)")
ADDRESSES = re.compile(r"(getelementptr|add( nsw)?|mul( nsw)?) (i64|ptr|float|double|i32|i8)\b")


@dataclass
class Step:
    """One line of the body."""

    text: str
    name: str  # of its result, or nothing
    kind: str
    lanes: int
    needs: list[int]
    cost: Cost
    stage: int = 0
    at: int = 0


@dataclass
class Pipeline:
    """A body in its new order."""

    steps: list[Step]
    addresses: list[str]
    order: list[int]
    stages: int
    index: Value
    carry: list[Value]
    results: list[Value]
    worries: list[tuple[Value, float]]  # what is carried besides: the largest of some numbers, and what it must be below


def drafted(c: Code, kinds: Sequence[Value], body: Callable[..., Sequence[Value]]) -> Pipeline | None:
    """Return the body as a pipeline, or nothing where it is none: with branches, or too short."""
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
    if read is None:
        return None
    steps, addresses, same = read
    results = [Value(c, same.get(x.text, x.text), x.kind, x.lanes) for x in results]
    last = {x.name for x in steps} & {x.text for x in results}
    planned = placed(steps, last, {x.text for x in carry})
    if planned is None:
        return None
    order, stages = planned
    return Pipeline(steps, addresses, order, stages, index, carry, results, worries)


def cost_of(text: str) -> Cost | None:
    """Return what an instruction costs, or nothing if it is none that is known here."""
    word = text.split(" ", 1)[0]
    if word != "call":
        return COSTS.get(word)
    if ' asm ""' in text:
        return Cost(0)
    symbol = text.split("@", 1)[-1]
    return next((cost for start, cost in CALLS.items() if symbol.startswith(start)), None)


def steps_of(lines: Sequence[str], made: dict[str, tuple[str, int]]) -> tuple[list[Step], list[str], dict[str, str]] | None:
    """Return the steps, the lines that compute addresses, and which names are others' now; nothing if a line is neither.

    What is computed twice is computed once: the compiler would not see it where one of the two is done a vector earlier.
    """
    steps: list[Step] = []
    addresses: list[str] = []
    number: dict[str, int] = {}
    known: dict[str, str] = {}
    same: dict[str, str] = {}
    for line in lines:
        name, _, text = line.strip().partition(" = ") if line.startswith("  %") else ("", "", line.strip())
        text = renamed(text, same)
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
        cost = cost_of(text)
        if cost is None or (name and name not in made):
            return None
        kind, lanes = made[name] if name else ("", 0)
        if name and kind not in SIZES:
            return None
        needs = [number[n] for n in dict.fromkeys(NAME.findall(text)) if n in number]
        steps.append(Step(text, name, kind, lanes, needs, cost))
        if name:
            number[name] = len(steps) - 1
        else:  # what is loaded after a store may be what was stored
            known = {text: name for text, name in known.items() if not text.startswith("load ")}
    return steps, addresses, same


def placed(steps: list[Step], last: set[str], carry: set[str]) -> tuple[list[int], int] | None:
    """Give every step its time and stage; return the order of the steps, and how many stages there are."""
    busiest = max(sum(s.cost.products for s in steps), sum(s.cost.sums for s in steps))
    if len(steps) < STEPS:
        return None
    users: list[list[int]] = [[] for _ in steps]
    for k, step in enumerate(steps):
        for need in step.needs:
            users[need].append(k)
    height = [0] * len(steps)
    for k in range(len(steps) - 1, -1, -1):
        height[k] = steps[k].cost.latency + max((height[u] for u in users[k]), default=0)
    for spare in SPARE:
        found = staged(steps, users, height, int(busiest * spare) + 1, last, carry)
        if found is not None:
            return found
    return None


def staged(steps: list[Step], users: list[list[int]], height: list[int], period: int, last: set[str],
           carry: set[str]) -> tuple[list[int], int] | None:
    """Give every step its time and stage, a vector beginning every so many cycles; nothing if too much is under way."""
    begin(steps, users, height, period)
    for k in range(len(steps) - 1, -1, -1):  # what takes no unit's time waits until it is needed
        step = steps[k]
        if users[k] and not step.cost.products and not step.cost.sums:
            step.at = max(step.at, min(steps[u].at for u in users[k]) - step.cost.latency)
    stages = max(step.at for step in steps) // period + 1
    if not 2 <= stages <= STAGES:
        return None
    late = [step.at % period for step in steps]
    for k, step in enumerate(steps):
        fixed = not step.name or step.name in last or not carry.isdisjoint(NAME.findall(step.text))
        if fixed or any(late[n] == period for n in step.needs):  # what is stored or carried on, vector after vector
            step.stage, late[k] = stages - 1, period
        else:
            step.stage = step.at // period
    if sum(max((steps[u].stage for u in users[k]), default=step.stage) - step.stage for k, step in enumerate(steps)) > CARRIED:
        return None
    return sorted(range(len(steps)), key=lambda k: (late[k], -steps[k].stage, k)), stages


def begin(steps: list[Step], users: list[list[int]], height: list[int], period: int) -> None:
    """Give every step the first time at which what it needs is there and a unit is free, the longest chains first."""
    free = {"products": [1.0] * period, "sums": [1.0] * period}
    missing = [len(step.needs) for step in steps]
    ready = [k for k, count in enumerate(missing) if not count]
    while ready:
        k = max(ready, key=lambda k: (height[k], -k))
        ready.remove(k)
        step = steps[k]
        step.at = max((steps[n].at + steps[n].cost.latency for n in step.needs), default=0)
        wanted = [(free[unit], amount) for unit in free if (amount := getattr(step.cost, unit))]
        for room, amount in wanted:
            step.at = next(t for t in range(step.at, step.at + period) if room[t % period] > 0)
            t = step.at
            while amount > 0:
                taken = min(amount, room[t % period])
                room[t % period] -= taken
                amount -= taken
                t += 1
        for user in users[k]:
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)


def held(c: Code, kind: str, number: str, lanes: int) -> str:
    """Return a constant vector that is read from memory: beside the products that costs nothing, where making it does.

    What others may have begun with something else is not taken for its text: the compiler would make that anew wherever a
    register is short.
    """
    symbol, text = f"bl.every.{kind}.{number}.x{lanes}", type_text(kind, lanes)
    what = f"internal externally_initialized constant {text} splat ({kind} {number}), align 64"
    c.module.constants.setdefault(symbol, f"@{symbol} = {what}")
    return c.put(f"load {text}, ptr @{symbol}, align 64", kind, lanes).text


def renamed(text: str, names: dict[str, str]) -> str:
    """Return the text with its names changed."""
    return NAME.sub(lambda found: names.get(found.group(), found.group()), text)


def write(c: Code, p: Pipeline, start: Value | int, stop: Value | int, width: int, starts: Sequence[Value]) -> list[Value]:
    """Write the loop from start up to stop, in steps of `width`, and return what is carried.

    What is loaded ahead of the last vector is the last one again; so there must be one vector in memory, if not to compute.
    """
    limit = stop if isinstance(stop, Value) else c.constant(stop, "i64")
    final = limit - width
    kept = p.stages - 1
    needed = [step.stage for step in p.steps]  # the last stage that needs it
    for step in p.steps:
        for need in step.needs:
            needed[need] = max(needed[need], step.stage)

    def index(at: Value, sure: bool = False) -> dict[str, str]:
        names = {p.index.text: at.text if sure else c.select(at.gt(final), final, at).text}
        for line in p.addresses:
            name, _, text = line.strip().partition(" = ")
            names[name] = c.put(renamed(text, names), "i64").text
        return names

    def one(step: Step, names: dict[str, str]) -> None:
        text = renamed(step.text, names)
        if step.name:
            text = CONSTANT.sub(lambda found: held(c, found[1], found[2], step.lanes), text)
            names[step.name] = c.put(text, step.kind, step.lanes).text
        else:
            c.do(text)

    c.under_way = max(c.under_way, p.stages)
    first = start if isinstance(start, Value) else c.constant(start, "i64")
    ahead: list[dict[str, str]] = []  # the names of vector 0, 1, … before the loop
    for vector in range(kept):
        names = index(first + vector * width)
        for step in p.steps:
            if step.stage < kept - vector:
                one(step, names)
        ahead.append(names)
    waiting = [(step, o) for o in range(kept) for step, until in zip(p.steps, needed, strict=True)
               if step.name and step.stage < kept - o <= until]
    begins = [*starts, *(Value(c, ahead[o][step.name], step.kind, step.lanes) for step, o in waiting)]

    def body(i: Value, *values: Value) -> list[Value]:
        names = [index(i + o * width if o else i, sure=not o) for o in range(p.stages)]
        for mine, value in zip(p.carry, values, strict=False):
            for every in names:
                every[mine.text] = value.text
        for (step, o), value in zip(waiting, values[len(p.carry) :], strict=True):
            names[o][step.name] = value.text
        for k in p.order:
            one(p.steps[k], names[kept - p.steps[k].stage])
        carried = [Value(c, names[0].get(x.text, x.text), x.kind, x.lanes) for x in p.results]
        return [*carried, *(Value(c, names[o + 1][step.name], step.kind, step.lanes) for step, o in waiting)]

    return c.loop(limit, body, begins, step=width, start=first)[: len(p.carry)]


def loop(c: Code, start: Value | int, stop: Value | int, width: int, starts: Sequence[Value], alone: bool,
         body: Callable[..., Sequence[Value]]) -> list[Value]:
    """Write a loop over vectors, as a pipeline where that is quicker; `alone` says that doing it again changes nothing."""
    long = not isinstance(start, int) or not isinstance(stop, int) or stop - start >= LEAST * width
    p = drafted(c, starts, body) if c.target.scalef and c.target.width == 64 and long else None
    if p is None or (p.worries and not alone):
        return c.loop(stop, body, starts, step=width, start=start)
    zeros = [c.constant(0.0, most.kind, most.lanes) for most, _ in p.worries]
    found = write(c, p, start, stop, width, [*starts, *zeros])
    sums, largest = found[: len(starts)], found[len(starts) :]
    again = [c.any(most.ge(limit)) for most, (_, limit) in zip(largest, p.worries, strict=True)]
    if not again:
        return sums
    return c.when(functools.reduce(Value.__or__, again), lambda: c.loop(stop, body, starts, step=width, start=start), sums)
