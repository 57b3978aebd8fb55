"""Registers for a loop whose order is settled, and its instructions as the assembler reads them.

A value is held from its instruction to its last use, which may be some turns of the loop later: so a register can be at work over
the loop's end, and what was in it at the beginning must be there again. Constants are read from memory, where a product
takes them as fast; an instruction that can't, or that has two, is given one in the register of its result.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from backlight.run.emit.ordered import Edge, Order, chances
from backlight.run.emit.selected import MASK_REGISTERS, REGISTERS, WIDTH, Mask, Op

REGISTER = re.compile(r"%zmm(\d+)")
TRIES = 10
HOPELESS = 2  # tries that fail, after which no other will do better
Source = tuple[int, int] | str  # whose result, used so many turns later; or a constant, or what was made before the loop
Instance = tuple[int, int]  # an instruction's result, so many turns old
Key = tuple[Any, ...]  # truth values: of which instruction, and of what


@dataclass
class Body:
    """One turn of the loop."""

    lines: list[str]
    begin: dict[Instance, int]  # what is under way when a turn begins, and in which registers
    used: set[int]
    constants: list[str]  # each at its own place, 64 bytes apart


@dataclass
class Allotment:
    """What is where while the instructions are written one after the other."""

    ops: Sequence[Op]
    order: Order
    operands: Sequence[Sequence[Source]]
    outside: Sequence[str]  # what was made before the loop: it lies in memory like constants
    memory_of: Sequence[str]  # where each loads from or stores to
    shuffle: list[int]  # the registers in the order in which they are taken
    lines: list[str] = field(default_factory=list)
    constants: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.ops)
        self.masks: dict[Key, int] = {}  # which registers have which truth values, that used longest ago first
        self.until: dict[int, int] = {}
        for k, sources in enumerate(self.operands):
            for source in sources:
                if not isinstance(source, str):
                    gap = self.order.gap(Edge(source[0], k, source[1]))
                    self.until[source[0]] = max(self.until.get(source[0], 0), gap)
        place = self.order.place
        under_way = [(k, age) for k, until in self.until.items() for age in range(1, 9) if place[k] - n * age + until >= 0]
        self.fits = len(under_way) <= len(self.shuffle)
        self.where: dict[Instance, int] = dict(zip(under_way, self.shuffle, strict=False))
        self.begin = dict(self.where)
        self.goal = {(k, age - 1): r for (k, age), r in self.begin.items()}
        self.free = self.shuffle[len(under_way) :]

    def write(self) -> bool:
        """Write all of them; return whether the registers were enough."""
        if not self.fits:
            return False
        place = self.order.place
        for k in sorted(range(len(self.ops)), key=place.__getitem__):
            if not self.instruction(k):
                return False
        return self.close()

    def instance(self, k: int, source: tuple[int, int]) -> Instance:
        """Return which result an instruction reads, by its age in this turn."""
        gap, place = self.order.gap(Edge(source[0], k, source[1])), self.order.place
        return source[0], (place[source[0]] + gap - place[k]) // len(self.ops)

    def instruction(self, k: int) -> bool:
        """Write one instruction; return whether there was a register for its result."""
        op, place, n = self.ops[k], self.order.place, len(self.ops)
        read = [s if isinstance(s, str) else self.instance(k, s) for s in self.operands[k]]
        dying = [x for x in dict.fromkeys(read) if not isinstance(x, str)
                 and place[x[0]] - n * x[1] + self.until[x[0]] == place[k]]
        registers = [-1 if isinstance(x, str) else self.where[x] for x in read]
        freed = [self.where[x] for x in dying]
        result = None if op.form == "store" else self.chosen(k, freed, registers)
        if op.form == "store":
            self.lines.append(f"{op.word} %zmm{registers[0]}, {self.memory_of[k]}")
        elif result is None:
            return False
        elif op.form == "load":
            self.lines.append(f"{op.word} {self.memory_of[k]}, %zmm{result}")
        else:
            self.put(op, registers, result, read)
        for x in dying:
            self.free.append(self.where.pop(x))
        if result is not None and k in self.until:
            self.free.remove(result)
            self.where[k, 0] = result
        return True

    def chosen(self, k: int, freed: Sequence[int], registers: Sequence[int]) -> int | None:
        """Return a register for a result: where it must be in the end, where a source is used for the last time, or any."""
        op = self.ops[k]
        goal = self.goal.get((k, 0))
        apart = needs_another(op, registers)
        mine = [r for r in freed if r not in apart]
        if goal is not None and goal not in apart and (goal in self.free or goal in mine):
            return goal
        kept = {self.goal[x] for x in self.goal if x not in self.where}  # somebody else's in the end
        if op.form == "fused":
            mine = [r for r in registers if r in mine] or mine
        free = [r for r in self.free if r not in apart]
        ranked = [*(r for r in mine if r not in kept), *(r for r in free if r not in kept), *mine, *free]
        return ranked[0] if ranked else None

    def memory(self, constant: str, whole: bool = False) -> str:
        """Return where a constant is read, or what was made before the loop."""
        if constant in self.outside:
            return f"{WIDTH * self.outside.index(constant)}(@outside)"
        self.constants.append(constant)
        lanes = WIDTH // (8 if "i64 " in constant or "double " in constant else 4)
        return f"{WIDTH * (len(self.constants) - 1)}(@numbers)" + ("" if whole else f"{{1to{lanes}}}")

    def load(self, constant: str, register: int) -> None:
        """Write the load of a constant vector."""
        self.lines.append(f"vmovaps {self.memory(constant, True)}, %zmm{register}")

    def put(self, op: Op, registers: Sequence[int], result: int, read: Sequence[Instance | str]) -> None:
        """Write what makes the result."""
        constants = [x if isinstance(x, str) else "" for x in read]
        to = f"%zmm{result}"
        setting = op.setting + ", " if op.setting else ""
        at = [f"%zmm{r}" if r >= 0 else "" for r in registers]
        if op.form == "one":
            self.lines.append(f"{op.word} {setting}{at[0]}, {to}")
        elif op.form == "two":
            if not at[0]:
                self.load(constants[0], result)
                at[0] = to
            second = at[1] or self.memory(constants[1], whole=constants[1].startswith("<"))
            self.lines.append(f"{op.word} {setting}{second}, {at[0]}, {to}")
        elif op.form == "choice":
            assert op.mask is not None
            number = self.mask(op.mask, iter(zip(at, constants, read, strict=True)), set())[1]
            if not at[-1]:
                self.load(constants[-1], result)
                at[-1] = to
            self.lines.append(f"{op.word} {at[-2] or self.memory(constants[-2])}, {at[-1]}, {to} {{%k{number}}}")
        elif op.form == "looked up":
            self.load(constants[0], result)
            self.lines.append(f"{op.word} {self.memory(constants[2], whole=True)}, {at[1]}, {to}")
        elif op.form == "joined":
            self.load(constants[0], result)
            self.lines.append(f"{op.word} {setting}{at[2] or self.memory(constants[2])}, {at[1]}, {to}")
        else:
            self.fused(op, at, to, constants)

    def mask(self, mask: Mask, operands: Iterator[tuple[str, str, Instance | str]], busy: set[int]) -> tuple[Key, int]:
        """Write what makes truth values, unless a register still has them; return what they are of, and the register."""
        setting = mask.setting + ", " if mask.setting else ""
        if mask.sources:
            (x, _, one), (y, constant, other) = next(operands), next(operands)
            key: Key = (mask.word, mask.setting, one, other)
            sources = "" if key in self.masks else f"{y or self.memory(constant)}, {x}"
        else:
            of = []
            for inner in mask.masks:
                of.append(self.mask(inner, operands, busy))
                busy.add(of[-1][1])
            key = (mask.word, *(k for k, _ in of))
            sources = ", ".join(f"%k{number}" for _, number in reversed(of))
        number = self.masks.pop(key, 0)
        if not number:
            number = next((k for k in range(1, MASK_REGISTERS + 1) if k not in self.masks.values()), 0)
            if not number:
                number = self.masks.pop(next(k for k, n in self.masks.items() if n not in busy))
            self.lines.append(f"{mask.word} {setting}{sources}, %k{number}")
        self.masks[key] = number
        return key, number

    def fused(self, op: Op, at: list[str], to: str, constants: Sequence[str]) -> None:
        """Write a product with a sum: one of its three operands is in the register of the result, one at most in memory."""
        word, kind = op.word[:-2], op.word[-2:]
        missing = [k for k in range(3) if not at[k]]
        assert len(missing) < 3
        if len(missing) == 2:  # the first one goes where the result will be
            k = missing.pop(0)
            self.load(constants[k], int(to[4:]))
            at[k] = to
        tied = next((k for k in range(3) if at[k] == to), None)
        if tied is None:
            tied = next(k for k in (2, 0, 1) if at[k] and (k != 2 or missing))
            self.lines.append(f"vmovaps {at[tied]}, {to}")
            at[tied] = to
        memory = self.memory(constants[missing[0]]) if missing else ""
        a, b, c = at
        if tied == 2:
            x, y = (a, b or memory) if a else (b, memory)
            self.lines.append(f"{word}231{kind} {y}, {x}, {to}")
        else:
            other = b if tied == 0 else a
            if other and (c or memory):
                self.lines.append(f"{word}213{kind} {c or memory}, {other}, {to}")
            else:
                self.lines.append(f"{word}132{kind} {memory}, {c}, {to}")

    def close(self) -> bool:
        """Write what brings everything to where the next turn looks for it."""
        moves = {goal: self.where[x] for x, goal in self.goal.items() if self.where[x] != goal}
        while moves:
            goal = next((g for g in moves if g not in moves.values()), None)
            if goal is not None:
                self.lines.append(f"vmovaps %zmm{moves.pop(goal)}, %zmm{goal}")
                continue
            spare = next((r for r in range(REGISTERS) if r not in moves and r not in moves.values()
                          and r not in self.goal.values()), None)
            if spare is None:
                return False
            goal = next(iter(moves))
            self.lines.append(f"vmovaps %zmm{moves[goal]}, %zmm{spare}")
            moves[goal] = spare
        return True


def needs_another(op: Op, registers: Sequence[int]) -> set[int]:
    """Return the registers that the result must not take, because a constant goes there before they are read."""
    missing = [k for k, r in enumerate(registers) if r < 0]
    if op.form == "two" and 0 in missing:
        return set(registers)
    if op.form == "choice" and len(registers) - 1 in missing:
        return {registers[-2]}
    if op.form in {"joined", "looked up"} or (op.form == "fused" and len(missing) > 1):
        return set(registers)
    return set()


def allotted(ops: Sequence[Op], order: Order, operands: Sequence[Sequence[Source]], outside: Sequence[str],
             memory: Sequence[str]) -> Body | None:
    """Return the loop's body with registers, those who move the least of some tries; nothing if they are too few."""
    draw = chances()
    best: Body | None = None
    shuffle = list(range(REGISTERS))
    for number in range(TRIES):
        if best is None and number == HOPELESS:
            return None
        a = Allotment(ops, order, operands, outside, memory, list(shuffle))
        if a.write() and (best is None or len(a.lines) < len(best.lines)):
            used = {int(x) for line in a.lines for x in REGISTER.findall(line)}
            best = Body(a.lines, a.begin, used, a.constants)
        for k in range(REGISTERS - 1, 0, -1):
            other = int(next(draw) * (k + 1))
            shuffle[k], shuffle[other] = shuffle[other], shuffle[k]
    return best
