"""A loop is its steps written out, and a choice is an `if`: in every mode, to any order, NaN for NaN.

The law is tried on random steps: formulas full of poles, roots, logarithms and selections, with blocks, choices and loops among
them, on numbers and on vectors. Each is traced twice, once with `scan`, `while_loop`, `cond` and `checkpoint`, once with `for`
and `if`, and both are differentiated alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backlight as bl
from backlight import ops as o


@dataclass(frozen=True)
class Formula:
    """What a step makes of its variables, given how a loop, a choice and a block are made; and how one would write it."""

    text: str
    of: Callable[[Any, Any], Any]

    def __call__(self, v: Any, by: Any) -> Any:
        return self.of(v, by)

    def __repr__(self) -> str:
        return self.text


MIX = np.array([[0.5, -1.0, 0.0], [2.0, 0.0, 1.0], [-0.5, 0.25, 0.0]])
NUMBERS = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]


def apart(u: Any) -> Any:
    """The same number: x times the logarithm of this is no `x·log x`, which has a limit of its own where it is seen as one."""
    return 1.0 * u


UNARY = {
    "√": o.sqrt, "log": lambda u: o.log(apart(u)), "exp": o.exp, "1/": o.reciprocal, "square": o.square, "relu": o.relu,
    "abs": o.abs, "tanh": o.tanh, "acos": o.acos, "-": lambda u: -u, "clip": lambda u: o.clip(u, -1.0, 1.0),
    "half": lambda u: 0.5 * u, "^1.5": lambda u: u**1.5,
}  # fmt: skip
MIXING = {
    "M@": lambda u: MIX @ u, "@M": lambda u: u @ MIX, "cumsum": o.cumsum, "flip": o.flip, "[::-1]": lambda u: u[::-1] * 0.5,
    "-max": lambda u: u - o.max(u), "*sum": lambda u: u * o.sum(u), "softmax": o.softmax, "+norm": lambda u: o.norm(u) + u,
    "sort": o.sort, "stack": lambda u: o.stack(u[0], u[2] / 2.0, u[0] * u[1]), "stack@": lambda u: o.stack(u, u) @ u @ MIX[:2],
}  # fmt: skip
BINARY = {
    "+": lambda u, v: u + v, "-": lambda u, v: u - v, "*": lambda u, v: u * v, "/": lambda u, v: u / v, "max": o.maximum,
    "*still": lambda u, v: u * o.stop_gradient(v),
}  # fmt: skip
QUESTIONS = {
    "> 0": lambda u: u > 0.0, "< 1": lambda u: u < 1.0, "== 0": lambda u: u == 0.0, "finite": o.isfinite,
}  # fmt: skip


class InGraph:
    """Loops, choices and blocks as single nodes."""

    scan: Any = staticmethod(bl.scan)
    cond: Any = staticmethod(bl.cond)
    block: Any = staticmethod(bl.checkpoint)
    until: Any = staticmethod(bl.while_loop)

    @staticmethod
    def total(kept: Any, f: Any = lambda z: z) -> Any:
        return o.sum(f(kept), axis=0)


class WrittenOut:
    """The same with Python's `for`, `if` and `while`."""

    @staticmethod
    def scan(step: Any, carry: Any, xs: Any = None, length: int | None = None, *, reverse: bool = False) -> Any:
        count = len(xs) if length is None else length
        kept: list[Any] = [None] * count
        for k in range(count - 1, -1, -1) if reverse else range(count):
            carry, kept[k] = step(carry, None if xs is None else xs[k])
        return carry, kept

    @staticmethod
    def total(kept: Any, f: Any = lambda z: z) -> Any:
        first, *rest = map(f, kept)
        return sum(rest, first)

    @staticmethod
    def cond(p: Any, yes: Any, no: Any, *xs: Any) -> Any:
        return yes(*xs) if bool(p) else no(*xs)

    @staticmethod
    def block(f: Any) -> Any:
        return f

    @staticmethod
    def until(test: Any, step: Any, carry: Any) -> Any:
        while bool(test(carry)):
            carry = step(carry)
        return carry


def variable(name: str) -> Formula:
    return Formula(name, lambda v, by: v[name])


def number(c: float) -> Formula:
    return Formula(f"{c}", lambda v, by: c + 0.0 * o.stop_gradient(v["r"]))


def applied(name: str, u: Formula) -> Formula:
    return Formula(f"{name}({u})", lambda v, by: UNARY[name](u(v, by)))


def mixed(name: str, u: Formula) -> Formula:
    return Formula(f"{name}({u})", lambda v, by: MIXING[name](z) if (z := u(v, by)).ndim else 0.5 * z)


def joined(name: str, u: Formula, w: Formula) -> Formula:
    return Formula(f"({u} {name} {w})", lambda v, by: BINARY[name](u(v, by), w(v, by)))


def where(name: str, asked: Formula, u: Formula, w: Formula) -> Formula:
    return Formula(f"where({asked} {name}, {u}, {w})", lambda v, by: o.where(QUESTIONS[name](asked(v, by)), u(v, by), w(v, by)))


def choice(name: str, asked: Formula, u: Formula, w: Formula) -> Formula:
    def made(v: Any, by: Any) -> Any:
        p = o.all(QUESTIONS[name](asked(v, by)))
        return by.cond(p, lambda a: u({**v, "a": a}, by), lambda a: w({**v, "a": a}, by), v["a"])

    return Formula(f"cond({asked} {name}, {u}, {w})", made)


def block(u: Formula) -> Formula:
    return Formula(f"block({u})", lambda v, by: by.block(lambda a: u({**v, "a": a}, by))(v["a"]))


def loop(steps: int, inner: Formula, kept: Formula, start: Formula, ends: bool) -> Formula:
    def made(v: Any, by: Any) -> Any:
        step = lambda c, _: (inner({**v, "a": c}, by), kept({**v, "a": c}, by))
        end, all_kept = by.scan(step, start(v, by), length=steps)
        return end if ends else by.total(all_kept)

    return Formula(f"scan[{steps}](a = {start}; {inner}, {kept})[{0 if ends else 1}]", made)


def until(steps: int, inner: Formula, start: Formula) -> Formula:
    def made(v: Any, by: Any) -> Any:
        return by.until(lambda c: c[1] < steps, lambda c: (inner({**v, "a": c[0]}, by), c[1] + 1), (start(v, by), 0))[0]

    return Formula(f"while[{steps}](a = {start}; {inner})", made)


LEAVES = st.one_of(st.sampled_from(["a", "a", "b", "x", "r"]).map(variable), st.sampled_from([2.0, 0.0]).map(number))


def grown(inner: Any) -> Any:
    return st.one_of(
        st.builds(applied, st.sampled_from(sorted(UNARY)), inner),
        st.builds(mixed, st.sampled_from(sorted(MIXING)), inner),
        st.builds(joined, st.sampled_from(sorted(BINARY)), inner, inner),
        st.builds(where, st.sampled_from(sorted(QUESTIONS)), inner, inner, inner),
        st.builds(choice, st.sampled_from(sorted(QUESTIONS)), inner, inner, inner),
        st.builds(block, inner),
        st.builds(loop, st.integers(1, 3), inner, inner, inner, st.booleans()),
        st.builds(until, st.integers(0, 2), inner, inner),
    )


FORMULAS = st.recursive(LEAVES, grown, max_leaves=6)
POINTS = st.sampled_from(NUMBERS)


@dataclass(frozen=True)
class Case:
    """A loop that carries two, keeps one and has a fixed operand, what is done before and after it, and a point."""

    before: tuple[str, str, str, str]  # on the way to each operand
    steps: tuple[Formula, Formula, Formula]
    after: Formula
    weights: tuple[float, float, float]  # of the two ends and of what was kept, in the result; 0: nobody uses it
    reverse: bool
    point: tuple[Any, Any, Any, Any]  # fixed, the two starts, the sequence

    def __call__(self, by: Any) -> Callable[..., Any]:
        def f(*operands: Any) -> Any:
            r, a, b, xs = (UNARY[name](x) for name, x in zip(self.before, operands, strict=True))

            def step(carry: Any, x: Any) -> Any:
                v = {"r": r, "a": carry[0], "b": carry[1], "x": x}
                first, second, kept = (formula(v, by) for formula in self.steps)
                return (first, second), kept

            ends, kept = by.scan(step, (a, b), xs, reverse=self.reverse)
            after = lambda z: self.after({"a": z, "r": z}, by)
            used = [after(z) * w for z, w in zip(ends, self.weights, strict=False) if w]
            used += [by.total(kept, after) * w for w in self.weights[2:] if w]
            return o.sum(sum(used[1:], used[0]))

        return f


def points(shape: tuple[int, ...]) -> Any:
    def array(numbers: list[float]) -> Any:
        return np.array(numbers).reshape(shape)[()]

    one = st.lists(POINTS, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))).map(array)
    return st.tuples(one, one, one, st.lists(one, min_size=1, max_size=3).map(np.array))


WEIGHTS = st.sampled_from([(1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.5, 0.25), (0.0, 1.0, 1.0)])
BEFORE = st.sampled_from([*sorted(UNARY), *["half"] * len(UNARY)])
AFTER = st.one_of(
    st.just(variable("a")), st.builds(applied, st.sampled_from(sorted(UNARY)), st.just(variable("a"))),
    st.builds(where, st.sampled_from(sorted(QUESTIONS)), st.just(variable("a")), st.just(variable("a")), st.just(number(0.0))),
)  # fmt: skip
CASES = st.sampled_from([(), (3,)]).flatmap(
    lambda shape: st.builds(
        Case, st.tuples(*[BEFORE] * 4), st.tuples(FORMULAS, FORMULAS, FORMULAS), AFTER, WEIGHTS, st.booleans(), points(shape)
    )
)


def same(found: Any, wanted: Any) -> None:
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)


def directions(point: Any, seed: int) -> Any:
    draw = np.random.default_rng(seed)
    return tuple([draw.normal(size=np.shape(p))[()] for p in point])


def gradient(f: Any, point: Any) -> Any:
    return bl.grad(f, (0, 1, 2, 3))(*point)


def tangents(f: Any, point: Any) -> Any:
    some = [bl.jvp(f, point, directions(point, seed))[1] for seed in (1, 2)]
    alone = [(f, *k) for k in ((0,), (1, 2), (3,))]  # only some of the arguments move
    for _, *moving in alone:
        g = lambda *xs, moving=moving: f(*[xs[moving.index(k)] if k in moving else p for k, p in enumerate(point)])
        chosen = tuple(point[k] for k in moving)
        some.append(bl.jvp(g, chosen, directions(chosen, 3))[1])
    return some


def second(f: Any, point: Any) -> Any:
    weights = directions(point, 4)
    along = lambda *xs: sum(o.sum(g * w) for g, w in zip(bl.grad(f, (0, 1, 2, 3))(*xs), weights, strict=True))
    return bl.grad(along, (0, 1, 2, 3))(*point)


def second_by_tangents(f: Any, point: Any) -> Any:
    return bl.jvp(lambda *xs: bl.grad(f, (0, 1, 2, 3))(*xs), point, directions(point, 5))[1]


def tangent_of_tangent(f: Any, point: Any) -> Any:
    return [bl.jvp(lambda *xs: bl.jvp(f, xs, directions(point, 6))[1], point, directions(point, 7))[1]]


MODES = {
    "reverse": gradient, "forward": tangents, "reverse over reverse": second, "forward over reverse": second_by_tangents,
    "forward over forward": tangent_of_tangent,
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=40)
@given(CASES)
def test_a_loop_is_its_steps_written_out(mode: str, case: Case):
    with np.errstate(all="ignore"):
        same(MODES[mode](case(InGraph), case.point), MODES[mode](case(WrittenOut), case.point))


ZERO = 0.0


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        # what a loop is given is a root at 0: the branch with it is not taken at any step
        (lambda x: bl.scan(lambda c, _: (o.where(x > 0.0, c, 1.0), None), o.sqrt(x), length=2)[0], 0.0),
        (lambda x: bl.while_loop(lambda c: c[1] < 2, lambda c: (o.where(x > 0.0, c[0], 1.0), c[1] + 1), (o.sqrt(x), 0))[0], 0.0),
        (lambda x: o.sum(bl.scan(lambda c, r: (c, o.where(r > 0.0, r, c)), 1.0, o.sqrt(o.stack(x, x + 4.0)))[1]), 0.25),
        (lambda x: bl.checkpoint(lambda a: o.where(x > 0.0, a, 0.0))(o.sqrt(x)), 0.0),
        (lambda x: bl.cond(x > 0.0, lambda a, b: a, lambda a, b: b, o.sqrt(x), 3.0 * x), 3.0),
        # no step is taken, and a step would forget what it began with
        (lambda x: bl.while_loop(lambda c: c > 0.5, lambda c: 0.5 + 0.0 * o.stop_gradient(c), 3.0 * x), 3.0),
        (lambda x: bl.while_loop(lambda c: c > 0.5, lambda c: 0.5 + 0.0 * o.stop_gradient(c), 3.0 * x + 1.0), 0.0),
        # nobody uses the end of the carry, or it does not move at the start: nothing is multiplied there
        (lambda x: bl.scan(lambda c, _: (o.log(c), c), x + 1.0, length=2)[1][0], 1.0),
        (lambda x: bl.scan(lambda c, _: (o.sqrt(c) + x, None), 0.0, length=1)[0], 1.0),
        # the root is taken: there is no derivative, and none is made up
        (lambda x: bl.scan(lambda c, _: (c * c, None), o.sqrt(x), length=1)[0], np.nan),
        (lambda x: bl.cond(x >= 0.0, lambda a: a * a, lambda a: a, o.sqrt(x)), np.nan),
    ],
)  # fmt: skip
def test_a_branch_that_is_not_taken_has_no_say_inside_and_around_loops(f: Any, slope: float):
    with np.errstate(all="ignore"):
        same([bl.grad(f)(ZERO), bl.jvp(f, (ZERO,), (1.0,))[1]], [slope, slope])
        same([bl.vmap(bl.grad(f))(np.array([ZERO, ZERO]))], [[slope, slope]])
        same([bl.compile(bl.grad(f))(ZERO)], [slope])
