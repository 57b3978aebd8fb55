import numpy as np
import pytest

from backlight import errors, ops
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.diff.reverse import reverse
from backlight.run.emit import trial
from backlight.run.native import threads
from backlight.run.native.looped import Looped, compile_steps

SIZES = {"x": (4, 3), "y": (4, 2), "w": (3, 2), "b": (2,), "m": (3, 2)}


def step(dtype: str, momentum: bool = False) -> tuple[Graph, dict[str, int], int]:
    """One step of descent of a layer with a sigmoid; the graph, what becomes what, and the loss."""
    tape = Tape()
    x, y, w, b, m = (tape.input(name, type=Type(dtype, shape)) for name, shape in SIZES.items())
    loss = ops.sum(ops.square(ops.sigmoid(x @ w + b) - y))
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (loss.number,))
    written = reverse(graph, None, [w.number, b.number], None)
    tape = Tape()
    tape.nodes.extend(written.nodes)
    w, b, m = (tape.handle(written.number(name)) for name in "wbm")
    gw, gb = (tape.handle(written.grads[i.number]) for i in (w, b))
    speed = 0.9 * m + gw if momentum else gw
    becomes = {"w": (w - 0.1 * speed).number, "b": (b - 0.1 * gb).number}
    if momentum:
        becomes["m"] = speed.number
    return Graph(tuple(tape.nodes), written.inputs, (loss.number,)), becomes, loss.number


def by_hand(values: dict[str, np.ndarray], order: np.ndarray, momentum: bool) -> tuple[dict[str, np.ndarray], list[float]]:
    w, b, m = (values[k].copy() for k in "wbm")
    losses = []
    for rows in order:
        x, y = values["x"][rows], values["y"][rows]
        z = 1 / (1 + np.exp(-(x @ w + b)))
        losses.append(((z - y) ** 2).sum())
        delta = 2 * (z - y) * z * (1 - z)
        m = 0.9 * m + x.T @ delta if momentum else x.T @ delta
        w, b = w - 0.1 * m, b - 0.1 * delta.sum(0)
    return {"w": w, "b": b, "m": m}, losses


@pytest.mark.parametrize("momentum", [False, True])
@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-12), ("float32", 1e-4)])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_many_steps_give_what_the_same_steps_give_by_hand(dtype: str, close: float, count: int, momentum: bool) -> None:
    random = np.random.default_rng(13)
    values = {name: random.normal(size=(20, *shape[1:]) if name in "xy" else shape).astype(dtype) for name, shape in SIZES.items()}
    before = {name: value.copy() for name, value in values.items()}
    graph, becomes, loss = step(dtype, momentum)
    f = compile_steps(graph, becomes, ["x", "y"], [loss])
    order = random.integers(0, 20, (count, 4))
    state, (losses,) = f(order, **values)
    wanted, by_step = by_hand({k: v.astype(np.float64) for k, v in values.items()}, order, momentum)
    assert losses.shape == (count,)
    assert np.allclose(losses, by_step, close, close)
    for name in becomes:
        assert np.allclose(state[name], wanted[name], close, close)
    assert all(np.array_equal(values[name], before[name]) for name in values), "what was given is not written to"


def test_parameters_are_updated_where_they_lie() -> None:
    graph, becomes, loss = step("float64", True)
    f = compile_steps(graph, becomes, ["x", "y"], [loss])
    assert f.exchanged == []
    assert sum(b.role == "output" for b in f.program.buffers) == 1  # the loss


def test_a_state_that_cannot_lie_where_it_was_is_exchanged() -> None:
    tape = Tape()
    a, b = (tape.input(name, type=Type("float64", (3, 3))) for name in "ab")
    turned, product = a.T + 1.0, a @ b
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), ())
    f = compile_steps(graph, {"a": turned.number, "b": product.number})
    x, y = np.arange(9.0).reshape(3, 3), np.eye(3)
    assert len(f.exchanged) == 2
    for count in range(4):
        state, _ = f(count, a=x, b=y)
        p, q = x, y
        for _ in range(count):
            p, q = p.T + 1.0, p @ q
        assert np.array_equal(state["a"], p)
        assert np.array_equal(state["b"], q)


def layer() -> tuple[Looped, dict[str, np.ndarray]]:
    graph, becomes, loss = step("float64")
    values = {name: np.ones((20, *shape[1:]) if name in "xy" else shape) for name, shape in SIZES.items()}
    return compile_steps(graph, becomes, ["x", "y"], [loss]), values


@pytest.mark.parametrize(("order", "change", "message"), [
    ([[0, 1, 2]], {}, "steps: the order must be (steps, 4), and it is (1, 3)"),
    ([[0, 1, 2, 20]], {}, "steps: the order names row 20, and 'x' has 20 rows"),
    ([[0, 1, 2, 3]], {"w": np.ones((2, 3))}, "steps: 'w' must be (3, 2), and it is (2, 3)"),
])  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(order: object, change: dict[str, np.ndarray], message: str) -> None:
    f, values = layer()
    with pytest.raises(errors.ShapeError) as caught:
        f(order, **{**values, **change})
    assert str(caught.value) == message


def test_a_missing_input_is_named() -> None:
    f, values = layer()
    del values["b"]
    with pytest.raises(errors.InputError) as caught:
        f([[0, 1, 2, 3]], **values)
    assert str(caught.value) == "no value for b: give one, as in b=…"


def test_a_step_must_keep_the_type_of_its_state() -> None:
    graph, _, loss = step("float64")
    with pytest.raises(errors.ShapeError) as caught:
        compile_steps(graph, {"w": loss})
    assert str(caught.value) == (
        "steps: 'w' is Matrix Float64 (3, 2), and what becomes of it is Float64 (): a step must keep the type"
    )


def test_a_step_with_an_index_outside_its_axis_is_named() -> None:
    tape = Tape()
    x, i = tape.input("x", type=Type("float64", (3,))), tape.input("i", type=Type("int64", (1,)))
    moved = x + ops.gather(x, i)
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), ())
    f = compile_steps(graph, {"x": moved.number}, ["i"])
    data = {"x": np.ones(3), "i": np.array([0, 1, 7])}
    assert np.array_equal(f([[0], [1]], **data)[0]["x"], [4.0, 4.0, 4.0])
    with pytest.raises(errors.ValueError) as caught:
        f([[0], [2], [1]], **data)
    assert str(caught.value) == "steps: in step 2: gather: there is no index 7 along an axis of size 3: use -3 to 2"


@pytest.mark.parametrize(("shape", "left"), [((40, 3, 30), False), ((12, 3, 60), True)])
@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-12), ("float32", 1e-4)])
def test_an_update_goes_into_the_product_that_makes_it(shape: tuple[int, int, int], left: bool, dtype: str, close: float) -> None:
    n, k, m = shape
    tape = Tape()
    w, x, e = (tape.input(name, type=Type(dtype, s)) for name, s in (("w", (n, m)), ("x", (k, n)), ("e", (k, m))))
    after = w - 0.25 * (x.T @ (e * e))
    f = compile_steps(Graph(tuple(tape.nodes), tuple(tape.inputs), ()), {"w": after.number})
    assert [line.split("] ")[1][:2] for line in f.listing().splitlines() if " @ " in line] == ["+="]
    assert ("loop 12 × 3 " in f.listing()) == left, "the smaller operand is scaled"
    assert f.where()[after.number] == (len(f.program.instructions) - 2, len(f.program.instructions) - 1)
    random = np.random.default_rng(1)
    given = {name: random.normal(size=s).astype(dtype) for name, s in (("w", (n, m)), ("x", (k, n)), ("e", (k, m)))}
    wanted = given["w"].astype("float64")
    for _ in range(3):
        wanted = wanted - 0.25 * (given["x"].T.astype("float64") @ np.square(given["e"].astype("float64")))
    assert np.allclose(f(3, **given)[0]["w"], wanted, close, close)


def test_an_update_stays_outside_where_the_gradient_is_wanted_too() -> None:
    tape = Tape()
    w, x, e = (tape.input(name, type=Type("float64", s)) for name, s in (("w", (40, 30)), ("x", (3, 40)), ("e", (3, 30))))
    slope = x.T @ e
    after, size = w - 0.25 * slope, ops.sum(ops.square(slope))
    f = compile_steps(Graph(tuple(tape.nodes), tuple(tape.inputs), (size.number,)), {"w": after.number}, results=[size.number])
    assert "+= b" not in f.listing()
    ones = {"w": np.ones((40, 30)), "x": np.ones((3, 40)), "e": np.ones((3, 30))}
    state, (sizes,) = f(2, **ones)
    assert np.allclose(state["w"], 1 - 2 * 0.75)
    assert np.allclose(sizes, 9 * 1200)


# -- minibatches that are read where their rows lie ---------------------------------------------------------------------
def training(dtype: str, batch: int, width: int, hidden: int, more: bool = False) -> tuple[Graph, dict[str, int], list[int]]:
    """A step of descent of one layer, whose minibatch only products use; with `more` something else uses it too."""
    tape = Tape()
    shapes = {"x": (batch, width), "y": (batch, hidden), "w": (width, hidden)}
    x, y, w = (tape.input(name, type=Type(dtype, shape)) for name, shape in shapes.items())
    delta = ops.tanh(x @ w) - y
    out = ops.sum(ops.square(delta)) + (ops.sum(x) if more else 0.0)
    becomes = {"w": (w - 0.01 * (x.T @ delta)).number}
    return Graph(tuple(tape.nodes), tuple(tape.inputs), ()), becomes, [out.number]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize(("dtype", "close"), [("float64", 1e-11), ("float32", 2e-3)])
@pytest.mark.parametrize(("batch", "width", "hidden"), [(10, 784, 30), (4, 6, 5), (1, 9000, 20), (40, 600, 9), (3, 1, 5)])
def test_a_minibatch_of_products_is_read_where_its_rows_lie(
    batch: int, width: int, hidden: int, dtype: str, close: float, more: bool, count: int
) -> None:
    before = threads.threads()
    try:
        threads.threads(count)
        random = np.random.default_rng(3)
        values = {"x": random.normal(size=(50, width)) * 0.1, "y": random.normal(size=(50, hidden)),
                  "w": random.normal(size=(width, hidden)) * 0.1}
        values = {name: value.astype(dtype) for name, value in values.items()}
        graph, becomes, results = training(dtype, batch, width, hidden, more)
        f = compile_steps(graph, becomes, ["x", "y"], results)
        assert ("rows read where they lie" in f.listing()) == (not more and batch > 1 and width > 1)
        order = random.integers(0, 50, (9, batch))
        order[3] = order[2]  # rows named twice, in one step and the next
        state, (losses,) = f(order, **values)
        again = f(order, **values)
    finally:
        threads.threads(before)
    w = values["w"].astype(np.float64)
    wanted = []
    for rows in order:
        x, y = values["x"][rows].astype(np.float64), values["y"][rows]
        delta = np.tanh(x @ w) - y
        wanted.append((delta**2).sum() + (x.sum() if more else 0.0))
        w = w - 0.01 * (x.T @ delta)
    assert np.allclose(losses, wanted, close, close)
    assert np.allclose(state["w"], w, close, close)
    assert np.array_equal(state["w"], again[0]["w"])


def test_a_minibatch_that_is_a_result_too_is_copied() -> None:
    tape = Tape()
    x, w = tape.input("x", type=Type("float64", (3, 8))), tape.input("w", type=Type("float64", (8, 8)))
    made = x @ w
    changed = w + x.T @ made
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), ())
    f = compile_steps(graph, {"w": changed.number}, ["x"], [x.number, made.number])
    assert "rows read where they lie" not in f.listing()
    data = np.arange(40.0).reshape(5, 8)
    _, (rows, products) = f([[0, 4, 2]], x=data, w=np.eye(8))
    assert np.array_equal(rows[0], data[[0, 4, 2]])
    assert np.array_equal(products[0], data[[0, 4, 2]])


@pytest.mark.parametrize("steps", [trial.LEAST_STEPS - 1, trial.PERIOD + 3 * trial.TRIED])
def test_short_steps_are_tried_both_ways_and_give_the_same_bits(steps: int) -> None:
    """Fewer steps than are tried, and more than lie between two trials, of a product that threads share out without waking."""
    before = threads.threads()
    random = np.random.default_rng(4)
    values = {"x": random.normal(size=(64, 1000)).astype(np.float32) * 0.1, "y": random.normal(size=(64, 20)).astype(np.float32),
              "w": random.normal(size=(1000, 20)).astype(np.float32) * 0.1}
    graph, becomes, results = training("float32", 8, 1000, 20)
    order = random.integers(0, 64, (steps, 8))
    found = []
    try:
        for count in (1, 2, 3):
            threads.threads(count)
            f = compile_steps(graph, becomes, ["x", "y"], results)
            assert f.surroundings().short
            found.append(f(order, **values))
            for alone in (0, 1):
                f.alone = alone
                found.append(f(order, **values))
                assert f.alone == alone or steps > trial.LEAST_STEPS, "nothing is tried in so few steps"
    finally:
        threads.threads(before)
    for state, (losses,) in found[1:]:
        assert np.array_equal(state["w"], found[0][0]["w"])
        assert np.array_equal(losses, found[0][1][0])


def test_a_step_of_much_long_work_and_a_little_short_work_is_not_tried() -> None:
    graph, becomes, results = training("float32", 500, 1000, 300)
    assert not compile_steps(graph, becomes, ["x", "y"], results).surroundings().short
