"""The table of scalar functions: one emitter a function, for every target, width and precision.

Each becomes one function of the module, written once and inlined by the compiler where it is used; so a graph with
twenty sigmoids writes the sigmoid once. All are within 4 units in the last place over the whole range; NaN and
infinities keep their meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from backlight.run.emit import error_function, exponential, inverse, logarithm, power, trigonometry
from backlight.run.emit.code import Code, Module, bundle_type
from backlight.run.emit.format import FORMATS, Format
from backlight.run.emit.value import Value, type_text

Unary = Callable[[Code, Format, Value], Value]
ORDERS = range(1, 5)  # of the polygamma functions that are written here: gradients of gradients of digamma seldom go on


def later(room: str, *names: str) -> dict[str, Callable[..., Value]]:
    """Return the emitters of a room that is opened when one of them first writes: few programs need it, and it holds tables."""

    def emitter(name: str) -> Callable[..., Value]:
        return lambda c, f, *xs: getattr(import_module(f"backlight.run.emit.{room}"), name)(c, f, *xs)

    return {name: emitter(name) for name in names}


def polygamma(order: int) -> Unary:
    """Return the emitter of ψ^(order)."""

    def write(c: Code, f: Format, x: Value) -> Value:
        from backlight.run.emit import gamma

        return gamma.polygamma(order)(c, f, x)

    return write


UNARY: dict[str, Unary] = {
    "exp": exponential.exp,
    "exp2": exponential.exp2,
    "exp10": exponential.exp10,
    "expm1": exponential.expm1,
    "sinh": exponential.sinh,
    "cosh": exponential.cosh,
    "tanh": exponential.tanh,
    "tanh_slope": exponential.tanh_slope,
    "sigmoid": exponential.sigmoid,
    "log": logarithm.log,
    "log2": logarithm.log2,
    "log10": logarithm.log10,
    "log1p": logarithm.log1p,
    "asinh": logarithm.asinh,
    "acosh": logarithm.acosh,
    "atanh": logarithm.atanh,
    "sin": trigonometry.sin,
    "cos": trigonometry.cos,
    "tan": trigonometry.tan,
    "asin": inverse.asin,
    "acos": inverse.acos,
    "atan": inverse.atan,
    "erf": error_function.erf,
    "erfc": error_function.erfc,
    "cbrt": power.cbrt,
    **later("special", "erfinv", "erfinv_slope", "sinc", "sinc_slope", "mish_slope"),
    **later("normal", "erfcx", "erfcx_slope", "log_ndtr", "log_ndtr_slope", "ndtri", "ndtri_slope"),
    **later("gamma", "lgamma", "digamma"),
    **{f"polygamma{order}": polygamma(order) for order in ORDERS},
    **later("bessel", "i0", "i1", "i0e", "i1e", "i0e_slope", "i1e_slope"),
}
BINARY: dict[str, Callable[[Code, Format, Value, Value], Value]] = {
    "pow": power.pow,
    "atan2": inverse.atan2,
    "hypot": power.hypot,
    "direction": power.direction,
    **later("special", "power_log", "power_slope"),
}
# Of the same operand these cost little more together than one of them.
TOGETHER: dict[tuple[str, str], Callable[[Code, Format, Value], tuple[Value, Value]]] = {
    ("sin", "cos"): trigonometry.sin_and_cos,
    ("tanh", "tanh_slope"): exponential.tanh_and_slope,
}
# So long that a call costs nothing beside them, and one copy in a module is enough.
LONG = {
    "erfinv", "erfinv_slope", "sinc", "sinc_slope", "mish_slope", "lgamma", "digamma", "power_log", "power_slope",
    "erfcx", "erfcx_slope", "log_ndtr", "log_ndtr_slope", "ndtri", "ndtri_slope",
    "i0", "i1", "i0e", "i1e", "i0e_slope", "i1e_slope", *(f"polygamma{order}" for order in ORDERS),
}


def define(module: Module, name: str, kind: str, lanes: int) -> str:
    """Write the function into the module unless it is there, and return its symbol."""
    f = FORMATS[kind]
    letters = ("x",) if name in UNARY else ("x", "y")

    def write(c: Code, *operands: Value) -> Value:
        if name in UNARY:
            return UNARY[name](c, f, *operands)
        return BINARY[name](c, f, *operands)

    parameters = [(letter, kind, lanes) for letter in letters]
    how = "noinline" if name in LONG else "alwaysinline"
    return module.define(f"bl.{name}.{kind}.x{lanes}", type_text(kind, lanes), parameters, f"{how} #0", write)


def apply(c: Code, name: str, *operands: Value) -> Value:
    """Return the function of the operands."""
    first = operands[0]
    if c.made is not None and name not in LONG:  # a draft has no calls
        f = FORMATS[first.kind]
        return UNARY[name](c, f, *operands) if name in UNARY else BINARY[name](c, f, *operands)
    symbol = define(c.module, name, first.kind, first.lanes)
    return c.call(symbol, operands, first.kind, first.lanes)


def apply_together(c: Code, names: tuple[str, str], x: Value) -> list[Value]:
    """Return two functions of one operand."""
    f = FORMATS[x.kind]
    if c.made is not None:
        return list(TOGETHER[names](c, f, x))

    def write(inner: Code, y: Value) -> str:
        return inner.bundle(TOGETHER[names](inner, f, y))

    symbol = f"bl.{'.'.join(names)}.{x.kind}.x{x.lanes}"
    c.module.define(symbol, bundle_type([x, x]), [("x", x.kind, x.lanes)], "alwaysinline #0", write)
    return c.call_several(symbol, [x], [x, x])
