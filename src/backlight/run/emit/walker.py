"""The walker: one function that runs any tape of single numbers, an instruction after the other.

Each instruction is four whole numbers of 32 bits; a jump by the first of them leads to the few machine instructions of its
operation, which are those that compiled loops have, for one lane. A truth value is 0 or 1 in its cell. The function is the
same for every graph, so it is compiled once for a processor and lies on disk from then on.
"""

from __future__ import annotations

from backlight.run.emit.code import Code, Module
from backlight.run.emit.elementwise import ENTRIES
from backlight.run.emit.scalar import BINARY as LONG_BINARY
from backlight.run.emit.scalar import UNARY as LONG_UNARY
from backlight.run.emit.value import Value
from backlight.run.lower.tape import BINARY, OPCODES, ROUNDED, TRUTHS, UNARY
from backlight.run.lower.translate import LOGICAL

SYMBOL = "bl.walk"
CALLED = {*LONG_UNARY, *LONG_BINARY, "power", "remainder"}  # functions of their own, so that the walker stays small


def operands_of(op: str) -> int:
    """Return how many operands an operation has."""
    return 1 if op in UNARY else 2 if op in BINARY else 3


def define_walker(module: Module) -> str:
    """Write the walker: (instructions, their count, the cell 0)."""

    def write(c: Code, codes: Value, count: Value, cells: Value) -> None:
        """Write the loop by hand: its body is a jump."""
        labels = [f"op{number}" for number in range(len(OPCODES))]
        index, following = Value(c, "%index", "i64", 1), Value(c, "%following", "i64", 1)
        c.do("br label %head")
        c.label("head")
        c.do("%index = phi i64 [0, %entry], [%following, %next]")
        c.do(f"%more = icmp slt i64 %index, {count.text}")
        c.do("br i1 %more, label %body, label %end")
        c.label("body")
        at = c.address(codes, index * 4, "i32")
        code, *numbers = [c.load(at, k, "i32") for k in range(4)]
        places = [c.address(cells, c.convert(x, "i64"), "double") for x in numbers]
        targets = " ".join(f"i32 {number}, label %{label}" for number, label in enumerate(labels))
        c.do(f"switch {(code & (ROUNDED - 1)).typed}, label %op0 [{targets}]")
        found = []
        for op, label in zip(OPCODES, labels, strict=True):
            c.label(label)
            xs = [c.load(place, 0, "double") for place in places[: operands_of(op)]]
            found.append((applied(c, op, xs), c.block))
            c.do("br label %done")
        c.label("done")
        result = c.put("phi double " + ", ".join(f"[{x.text}, %{block}]" for x, block in found), "double")
        c.do(f"br {code.lt(ROUNDED).typed}, label %next, label %short")
        c.label("short")
        short = c.convert(c.convert(result, "float"), "double")
        c.do("br label %next")
        c.label("next")
        last = c.put(f"phi double [{result.text}, %done], [{short.text}, %short]", "double")
        c.store(last, cells, index)
        c.do(f"{following.text} = add nsw i64 {index.text}, 1")
        c.do("br label %head")
        c.label("end")

    parameters = [("codes", "ptr", 1), ("count", "i64", 1), ("cells", "ptr", 1)]
    return module.define(SYMBOL, "void", parameters, "#0", write, linkage="")


def applied(c: Code, op: str, xs: list[Value]) -> Value:
    """Return an operation on numbers from cells, as it lies in a cell."""
    if op == "copy":
        return xs[0]
    if op in CALLED:
        parameters = [(f"x{k}", "double", 1) for k in range(len(xs))]
        symbol = c.module.define(f"bl.walked.{op}", "double", parameters, "noinline #0", lambda c, *xs: ENTRIES[op](c, *xs))
        return c.call(symbol, xs, "double")
    truths = [x.ne(0.0) for x in xs] if op in LOGICAL else [xs[0].ne(0.0), *xs[1:]] if op == "where" else xs
    found = ENTRIES[op](c, *truths)
    return c.convert(found, "double") if op in TRUTHS else found
