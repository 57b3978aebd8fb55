import numpy as np
import pytest

import backlight as bl
from backlight import errors, ops
from backlight.run.native.looped import Looped
from backlight.run.native.stepped import Stepped


def loss(p, x, y):
    return ops.sum(ops.square(ops.sigmoid(x @ p["w"] + p["b"]) - y))


def step(p, x, y):
    value, slopes = bl.value_and_grad(loss)(p, x, y)
    return {k: p[k] - 0.1 * slopes[k] for k in p}, value


def layer(dtype="float64"):
    random = np.random.default_rng(3)
    p = {"w": random.normal(size=(3, 2)).astype(dtype), "b": np.zeros(2, dtype)}
    return p, random.normal(size=(20, 3)).astype(dtype), random.random((20, 2)).astype(dtype)


def by_hand(p, x, y, order):
    w, b, losses = p["w"].astype("float64"), p["b"].astype("float64"), []
    for rows in order:
        z = 1 / (1 + np.exp(-(x[rows] @ w + b)))
        losses.append(((z - y[rows]) ** 2).sum())
        delta = 2 * (z - y[rows]) * z * (1 - z)
        w, b = w - 0.1 * x[rows].T @ delta, b - 0.1 * delta.sum(0)
    return w, b, losses


@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-12), ("float32", 1e-4)])
def test_steps_with_minibatches_give_what_the_same_steps_give_by_hand(dtype, close):
    p, x, y = layer(dtype)
    before = {k: v.copy() for k, v in p.items()}
    order = np.random.default_rng(4).integers(0, 20, (7, 4))
    train = bl.compile(step, batch=["x", "y"])
    w, b, wanted = by_hand(p, x.astype("float64"), y.astype("float64"), order)
    for _ in range(2):
        after, losses = train(p, x, y, order=order)
        assert set(after) == {"w", "b"}
        assert after["w"].dtype == dtype
        assert np.allclose(after["w"], w, close, close)
        assert np.allclose(after["b"], b, close, close)
        assert np.allclose(losses, wanted, close, close)
    assert isinstance(train.latest.run, Looped)
    assert all(np.array_equal(p[k], before[k]) for k in p), "what was given is not written to"
    after, losses = train(p, x, y, order=order[:3])
    assert np.allclose(losses, wanted[:3], close, close)


def test_an_order_without_steps_leaves_the_state_as_it_was():
    p, x, y = layer()
    train = bl.compile(step, batch=["x", "y"])
    for rows in (x, x[:0]):
        after, losses = train(p, rows, y[: len(rows)], order=np.zeros((0, 4), int))
        assert np.array_equal(after["w"], p["w"])
        assert losses.shape == (0,)


def test_steps_on_all_the_data_at_once():
    p, x, y = layer()
    after, losses = bl.compile(step, steps=5)(p, x, y)
    w, b, wanted = by_hand(p, x, y, [slice(None)] * 5)
    assert np.allclose(losses, wanted, 1e-12)
    assert np.allclose(after["w"], w, 1e-12)
    assert np.allclose(after["b"], b, 1e-12)
    same, none = bl.compile(step, steps=0)(p, x, y)
    assert np.array_equal(same["w"], p["w"])
    assert none.shape == (0,)


def test_a_state_may_be_one_number_and_a_step_may_have_no_result():
    assert bl.compile(lambda x: x * 0.5, steps=4)(16.0) == 1.0
    assert bl.compile(lambda x: (x * 0.5, {"seen": x}), steps=3)(16.0)[1]["seen"].tolist() == [16.0, 8.0, 4.0]
    assert bl.compile(lambda s: (s[1], s[0] + s[1]), steps=10)((0.0, 1.0)) == (55.0, 89.0)
    assert bl.compile(lambda s: {"x": s["x"] + s["by"], "by": s["by"]}, steps=3)({"x": 0.0, "by": 2.0}) == {"x": 6.0, "by": 2.0}


def test_what_only_the_reference_machine_knows_is_called_step_by_step():
    def turned(state):
        return {"a": ops.inv(state["a"]) + 0.5}, ops.det(state["a"])

    a = np.array([[2.0, 0.3], [0.1, 1.0]])
    f = bl.compile(turned, steps=3)
    after, dets = f({"a": a})
    assert isinstance(f.latest.run, Stepped)
    wanted = []
    for _ in range(3):
        wanted.append(np.linalg.det(a))
        a = np.linalg.inv(a) + 0.5
    assert np.allclose(dets, wanted)
    assert np.allclose(after["a"], a)


def test_G13_steps_that_watch_say_in_which_step_a_number_is_not_finite():
    f = bl.compile(lambda x: ops.log(x) * 1.0, steps=5, watch="nan")
    with pytest.raises(errors.NotFiniteError) as caught:
        f(10.0)  # log 10 = 2.3, log 2.3 = 0.83, and the logarithm of what is then below 0 is NaN
    line = f.function.__code__.co_firstlineno
    where = f"({__file__}, line {line})"
    assert str(caught.value) == f"steps: in step 4: node 1 (log) {where} is nan: it is the first that is not finite"


def adam(state, slope, factor):
    m, v = 0.9 * state["m"] + 0.1 * slope, 0.5 * state["v"] + slope * slope
    return {"w": state["w"] - 0.1 * m / (ops.sqrt(v) * factor + 1e-8), "m": m, "v": v}


def adam_as_in_pytorch(state, slope, root):
    m, v = 0.9 * state["m"] + 0.1 * slope, 0.5 * state["v"] + slope * slope
    return {"w": state["w"] - 0.1 * m / (ops.sqrt(v) / root + 1e-8), "m": m, "v": v}


def watch_adam(slope, correction, v=0.0, **settings):
    state = {"w": np.ones((3, 40)), "m": np.zeros((3, 40)), "v": np.full((3, 40), v)}
    f = bl.compile(lambda state, slope, c: adam(state, slope, 1.0 / c), steps=3, **settings)
    return f(state, np.full((3, 40), slope), correction)


@pytest.mark.parametrize(("slope", "correction", "v", "at"), [
    (1e160, 1.0, 0.0, "node 14 (mul) (FILE, line 1) is inf at [0, 0], and 119 more"),  # divided by √∞, w stays what it was
    (1.0, 0.0, 0.0, "node 6 (div) (FILE, line 12) is inf"),  # nothing in memory is infinite, what is divided by is
    (1.0, -0.0, 0.0, "node 6 (div) (FILE, line 12) is -inf"),
    (1.0, 1.0, -16.0, "node 18 (sqrt) (FILE, line 2) is nan at [0, 0], and 119 more"),  # a division hides no NaN
    (1.0, 1.0, np.inf, "node 2 (input 'state.v') (FILE, line 13) is inf at [0, 0], and 119 more"),
])  # fmt: skip
def test_G13_an_infinity_that_is_divided_by_is_found_where_only_its_square_lies_in_memory(slope, correction, v, at):
    with pytest.raises(errors.NotFiniteError) as caught:
        watch_adam(slope, correction, v, watch="nan")
    first = adam.__code__.co_firstlineno
    for line in (1, 2, 12, 13):
        at = at.replace(f"FILE, line {line})", f"{__file__}, line {first + line})")
    assert str(caught.value) == f"steps: in step 1: {at}: it is the first that is not finite"


@pytest.mark.parametrize("correction", [0.5, 1e-160])  # 1e160 times the largest root is infinite, and what is computed is not
def test_G13_finite_steps_of_adam_pass_a_watch(correction):
    wanted, found = watch_adam(0.25, correction), watch_adam(0.25, correction, watch="nan")
    for key in wanted:
        assert np.array_equal(found[key], wanted[key])


@pytest.mark.parametrize("batch", [False, True])
def test_G13_steps_that_were_looked_at_again_hide_no_later_step(batch):
    def step(state, slope):
        after = adam(state, ops.sum(slope, axis=0), 1e160)  # times the largest root infinite, times these roots not
        return {**after, "grown": state["grown"] * 1e90}, ops.log(state["grown"])

    state = {**{k: np.ones(40) for k in "wmv"}, "grown": np.array(1.0)}
    slope, order = np.ones((2, 40)), np.zeros((6, 2), int)
    f = bl.compile(step, watch="nan", **({"batch": ["slope"]} if batch else {"steps": 6}))
    with pytest.raises(errors.NotFiniteError) as caught:
        f(state, slope, **({"order": order} if batch else {}))
    where = f"({__file__}, line {step.__code__.co_firstlineno + 2})"
    found = f"steps: in step 4: node 25 (mul) {where} is inf: it is the first that is not finite"  # 1e270 · 1e90
    assert str(caught.value) == found
    shorter, logs = f(state, slope, order=order[:3]) if batch else bl.compile(step, watch="nan", steps=3)(state, slope)
    plain, same = bl.compile(step, steps=3)(state, slope)
    assert np.array_equal(logs, same)
    assert all(np.array_equal(shorter[k], plain[k]) for k in plain)


@pytest.mark.parametrize("update", [adam, adam_as_in_pytorch])
def test_G13_a_watch_of_what_adam_divides_by_writes_nothing_more(update):
    def stores(**settings):
        f = bl.compile(lambda s, x, y, c: update(s, x.T @ y, c), steps=1, **settings)
        f({k: np.ones((512, 512), np.float32) for k in "wmv"}, *np.ones((2, 128, 512), np.float32), np.float32(0.5))
        return f.listing()

    def written(listing):
        return [line for line in listing.split("loop")[0].splitlines() if "(512, 1)] = v" in line]

    assert len(written(stores())) == len(written(stores(watch="nan"))) > 0


LARGEST_ROOT = float(np.sqrt(np.finfo(float).max))


@pytest.mark.parametrize(("divisor", "u", "c", "wrong"), [
    (lambda v, c: ops.sqrt(v) / c, 1.0, 0.0, "node 5 (div) {} is inf at [0], and 2 more"),
    (lambda v, c: c / ops.sqrt(v), 0.0, 1.0, "node 5 (div) {} is inf at [0], and 2 more"),  # falls with v
    # the largest root leaves 0 here, and 1 leaves what is too large
    (lambda v, c: (ops.sqrt(v) - c) * 1e300, 1.0, LARGEST_ROOT, "node 7 (mul) {} is -inf at [0], and 2 more"),
    (lambda v, c: ops.sqrt(v * c), 1e100, 1e200, "node 4 (mul) {} is inf at [0], and 2 more"),  # infinite before the root
])  # fmt: skip
def test_G13_an_infinity_below_a_division_is_found_whatever_was_done_to_a_root(divisor, u, c, wrong):
    f = bl.compile(lambda u, c: (u * u, 1.0 / divisor(u * u, c)), watch="nan")
    with pytest.raises(errors.NotFiniteError) as caught:
        f(np.full(3, u), c)
    where = f"({__file__}, line {divisor.__code__.co_firstlineno})"
    assert str(caught.value) == f"{wrong.format(where)}: it is the first that is not finite"


def test_the_listing_and_the_places_are_those_of_one_step():
    f = bl.compile(lambda x: x * x + 1.0, steps=2)
    with pytest.raises(errors.GraphError, match=r"^listing: nothing is compiled yet: call the function once$"):
        f.listing()
    assert f(1.0) == 5.0
    assert f.listing().startswith("  0 once    %1 mul; %3 add\n")
    assert f.where() == {0: (), 1: (0,), 2: (), 3: (0,)}
    assert len(f.graph) == 4


def rows(*shape):
    return np.zeros(shape, int)


@pytest.mark.parametrize(("settings", "args", "named", "error", "message"), [
    ({"steps": 2}, (), {}, errors.InputError, "steps: a step needs a state, its first argument"),
    ({"batch": ["x"]}, ("p", "x", "y"), {}, errors.InputError,
     "steps: give order=…, the row numbers of each minibatch: an array of (steps, size)"),
    ({"steps": 2}, ("p", "x", "y"), {"order": rows(2, 4)}, errors.InputError,
     "steps: order is for minibatches: name their parameters, as in compile(step, batch=['x'])"),
    ({"batch": ["z"]}, ("p", "x", "y"), {"order": rows(2, 4)}, errors.InputError, "steps: batch names 'z', and the step has x, y"),
    ({"batch": ["x", "y"]}, ("p", "x", "y"), {"order": rows(4)}, errors.ShapeError,
     "steps: the order must be whole numbers, (steps, size), and it is int64 (4,)"),
    ({"batch": ["x", "y"]}, ("p", "x", "y"), {"order": rows(2, 4) + 20}, errors.ShapeError,
     "steps: the order names row 20, and 'x' has 20 rows"),
    ({"batch": ["x", "y"]}, ("p", "x", "y"), {"order": rows(2, 4) - 1}, errors.ShapeError,
     "steps: the order names row -1, and 'x' has 20 rows"),
])  # fmt: skip
def test_a_call_that_does_not_fit_is_refused(settings, args, named, error, message):
    given = dict(zip("pxy", layer(), strict=True))
    with pytest.raises(error) as caught:
        bl.compile(step, **settings)(*[given[a] for a in args], **named)
    assert str(caught.value) == message


def asks(x):
    return x * 2.0 if x < 10.0 else x


PLACE = f"{__file__}, line {asks.__code__.co_firstlineno + 1}"
OTHERWISE = "and the answer may be another one in the next step: use where, cond or while_loop"


@pytest.mark.parametrize(("function", "state", "error", "message"), [
    (lambda s: s["a"], {"a": 1.0, "b": 2.0}, errors.InputError,
     "steps: the state is a, b; the step must return the same again, or that and a result"),
    (lambda x: ops.sum(x), np.ones(3), errors.ShapeError,
     "steps: 'x' is Vector Float64 (3,), and what becomes of it is Float64 (): a step must keep the type"),
    (asks, 1.0, errors.GraphError, f"steps: the step asks for a value ({PLACE}), {OTHERWISE}"),
])  # fmt: skip
def test_a_step_that_cannot_be_looped_is_refused(function, state, error, message):
    with pytest.raises(error) as caught:
        bl.compile(function, steps=2)(state)
    assert str(caught.value) == message
