"""Transforms with SciPy's names: SciPy's values, settings and errors, and derivatives; by our own names and through SciPy's dispatch."""

import inspect

import numpy as np
import pytest
import scipy.fft

import backlight as bl
from backlight.core.array import Array
from backlight.scipy import fft

RANDOM = np.random.default_rng(5)
REAL = RANDOM.normal(size=(3, 5, 4))
MIXED = REAL + 1j * RANDOM.normal(size=(3, 5, 4))
TRIGONOMETRIC = "dct idct dst idst".split()
ONE = "fft ifft rfft irfft hfft ihfft".split()
SEVERAL = "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn hfft2 ihfft2 hfftn ihfftn".split()


def same(name, x, **named):
    want = getattr(scipy.fft, name)(x, **named)
    found = getattr(fft, name)(x, **named)
    assert type(found) is Array
    assert found.dtype == want.dtype
    np.testing.assert_allclose(found.value, want, rtol=0, atol=(2e-13 if want.dtype.char in "dD" else 2e-4) * np.max(np.abs(want)))


@pytest.mark.parametrize("name", TRIGONOMETRIC)
@pytest.mark.parametrize("kind", [1, 2, 3, 4])
@pytest.mark.parametrize("norm", [None, "ortho", "forward", "backward"])
def test_cosine_and_sine_transforms_are_scipys(name, kind, norm):
    for x in (REAL, MIXED, REAL.astype("float32"), REAL[:, :2], RANDOM.normal(size=(4, 1000))):
        for axis in range(-1, x.ndim - 1):
            same(name, x, type=kind, norm=norm, axis=axis)
    for size in (2, 5, 9):
        same(name, REAL, type=kind, norm=norm, axis=1, n=size)
    for square in (True, False):
        same(name, REAL, type=kind, norm=norm, orthogonalize=square)
    if kind != 1 or "dst" in name:
        same(name, REAL[..., :1], type=kind, norm=norm)
    same(f"{name}n", REAL, type=kind, norm=norm)
    same(f"{name}n", REAL, type=kind, norm=norm, s=(3, 6), axes=(0, 1))


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("name", [*ONE, *SEVERAL])
def test_fourier_transforms_are_scipys(name, norm):
    x = REAL if name.startswith(("rfft", "ihfft")) else MIXED
    same(name, x, norm=norm)
    if name in ONE:
        same(name, x, norm=norm, n=6, axis=1)
    else:
        same(name, x, norm=norm, s=(3, 6), axes=(0, 1))


@pytest.mark.parametrize("name", [*TRIGONOMETRIC, "dctn", "idstn", "hfftn", "ihfft2"])
def test_derivatives_agree_in_both_directions_with_the_transform_itself(name):
    f = getattr(fft, name)
    settings = [{"type": kind} for kind in (1, 2, 3, 4)] if "ct" in name or "st" in name else [{}]
    for setting in settings:
        t = RANDOM.normal(size=REAL.shape)
        _, moved = bl.jvp(lambda x, s=setting: f(x, **s), (REAL,), (t,))
        np.testing.assert_allclose(moved, np.asarray(f(t, **setting)), rtol=1e-12, atol=1e-12)  # linear: it is its own derivative
        _, back = bl.vjp(lambda x, s=setting: f(x, **s), REAL)
        g = RANDOM.normal(size=np.shape(moved)) * (1 + 1j if np.iscomplexobj(moved) else 1)
        assert np.sum(np.real(np.conj(g) * moved)) == pytest.approx(np.sum(back(g)[0] * t), rel=1e-11)


def test_scipys_own_functions_are_followed_with_this_backend():
    x = REAL[0, 0]
    loss = lambda x: np.sum(scipy.fft.dct(x) ** 3) + np.sum(np.abs(scipy.fft.fft(x)) ** 2) + np.sum(scipy.fft.fftfreq(4)[1] * x)
    want = bl.grad(lambda x: np.sum(fft.dct(x) ** 3) + np.sum(np.abs(fft.fft(x)) ** 2) + np.sum(0.25 * x))(x)
    with scipy.fft.set_backend(fft):
        np.testing.assert_array_equal(bl.grad(loss)(x), want)
        assert type(scipy.fft.fft(x)) is np.ndarray  # plain arrays stay SciPy's
    with pytest.raises(bl.errors.InputError) as caught:
        bl.grad(loss)(x)
    assert str(caught.value).splitlines()[0].startswith("scipy.fft.dct computes on plain arrays, and what it does to a traced one cannot be "
                                                        "followed: use backlight.scipy.fft.dct, or give it a derivative with bl.rule;")


def test_every_name_takes_scipys_arguments():
    for name in fft.__all__:
        ours, theirs = (inspect.signature(getattr(room, name)).parameters for room in (fft, scipy.fft))
        assert list(ours)[:4] == [p for p in theirs if p not in ("xp", "device")][:4], name
    assert fft.next_fast_len(11) == scipy.fft.next_fast_len(11)
    np.testing.assert_array_equal(fft.rfftfreq(5, 0.5), scipy.fft.rfftfreq(5, 0.5))
    np.testing.assert_array_equal(fft.ifftshift(fft.fftshift(REAL)), REAL)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: fft.dct(REAL, type=5), "dct: there are types 1 to 4, and not 5"),
    (lambda: fft.dst(REAL, norm="unit"), "dst: norm is 'backward', 'forward' or 'ortho', and not 'unit'"),
    (lambda: fft.idct(REAL, axis=3), "idct: there is no axis 3: the array has 3 axes"),
    (lambda: fft.dct(REAL[..., :1], type=1), "dct: 1 numbers along axis -1 are too few"),
    (lambda: fft.dctn(REAL, s=(2, 2), axes=(0,)), "dctn: s has 2 sizes, and there are 1 axes"),
])  # fmt: skip
def test_what_cannot_be_is_an_error(call, message):
    with pytest.raises(bl.errors.BacklightError) as caught:
        call()
    assert str(caught.value) == message
