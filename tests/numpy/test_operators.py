"""Every operator of Python on every pair of dtypes, and beside Python's own numbers: NumPy's dtype, shape and value, traced or not."""

import itertools
import operator

import numpy as np
import pytest

import backlight.numpy as bnp
from backlight.core.array import Array
from backlight.core.tape import Tape

DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split()
OPERATORS = [
    *(getattr(operator, name) for name in "add sub mul truediv floordiv mod pow lt le gt ge eq ne and_ or_ xor lshift rshift".split()),
    divmod,
]
NUMBERS = [True, 2, -3, 2.5, 1j, 300, 0, 10**20, float("inf")]
LOOSE = {"float16": 2e-2, "float32": 1e-5, "complex64": 1e-5}


def sample(dtype, shape, seed):
    r = np.random.default_rng(seed)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return (r.random(shape) > 0.5)[()] if shape else np.bool_(True)
    if kind in "iu":
        return r.integers(1, 5, shape).astype(dtype) if shape else np.dtype(dtype).type(3)
    return np.asarray(r.uniform(0.5, 2, shape) + (1j * r.uniform(0.5, 2, shape) if kind == "c" else 0)).astype(dtype)[()]


def outcome(function, *args):
    with np.errstate(all="ignore"):
        try:
            return function(*args), None
        except (TypeError, OverflowError, ValueError, ZeroDivisionError) as error:
            return None, error


def assert_same(got, fault, want, refused):
    if refused is not None:
        assert isinstance(fault, (TypeError, OverflowError, ValueError)), (got, refused)
        return
    assert fault is None, (fault, want)
    for a, b in zip(got if isinstance(got, tuple) else (got,), want if isinstance(want, tuple) else (want,), strict=True):
        assert type(a) is Array
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert (np.asarray(a.value).dtype, np.shape(a.value)) == (b.dtype, b.shape)
        loose = LOOSE.get(b.dtype.name, 1e-13)
        assert np.allclose(a.value, b, rtol=loose, atol=loose, equal_nan=True), (a, b)


@pytest.mark.parametrize("f", OPERATORS, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore")
def test_an_operator_on_two_arrays_is_numpys(f):
    for (k, a), (j, b) in itertools.product(enumerate(DTYPES), repeat=2):
        for shape in ((), (3,)):
            x, y = sample(a, shape, k), sample(b, (3,), 20 + j)
            want, refused = outcome(f, x, y)
            tape = Tape(values=True)
            for p, q in ((tape.input("x", x), tape.input("y", y)), (tape.input("x", x), y), (x, tape.input("y", y)), (bnp.asarray(x), bnp.asarray(y))):
                assert_same(*outcome(f, p, q), want, refused)


@pytest.mark.parametrize("f", OPERATORS, ids=lambda f: f.__name__)
@pytest.mark.filterwarnings("ignore")
def test_an_operator_beside_a_number_of_pythons_is_numpys(f):
    for (k, a), n in itertools.product(enumerate(DTYPES), NUMBERS):
        x = sample(a, (3,), k)
        for turned in (False, True):
            g = (lambda v, n=n: f(n, v)) if turned else (lambda v, n=n: f(v, n))
            want, refused = outcome(g, x)
            tape = Tape(values=True)
            for p in (tape.input("x", x), bnp.asarray(x)):
                assert_same(*outcome(g, p), want, refused)
