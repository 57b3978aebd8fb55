"""Where the standard of 2025.12 says more than NumPy, and the corners of NumPy's own functions inside a trace."""

import inspect
import math

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp
from backlight.core.array import Array
from backlight.core.tape import Tape


def given(x):
    """The same array outside a trace and inside one."""
    return bnp.asarray(x), Tape(values=True).input("x", np.asarray(x))


def test_the_devices_are_a_tuple_that_creation_takes():
    devices = bnp.__array_namespace_info__().devices()
    assert devices == ("cpu",)
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
