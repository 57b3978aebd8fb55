"""Requests for memory to come nearer, before it is needed."""

from __future__ import annotations

from backlight.run.emit.code import Code
from backlight.run.emit.value import Value

LINE = 64  # bytes of a cache line
MOST = 4096  # bytes of one request
WRITTEN_OUT = 4  # lines up to which the requests stand one after the other


def fetch(c: Code, start: Value, size: int) -> None:
    """Write a request for so many bytes, up to 4 kB, to come nearer."""
    c.module.declare("llvm.prefetch.p0", "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")

    def line(i: Value | int) -> None:
        c.do(f"call void @llvm.prefetch.p0({c.address(start, i, 'i8').typed}, i32 0, i32 2, i32 1)")

    if size <= WRITTEN_OUT * LINE:
        for at in range(0, size, LINE):
            line(at)
    else:
        c.loop(min(size, MOST), line, step=LINE)
