"""What the widest vectors of this processor can do besides: numbers made and scaled, and small tables looked up in a register."""

from __future__ import annotations

from collections.abc import Sequence

from backlight.run.emit.code import Code
from backlight.run.emit.format import Format
from backlight.run.emit.value import SIZES, Value, constant_text, type_text


def own(c: Code, f: Format, x: Value) -> bool:
    """Return whether the processor has instructions that make and scale numbers of this format, in vectors like this one."""
    return c.target.scalef and x.lanes * SIZES[f.kind] >= 16


def instruction(c: Code, name: str, f: Format, x: Value, y: Value, *settings: int) -> Value:
    """Write an instruction of the processor's own for two vectors, of one register each or more."""
    size = x.lanes * SIZES[f.kind]
    if size > c.target.width:
        halves = zip(c.halves(x), c.halves(y), strict=True)
        low, high = (instruction(c, name, f, a, b, *settings) for a, b in halves)
        return c.join(low, high)
    symbol, mask = f"llvm.x86.avx512.mask.{name}.{'ps' if f.kind == 'float' else 'pd'}.{8 * size}", f"i{max(x.lanes, 8)}"
    rounding = [4] if size == 64 else []  # which way to round can be said of the widest vectors only: as ever
    types = [x.type, x.type, *["i32"] * len(settings), x.type, mask, *["i32"] * len(rounding)]
    c.module.declare(symbol, f"declare {x.type} @{symbol}({', '.join(types)})")
    numbers = [f"i32 {k}" for k in settings], [f"i32 {k}" for k in rounding]
    operands = [x.typed, y.typed, *numbers[0], f"{x.type} zeroinitializer", f"{mask} -1", *numbers[1]]
    return c.put(f"call {x.type} @{symbol}({', '.join(operands)})", x.kind, x.lanes)


def by_table(c: Code, f: Format, x: Value) -> bool:
    """Return whether numbers are looked up: where a register or two hold them and one instruction picks them out.

    It does so beside the products: what is left of a polynomial near the nearest of so many points is shorter.
    """
    return own(c, f, x) and f.kind == "float" and x.lanes * SIZES[f.kind] >= c.target.width == 64


def lookup(c: Code, table: Sequence[float], index: Value) -> Value:
    """Return the entries of a table of sixteen or thirty-two floats that the low four or five bits of an index name."""
    if index.lanes > 16:
        low, high = (lookup(c, table, half) for half in c.halves(index))
        return c.join(low, high)
    kind = type_text("float", 16)
    entries = [f"float {constant_text(x, 'float')}" for x in table]
    halves = [f"{kind} <{', '.join(entries[k : k + 16])}>" for k in range(0, len(entries), 16)]
    if len(halves) == 1:
        symbol, types, operands = "llvm.x86.avx512.permvar.sf.512", [kind, index.type], [halves[0], index.typed]
    else:
        symbol, types = "llvm.x86.avx512.vpermi2var.ps.512", [kind, index.type, kind]
        operands = [halves[0], index.typed, halves[1]]
    c.module.declare(symbol, f"declare {kind} @{symbol}({', '.join(types)})")
    return c.put(f"call {kind} @{symbol}({', '.join(operands)})", "float", 16)
