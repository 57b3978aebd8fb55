"""Where compiled code asks whether it is to stop: in loops, and after instructions that take long, but never often.

Python notes a signal and acts on it between two of its own instructions; while compiled code runs there are none. So every few
million scalar operations the code looks at the clock, and every tenth of a second it lets Python act (`PyErr_CheckSignals`, in
the main thread, where alone signals are handled). If what Python did raised an error, it is put aside and all functions return
at once, true; whoever called them first hands the error back. The addresses stand in one block for the whole process, whose
address is in the table of a program; where it is null (in a page, in tests) nobody is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backlight.run.emit.table import ASK

if TYPE_CHECKING:
    from backlight.run.emit.code import Code
    from backlight.run.emit.value import Value

# The block, in words: functions, the main thread, the kind of clock; what the clock said, when it was last asked, the error.
IDENT, ENSURE, RELEASE, CHECK, FETCH, RESTORE, CLOCK, MAIN, KIND, SECONDS, NANOSECONDS, LAST, ERROR = range(13)
WORDS = ERROR + 3
OFTEN = 1 << 22  # scalar operations between two looks at the clock, about a millisecond
LEAST = 16  # operations that a step of a loop takes, whatever is in it
WAIT_NS = 100_000_000


def period(work: int) -> int:
    """Return after how many steps of so much work a loop looks at the clock: a power of two."""
    return 1 << max(OFTEN // max(work, LEAST), 1).bit_length() - 1


def leave_if(c: Code, left: Value) -> None:
    """Return true from this function if this is true."""
    gone, on = c.name("gone"), c.name("on")
    c.do(f"br {left.typed}, label %{gone}, label %{on}, !prof !0")
    c.label(gone)
    c.do("ret i1 true")
    c.label(on)


def ask(c: Code, table: Value) -> None:
    """Look at the clock, and leave if Python says so."""
    if c.target.name == "wasm":
        return
    c.module.define("bl.ask", "i1", [("block", "ptr", 1)], "noinline cold #0", write_ask)
    leave_if(c, c.put(f"call i1 @bl.ask({c.load(table, ASK, 'ptr').typed})", "i1"))


def ask_every(c: Code, table: Value, step: Value, work: int) -> None:
    """Ask after this step of a loop, if it is one of those after which to ask."""
    often = period(work)
    c.when((step & (often - 1)).eq(often - 1), lambda: ask(c, table))


def write_ask(c: Code, block: Value) -> str:
    """Write the function that asks: (the block) -> whether to leave."""

    def word(number: int, kind: str = "ptr") -> Value:
        return c.load(block, number, kind)

    def go_on_if(condition: Value) -> None:
        on, back = c.name("on"), c.name("back")
        c.do(f"br {condition.typed}, label %{on}, label %{back}")
        c.label(back)
        c.do("ret i1 false")
        c.label(on)

    go_on_if(c.put(f"icmp ne ptr {block.text}, null", "i1"))
    thread = c.put(f"call i64 {word(IDENT).text}()", "i64")
    go_on_if(thread.eq(word(MAIN, "i64")))
    now = now_ns(c, block)
    go_on_if((now - word(LAST, "i64")).ge(WAIT_NS))
    c.store(now, block, LAST)
    state = c.put(f"call i32 {word(ENSURE).text}()", "i32")
    found = c.put(f"call i32 {word(CHECK).text}()", "i32")
    error = ", ".join(c.address(block, ERROR + k, "i64").typed for k in range(3))
    c.when(found.ne(0), lambda: c.do(f"call void {word(FETCH).text}({error})"))
    c.do(f"call void {word(RELEASE).text}(i32 {state.text})")
    return found.ne(0).typed


def now_ns(c: Code, block: Value) -> Value:
    """Return what the clock says, in nanoseconds."""
    kind, to = c.convert(c.load(block, KIND, "i64"), "i32"), c.address(block, SECONDS, "i64")
    c.do(f"call i32 {c.load(block, CLOCK, 'ptr').text}({kind.typed}, {to.typed})")
    return c.load(block, SECONDS, "i64") * 1_000_000_000 + c.load(block, NANOSECONDS, "i64")


def give_back(c: Code, table: Value) -> None:
    """Let Python have the error that was put aside."""
    block = c.load(table, ASK, "ptr")
    error = ", ".join(c.load(block, ERROR + k, "ptr").typed for k in range(3))
    c.do(f"call void {c.load(block, RESTORE, 'ptr').text}({error})")
