"""backlight.numpy beside NumPy: every function on every dtype and shape, outside a trace and inside one."""

import inspect
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.array_api import make_strategies_namespace

import backlight as bl
import backlight.numpy as bnp
from backlight.core.array import Array
from backlight.core.tape import Tape
from backlight.errors import DTypeError, InputError, ValueError

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128".split()
SHAPES = [(), (0,), (3,), (2, 3), (3, 3)]
ROOMS = [(bnp, np, ""), (bnp.linalg, np.linalg, "linalg."), (bnp.fft, np.fft, "fft.")]
OWN = set("empty empty_like finfo iinfo isdtype fromfunction frombuffer fromiter vectorize printoptions errstate set_printoptions from_dlpack "
          "can_cast ndindex fftfreq rfftfreq sort argsort clip unique_values promote_types isscalar copy asarray array array2string array_repr format_float_positional format_float_scientific ones_like zeros_like ones zeros identity polyint geomspace".split())  # fmt: skip
NAMES = [
    (prefix + name, getattr(ours, name), getattr(theirs, name))
    for ours, theirs, prefix in ROOMS for name in ours.__all__
    if hasattr(theirs, name) and callable(getattr(ours, name)) and not isinstance(getattr(ours, name), type) and name not in OWN
]  # fmt: skip
xps = make_strategies_namespace(bnp, api_version="2024.12")


def sample(dtype, shape, seed):
    r = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return r.random(shape) > 0.5
    if kind in "iu":
        return r.integers(0 if kind == "u" else -3, 4, shape).astype(dtype)
    return (r.normal(size=shape) + (1j * r.normal(size=shape) if kind == "c" else 0)).astype(dtype)


def outcome(function, *args):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*args), None
        except Exception as error:
            return None, error


def same(a, b, exact=True):
    if isinstance(b, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y, exact) for x, y in zip(a, b, strict=True))
    if isinstance(b, (np.ndarray, np.generic)):
        if not isinstance(a, Array) or a.dtype != b.dtype or a.shape != b.shape or a.value.dtype != b.dtype or a.value.shape != b.shape:
            return False
        if exact or b.dtype.kind not in "fc":
            return np.array_equal(a.value, b, equal_nan=b.dtype.kind in "fc")
        loose = np.finfo(b.dtype).eps * 200
        return np.allclose(a.value, b, rtol=loose, atol=loose, equal_nan=True)
    return type(a) is type(b) and bool(np.all(a == b))


def calls(theirs, seed):
    """Operands of every dtype and shape for which NumPy has an answer, alone and in pairs."""
    for k, dtype in enumerate(DTYPES):
        for shape in SHAPES:
            x, y = sample(dtype, shape, seed + k), sample(dtype, shape, seed + 100 + k)
            for args in ((x,), (x, y)):
                if not (isinstance(theirs, np.ufunc) and len(args) > theirs.nin):
                    yield dtype, shape, args


@pytest.mark.parametrize(("name", "ours", "theirs"), NAMES, ids=[name for name, *_ in NAMES])
def test_outside_a_trace_every_function_gives_what_numpy_gives(name, ours, theirs):
    for dtype, shape, args in calls(theirs, 7):
        want, refused = outcome(theirs, *args)
        if refused is not None or (name in ("resize", "repeat", "take") and shape == ()):
            continue
        got, fault = outcome(ours, *map(bnp.asarray, args))
        assert fault is None, (dtype, shape, fault)
        assert same(got, want), (dtype, shape, got, want)


# What has a derivative and no operation, by name: one less is progress.
WITHOUT_A_ROW: list[str] = []


@pytest.mark.parametrize(("name", "ours", "theirs"), NAMES, ids=[name for name, *_ in NAMES])
def test_inside_a_trace_every_function_with_a_derivative_gives_numpys_value_in_numpys_dtype(name, ours, theirs):
    for dtype in ("float64", "float32", "complex128", "int64", "bool"):
        for shape in ((3,), (2, 3), (3, 3)):
            for args in ((sample(dtype, shape, 3),), (sample(dtype, shape, 3), sample(dtype, shape, 4))):
                if isinstance(theirs, np.ufunc) and len(args) > theirs.nin:
                    continue
                want, refused = outcome(theirs, *args)
                if refused is not None:
                    continue
                tape = Tape(values=True)
                got, fault = outcome(ours, *[tape.input("x", a) for a in args])
                if fault is not None:
                    assert isinstance(fault, (bl.errors.BacklightError, TypeError)), (dtype, shape, repr(fault))
                    assert "has no operation here" not in str(fault) or name in WITHOUT_A_ROW
                    continue
                assert same(got, want, exact=False), (dtype, shape, len(args), got, want)


def leaves(found):
    return [leaf for part in found for leaf in leaves(part)] if isinstance(found, (tuple, list)) else [found]


def weighed(found, theirs=np):
    """One real number of all that a function returns and that can have a derivative."""
    total = 0.0
    for k, part in enumerate(leaves(found)):
        if getattr(part, "dtype", np.dtype(int)).kind in "fc":
            w = np.cos(np.arange(part.size) + k).reshape(part.shape)
            total = total + theirs.sum(theirs.real(part) * w) + theirs.sum(theirs.imag(part) * w[::-1] if part.dtype.kind == "c" else 0.0)
    return total


# Where a small step measures something else: jumps, eigenvectors known but for their phase, numbers that are asked for, random ones.
JUMPS = set("frexp nextafter unwrap linalg.eig spacing argsort unique_values".split())
PHASES = ("linalg.eigh", "linalg.qr", "linalg.svd")  # of complex matrices: known but for their phase


@pytest.mark.parametrize(("name", "ours", "theirs"), [row for row in NAMES if row[0] not in JUMPS], ids=lambda v: v if isinstance(v, str) else "")
def test_the_derivative_of_every_function_is_what_small_steps_measure(name, ours, theirs):
    for dtype in ("float64", "complex128"):
        for shape in ((3,), (3, 3)):
            for count in (1, 2):
                if (isinstance(theirs, np.ufunc) and count > theirs.nin) or (name in PHASES and dtype == "complex128"):
                    continue
                args = [sample(dtype, shape, 30 + k) for k in range(count)]
                step = [sample(dtype, shape, 40 + k) for k in range(count)]
                value, refused = outcome(lambda *a: weighed(theirs(*a)), *args)
                if refused is not None or not isinstance(value, np.floating) or not np.isfinite(value):
                    continue
                pulled, fault = outcome(lambda *a: bl.vjp(lambda *b: weighed(ours(*b), bnp), *a), *args)
                if fault is not None:
                    assert isinstance(fault, (bl.errors.BacklightError, TypeError)), (dtype, shape, repr(fault))
                    continue
                slope = sum(np.sum(np.real(np.conj(g) * d)) for g, d in zip(pulled[1](1.0), step, strict=True))
                h = 1e-6
                along = [weighed(theirs(*[a + t * h * d for a, d in zip(args, step, strict=True)])) for t in (2, 1, -1, -2)]
                measured = (8 * (along[1] - along[2]) - (along[0] - along[3])) / (12 * h)
                assert slope == pytest.approx(measured, rel=2e-6, abs=2e-6 * (1 + abs(value))), (dtype, shape, count)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_arrays_of_every_dtype_are_made_and_filled(data):
    x = data.draw(xps.arrays(xps.scalar_dtypes(), xps.array_shapes(min_dims=0, min_side=0)))
    assert isinstance(x, Array)
    assert x.__array_namespace__() is bnp
    assert (x.device, x.size, x.ndim) == ("cpu", x.value.size, x.value.ndim)
    again = bnp.from_dlpack(x.value) if x.dtype.kind != "b" else bnp.asarray(x, copy=True)
    assert same(again, np.asarray(x.value))


OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<<", ">>", "<", "<=", ">", ">=", "==", "!="]
CALL = {  # spelled out, since text is never evaluated
    "+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "/": lambda x, y: x / y, "//": lambda x, y: x // y,
    "%": lambda x, y: x % y, "**": lambda x, y: x**y, "@": lambda x, y: x @ y, "&": lambda x, y: x & y, "|": lambda x, y: x | y,
    "^": lambda x, y: x ^ y, "<<": lambda x, y: x << y, ">>": lambda x, y: x >> y, "<": lambda x, y: x < y, "<=": lambda x, y: x <= y,
    ">": lambda x, y: x > y, ">=": lambda x, y: x >= y, "==": lambda x, y: x == y, "!=": lambda x, y: x != y,
}  # fmt: skip
UPDATES = {
    "+": lambda x, y: x.__iadd__(y), "-": lambda x, y: x.__isub__(y), "*": lambda x, y: x.__imul__(y), "//": lambda x, y: x.__ifloordiv__(y),
    "%": lambda x, y: x.__imod__(y), "&": lambda x, y: x.__iand__(y), "|": lambda x, y: x.__ior__(y), "^": lambda x, y: x.__ixor__(y),
    "<<": lambda x, y: x.__ilshift__(y), ">>": lambda x, y: x.__irshift__(y), "/": lambda x, y: x.__itruediv__(y), "@": lambda x, y: x.__imatmul__(y),
}  # fmt: skip


@pytest.mark.parametrize("symbol", OPERATORS)
def test_every_operator_on_every_dtype_with_arrays_and_python_numbers(symbol):
    call = CALL[symbol]
    for k, dtype in enumerate(DTYPES):
        x, y = np.abs(sample(dtype, (3, 3), k)), np.abs(sample(dtype, (3, 3), k + 50))
        for a, b in ((x, y), (x, 2), (2, x), (x, True), (x[0, 0], y), (x, 1.5)):
            want, refused = outcome(call, a, b)
            made = [bnp.asarray(v) if isinstance(v, (np.ndarray, np.generic)) else v for v in (a, b)]
            got, fault = outcome(call, *made)
            assert (fault is None) == (refused is None), (dtype, a, b, fault, refused)
            if refused is None:
                assert same(got, want), (dtype, a, b, got, want)
            tape = Tape(values=True)
            made = [tape.input("x", v) if isinstance(v, (np.ndarray, np.generic)) else v for v in (a, b)]
            got, fault = outcome(call, *made)
            if refused is None and dtype not in ("complex64", "complex128"):
                assert fault is None, (dtype, a, b, fault)
                assert same(got, want, exact=False), (dtype, a, b, got, want)


@pytest.mark.parametrize("symbol", sorted(UPDATES))
def test_every_update_in_place_on_every_dtype(symbol):
    for k, dtype in enumerate(DTYPES):
        x, y = np.abs(sample(dtype, (3, 3), k)) + np.asarray(1, dtype), np.abs(sample(dtype, (3, 3), k + 50)) + np.asarray(1, dtype)
        want, refused = outcome(UPDATES[symbol], x.copy(), y)
        target = bnp.asarray(x.copy())
        got, fault = outcome(UPDATES[symbol], target, bnp.asarray(y))
        assert (fault is None) == (refused is None), (dtype, fault, refused)
        if refused is None:
            assert got is target
            assert same(got, want)


METHODS = ["sum", "prod", "mean", "std", "var", "max", "min", "argmax", "argmin", "cumsum", "cumprod", "ravel", "flatten", "copy", "conj", "round",
           "transpose", "any", "all", "nonzero", "argsort", "squeeze", "diagonal", "trace"]  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_methods_and_attributes_are_numpys(name):
    x = sample("float64", (3, 3), 1)
    want = getattr(x, name)()
    assert same(getattr(bnp.asarray(x), name)(), want)
    assert same(getattr(Tape(values=True).input("x", x), name)(), want, exact=False)


def test_lists_of_traced_numbers_keep_the_graph_and_others_are_pythons():
    x = np.array([[0.5, 1.5], [2.0, -1.0]], np.float32)
    assert bnp.asarray(x).tolist() == x.tolist()
    assert bl.grad(lambda x: sum(row[0] * row[1] for row in x.tolist()))(x).tolist() == [[1.5, 0.5], [-1.0, 2.0]]
    assert bl.grad(lambda x: x[0, (x > 1.0).tolist()[0].index(True)])(x).tolist() == [[0.0, 1.0], [0.0, 0.0]]


def test_the_methods_that_take_numbers_one_by_one():
    for x in (bnp.asarray(np.arange(6.0)), Tape(values=True).input("x", np.arange(6.0))):
        assert x.reshape(2, 3).shape == x.reshape((2, 3)).shape == x.reshape([2, 3]).shape == (2, 3)
        assert x.reshape(2, 3).transpose(1, 0).shape == x.reshape(2, 3).T.shape == x.reshape(2, 3).mT.shape == (3, 2)
        assert x.astype(np.float32).dtype == np.float32
        assert (x.item(3), x[2].item(), x.nbytes, x.itemsize) == (3.0, 2.0, 48, 8)
        assert f"{x[1]:.2f} {float(x[2])} {int(x[3])} {complex(x[4])} {round(x[5])}" == "1.00 2.0 3 (4+0j) 5"
        assert 3.0 in x
        assert 7.0 not in x
        with pytest.raises(AttributeError) as caught:
            x.summ  # noqa: B018 - asking is the point
        assert str(caught.value) == "an array has no 'summ'; did you mean 'sum' or 'cumsum'?"


def test_the_standards_own_names():
    assert bnp.__array_api_version__ == "2025.12"
    info = bnp.__array_namespace_info__()
    assert info.devices() == ["cpu"]
    assert info.default_dtypes()["real floating"] == bnp.float64
    assert bnp.asarray(1.0).to_device("cpu").dtype == bnp.float64
    assert same(bnp.sort(bnp.asarray([2, 3, 1]), descending=True), np.array([3, 2, 1]))
    assert same(bnp.argsort(bnp.asarray([2, 3, 2, 1]), descending=True), np.array([1, 0, 2, 3]))
    assert same(bnp.clip(bnp.asarray([1, 5], dtype=bnp.int8), bnp.asarray([2, 2])), np.array([2, 5], np.int8))
    assert same(bnp.repeat(bnp.asarray([]), bnp.asarray([])), np.array([]))
    assert isinstance(bnp.finfo(bnp.float32).eps, float)
    assert bnp.finfo(bnp.asarray(1, dtype=bnp.complex64)).bits == 32
    assert bnp.finfo(bnp.float32).tiny == np.finfo(np.float32).tiny
    assert bnp.iinfo(bnp.asarray([1], dtype=bnp.uint8)).max == 255
    assert bnp.isdtype(bnp.float32, ("integral", "real floating"))
    assert bnp.result_type(bnp.asarray([1], dtype=bnp.int8), bnp.float32) == np.float32
    assert bnp.can_cast(bnp.asarray([1], dtype=bnp.int8), bnp.int16)
    assert bnp.astype(bnp.asarray([1.5]), bnp.int64).dtype == np.int64
    assert bnp.fft.fftfreq(4, d=0.5, dtype=bnp.float32).dtype == np.float32
    assert list(inspect.signature(bnp.add).parameters)[:2] == ["x1", "x2"]
    assert same(bnp.unique_counts(bnp.asarray([1, 1, 2])).counts, np.array([2, 1]))
    assert bnp.linalg.svd(bnp.asarray(np.eye(2))).S.shape == (2,)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bnp.asarray(1.0, device="gpu"), ValueError, "there is no device 'gpu': arrays are on 'cpu'"),
        (lambda: bnp.asarray(1.0).to_device("gpu"), ValueError, "to_device: there is no device 'gpu': arrays are on 'cpu'"),
        (lambda: bnp.asarray(1.0).to_device("cpu", stream=1), ValueError, "to_device: the device 'cpu' has no streams, and stream=1 was given"),
        (lambda: bnp.asarray("word"), InputError, "cannot make an array of str 'word': its items are not numbers"),
        (lambda: bnp.asarray(1.0).__array_namespace__(api_version="2019.01"), InputError,
         "__array_namespace__: there is no version '2019.01' of the standard here: the newest is 2025.12"),
        (lambda: bnp.asarray([1.0]).__index__(), DTypeError,
         "an index must be a whole number, and this is Vector Float64: round and cast it to an integer"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
