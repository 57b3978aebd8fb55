import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN
from tests.run.native.programs import row_major, run

from backlight.run.emit.code import Module
from backlight.run.emit.program import define_step
from backlight.run.emit.value import Target
from backlight.run.lower.program import Apply, Buffer, Fold, Literal, Multiply, Nest, Place, Position, Read, Write
from backlight.run.native import host

TARGETS = {"host": host.target(), "plain": PLAIN}
SHAPES = [(), (1,), (5,), (16,), (3, 7), (4, 16), (2, 3, 10), (3, 100), (0, 4), (4, 0)]
CLOSE = {"float": 1e-5, "double": 1e-13}  # about 100 units in the last place: two functions and a sum


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
def test_a_nest_writes_and_folds_along_any_axes(shape: tuple[int, ...], kind: str, target: str) -> None:
    random = np.random.default_rng(5)
    x, b = random.normal(size=shape).astype(KINDS[kind]), random.normal(size=shape[-1:]).astype(KINDS[kind])
    n, strides = len(shape), row_major(shape)
    z, total = np.zeros_like(x), np.zeros((), x.dtype)
    first, last = np.zeros(shape[1:], x.dtype), np.zeros(shape[:-1], x.dtype)
    steps = (
        Read(Place(0, 0, strides), kind), Read(Place(1, 0, tuple([0] * (n - 1) + [1]) if n else ()), kind),
        Apply("add", (0, 1), kind), Apply("exp", (2,), kind), Literal(2.0, kind), Apply("multiply", (3, 4), kind),
    )
    folds = [Fold(5, "sum", Place(3, 0, (0,) * n))]
    if n:
        folds.append(Fold(5, "sum", Place(4, 0, (0, *row_major(shape[1:])))))
        folds.append(Fold(0, "largest", Place(5, 0, (*row_major(shape[:-1]), 0))))
    nest = Nest(shape, steps, (Write(5, Place(2, 0, strides)),), tuple(folds), ())
    run(TARGETS[target], [nest], [x, b, z, total, first, last])
    wanted = 2 * np.exp(x + b)
    assert np.allclose(z, wanted, CLOSE[kind], 0)
    assert np.allclose(total, wanted.sum(), CLOSE[kind], 0)
    if n:
        assert np.allclose(first, wanted.sum(0), CLOSE[kind], 0)
        assert np.array_equal(last, x.max(-1, initial=-np.inf))


@pytest.mark.parametrize("columns", [1, 3, 8, 12, 16, 32])
@pytest.mark.parametrize("rows", [2, 3, 4, 5, 7, 50])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
def test_folds_down_the_columns_of_a_narrow_box_take_every_row_once(rows: int, columns: int, kind: str, target: str) -> None:
    x = np.random.default_rng(rows * columns).integers(-9, 10, (rows, columns)).astype(KINDS[kind])
    x[rows - 1, columns - 1], x[0, 0] = 100.0, -100.0
    total, squares, most, z = (np.zeros(columns, x.dtype), np.zeros(columns, x.dtype), np.zeros(columns, x.dtype), np.zeros_like(x))
    steps = (Read(Place(0, 0, (columns, 1)), kind), Apply("multiply", (0, 0), kind))
    folds = (Fold(0, "sum", Place(1, 0, (0, 1))), Fold(1, "sum", Place(2, 0, (0, 1))), Fold(0, "largest", Place(3, 0, (0, 1))))
    nest = Nest((rows, columns), steps, (Write(1, Place(4, 0, (columns, 1))),), folds, ())
    run(TARGETS[target], [nest], [x, total, squares, most, z])
    assert np.array_equal(total, x.sum(0)), "of whole numbers, so in any order"
    assert np.array_equal(squares, (x * x).sum(0))
    assert np.array_equal(most, x.max(0))
    assert np.array_equal(z, x * x)


@pytest.mark.parametrize("target", TARGETS)
def test_a_fold_of_everything_goes_by_chunks_and_has_the_same_bits_each_time(target: str) -> None:
    n, chunk = 10_007, 512
    x = np.random.default_rng(6).normal(size=n).astype(np.float32)
    count = -(-n // chunk)
    found = []
    for _ in range(2):
        total = np.zeros((), np.float32)
        partials = Buffer(2, "float", count, "arena", "partials")
        fold = Fold(0, "sum", Place(1, 0, (0,)), partials=2)
        parts = Nest((n,), (Read(Place(0, 0, (1,)), "float"),), (), (fold,), (), chunk=chunk)
        rest = Fold(0, "sum", Place(1, 0, (0,)))
        whole = Nest((count,), (Read(Place(2, 0, (1,)), "float"),), (), (rest,), ())
        run(TARGETS[target], [parts, whole], [x, total], [partials])
        found.append(float(total))
    assert found[0] == found[1]
    assert np.isclose(found[0], x.astype(np.float64).sum(), 1e-4)


@pytest.mark.parametrize("target", TARGETS)
def test_a_read_can_be_moved_by_computed_indices(target: str) -> None:
    table = np.arange(40.0).reshape(10, 4)
    rows = np.array([7, 0, 3], np.int64)
    out = np.zeros((3, 4))
    steps = (Read(Place(1, 0, (1, 0)), "i64"), Read(Place(0, 0, (0, 1)), "double", ((0, 4),)))
    run(TARGETS[target], [Nest((3, 4), steps, (Write(1, Place(2, 0, (4, 1))),), (), ())], [table, rows, out])
    assert np.array_equal(out, table[rows])


@pytest.mark.parametrize("target", TARGETS)
def test_a_scattered_fold_adds_what_meets(target: str) -> None:
    values = np.arange(6.0)
    where = np.array([1, 0, 1, 1, 2, 0], np.int64)
    out = np.zeros(3)
    steps = (Read(Place(0, 0, (1,)), "double"), Read(Place(1, 0, (1,)), "i64"))
    fold = Fold(0, "sum", Place(2, 0, (0,)), index=((1, 1),))
    run(TARGETS[target], [Nest((6,), steps, (), (fold,), ())], [values, where, out])
    assert np.array_equal(out, [1 + 5, 0 + 2 + 3, 4])


@pytest.mark.parametrize("target", TARGETS)
def test_transposes_comparisons_and_counting_are_strides_and_steps(target: str) -> None:
    x = np.random.default_rng(7).normal(size=(5, 19)).astype(np.float32)
    turned, positive = np.zeros((19, 5), np.float32), np.zeros((19, 5), np.bool_)
    count = np.zeros((19, 5), np.int64)
    steps = (
        Read(Place(0, 0, (1, 19)), "float"), Literal(0.0, "float"), Apply("greater", (0, 1), "i1"), Position(3, (5, 1)),
    )
    writes = (Write(0, Place(1, 0, (5, 1))), Write(2, Place(2, 0, (5, 1))), Write(3, Place(3, 0, (5, 1))))
    run(TARGETS[target], [Nest((19, 5), steps, writes, (), ())], [x, turned, positive, count])
    assert np.array_equal(turned, x.T)
    assert np.array_equal(positive, x.T > 0)
    assert np.array_equal(count, 3 + np.arange(95).reshape(19, 5))


@pytest.mark.parametrize("target", [host.target(), PLAIN, Target("wide", 32, fma=True)])
def test_a_batch_of_products_reads_its_operands_by_strides(target: Target) -> None:
    random = np.random.default_rng(8)
    a = random.integers(-5, 6, (2, 3, 4, 6)).astype(np.float64)
    b = random.integers(-5, 6, (3, 9, 6)).astype(np.float64)
    out = np.zeros((2, 3, 4, 9))
    places = Place(0, 0, (72, 24, 6, 1)), Place(1, 0, (0, 54, 1, 6)), Place(2, 0, (108, 36, 9, 1))
    run(target, [Multiply("double", 4, 9, 6, *places, (2, 3), ())], [a, b, out])
    assert np.array_equal(out, a @ b.swapaxes(-1, -2))


@pytest.mark.parametrize("n", [1, 3, 5, 8, 14, 16, 33, 64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("target", TARGETS)
def test_numbers_a_few_places_apart_are_read_and_written_alone(target: str, dtype: type, n: int) -> None:
    """The arrays end with the last number that counts: what is read or written behind it is not ours."""
    kind = {np.float32: "float", np.float64: "double", np.int64: "i64"}[dtype]
    for stride in (-4, -3, -2, -1, 2, 3, 4, 5):
        span = abs(stride) * (n - 1) + 1
        x = np.arange(1, 3 * span + 1).astype(dtype)
        rows = np.zeros((3, n), dtype)
        wide = np.zeros((3, 2 * n), dtype)
        start = 0 if stride > 0 else span - 1
        steps = (Read(Place(0, start, (span, stride)), kind), Apply("add", (0, 0), kind))
        writes = (Write(0, Place(1, 0, (n, 1))), Write(1, Place(2, 1, (2 * n, 2))), Write(0, Place(2, 0, (2 * n, 2))))
        run(TARGETS[target], [Nest((3, n), steps, writes, (), ())], [x, rows, wide])
        wanted = x.reshape(3, span)[:, ::stride]
        assert np.array_equal(rows, wanted)
        assert np.array_equal(wide[:, ::2], wanted)
        assert np.array_equal(wide[:, 1::2], 2 * wanted)


@pytest.mark.parametrize(("functions", "target", "aligned"), [
    (("tanh", "exp", "sin"), Target("wide", 64, True, True), " alignstack(64) {"),
    (("exp",), Target("wide", 64, True, True), " #0 {"),  # all its vectors stay in registers
    (("tanh", "exp", "sin"), PLAIN, " #0 {"),  # its vectors are no wider than the stack is aligned anyway
])  # fmt: skip
def test_a_stack_that_takes_wide_vectors_is_aligned_as_they_are(functions: tuple[str, ...], target: Target, aligned: str) -> None:
    steps = (Read(Place(0, 0, (1,)), "float"), *(Apply(name, (k,), "float") for k, name in enumerate(functions)))
    module = Module(target)
    symbol = define_step(module, Nest((1000,), steps, (Write(len(functions), Place(1, 0, (1,))),), (), ()))
    assert module.functions[symbol].splitlines()[0].endswith(aligned)
