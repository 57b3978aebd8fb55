"""A pipeline as it runs: what is under way before the first turn, and the turns, as the assembler reads them.

What is under way is carried as so many vectors, in the registers where the turns look for them: a loop can stop after some
turns, and go on with what it held.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from backlight.run.digest import sha256
from backlight.run.emit.allotted import Body, Instance
from backlight.run.emit.code import Code
from backlight.run.emit.ordered import Order
from backlight.run.emit.selected import MASK_REGISTERS, WIDTH, Op
from backlight.run.emit.value import SIZES, Value

NAME = re.compile(r"%[\w.]+")
AHEAD = 2048  # bytes, by which memory is asked for before it is read or written: the processor itself sees too late what is wanted
AT = re.compile(r"@at(\d+)")
PLACE = re.compile(r"@(\w+)")


@dataclass
class Step:
    """One line of the body."""

    text: str
    name: str  # of its result, or nothing
    kind: str
    lanes: int
    needs: list[int]


@dataclass
class Pipeline:
    """A body in its new order."""

    steps: list[Step]
    addresses: list[str]
    ops: list[Op]
    order: Order
    made: Body
    outside: dict[str, tuple[str, int]]  # what was made before the loop: kind and lanes of each
    reads: dict[str, str]  # results that are such a one, read
    pointers: list[str]
    index: Value
    carry: list[Value]
    results: list[str]
    worries: list[tuple[Value, float]]  # what is carried besides: the largest of some numbers, and what it must be below

    @property
    def stages(self) -> int:
        """How many vectors are under way at once."""
        return self.order.stages


def renamed(text: str, names: dict[str, str]) -> str:
    """Return the text with its names changed."""
    return NAME.sub(lambda found: names.get(found.group(), found.group()), text)


class Flow:
    """A pipeline over the numbers from start up to stop, `width` of them a vector."""

    def __init__(self, c: Code, p: Pipeline, start: Value | int, stop: Value | int, width: int, starts: Sequence[Value]) -> None:
        """Write what is under way before the first turn.

        What is loaded ahead of the last vector is the last one again; and where there is none, the first one in memory, of which
        nothing is kept.
        """
        self.c, self.p, self.width = c, p, width
        self.first = start if isinstance(start, Value) else c.constant(start, "i64")
        self.limit = stop if isinstance(stop, Value) else c.constant(stop, "i64")
        self.starts = [*starts, *(c.constant(0.0, most.kind, most.lanes) for most, _ in p.worries)]
        self.kept = p.stages - 1
        self.kinds = {step.name: (step.kind, step.lanes) for step in p.steps} | {name: p.outside[x] for name, x in p.reads.items()}
        held = list(p.made.begin)
        maker = {op.result: k for k, op in enumerate(p.ops)}
        self.ends = [held.index((maker[x], 1)) for x in p.results]
        c.under_way = max(c.under_way, p.stages)
        places = self.index(c.constant(0, "i64"))
        self.pointers = [Value(c, places[x], "ptr", 1) for x in p.pointers]
        self.outside = self.written()
        self.state = self.begun()

    def index(self, at: Value) -> dict[str, str]:
        """Return the names of the addresses of a vector."""
        names = {self.p.index.text: at.text}
        for line in self.p.addresses:
            name, _, text = line.strip().partition(" = ")
            names[name] = self.c.put(renamed(text, names), "ptr" if text.startswith("getelementptr") else "i64").text
        return names

    def vector(self, instance: Instance) -> int:
        """Return of which vector a result is that is there before the first turn."""
        return self.kept - self.p.order.stage[instance[0]] - instance[1]

    def begun(self) -> list[Value]:
        """Write what is wanted of the first vectors."""
        c, p = self.c, self.p
        final = c.select(self.limit.gt(self.width), self.limit - self.width, c.constant(0, "i64"))
        places = (self.first + o * self.width for o in range(self.kept))
        vectors = [self.index(c.select(at.gt(final), final, at)) for at in places]
        number = {step.name: k for k, step in enumerate(p.steps) if step.name}
        for o, names in enumerate(vectors):
            for mine, end, start in zip(p.carry, p.results, self.starts, strict=True):
                names[mine.text] = vectors[o - 1].get(end, start.text) if o else start.text
            held = [(p.ops[x[0]].result, self.vector(x)) for x in p.made.begin]
            waiting = [number[result] for result, of in held if result in number and (of == o or (of > o and result in p.results))]
            needed = set[int]()
            while waiting:
                k = waiting.pop()
                if k not in needed:
                    needed.add(k)
                    waiting += p.steps[k].needs
            for k in sorted(needed):
                step = p.steps[k]
                names[step.name] = c.put(renamed(step.text, names), step.kind, step.lanes).text
        found = []
        for x in p.made.begin:
            result, o = p.ops[x[0]].result, self.vector(x)
            if result in p.reads:
                text = p.reads[result]
            else:
                text = vectors[o][result] if o >= 0 else self.starts[p.results.index(result)].text
            found.append(Value(c, text, *self.kinds[result]))
        return found

    def written(self) -> Value | None:
        """Put what was made before the loop where the turns read it."""
        if not self.p.outside:
            return None
        place = self.c.place(WIDTH * len(self.p.outside))
        for k, (name, (kind, lanes)) in enumerate(self.p.outside.items()):
            self.c.store(Value(self.c, name, kind, lanes), place, k * lanes)
        return place

    def turns(self, state: Sequence[Value], first: Value, limit: Value | int, *, sure: bool = False) -> list[Value]:
        """Write the turns for the vectors from first up to limit, and return what is under way then; `sure` that there are some."""
        limit = limit if isinstance(limit, Value) else self.c.constant(limit, "i64")
        if sure:
            return self.assembled(state, first, limit)
        return self.c.when(limit.gt(first), lambda: self.assembled(state, first, limit), state)

    def seen(self, state: Sequence[Value]) -> tuple[list[Value], Value | None]:
        """Return what is carried, and whether a number was too large for the quick way."""
        found = [state[k] for k in self.ends]
        count = len(found) - len(self.p.worries)
        again = [self.c.any(most.ge(limit)) for most, (_, limit) in zip(found[count:], self.p.worries, strict=True)]
        return found[:count], functools.reduce(Value.__or__, again) if again else None

    def anew(self, state: Sequence[Value]) -> list[Value]:
        """Return what is under way, with what is carried as at the beginning."""
        found = list(state)
        for k, start in zip(self.ends, self.starts, strict=True):
            found[k] = start
        return found

    def assembled(self, state: Sequence[Value], first: Value, limit: Value) -> list[Value]:
        """Write the turns: every register that is read or written is named, the addresses are left to the compiler."""
        c, p, size = self.c, self.p, WIDTH // self.width
        later = sorted({int(x) for x in AT.findall("\n".join(p.made.lines))} - {0})
        names = ["at0", *(f"at{o}" for o in later)]
        inputs = [(str(k), x) for k, x in enumerate([*state, first * size])]
        numbers = Value(c, f"@{table(c, p.made.constants)}", "ptr", 1)
        given = {"end": limit * size, "last": (self.limit - self.width) * size, "numbers": numbers}
        given |= {f"from{k}": x for k, x in enumerate(self.pointers)}
        if self.outside is not None:
            given["outside"] = self.outside
        operands = {name: len(state) + k for k, name in enumerate(names)}
        for name, value in given.items():
            operands[name] = len(state) + len(names) + len(inputs)
            inputs.append(("r", value))
        lines = ["1:"]
        for o in later:
            lines += [f"leaq {WIDTH * o}(@at0), @at{o}", f"cmpq @last, @at{o}", f"cmovgq @last, @at{o}"]
        soon = {"load": "prefetcht0", "store": "prefetchw"}
        asked = {f"{soon[op.form]} {AHEAD}(@from{p.pointers.index(op.where)},@at0)": None for op in p.ops if op.where in p.pointers}
        between = len(p.made.lines) // (len(asked) + 1)
        for k, line in enumerate(asked):
            lines += [*p.made.lines[k * between : (k + 1) * between], line]
        lines += [*p.made.lines[len(asked) * between :], f"addq ${WIDTH}, @at0", "cmpq @end, @at0", "jl 1b"]
        text = PLACE.sub(lambda found: f"${operands[found[1]]}", "\\0A".join(lines).replace("$", "$$"))
        held = list(p.made.begin.values())
        masks = (f"k{k}" for k in range(1, MASK_REGISTERS + 1))
        lost = [*(f"zmm{r}" for r in sorted(p.made.used - set(held))), *masks, "memory", "flags"]
        results = [*(f"={{zmm{r}}}" for r in held), *["=&r"] * len(names)]
        constraints = ",".join([*results, *(how for how, _ in inputs), *(f"~{{{x}}}" for x in lost)])
        types = ", ".join([*(x.type for x in state), *["i64"] * len(names)])
        arguments = ", ".join(x.typed for _, x in inputs)
        found = c.put(f'call {{ {types} }} asm sideeffect "{text}", "{constraints}"({arguments})', "bundle")
        return [c.put(f"extractvalue {{ {types} }} {found.text}, {k}", x.kind, x.lanes) for k, x in enumerate(state)]


def table(c: Code, constants: Sequence[str]) -> str:
    """Return the symbol of constant vectors that lie one after the other."""
    fields = []
    for x in constants:
        kind = x.removeprefix("splat (").removeprefix("<").split(" ", 1)[0]
        fields.append((f"<{WIDTH // SIZES[kind]} x {kind}>", x))
    text = f"{{ {', '.join(t for t, _ in fields)} }} {{ {', '.join(f'{t} {x}' for t, x in fields)} }}"
    symbol = "bl.numbers." + sha256(text.encode()).hexdigest()[:20]
    c.module.constants.setdefault(symbol, f"@{symbol} = internal constant {text}, align {WIDTH}")
    return symbol


