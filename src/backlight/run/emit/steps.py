"""Many steps in one call: minibatches gathered, state handed on, without Python between.

Around the piece that computes one step stands a loop. Before each step the rows of the minibatch are copied from the
data, in the order given; after it, what the step made takes the place of what it was made from: mostly it lies there
already, else the two addresses are exchanged. Results of every step go to the next place of their array.
"""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit.ask import ask_every, leave_if, period
from backlight.run.emit.code import Module
from backlight.run.emit.gathered import Gather, write_gather
from backlight.run.emit.shared import rouse
from backlight.run.emit.trial import Trial
from backlight.run.emit.value import Value

TRIED_PART = 8  # one part in so many of a step's work: from then on it is tried whether sharing out short work pays


@dataclass(frozen=True, slots=True)
class Steps:
    """What happens around a step: gathers before, exchanges and advances (place, bytes) after; how much work a step is, and
    whether a good part of it is short and shared out."""

    gathers: tuple[Gather, ...]
    exchanges: tuple[tuple[int, int], ...]
    advances: tuple[tuple[int, int], ...]
    work: int = 0
    short: bool = False


def define_steps(module: Module, steps: Steps, piece: str) -> str:
    """Write the function of many steps: (table, count) -> whether it was left before its end."""
    def write(c, table: Value, count: Value) -> str:  # type: ignore[no-untyped-def]
        trial = Trial(c, table, count) if steps.short else None

        def step(s: Value) -> None:
            if trial is not None:
                trial.begin(s)
            for g in steps.gathers:
                write_gather(c, g, table, s, count)
            leave_if(c, c.put(f"call i1 @{piece}({table.typed})", "i1"))
            for a, b in steps.exchanges:
                first, second = c.load(table, a, "ptr"), c.load(table, b, "ptr")
                c.store(second, table, a)
                c.store(first, table, b)
            for place, size in steps.advances:
                c.store(c.address(c.load(table, place, "ptr"), size, "i8"), table, place)

            ask_every(c, table, s, steps.work)
            if trial is not None:
                trial.end(s)
                often = period(steps.work)
                c.when((s & (often - 1)).eq(0) & trial.shared(), lambda: rouse(c, table))

        c.loop(count, step)
        return "i1 false"

    parameters = [("table", "ptr", 1), ("count", "i64", 1)]
    return module.define("bl.steps", "i1", parameters, "#0", write, linkage="")
