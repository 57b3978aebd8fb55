"""The order of a loop's instructions in which several vectors are under way at once: modulo scheduling (Rau 1994).

The instructions stand in a circle, one place each, and every one belongs to a stage: the vector that it works for is as many
vectors behind the newest as its stage says. How far two places lie apart says how many cycles pass between a result and its use.
The order wanted has products and sums spread evenly, and between a result and its use as much time as there are registers for what
is under way: the processor gives each instruction to one of two units before it is known which will be free, and what waits there
must be ready, or a unit stands idle. It is found by placing one after the other, and by letting two change their places where that
makes it better, now and then also where it does not (annealing, always with the same chances).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backlight.run.emit.selected import Op

SHIFTS = 0.15  # of the moves, those to another stage, beside those to another place
REACH = 12  # how far two that change places lie apart at most
MOVES = 60, 6000  # tries for each instruction, and at most
HOT, COLD = 12.0, 0.2  # how much worse it may get at first and in the end
LATE, CROWD, UNEVEN = 1.0, 300.0, 0.6  # what a cycle too early, a register too many, a product too many cost, each squared
HOPE = 1.5  # by what part fewer registers an order can be made to need
NEVER = 1e9  # what no use before its result is worth


@dataclass(frozen=True, slots=True)
class Edge:
    """A use of a result, so many vectors later."""

    maker: int
    user: int
    later: int = 0


@dataclass(slots=True)
class Order:
    """The place and the stage of each instruction."""

    place: list[int]
    stage: list[int]

    @property
    def stages(self) -> int:
        """How many stages there are."""
        return max(self.stage) + 1

    def gap(self, edge: Edge) -> int:
        """Return how many places after its result a use stands."""
        n = len(self.place)
        behind = self.stage[edge.user] - self.stage[edge.maker] + edge.later
        return self.place[edge.user] - self.place[edge.maker] + n * behind

    def held(self, edges: Iterable[Edge]) -> float:
        """Return how many results are held at a time, on average."""
        until: dict[int, int] = {}
        for edge in edges:
            until[edge.maker] = max(until.get(edge.maker, 0), self.gap(edge))
        return sum(until.values()) / len(self.place)


def chances() -> Iterator[float]:
    """Yield numbers from 0 to 1, always the same ones (a linear congruence, Knuth's)."""
    state = 1
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        yield (state >> 11) / 2.0**53


def ordered(ops: Sequence[Op], edges: Sequence[Edge], last: set[int], spare: float, registers: float, stages: int) -> Order | None:
    """Return an order with `spare` cycles between result and use where the registers allow it; `last` are of the last stage.

    Nothing where so many registers would never be enough, or so many stages.
    """
    period = max(sum(op.cost.products for op in ops), sum(op.cost.sums for op in ops), len(ops) / 4)
    order = begun(ops, edges, last, spare / 2 if spare > 0 else spare, math.ceil(period))
    if order.stages > stages + 1 or order.held(edges) > HOPE * registers:
        return None
    improve(order, ops, edges, last, spare, registers, period)
    fits = order.stages <= stages and all(order.stage[k] == order.stages - 1 for k in last)
    return order if fits and min(map(order.gap, edges), default=1) > 0 else None


def begun(ops: Sequence[Op], edges: Sequence[Edge], last: set[int], spare: float, period: int) -> Order:
    """Return the order in which each begins as soon as what it needs is there and its unit free, the longest chains first."""
    n = len(ops)
    needs: list[list[int]] = [[] for _ in ops]
    users: list[list[int]] = [[] for _ in ops]
    for edge in edges:
        if not edge.later:
            needs[edge.user].append(edge.maker)
            users[edge.maker].append(edge.user)
    height = [0.0] * n
    for k in range(n - 1, -1, -1):
        height[k] = max(ops[k].cost.latency + spare, 1.0) + max((height[u] for u in users[k]), default=0.0)
    room = {"products": [1.0] * period, "sums": [1.0] * period}
    at = [0] * n
    missing = [len(need) for need in needs]
    ready = [k for k in range(n) if not missing[k]]
    while ready:
        k = max(ready, key=lambda k: (height[k], -k))
        ready.remove(k)
        at[k] = max((at[m] + max(math.ceil(ops[m].cost.latency + spare), 1) for m in needs[k]), default=0)
        for unit, free in room.items():
            amount = getattr(ops[k].cost, unit)
            if not amount:
                continue
            t = next((t for t in range(at[k], at[k] + period) if free[t % period] > 0), at[k])
            at[k] = t
            while amount > 0 and t < at[k] + period:
                taken = min(amount, max(free[t % period], 0.0))
                free[t % period] -= taken
                amount -= taken
                t += 1
        for user in users[k]:
            missing[user] -= 1
            if not missing[user]:
                ready.append(user)
    for k in range(n - 1, -1, -1):  # what is made early would be held long
        if users[k]:
            at[k] = max(at[k], min(at[u] for u in users[k]) - max(math.ceil(ops[k].cost.latency + spare), 1))
    if last:  # which all belong to one turn: the circle is cut before the first of them
        begin = max(at[k] for k in last) - period + 1
        for k in sorted(last):
            at[k] = max(at[k], begin, *(at[m] + max(math.ceil(ops[m].cost.latency + spare), 1) for m in needs[k]))
        begin = max(begin, max(at[k] for k in last) - period + 1)
        for k in sorted(last):
            at[k] = max(at[k], begin)
        at = [x - begin for x in at]
    first = min(at) // period
    stage = [x // period - first for x in at]
    by_time = sorted(range(n), key=lambda k: (at[k] % period, k))
    place = [0] * n
    for position, k in enumerate(by_time):
        place[k] = position
    return Order(place, stage)


def improve(order: Order, ops: Sequence[Op], edges: Sequence[Edge], last: set[int], spare: float, registers: float,
            period: float) -> None:
    """Change places and stages, in place, as long as it pays or the temperature allows it."""
    n = len(ops)
    place, stage = order.place, order.stage
    cycles = period / n  # of a place
    wanted = [max((op.cost.latency + spare) / cycles, 1.0) for op in ops]
    touching: list[list[tuple[int, int, int]]] = [[] for _ in ops]
    uses: list[list[tuple[int, int]]] = [[] for _ in ops]
    makers: list[set[int]] = [{k} for k in range(n)]
    for edge in edges:
        both = edge.maker, edge.user, n * edge.later
        touching[edge.maker].append(both)
        if edge.user != edge.maker:
            touching[edge.user].append(both)
        uses[edge.maker].append((edge.user, n * edge.later))
        makers[edge.user].add(edge.maker)
    at = [place[k] + n * stage[k] for k in range(n)]
    holder = sorted(range(n), key=place.__getitem__)
    weights = [(op.cost.products, op.cost.sums) for op in ops]
    mean = [sum(w[unit] for w in weights) / n for unit in (0, 1)]
    ahead: list[list[float]] = [[], []]  # by how much more than its share each unit has to do up to each place
    for unit in (0, 1):
        total = 0.0
        for k in holder:
            total += weights[k][unit] - mean[unit]
            ahead[unit].append(total)
    late = LATE * cycles * cycles
    end = n * order.stages  # nothing comes after the stage of the last

    def waits(touched: Sequence[int]) -> float:
        """Return what the uses of these and by these cost."""
        cost = 0.0
        for k in touched:
            for maker, user, later in touching[k]:
                gap = at[user] - at[maker] + later
                if gap < wanted[maker]:
                    cost += late * (wanted[maker] - gap) ** 2 if gap > 0 else NEVER
        return cost

    def lives(of: Iterable[int]) -> int:
        """Return for how many places results are held."""
        total = 0
        for k in of:
            until = at[k]
            for user, later in uses[k]:
                use = at[user] + later
                if use > until:
                    until = use
            total += until - at[k]
        return total

    def crowd(total: float) -> float:
        """Return what holding so much costs."""
        over = total / n - registers
        return (CROWD * over * over if over > 0 else 0.0) + 0.01 * total

    held = lives(range(n))
    held_cost = crowd(held)
    draw = chances().__next__
    reach = min(REACH, n - 1)
    tries = min(MOVES[0] * n, MOVES[1]) if reach else 0
    factor = (COLD / HOT) ** (1.0 / max(tries, 1))
    heat = HOT
    for _ in range(tries):
        heat *= factor
        p = int(draw() * (n + n * SHIFTS))
        if p >= n:  # another stage
            k = (p - n) % n
            if k in last:
                continue
            touched: tuple[int, ...] = (k,)
            moves: tuple[int, ...] = (n if draw() < 0.5 else -n,)
            of = makers[k]
            changes: list[tuple[list[float], float]] = []
        else:
            q = p + 1 + int(draw() * reach)
            if q >= n:  # around the cut one of the two changes its stage
                p, q = q - n, p
                moves = (q - p - n, n + p - q)
            else:
                moves = (q - p, p - q)
            touched = a, b = holder[p], holder[q]
            if moves[0] < 0 and (a in last or b in last):
                continue
            of = makers[a] | makers[b]
            changes = [(ahead[unit], by) for unit in (0, 1) if (by := weights[b][unit] - weights[a][unit])]
        if any(at[k] + by >= end for k, by in zip(touched, moves, strict=True)):
            continue
        before = waits(touched) + held_cost
        old = lives(of)
        for k, by in zip(touched, moves, strict=True):
            at[k] += by
        total = held - old + lives(of)
        cost = crowd(total)
        worse = waits(touched) + cost - before
        for row, change in changes:
            worse += UNEVEN * change * ((q - p) * change + 2.0 * sum(row[p:q]))
        if worse <= 0 or draw() < math.exp(-worse / heat):
            held, held_cost = total, cost
            if len(touched) == 2:
                holder[p], holder[q] = touched[1], touched[0]
            for row, change in changes:
                for t in range(p, q):
                    row[t] += change
        else:
            for k, by in zip(touched, moves, strict=True):
                at[k] -= by
    first = min(at) // n
    for k in range(n):
        place[k], stage[k] = at[k] % n, at[k] // n - first
