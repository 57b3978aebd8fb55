"""Loads and stores of some lanes only, of neighbours or of numbers far apart; which lanes is known when they are written."""

from __future__ import annotations

from backlight.run.emit.code import Code
from backlight.run.emit.value import SIZES, Value, type_text


def mask_value(c: Code, mask: int, lanes: int) -> Value:
    """Return a mask of lanes as an operand."""
    bits = ", ".join(f"i1 {'true' if mask >> k & 1 else 'false'}" for k in range(lanes))
    return Value(c, f"<{bits}>", "i1", lanes)


def overloaded(kind: str, lanes: int) -> str:
    """Return a vector type as an intrinsic's name has it."""
    return f"v{lanes}" + {"float": "f32", "double": "f64"}.get(kind, kind)


def masked_load(c: Code, at: Value, kind: str, lanes: int, mask: int | Value, others: Value | None = None) -> Value:
    """Return the numbers from `at` on, those outside the mask untouched and 0, or those of `others`."""
    t = type_text(kind, lanes)
    symbol = f"llvm.masked.load.{overloaded(kind, lanes)}.p0"
    c.module.declare(symbol, f"declare {t} @{symbol}(ptr, i32, <{lanes} x i1>, {t})")
    chosen = (mask if isinstance(mask, Value) else mask_value(c, mask, lanes)).typed
    rest = "zeroinitializer" if others is None else others.text
    return c.put(f"call {t} @{symbol}({at.typed}, i32 {SIZES[kind]}, {chosen}, {t} {rest})", kind, lanes)


def addresses(c: Code, base: Value, offsets: Value, kind: str) -> Value:
    """Return one address a lane."""
    return c.put(f"getelementptr {kind}, ptr {base.text}, {offsets.typed}", "ptr", offsets.lanes)


def gather(c: Code, base: Value, offsets: Value, kind: str, mask: int | None) -> Value:
    """Return the numbers at computed offsets."""
    lanes = offsets.lanes
    t = type_text(kind, lanes)
    symbol = f"llvm.masked.gather.{overloaded(kind, lanes)}.v{lanes}p0"
    c.module.declare(symbol, f"declare {t} @{symbol}(<{lanes} x ptr>, i32, <{lanes} x i1>, {t})")
    where = addresses(c, base, offsets, kind)
    chosen = mask_value(c, (1 << lanes) - 1 if mask is None else mask, lanes).typed
    return c.put(f"call {t} @{symbol}({where.typed}, i32 {SIZES[kind]}, {chosen}, {t} zeroinitializer)", kind, lanes)


def masked_store(c: Code, x: Value, at: Value, mask: int) -> None:
    """Put the chosen lanes at an address."""
    symbol = f"llvm.masked.store.{overloaded(x.kind, x.lanes)}.p0"
    c.module.declare(symbol, f"declare void @{symbol}({x.type}, ptr, i32, <{x.lanes} x i1>)")
    c.do(f"call void @{symbol}({x.typed}, {at.typed}, i32 {SIZES[x.kind]}, {mask_value(c, mask, x.lanes).typed})")


def scatter(c: Code, x: Value, base: Value, offsets: Value, mask: int | None) -> None:
    """Put the lanes at computed offsets, the last of equal ones winning."""
    symbol = f"llvm.masked.scatter.{overloaded(x.kind, x.lanes)}.v{x.lanes}p0"
    c.module.declare(symbol, f"declare void @{symbol}({x.type}, <{x.lanes} x ptr>, i32, <{x.lanes} x i1>)")
    where = addresses(c, base, offsets, x.kind)
    chosen = mask_value(c, (1 << x.lanes) - 1 if mask is None else mask, x.lanes).typed
    c.do(f"call void @{symbol}({x.typed}, {where.typed}, i32 {SIZES[x.kind]}, {chosen})")
