"""Where the standard of 2025.12 says more than NumPy, and the corners of NumPy's own functions inside a trace."""

import inspect
import itertools
import math

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp
from backlight.core.array import Array
from backlight.core.tape import Tape
from backlight.errors import InputError, ValueError


def given(x):
    """The same array outside a trace and inside one."""
    return bnp.asarray(x), Tape(values=True).input("x", np.asarray(x))


def test_the_devices_are_those_that_creation_takes():
    devices = bnp.__array_namespace_info__().devices()
    assert devices == ["cpu"]
    assert all(bnp.zeros(2, device=device).device == device for device in devices)
    assert bnp.__array_namespace_info__().default_device() in devices


def test_the_info_tells_of_dtypes_by_kind():
    info = bnp.__array_namespace_info__()
    assert info.capabilities() == {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}
    assert list(info.dtypes(kind="complex floating")) == ["complex64", "complex128"]
    assert set(info.dtypes(kind=("bool", "real floating"), device="cpu")) == {"bool", "float32", "float64"}
    assert info.default_dtypes(device="cpu")["indexing"] == np.intp


def test_diff_takes_none_for_no_ends():
    for x in given([1.0, 4.0, 9.0]):
        assert bnp.diff(x, prepend=None, append=None).value.tolist() == [3.0, 5.0]
        assert bnp.diff(x, prepend=None, append=bnp.asarray([0.0])).value.tolist() == [3.0, 5.0, -9.0]
        assert bnp.diff(x, n=0, append=bnp.asarray([0.0])).value.tolist() == [1.0, 4.0, 9.0]  # as in NumPy


def test_different_numbers_come_in_order_and_every_nan_is_one_of_its_own():
    numbers = [3.0, math.nan, -1.0, 3.0, math.nan]
    for x in given(numbers):
        assert np.array_equal(bnp.unique_values(x).value, [-1.0, 3.0, math.nan, math.nan], equal_nan=True)
        assert bnp.unique_counts(x).counts.value.tolist() == [1, 2, 1, 1]
    assert bl.grad(lambda x: bnp.sum(bnp.unique_values(x) * np.arange(2.0)))(np.array([5.0, 4.0, 5.0])).tolist() == [1.0, 0.0, 0.0]


def test_the_settings_of_dlpack_are_named_and_kept():
    x = bnp.asarray([1.0, 2.0])
    assert list(inspect.signature(x.__dlpack__).parameters) == ["stream", "max_version", "dl_device", "copy"]
    shared, copied = np.from_dlpack(x), np.from_dlpack(x, copy=True)
    x[0] = 7.0
    assert shared.tolist() == [7.0, 2.0]
    assert copied.tolist() == [1.0, 2.0]
    with pytest.raises(TypeError):
        x.__dlpack__(device="cpu")


STEPS = [(1.0, 2.0), (0.0, -1.0), (-math.inf, 0.0), (math.inf, math.inf), (1.0, math.nan), (math.nan, 1.0), (1.7976931348623157e308, math.inf)]


@pytest.mark.parametrize(("x", "towards"), STEPS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_next_number_is_numpys_in_its_dtype(x, towards, dtype):
    with np.errstate(all="ignore"):
        x = np.array([x], dtype)
        want = np.nextafter(x, x.dtype.type(towards))
    for a in given(x):
        z = bnp.nextafter(a, towards)
        assert type(z) is Array
        assert z.dtype == dtype
        assert np.array_equal(z.value, want, equal_nan=True)


@pytest.mark.parametrize("repeats", [2, [1, 0, 3], np.array([1, 0, 3], np.uint64), np.array([2], np.int8)], ids=repr)
def test_repeats_may_be_of_any_dtype_of_whole_numbers(repeats):
    for x in given([1.0, 2.0, 3.0]):
        assert bnp.repeat(x, repeats if isinstance(repeats, int) else bnp.asarray(repeats)).value.tolist() == np.repeat(
            [1.0, 2.0, 3.0], np.asarray(repeats, int)
        ).tolist()


@pytest.mark.parametrize("name", ["var", "std"])
@pytest.mark.parametrize(("x", "correction"), [([2.0], 1.5), ([], 0.5), ([1.0, 3.0], 2), ([1.0, 3.0], 2.5)])
def test_more_taken_away_than_there_is_divides_by_zero_as_in_numpy(name, x, correction):
    _, traced = given(np.array(x))
    with np.errstate(all="ignore"):
        with pytest.warns(RuntimeWarning, match="Degrees of freedom"):
            want = getattr(np, name)(np.array(x), correction=correction)
        got = getattr(bnp, name)(traced, correction=correction).value
    assert np.array_equal(got, want, equal_nan=True)


def test_a_whole_basis_of_a_wide_matrix_is_its_reduced_one():
    wide = np.arange(6.0).reshape(2, 3) + np.eye(2, 3)
    _, x = given(wide)
    q, r = bnp.linalg.qr(x, mode="complete")
    assert q.shape == (2, 2)
    assert r.shape == (2, 3)
    assert bnp.linalg.qr(x).R.value.tolist() == r.value.tolist()
    assert (q @ r).value == pytest.approx(wide)


def test_frequencies_take_the_step_by_position_and_by_name():
    assert bnp.fft.fftfreq(4, 0.5).value.tolist() == bnp.fft.fftfreq(4, d=0.5).value.tolist() == [0.0, 0.5, -1.0, -0.5]
    assert bnp.fft.rfftfreq(n=4, d=0.5, dtype=bnp.float32).dtype == bnp.float32


def test_an_iterator_is_asked_for_so_many_numbers_and_no_more():
    assert bnp.fromiter(itertools.count(), float, 3).value.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ValueError) as caught:
        bnp.fromiter(iter([1, 2]), int, 3)
    assert str(caught.value) == "fromiter: count=3 numbers are asked for, and the iterator yields 2"


def test_a_function_that_returns_what_it_was_given_returns_the_same_array():
    x = bnp.asarray([[1.0, math.nan]])
    assert bnp.nan_to_num(x, copy=False) is x
    assert x.value.tolist() == [[1.0, 0.0]]
    assert bnp.atleast_2d(x) is x


def test_what_is_written_into_comes_back():
    target, plain = bnp.zeros(2), np.zeros(2)
    assert bnp.add([1.0, 2.0], 1.0, out=target) is target
    assert bnp.add([1.0, 2.0], 1.0, out=(target,)) is target
    assert bnp.add([1.0, 2.0], 1.0, out=plain) is plain
    assert target.value.tolist() == plain.tolist() == [2.0, 3.0]
    whole, rest = bnp.zeros(2), bnp.zeros(2)
    made = bnp.divmod(bnp.asarray([5.0, 7.0]), 2.0, out=(whole, rest))
    assert made[0] is whole
    assert made[1] is rest
    assert (whole.value.tolist(), rest.value.tolist()) == ([2.0, 3.0], [1.0, 1.0])
    made = bnp.divmod(bnp.asarray([5.0, 7.0]), 2.0, out=(None, rest))
    assert type(made[0]) is Array
    assert made[1] is rest


def test_a_view_shows_the_same_memory_and_has_the_gradient_of_its_root():
    for x in given([1.0, 2.0, 3.0]):
        y, z = x.view(type=bnp.ndarray), x.view(bnp.ndarray)
        y[0] = 5.0
        assert x.value.tolist() == z.value.tolist() == [5.0, 2.0, 3.0]
    assert bnp.asarray([1.0]).view(np.int64).value.tolist() == [0x3FF0000000000000]
    assert bl.grad(lambda x: bnp.sum(x.view(np.float64) * x.view()))(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    with pytest.raises(InputError) as caught:
        bl.grad(lambda x: bnp.sum(x.view(np.int64)))(np.array([1.0]))
    assert str(caught.value).splitlines()[0] == "view: the bits of float64 read as int64 have no derivative: use x.astype"


def test_casts_are_asked_for_by_position_and_by_name():
    assert bnp.can_cast(from_=bnp.int8, to=bnp.asarray(1, dtype=bnp.int16))
    assert not bnp.can_cast(bnp.float64, bnp.float32)


def test_numpys_assertions_compare_the_values_of_arrays():
    for x in given([1.0, 2.0]):
        bnp.testing.assert_equal(x, bnp.asarray([1.0, 2.0]))
        bnp.testing.assert_equal({"a": [x, 1]}, {"a": [np.array([1.0, 2.0]), 1]})
        bnp.testing.assert_allclose(x, x * (1 + 1e-9))
        with pytest.raises(AssertionError, match="Mismatched elements: 1 / 2"):
            bnp.testing.assert_array_equal(x, bnp.asarray([1.0, 3.0]))


def test_the_longest_of_no_numbers_is_zero():
    for x in given(np.zeros((0, 3))):
        assert float(bnp.linalg.vector_norm(x, ord=math.inf)) == 0.0
