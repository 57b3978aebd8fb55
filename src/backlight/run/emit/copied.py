"""Copies of bytes."""

from __future__ import annotations

from backlight.run.emit.code import Code
from backlight.run.emit.value import Value, type_text


def copy_bytes(c: Code, source: Value, to: Value, size: int) -> None:
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
