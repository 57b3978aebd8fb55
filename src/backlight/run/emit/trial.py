"""Whether short steps are shared out: tried now and then, and decided by the clock.

What threads tell one another takes 80 nanoseconds from core to core, and several times that where they have no cache in common;
which it is a program cannot know, and in a virtual machine it changes while the program runs. So among many steps some are made
both ways, and what follows goes the way whose best one was quicker. The way never changes a bit of a result.
"""

from __future__ import annotations

from backlight.run.emit.ask import now_ns
from backlight.run.emit.code import Code
from backlight.run.emit.table import ALONE, ASK
from backlight.run.emit.value import Value

TRIED = 16  # steps of each way
LEAST_STEPS = 512  # of a call: in fewer nothing is tried, and what the last call found out holds
PERIOD = 2048  # steps from one trial to the next: a power of two
MARGIN = 32  # what is done alone must be quicker by one part in so many


class Trial:
    """Two ways, in a loop over steps: `begin` and `end` stand around a step."""

    def __init__(self, c: Code, table: Value, count: Value) -> None:
        self.c, self.table, self.many = c, table, count.ge(LEAST_STEPS)
        self.best = c.put("alloca [2 x i64], align 8", "ptr")
        self.start = c.put("alloca i64, align 8", "ptr")

    def begin(self, step: Value) -> None:
        """Write what chooses the way of a step."""
        c, at = self.c, self.place(step)

        def forget() -> None:
            for way in range(2):
                c.store(c.constant((1 << 63) - 1, "i64"), self.best, way)
            c.store(c.constant(0, "i64"), self.table, ALONE)

        def decide() -> None:
            shared, alone = (c.load(self.best, way, "i64") for way in range(2))
            quicker = (alone + alone.shift_right(MARGIN.bit_length() - 1)).lt(shared)
            c.store(c.convert(quicker, "i64", "zext"), self.table, ALONE)

        c.when(at.eq(0), forget)
        c.when(at.eq(TRIED), lambda: c.store(c.constant(1, "i64"), self.table, ALONE))
        c.when(at.eq(2 * TRIED), decide)
        c.when(at.lt(2 * TRIED), lambda: c.store(self.now(), self.start, 0))

    def end(self, step: Value) -> None:
        """Write what compares a step with the best one of its way."""
        c, at = self.c, self.place(step)

        def compare() -> None:
            way = c.convert(at.ge(TRIED), "i64", "zext")
            taken, best = self.now() - c.load(self.start, 0, "i64"), c.load(self.best, way, "i64")
            c.store(c.select(taken.lt(best), taken, best), self.best, way)

        c.when(at.lt(2 * TRIED), compare)

    def place(self, step: Value) -> Value:
        """Return where in its period a step is; at the end, where nothing is tried."""
        return self.c.select(self.many, step & (PERIOD - 1), PERIOD - 1)

    def shared(self) -> Value:
        """Return whether short steps are shared out now."""
        return self.c.load(self.table, ALONE, "i64").eq(0)

    def now(self) -> Value:
        """Return what the clock says."""
        return now_ns(self.c, self.c.load(self.table, ASK, "ptr"))
