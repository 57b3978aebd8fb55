"""Assignment: what NumPy shows under every name of one piece of memory, and the gradients of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backlight as bl
import backlight.numpy as bnp
from backlight.errors import DTypeError, MutationError, ShapeError

VIEWS = [
    lambda a: a[1:], lambda a: a[::-1], lambda a: a[..., :2], lambda a: a.T, lambda a: a.reshape(-1), lambda a: a[None],
    lambda a: a[0] if a.ndim > 1 and len(a) else a[:], lambda a: np.flip(a), lambda a: np.swapaxes(a, 0, -1), lambda a: a.copy(), lambda a: a * 1.0,
    lambda a: np.ravel(a), lambda a: np.expand_dims(a, 0), lambda a: a,
]  # fmt: skip


def set_first(a, v):
    a[(0,) * a.ndim] = v


def set_some(a, v):
    a[..., ::2] = v


def set_masked(a, v):
    a[a > 0.5] = v


def set_listed(a, v):
    a[[0, -1]] = v


def add_all(a, v):
    a += v


def scale_part(a, v):
    a[-1:] *= v


WRITES = [set_first, set_some, set_masked, set_listed, add_all, scale_part]
STEPS = st.lists(
    st.one_of(st.tuples(st.just("view"), st.integers(0, 20), st.sampled_from(VIEWS)), st.tuples(st.just("write"), st.integers(0, 20), st.sampled_from(WRITES))),
    max_size=7,
)  # fmt: skip


def program(steps, x, start):
    """Take views and write through them, as plain code does; what every name shows in the end."""
    names = [start(x)]
    for k, (kind, which, act) in enumerate(steps):
        a = names[which % len(names)]
        if kind == "view":
            names.append(act(a))
        elif a.size and a.flags.writeable:
            act(a, x * (k + 1.0))
    return names


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_every_name_shows_what_numpy_shows_and_the_gradient_is_right(steps):
    def fresh(x):
        return np.arange(6.0).reshape(2, 3) / 5 * (x / x)

    def loss(x):
        return sum(np.sum(np.sin(a) * (k + 1)) for k, a in enumerate(program(steps, x, fresh)))

    expected = program(steps, 0.7, fresh)
    tape_names = []

    def kept(x):
        tape_names.extend(program(steps, x, fresh))
        return x * 1.0

    bl.grad(kept)(0.7)
    for got, want in zip(tape_names, expected, strict=True):
        assert got.value == pytest.approx(want, rel=1e-12)
    complex_steps = [(kind, which, (lambda a, v: a.__setitem__(a.real > 0.5, v)) if act is set_masked else act) for kind, which, act in steps]
    h = 1e-200
    z = sum(np.sum(np.sin(a) * (k + 1)) for k, a in enumerate(program(complex_steps, 0.7 + 1j * h, fresh)))
    assert bl.grad(loss)(0.7) == pytest.approx(np.imag(z) / h, rel=1e-9, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_an_array_made_outside_of_what_is_traced_follows_once_it_holds_a_traced_number(steps):
    expected = program(steps, 0.7, lambda x: np.arange(6.0).reshape(2, 3) / 5)
    names = []

    def f(x):
        names.extend(program(steps, x, lambda x: bnp.asarray(np.arange(6.0).reshape(2, 3) / 5, copy=True)))
        return x * 1.0

    bl.grad(f)(0.7)
    for got, want in zip(names, expected, strict=True):
        assert got.value == pytest.approx(want, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_outside_a_trace_memory_is_numpys_own(steps):
    expected = program(steps, 0.7, lambda x: np.arange(6.0).reshape(2, 3) / 5)
    got = program(steps, 0.7, lambda x: bnp.asarray(np.arange(6.0).reshape(2, 3) / 5, copy=True))
    for a, b in zip(got, expected, strict=True):
        assert a.value.tolist() == b.tolist()


KEYS = [
    0, -1, (0, 2), slice(None), slice(1, None), (..., 1), (None, 0), (slice(None), [0, 2]), [1, 0], ([0, 1], [2, 0]), np.array([True, False]),
    (np.array([True, False]), slice(1, 3)), (0, np.array([True, False, True])), (), ..., (slice(None), slice(None, None, -2)), np.array(1),
    ([[0], [1]], [0, 2]), (slice(None), None, 1),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_key_of_numpy_can_be_assigned_to(key):
    base = np.arange(6.0).reshape(2, 3)

    def f(x, v):
        z = x * 1.0
        z[key] = v
        return np.sum(z * z * np.arange(1.0, 7.0).reshape(2, 3))

    room = base[key].shape
    for v in (np.float64(0.7), np.linspace(0.3, 0.9, int(np.prod(room))).reshape(room)):
        z = base.copy()
        z[key] = v
        value, (dx, dv) = bl.value_and_grad(f, (0, 1))(base, v)
        assert value == pytest.approx(np.sum(z * z * np.arange(1.0, 7.0).reshape(2, 3)))
        slope = 2 * z * np.arange(1.0, 7.0).reshape(2, 3)
        covered = np.zeros((2, 3), bool)
        covered[key] = True
        assert dx == pytest.approx(np.where(covered, 0.0, slope))
        places = np.arange(6).reshape(2, 3)[key]
        assert np.sum(dv) == pytest.approx(np.sum(slope.reshape(-1)[places]))


def test_of_two_values_for_one_place_the_last_one_stays():
    def f(v):
        z = bnp.zeros(2)
        z[[0, 0]] = v
        return z[0] * 3.0 + z[1]

    assert bl.grad(f)(np.array([1.0, 2.0])).tolist() == [0.0, 3.0]


def test_a_loop_fills_an_array():
    def f(x):
        z = bnp.zeros(4)
        z[0] = x
        for i in range(3):
            z[i + 1] = z[i] * z[i]
        return z[-1]

    assert bl.value_and_grad(f)(1.1) == (pytest.approx(1.1**8), pytest.approx(8 * 1.1**7))


def test_float32_stays_float32():
    def f(x):
        z = np.zeros_like(x)
        z[0] = 2.5
        z[1:] += x[1:] * np.float32(3)
        return np.sum(z)

    g = bl.grad(f)(np.ones(3, np.float32))
    assert g.dtype == np.float32
    assert g.tolist() == [0.0, 3.0, 3.0]


@pytest.mark.parametrize(
    ("f", "error", "message"),
    [
        (lambda x: x.__setitem__(0, 0.0), MutationError,
         "x would change where it stands, and with it the array that was given for it: take a copy first, as in x = x.copy()"),
        (lambda x: x[1:].__setitem__(0, 0.0), MutationError,
         "x would change where it stands, and with it the array that was given for it: take a copy first, as in x = x.copy()"),
        (lambda x: x.__iadd__(1.0), MutationError,
         "x would change where it stands, and with it the array that was given for it: take a copy first, as in x = x.copy()"),
        (lambda x: bl.grad(lambda y: y.__setitem__(0, 0.0))(x * 2.0), MutationError,
         "y would change where it stands, and with it the array that was given for it: take a copy first, as in y = y.copy()"),
        (lambda x: bnp.asarray(np.ones(3)).__setitem__(0, x[0]), MutationError,
         "this array lies in a NumPy array, which cannot hold a traced value: make it with backlight.numpy.array, which copies"),
        (lambda x: np.broadcast_to(x * 1.0, (2, 3)).__setitem__(0, x[0]), MutationError,
         "x[key] = v: x is a view that NumPy lets nobody write to, such as broadcast_to gives: take x.copy() first"),
        (lambda x: bnp.zeros(3, dtype=int).__setitem__(0, x[0]), DTypeError,
         "x[key] = v: x is Vector Int64 (3,) and v is float64, which would be cut to whole numbers: make x of floats, as in zeros(n) or x.astype(float)"),
        (lambda x: setattr(x * 1.0, "imag", x), DTypeError,
         "x.imag = v: x is Vector Float64 (3,), and real numbers have no imaginary part: make x complex first"),
        (lambda x: bnp.zeros(3).__setitem__(0, x[0] * 1j), DTypeError,
         "x[key] = v: x is Vector Float64 (3,) and v is complex: make x complex, or take v.real"),
        (lambda x: bnp.ones(3).__iadd__(np.ones((2, 3)) * x), ShapeError,
         "add: the result has shape (2, 3) and does not fit in place of Vector Float64 (3,): write x = x + y"),
        (lambda x: bnp.ones(3, dtype=int).__iadd__(x), DTypeError,
         "add: the result is float64 and does not fit in place of Vector Int64 (3,): write x = x + y"),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_elsewhere_is_refused(f, error, message):
    def run(x):
        f(x)
        return np.sum(x)

    with pytest.raises(error) as caught:
        bl.grad(run)(np.array([1.0, 2.0, 3.0]))
    assert str(caught.value).partition("\n")[0] == message  # what comes after it is tried in tests/features/test_mistakes.py


def test_the_callers_arrays_may_change_later_without_changing_a_derivative():
    w = np.ones(3)
    x = np.arange(3.0)

    def f(x):
        y = np.sum(x * w)
        w[0] = 100.0
        return y * y

    assert bl.grad(f)(x).tolist() == [6.0, 6.0, 6.0]
    x = np.arange(3.0)

    def g(y):
        z = np.sum(y * y)
        x[:] = 0.0
        return z

    assert bl.grad(g)(x).tolist() == [0.0, 2.0, 4.0]


def test_a_large_array_that_is_used_again_and_again_is_kept_once():
    w = np.linspace(0.0, 1.0, 4000).reshape(40, 100)

    def f(x):
        z = x
        for _ in range(5):
            z = np.tanh(w @ z)[:1] * x
        w[0, 0] = 9.0
        return np.sum(w @ z) + np.sum(w.T[:, :1])

    graph = bl.trace(f)(np.ones(100))
    kept = [dict(node.attrs)["value"] for node in graph.nodes if node.op.name == "const" and node.type.shape == (40, 100)]
    assert len(kept) == 6
    assert len({value.ctypes.data for value in kept}) == 2
    assert (kept[0][0, 0], kept[5][0, 0]) == (0.0, 9.0)


WRITERS = [
    lambda z, x: np.fill_diagonal(z, x), lambda z, x: np.fill_diagonal(z, np.stack([x, x * 2.0])), lambda z, x: np.copyto(z, x), lambda z, x: np.copyto(z, x, where=z > 2.0),
    lambda z, x: np.put(z, [0, -2], np.stack([x, x * 3.0])), lambda z, x: np.put(z, [7, 8], x, mode="wrap"), lambda z, x: np.place(z, z > 2.0, np.stack([x, x * x])),
    lambda z, x: np.putmask(z, z > 1.0, np.stack([x, x * x])), lambda z, x: np.put_along_axis(z, np.array([[0], [1]]), x, 1), lambda z, x: z.fill(x), lambda z, x: z.sort(),
    lambda z, x: z.put([1, 2], x), lambda z, x: np.add(z, x, out=z), lambda z, x: np.sin(z * x, out=z), lambda z, x: np.cumsum(z * x, axis=0, out=z),
]  # fmt: skip


@pytest.mark.parametrize("write", WRITERS, ids=range(len(WRITERS)))
def test_functions_that_write_into_their_argument(write):
    def f(x):
        z = np.arange(6.0).reshape(2, 3)[::-1] * (x / x)
        view = z[:, 1:]
        write(z, x)
        return np.sum(np.sin(z)) + np.sum(np.cos(view))

    value, slope = bl.value_and_grad(f)(0.7)
    assert value == pytest.approx(f(0.7), rel=1e-13)
    h = 1e-6
    assert slope == pytest.approx((f(0.7 + h) - f(0.7 - h)) / (2 * h), rel=1e-7, abs=1e-8)


def test_copies_share_nothing():
    import copy

    def f(x):
        z = x * 1.0
        kept = copy.copy(z), copy.deepcopy([z])[0], z.copy(), np.copy(z), bnp.array(z)
        z[0] = 5.0
        return sum(np.sum(k) for k in kept) + z[0]

    assert bl.grad(f)(np.ones(2)).tolist() == [5.0, 5.0]
    x = bnp.asarray(np.arange(3.0), copy=True)
    y = copy.deepcopy(x)
    x[0] = 9.0
    assert y.value.tolist() == [0.0, 1.0, 2.0]


def test_a_scalar_is_not_iterable_as_in_numpy():
    for x in (bnp.asarray(1.0), bl.array(1.0)):
        assert not np.iterable(x)
        with pytest.raises(TypeError) as caught:
            len(x)
        assert str(caught.value) == "len: a scalar has no length"


def parts(xp):
    """Functions that write into the real or the imaginary part of an array, under several names of its memory."""

    def filled(x):
        z = xp.zeros(3, complex)
        z.real[...] = x
        z.imag[1:] = x[1:] ** 2
        return z

    def set_whole(x):
        z = x * (1.0 + 0.0j)
        z.real = 2.0 * x
        z.imag = x[::-1]
        z.real += 1.0
        return z

    def seen_from_the_whole(x):
        z = x * (1.0 + 2.0j)
        a, b = z.real, z.imag[::-1]
        z[0] = 5.0 - x[1] * 1j
        a[2] = 7.0 * x[0]
        return xp.stack([z, a + 0j, b + 0j])

    def of_reals(x):
        y = x.copy()
        y.real[0] = 5.0 * x[1]
        y.real *= 2.0
        return y + xp.imag(y)

    def of_a_view(x):
        z = xp.outer(x, xp.asarray([1.0, 1.0j]))
        z.T[1].imag[[0, 2]] = x[:2]
        z.flat[1] = x[2]
        return z

    return [filled, set_whole, seen_from_the_whole, of_reals, of_a_view]


@pytest.mark.parametrize("k", range(5))
def test_a_real_or_imaginary_part_is_written_to_as_numpy_writes(k):
    x = np.array([0.5, -1.5, 2.0])
    want = parts(np)[k](x)
    value, pullback = bl.vjp(parts(bnp)[k], x)
    assert value == pytest.approx(want, rel=1e-15)
    upstream = np.cos(np.arange(want.size)).reshape(want.shape) * (1.0 + 0.3j if want.dtype.kind == "c" else 1.0)
    columns = [(parts(np)[k](x + h) - parts(np)[k](x - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    assert pullback(upstream)[0] == pytest.approx([np.sum(np.real(np.conj(upstream) * c)) for c in columns], rel=1e-8, abs=1e-8)


def windows(x, shape, strides):
    return np.sum(np.lib.stride_tricks.as_strided(x, shape, strides).sum(axis=1) ** 2)


@pytest.mark.parametrize("turn", [lambda x: x, lambda x: np.reshape(x, (2, 3)).T])
def test_windows_on_memory_are_followed_where_they_stay_in_it(turn):
    x = np.arange(6.0)
    f = lambda x: windows(turn(x), (3, 2), turn(np.arange(6.0)).strides if turn(x).ndim == 2 else (8, 8))
    step = 1e-6
    small = [(f(x + step * e) - f(x - step * e)) / (2 * step) for e in np.eye(6)]
    np.testing.assert_allclose(bl.grad(f)(x), small, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "shape", "strides"),
    [
        (lambda x: x[2:], (3, 3), (-8, 8)),  # before its first number, where NumPy still has x[1]
        (lambda x: x, (4, 4), (8, 8)),  # behind its last
        (lambda x: x.astype("float32"), (4, 3), (4, 4)),  # numbers of another width than what stands for them
        (lambda x: x[::2], (2, 2), (16, 16)),  # numbers with gaps between
    ],
)
def test_windows_that_lead_out_of_the_memory_are_refused(make, shape, strides):
    with pytest.raises(bl.errors.InputError) as caught:
        bl.grad(lambda x: windows(make(x), shape, strides))(np.arange(6.0))
    y = make(np.arange(6.0))
    kind = "Float32" if y.dtype == np.float32 else "Float64"
    number = 0 if y.size == 6 and kind == "Float64" else 1
    assert str(caught.value).splitlines()[0] == (
        f"as_strided: strides {strides} of shape {shape} lead to memory that is not node {number}'s (Vector {kind} {y.shape}), whose "
        "numbers are nodes in a trace: use np.lib.stride_tricks.sliding_window_view, or an array of indices"
    )
