"""Many steps in one call: minibatches gathered, state handed on, without Python between.

Around the piece that computes one step stands a loop. Before each step the rows of the minibatch are copied from the
data, in the order given; after it, what the step made takes the place of what it was made from: mostly it lies there
already, else the two addresses are exchanged. Results of every step go to the next place of their array.
"""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit.ask import ask_every, leave_if
from backlight.run.emit.code import Module
from backlight.run.emit.fetch import fetch
from backlight.run.emit.value import Value, type_text


@dataclass(frozen=True, slots=True)
class Gather:
    """Rows of `data`, chosen by `order`, become the minibatch: places in the table, and sizes."""

    data: int
    order: int
    batch: int
    rows: int
    row_bytes: int


@dataclass(frozen=True, slots=True)
class Steps:
    """What happens around a step: gathers before, exchanges and advances (place, bytes) after; and how much work a step is."""

    gathers: tuple[Gather, ...]
    exchanges: tuple[tuple[int, int], ...]
    advances: tuple[tuple[int, int], ...]
    work: int = 0


def define_steps(module: Module, steps: Steps, piece: str) -> str:
    """Write the function of many steps: (table, count) -> whether it was left before its end."""
    def write(c, table: Value, count: Value) -> str:  # type: ignore[no-untyped-def]
        def step(s: Value) -> None:
            for g in steps.gathers:
                order = c.address(c.load(table, g.order, "ptr"), s * g.rows, "i64")
                data, batch = c.load(table, g.data, "ptr"), c.load(table, g.batch, "ptr")

                # the rows of the next step are fetched while this one computes: they lie anywhere in memory
                last = (count * g.rows) - 1 - s * g.rows

                def row(k: Value, g: Gather = g, order: Value = order, data: Value = data, batch: Value = batch,
                        last: Value = last) -> None:
                    source = c.address(data, c.load(order, k, "i64") * g.row_bytes, "i8")
                    following = k + g.rows
                    following = c.select(following.gt(last), last, following)
                    fetch(c, c.address(data, c.load(order, following, "i64") * g.row_bytes, "i8"), g.row_bytes)
                    copy_bytes(c, source, c.address(batch, k * g.row_bytes, "i8"), g.row_bytes)

                c.loop(g.rows, row)
            leave_if(c, c.put(f"call i1 @{piece}({table.typed})", "i1"))
            for a, b in steps.exchanges:
                first, second = c.load(table, a, "ptr"), c.load(table, b, "ptr")
                c.store(second, table, a)
                c.store(first, table, b)
            for place, size in steps.advances:
                c.store(c.address(c.load(table, place, "ptr"), size, "i8"), table, place)

            ask_every(c, table, s, steps.work)

        c.loop(count, step)
        return "i1 false"

    parameters = [("table", "ptr", 1), ("count", "i64", 1)]
    return module.define("bl.steps", "i1", parameters, "#0", write, linkage="")


def copy_bytes(c, source: Value, to: Value, size: int) -> None:  # type: ignore[no-untyped-def]
    """Write a copy of so many bytes: as vectors, then ever narrower."""
    width = c.target.width
    whole = size - size % width

    def move(at: Value | int, bytes_: int) -> None:
        kind = type_text("i8", bytes_)
        offset = at if isinstance(at, Value) else c.constant(at, "i64")
        x = c.put(f"load {kind}, ptr {c.address(source, offset, 'i8').text}, align 1", "i8", bytes_)
        c.do(f"store {kind} {x.text}, ptr {c.address(to, offset, 'i8').text}, align 1")

    if whole == width:
        move(0, width)
    elif whole:
        c.loop(whole, lambda i: move(i, width), step=width)
    at = whole
    while at < size:
        part = width
        while part > size - at:
            part //= 2
        move(at, part)
        at += part
