"""Random graphs of sizes that are shared out among threads, compiled: a law for the suite, and a search by hand.

    python -m tests.run.native.sizes 0 500          graphs number 0 to 499

Each with its gradients is computed on one, two and three threads, which must agree to the last bit, and beside the reference
machine in float64. Axes of 1 and of a few more numbers than a vector holds are drawn as often as long ones. What is no fault:
float32 of what is chaotic, such as a sine of a sum of thousands.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import backlight as bl
from backlight import errors, ops
from backlight.bench.ours import descent, training, types_of
from backlight.run.emit import pipelined, sparse
from backlight.run.native.looped import compile_steps
from backlight.run.native.threads import threads

CLOSE = {"float64": 1e-8, "float32": 1e-2}  # relative to the largest number of a result, or to a thousandth of that of all results
WORK = 2e7  # products of numbers, more of which take long
Made = tuple[Callable[..., Any], list[tuple[int, ...]]]
UNARY = [
    ops.sin, ops.cos, ops.tanh, ops.exp, ops.expm1, ops.log1p, ops.sigmoid, ops.softplus, ops.gelu, ops.erf, ops.sinh, ops.atan,
    ops.asinh, ops.sqrt, ops.square, ops.abs, ops.relu, ops.cbrt, ops.silu, ops.mish,
]  # fmt: skip
LAYERS: list[Callable[[Any], Any]] = [
    ops.relu, ops.tanh, ops.sigmoid, ops.gelu, lambda x: x, ops.square, lambda x: ops.softmax(x, axis=1),
    lambda x: ops.where(x > 0.0, x, 0.1 * x), lambda x: x - ops.mean(x, axis=0, keepdims=True),
    lambda x: x / (1.0 + ops.sum(ops.abs(x), axis=1, keepdims=True)),
]  # fmt: skip

MASKS: list[Callable[[Any], Any]] = [
    lambda x: x, lambda x: x, ops.relu, lambda x: ops.where(x > 0.5, x, 0.0), lambda x: ops.maximum(0.0, x + 1.0),
]  # fmt: skip


class Draw:
    """Numbers by chance."""

    def __init__(self, number: int) -> None:
        self.random = np.random.default_rng(number)

    def whole(self, low: int, high: int) -> int:
        return int(self.random.integers(low, high + 1))

    def size(self, most: float = 9.5) -> int:
        """1 to 2^most, as often from 1 to 2 as from 256 to 512."""
        return int(2 ** self.random.uniform(0, most))

    def one(self, of: list[Any]) -> Any:
        return of[self.whole(0, len(of) - 1)]

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)


def product(draw: Draw) -> Made:
    m, k, n = draw.size(), draw.size(10.5), draw.whole(1, 40) if draw.chance(0.3) else draw.size()
    m = max(1, min(m, int(WORK / k / n)))
    turned, other = draw.chance(0.35), draw.chance(0.35)
    row = draw.chance(0.5)
    left, right = draw.one(MASKS), draw.one(MASKS)
    if draw.chance(0.5):  # whole vectors
        m, n = (max(16, size // 16 * 16) for size in (m, n))
    after: Callable[[Any, Any], Any] = draw.one([
        lambda p, v: p, lambda p, v: ops.relu(p + v), lambda p, v: ops.where(v > 0.0, p, 0.0),
        lambda p, v: ops.square(p) * 0.01 - v, lambda p, v: ops.sum(p * v, axis=0), lambda p, v: ops.sum(p, axis=1) * 0.1,
    ])  # fmt: skip

    def function(a: Any, b: Any, v: Any) -> Any:
        a, b = left(a), right(b)
        return ops.sum(after((a.T if turned else a) @ (b.T if other else b), v))

    return function, [(k, m) if turned else (m, k), (n, k) if other else (k, n), (n,) if row else (m, n)]


def network(draw: Draw) -> Made:
    layers = draw.whole(1, 3)
    sizes = [draw.size() for _ in range(layers + 1)]
    if draw.chance(0.5):  # whole vectors
        sizes = [max(16, size // 16 * 16) for size in sizes]
    rows = max(1, min(draw.size(), int(WORK / sum(a * b for a, b in itertools.pairwise(sizes)))))
    steps = [(draw.one(LAYERS), draw.chance(0.7)) for _ in range(layers)]

    def function(x: Any, y: Any, *weights: Any) -> Any:
        h = x
        for k, (step, bias) in enumerate(steps):
            h = h @ (weights[2 * k] * sizes[k] ** -0.5)
            h = step(h + weights[2 * k + 1] if bias else h)
        return ops.sum(ops.square(h - y)) * (1.0 / rows)

    shapes = [shape for k in range(layers) for shape in [(sizes[k], sizes[k + 1]), (sizes[k + 1],)]]
    return function, [(rows, sizes[0]), (rows, sizes[-1]), *shapes]


def convolution(draw: Draw) -> Made:
    groups = draw.one([1, 1, 1, 2, 3])
    inside, outside = groups * draw.whole(1, 5), groups * draw.whole(1, 6)
    h, w, kh, kw = draw.whole(4, 28), draw.whole(4, 28), draw.whole(1, 4), draw.whole(1, 4)
    settings = {"padding": draw.whole(0, 3), "stride": draw.whole(1, 3), "dilation": draw.whole(1, 2), "groups": groups}
    pool = draw.chance(0.4)

    def function(x: Any, kernel: Any) -> Any:
        y = ops.tanh(ops.conv2d(x, kernel, **settings))
        return ops.sum(ops.max_pool2d(y) if pool and min(y.shape[2:]) > 1 else y)

    return function, [(draw.whole(1, 12), inside, h, w), (outside, inside // groups, kh, kw)]


def letters(draw: Draw) -> Made:
    known = "abcde"[: draw.whole(2, 5)]
    sizes = {x: draw.one([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 32, 33, 48]) for x in known}
    words = ["".join(draw.random.permutation([x for x in known if draw.chance(0.75)] or ["a"])) for _ in range(2)]
    kept = "".join(draw.random.permutation([x for x in sorted(set("".join(words))) if draw.chance(0.5)]))
    text = f"{words[0]},{words[1]}->{kept}"
    return lambda x, y: ops.sum(ops.tanh(ops.einsum(text, x, y) * 0.1)), [tuple(sizes[x] for x in word) for word in words]


def attention(draw: Draw) -> Made:
    width = draw.whole(2, 40)

    def function(q: Any, k: Any, v: Any) -> Any:
        weights = ops.softmax(ops.matmul(q, ops.swapaxes(k, -1, -2)) * width**-0.5, axis=-1)
        return ops.sum(ops.square(weights @ v))

    return function, [(draw.whole(1, 6), draw.whole(1, 4), draw.whole(2, 90), width)] * 3


def folds(draw: Draw) -> Made:
    shape = tuple(draw.one([1, 1, 2, 3, 5, 8, 16, 17, 33, 64, 100, 257, 1000, 5000]) for _ in range(draw.whole(1, 4)))
    while np.prod(shape) > 2e5:
        shape = shape[:-1]
    axis, keep, kind = draw.whole(0, len(shape) - 1), draw.chance(0.5), draw.whole(0, 8)
    before: Callable[[Any], Any] = draw.one([lambda v: v, ops.tanh, ops.square, lambda v: ops.exp(-ops.square(v))])
    fold: Callable[[Any], Any] = [
        lambda v: ops.sum(v, axis=axis, keepdims=keep), lambda v: ops.max(v, axis=axis, keepdims=keep),
        lambda v: ops.mean(v, axis=axis, keepdims=keep), lambda v: ops.logsumexp(v, axis=axis, keepdims=keep),
        lambda v: ops.cumsum(v, axis=axis), lambda v: ops.softmax(v, axis=axis), lambda v: ops.flip(v, axis=axis),
        lambda v: ops.sum(v, axis=tuple(range(axis + 1)), keepdims=keep), lambda v: ops.var(v, axis=axis, keepdims=keep),
    ][kind]  # fmt: skip

    def function(x: Any, y: Any) -> Any:
        z = before(x * y + ops.sin(x))
        found = fold(z)
        rest = ops.sum(ops.square(z - found)) * (1.0 / z.size) if keep and kind in {0, 2, 3} else 0.0
        return ops.sum(ops.sin(found)) * (1.0 / found.size) + rest

    return function, [shape, tuple(1 if draw.chance(0.4) else n for n in shape)]


def places(draw: Draw) -> Made:
    shape = (draw.size(11), draw.size(7))
    rows = draw.random.integers(0, shape[0], draw.size(11))
    kind = draw.whole(0, 4)

    def function(x: Any, y: Any) -> Any:
        z = ops.tanh(x) * y
        found = [
            lambda: ops.gather(z, rows, axis=0), lambda: ops.sort(z, axis=0), lambda: ops.index(z, key=("::-1", "::2")),
            lambda: ops.concat(z, x, axis=0), lambda: ops.roll(z, shift=3, axis=0),
        ][kind]()  # fmt: skip
        return ops.sum(ops.square(found)) * 0.1

    return function, [shape, shape]


def expression(draw: Draw) -> Made:
    links = [(draw.one(UNARY), draw.whole(0, 3)) for _ in range(draw.whole(2, 5))]
    shape = draw.one([(400,), (1000,), (8197,), (60000,), (7, 900), (200, 300)])

    def function(x: Any, y: Any) -> Any:
        z = x
        for f, how in links:
            new = f(z)
            z = [new, new * x, new + z, ops.where(x > 0.3, new, y)][how]
        return ops.mean(ops.tanh(z))

    return function, [shape, shape[-1:] if draw.chance(0.5) else shape]


KINDS = [product, network, convolution, letters, attention, folds, places, expression]


def flat(found: Any) -> list[np.ndarray]:
    return [np.asarray(found[0]), *map(np.asarray, found[1])]


@contextmanager
def limits(steps: int, work: int, rows: int) -> Iterator[None]:
    """Loops of fewer steps are no pipelines; products of less work, or of fewer rows, leave out no zeros. No code is from disk."""
    before = pipelined.STEPS, sparse.WORK, sparse.LOW
    pipelined.STEPS, sparse.WORK, sparse.LOW = steps, work, rows
    cache = os.environ.get("BACKLIGHT_CACHE")
    os.environ["BACKLIGHT_CACHE"] = "off"
    try:
        yield
    finally:
        pipelined.STEPS, sparse.WORK, sparse.LOW = before
        del os.environ["BACKLIGHT_CACHE"]
        if cache is not None:
            os.environ["BACKLIGHT_CACHE"] = cache


def difference(number: int) -> str | None:
    """What is wrong with the graph of this number, compiled; None if nothing is."""
    draw = Draw(number)
    kind = KINDS[number % len(KINDS)]
    function, shapes = kind(draw)
    dtype = draw.one(["float32", "float64"])
    values = [draw.random.normal(size=shape).astype(dtype) for shape in shapes]
    both = bl.value_and_grad(function, tuple(range(len(values))))
    title = f"{number}: {kind.__name__} of {shapes}, {dtype}"
    try:
        wanted = flat(both(*(x.astype("float64") for x in values)))
    except errors.BacklightError:  # a kernel larger than its picture
        return None
    if not all(np.isfinite(x).all() for x in wanted):
        return None
    with limits(pipelined.STEPS, 30_000, 8):
        found = on_threads(both, values)
    with limits(10**9, 10**18, 1):
        found += on_threads(both, values)[:1]
    for count, others in zip(("two threads", "three threads", "plain loops"), found[1:], strict=True):
        if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(found[0], others, strict=True)):
            return f"{title}: other bits on {count}"
    least = 1e-3 * max(np.abs(x).max(initial=0.0) for x in wanted)
    for k, (one, other) in enumerate(zip(found[0], wanted, strict=True)):
        size = max(np.abs(other).max(initial=0.0), least, 1e-30)
        if one.shape != other.shape or not np.abs(one - other).max(initial=0.0) <= CLOSE[dtype] * size:
            return f"{title}: result {k} is off by {np.abs(one - other).max() / size:.3g}"
    return None


def on_threads(both: Callable[..., Any], values: list[np.ndarray]) -> list[list[np.ndarray]]:
    """What it gives on one, two and three threads."""
    before, compiled, found = threads(), bl.compile(both), []
    try:
        for count in (1, 2, 3):
            threads(count)
            found.append(flat(compiled(*values)))
    finally:
        threads(before)
    return found


def of_minibatches(number: int) -> str | None:
    """What is wrong with a loop of training steps whose minibatches are gathered inside; None if nothing is."""
    draw = Draw(number)
    batch, sizes, dtype = draw.size(6), [draw.size(), draw.size(6), draw.size(5)], draw.one(["float32", "float64"])
    count, more, bent = draw.whole(batch, 200), draw.chance(0.2), draw.one([ops.tanh, ops.relu])
    x, y = ((draw.random.normal(size=(count, n)) * 0.3).astype(dtype) for n in (sizes[0], sizes[2]))
    weights = {"w": (sizes[0], sizes[1]), "b": (sizes[1],), "v": (sizes[1], sizes[2])}
    start = {name: (draw.random.normal(size=shape) * 0.1).astype(dtype) for name, shape in weights.items()}

    def loss(x: Any, y: Any, w: Any, b: Any, v: Any) -> Any:
        return ops.sum(ops.square(bent(x @ w + b) @ v - y)) * 0.05 + (ops.sum(x) if more else 0.0)

    graph, becomes, out = training(loss, types_of(x=x[:batch], y=y[:batch], **start), list(start), descent(0.01))
    order = draw.random.integers(0, count, (draw.whole(1, 5), batch))
    before, found = threads(), []
    try:
        with limits(pipelined.STEPS, 30_000, 8):
            for number_of in (1, 2, 3):
                threads(number_of)
                state, (losses,) = compile_steps(graph, becomes, ["x", "y"], [out])(order, x=x, y=y, **start)
                found.append([state[name] for name in start] + [losses])
    finally:
        threads(before)
    single, state, losses = compile_steps(graph, becomes, [], [out]), dict(start), []
    for rows in order:
        state, (one,) = single(1, x=x[rows], y=y[rows], **{name: state[name] for name in start})
        losses.append(one[0])
    found.append([state[name] for name in start] + [np.array(losses)])
    for how, others in zip(("two threads", "three threads", "steps one by one"), found[1:], strict=True):
        if not all(np.array_equal(a, b) for a, b in zip(found[0], others, strict=True)):
            return f"{number}: minibatches of {batch}, {sizes}, {dtype}: other bits on {how}"
    return None


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    np.seterr(all="ignore")
    laws = (difference, of_minibatches)
    wrong = [text for number in range(first, first + count) for law in laws if (text := law(number)) is not None]
    sys.stdout.write("\n".join([*wrong, f"{len(wrong)} of {count} graphs and as many loops of steps are wrong\n"]))
