"""Every instruction that a pipeline can hold does what the compiler makes of the same line."""

import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from backlight.run.emit import pipelined
from backlight.run.emit.code import Code, Module
from backlight.run.emit.selected import WIDTH, alive, selected
from backlight.run.emit.value import Target, Value
from backlight.run.emit.widest import lookup
from backlight.run.native import host, image

WIDE = host.target().width == WIDTH and host.target().scalef and image.possible()
Body = Callable[[Code, Value, Value], Value]
RELATIONS = ("lt", "le", "gt", "ge", "eq", "ne")
PLAIN = {"not two pairs"}  # more masks than there are registers
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, 1e-40, -3e38]


def bits(x: Value, change: Callable[[Value], Value]) -> Value:
    return change(x.bits()).as_float()


def chosen(c: Code, mask: Value, x: Value, y: Value) -> Value:
    return c.select(mask, x * 2.0, y - 1.0)


BODIES: dict[str, Body] = {
    "sum": lambda c, x, y: x + y, "difference": lambda c, x, y: x - y, "product": lambda c, x, y: x * y,
    "quotient": lambda c, x, y: x / y, "constants": lambda c, x, y: (1.5 - x) * 2.5 + (3.0 / y) - 0.25 + 1.0 / (x - y),
    "negated": lambda c, x, y: -x, "size": lambda c, x, y: c.abs(x), "root": lambda c, x, y: c.sqrt(c.abs(x)),
    "sign of the other": lambda c, x, y: c.copysign(x, y), "sign of a constant": lambda c, x, y: c.copysign(x, x.lift(-2.0)),
    "constant with a sign": lambda c, x, y: c.copysign(x.lift(3.0), y),
    "rounded": lambda c, x, y: c.intrinsic("rint", x) + c.intrinsic("floor", y),
    "fused": lambda c, x, y: c.muladd(x, y, x), "fused, all one": lambda c, x, y: c.muladd(x, x, x),
    "fused with a constant sum": lambda c, x, y: c.muladd(x, y, 0.75), "fused with a factor": lambda c, x, y: c.muladd(x, 0.75, y),
    "fused with two constants": lambda c, x, y: c.muladd(x, 0.75, 0.125), "fused, negated": lambda c, x, y: c.muladd(-x, y, y),
    "fused, sum negated": lambda c, x, y: c.muladd(x, y, -x), "fused, all negated": lambda c, x, y: c.muladd(-x, -y, -y),
    "polynomial": lambda c, x, y: c.polynomial(x, [0.5, 0.25, -0.125, 2.0]),
    "smaller": lambda c, x, y: c.select(x.lt(y), x, y), "smaller, other": lambda c, x, y: c.select(x.gt(y), y, x),
    "larger": lambda c, x, y: c.select(x.gt(y), x, y), "larger, other": lambda c, x, y: c.select(x.lt(y), y, x),
    "smaller than a constant": lambda c, x, y: c.select(x.gt(0.5), 0.5, x),
    "larger than a constant": lambda c, x, y: c.select(x.lt(0.5), 0.5, x),
    "bits and": lambda c, x, y: bits(x, lambda b: b & y.bits()), "bits or": lambda c, x, y: bits(x, lambda b: b | 1),
    "bits xor": lambda c, x, y: bits(x, lambda b: b ^ (y.bits() & 12345)),
    "whole sums": lambda c, x, y: bits(x, lambda b: b + 3 - (y.bits() & 7)),
    "whole difference": lambda c, x, y: bits(x, lambda b: 5 - (b & 255)),
    "shifts": lambda c, x, y: bits(x, lambda b: ((b >> 3) ^ b.shift_right(5)) ^ (b << 2)),
    "shifts by each": lambda c, x, y: bits(x, lambda b: (b >> (y.bits() & 7)) ^ b.shift_right(y.bits() & 3) ^ (b << (b & 1))),
    "two constants": lambda c, x, y: c.select(x.lt(y), x.lift(2.0), x.lift(3.0)),
    "not": lambda c, x, y: chosen(c, ~x.lt(y), x, y), "not a number": lambda c, x, y: chosen(c, x.isnan() | y.isnan(), x, y),
    "both": lambda c, x, y: chosen(c, x.gt(0.0) & y.gt(0.0), x, y), "either": lambda c, x, y: chosen(c, x.gt(0.5) ^ y.lt(x), x, y),
    "neither": lambda c, x, y: chosen(c, ~(x.gt(0.5) | y.lt(x)), x, y),
    "not neither": lambda c, x, y: chosen(c, ~~(x.gt(0.5) | y.lt(x)), x, y),
    "not two pairs": lambda c, x, y: chosen(c, ~((x.gt(-1.0) & x.lt(1.0)) & (y.gt(-1.0) & y.lt(0.5))), x, y),
    "four pairs": lambda c, x, y: chosen(c, (x.gt(-1.0) & x.lt(1.0)) | (y.gt(-1.0) & y.lt(0.5)), x, y),
    "of whole numbers": lambda c, x, y: chosen(c, x.bits().lt(y.bits()) | (y.bits() & 1).eq(0), x, y),
    "a constant compared": lambda c, x, y: chosen(c, x.lift(0.25).lt(x) & x.lift(0.5).ne(y), x, y),
    "one mask, often": lambda c, x, y: c.select(x.lt(y), x, 1.0) + c.select(x.lt(y), 2.0, y) * c.select(x.lt(y), y, x),
    "nine masks": lambda c, x, y: sum((c.select(x.gt(k / 4 - 1) & y.lt(k / 8), x, y * float(k)) for k in range(9)), x),
} | {
    f"where {name}": lambda c, x, y, name=name: chosen(c, getattr(x, name)(y), x, y) for name in RELATIONS
} | {
    f"where not {name}": lambda c, x, y, name=name: chosen(c, ~getattr(x, name)(y), x, y) for name in RELATIONS
}  # fmt: skip
EARLY: dict[str, Callable[[Code, Value, Value, Value, Value], Value]] = {  # with numbers made before the loop
    "fused with two early ones": lambda c, x, y, a, b: c.muladd(a, b, x) + c.muladd(x, a, b) + c.muladd(a, y, b),
    "fused, all early": lambda c, x, y, a, b: c.muladd(a, b, a) * x + c.muladd(b, b, b) * y,
    "fused, early and constant": lambda c, x, y, a, b: c.muladd(a, 0.75, 0.125) * x + c.muladd(a, b, 0.5) * y + c.muladd(a, 2.0, b),
    "early first": lambda c, x, y, a, b: (a - x) / (b + y) + (1.0 - a) * x - a, "early size": lambda c, x, y, a, b: c.abs(a) * x,
    "early root": lambda c, x, y, a, b: c.sqrt(c.abs(b)) + x,
    "early signs": lambda c, x, y, a, b: c.copysign(x, a) + c.copysign(b, y),
    "early choice": lambda c, x, y, a, b: c.select(x.lt(a), b, x) + c.select(a.gt(y), y, a) + c.select(a.lt(b), x, y),
    "early smaller": lambda c, x, y, a, b: c.select(x.lt(a), x, a) - c.select(b.gt(y), b, y),
    "early bits": lambda c, x, y, a, b: bits(a, lambda z: (z >> 3) ^ x.bits()) + y,
}  # fmt: skip
OF_FLOATS: dict[str, Body] = {
    "looked up": lambda c, x, y: lookup(c, [float(k * k) for k in range(16)], x.bits()),
    "looked up in two": lambda c, x, y: lookup(c, [1.0 / (k + 1) for k in range(32)], x.bits()),
    "looked up before": lambda c, x, y: x,
}
EARLY["looked up before"] = lambda c, x, y, a, b: lookup(c, [1.0 / (k + 1) for k in range(32)], a.bits()) * x


def computed(name: str, kind: str, x: np.ndarray, y: np.ndarray, steps: int, monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Return what a loop over three arrays gives, as a pipeline of so few steps, and its sum; and something long beside it."""
    monkeypatch.setattr(pipelined, "STEPS", steps)
    lanes = WIDTH // x.itemsize
    module = Module(host.target())
    drafts: list[object] = []

    def write(c: Code, one: Value, other: Value, to: Value, long: Value, total: Value) -> None:
        half, third = (c.splat(c.load(total, k, kind), lanes) for k in range(2))  # made before the loop

        def inside(i: Value, so_far: Value) -> list[Value]:
            x, y = c.load(one, i, kind, lanes), c.load(other, i, kind, lanes)
            z = EARLY[name](c, x, y, half, third) if name in EARLY else {**BODIES, **OF_FLOATS}[name](c, x, y * half)
            c.store(z, to, i)
            numbers = [1.0 / (k + 2) for k in range(12)]
            c.store(c.polynomial(x, numbers) + c.polynomial(y, numbers), long, i)
            return [so_far + c.select(z.eq(z), z, half)]

        starts = [c.constant(0.0, kind, lanes)]
        drafts.append(pipelined.drafted(c, starts, inside))
        c.store(pipelined.loop(c, 0, x.size, lanes, starts, True, inside)[0], total, 0)

    names = ("one", "other", "to", "long", "total")
    module.define("run", "void", [(name, "ptr", 1) for name in names], "#0", write, linkage="")
    assert (drafts[0] is not None) == (steps == 0 and name not in PLAIN)
    placed = image.placed([host.assemble(module.text(host.attributes()))], ["run"])
    found = [np.empty_like(x), np.empty_like(x), np.linspace(0.5, 0.75, lanes, dtype=x.dtype)]
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)(placed.addresses["run"])(*(a.ctypes.data for a in (x, y, *found)))
    return found


@pytest.mark.skipif(not WIDE, reason="another processor or system")
@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize("name", [*BODIES, *{**OF_FLOATS, **EARLY}])
def test_an_instruction_does_what_the_compiler_makes_of_its_line(name: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in OF_FLOATS and kind == "double":
        return
    random = np.random.default_rng(5)
    dtype = {"float": np.float32, "double": np.float64}[kind]
    x, y = (random.normal(size=1024).astype(dtype) for _ in range(2))
    x[random.integers(0, 1024, 80)] = random.choice(SPECIAL, 80)
    y[random.integers(0, 1024, 80)] = random.choice(SPECIAL, 80)
    y[:40] = x[:40]
    pipeline, plain = (computed(name, kind, x, y, steps, monkeypatch) for steps in (0, 10**6))
    for one, other in zip(pipeline, plain, strict=True):
        assert np.array_equal(one, other, equal_nan=True)
        number = one == one  # which NaN an instruction gives is not said anywhere
        assert np.array_equal(np.signbit(one[number]), np.signbit(other[number]))


def lines(body: Body, kind: str = "float") -> list[tuple[str, str]]:
    c = Code(Module(Target("wide", 64, fma=True, scalef=True)))
    lanes = 64 // (4 if kind == "float" else 8)
    body(c, Value(c, "%x", kind, lanes), Value(c, "%y", kind, lanes))
    return [(a.strip(), b) for a, _, b in (line.partition(" = ") for line in c.lines)]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda c, x, y: c.muladd(-x, y, -x), ["vfnmsubps"]), (lambda c, x, y: c.muladd(-x, -y, x), ["vfmaddps"]),
        (lambda c, x, y: c.select(x.gt(0.5), 0.5, x), ["vminps"]), (lambda c, x, y: c.select(x.lt(y), x, 0.5), ["vblendmps"]),
        (lambda c, x, y: c.apart(x) + y.bits().as_float(), ["vaddps"]),
        (lambda c, x, y: c.copysign(x.lift(1.0), y), ["vpternlogd"]),
    ],
)  # fmt: skip
def test_what_is_joined_is_one_instruction(body: Body, words: list[str]) -> None:
    written = lines(body)
    found = selected(written)
    assert found is not None
    assert [op.word for op in alive(found[0], [written[-1][0]])] == words


@pytest.mark.parametrize(
    "body",
    [
        lambda c, x, y: c.intrinsic("trunc", x), lambda c, x, y: c.convert(x, "double"),
        lambda c, x, y: c.convert(x.lt(y), "float"), lambda c, x, y: c.shuffle(x, None, range(8)),
        lambda c, x, y: c.select(x.lift(1.0).lt(2.0), x, y),
        lambda c, x, y: c.copysign(x.lift(1.0), x.lift(2.0)), lambda c, x, y: x.lift(1.0) + 2.0,
    ],
)  # fmt: skip
def test_a_line_that_has_no_instruction_here_makes_no_pipeline(body: Body) -> None:
    assert selected(lines(body)) is None


def test_what_is_compared_twice_costs_once() -> None:
    found = selected(lines(lambda c, x, y: c.select(x.lt(y), x, 1.0) + c.select(x.lt(y), 2.0, y)))
    assert found is not None
    assert [op.cost.products for op in found[0]] == [1.5, 0.5, 0.0]
