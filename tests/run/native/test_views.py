"""Index arithmetic: a view reshaped shows what NumPy shows, without a copy wherever NumPy needs none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided
from tests.run.native.graphs import agree

import backlight as bl
from backlight.run.lower.views import View, whole

SIZES = st.sampled_from([1, 2, 3, 4, 6])


@st.composite
def views(draw: st.DrawFn) -> View:
    """An array, its axes in another order, stretched, cut, thinned out and reversed."""
    view = whole(0, tuple(draw(st.lists(SIZES, max_size=4))))
    view = view.transposed(draw(st.permutations(range(len(view.shape)))))
    view = view.broadcast((*draw(st.lists(SIZES, max_size=1)), *view.shape))
    if draw(st.booleans()):
        steps = [draw(st.sampled_from([1, 1, 2])) for _ in view.shape]
        view = view.sliced([0] * len(view.shape), [-(-n // k) for n, k in zip(view.shape, steps, strict=True)], steps)
    if draw(st.booleans()):
        signs = [draw(st.sampled_from([1, -1])) for _ in view.shape]
        view = view.sliced([n - 1 if k < 0 else 0 for n, k in zip(view.shape, signs, strict=True)], view.shape, signs)
    return view


@st.composite
def pairs(draw: st.DrawFn) -> tuple[View, tuple[int, ...]]:
    """A view and another shape of as many numbers."""
    view, shape = draw(views()), []
    left = int(np.prod(view.shape))
    while left > 1 and len(shape) < 4:
        shape.append(draw(st.sampled_from([k for k in range(1, left + 1) if left % k == 0])))
        left //= shape[-1]
    return view, tuple(draw(st.permutations([*shape, left])))


def shown(view: View) -> np.ndarray:
    """Where each number of a view lies."""
    memory = np.arange(-5000, 5000)
    return as_strided(memory[5000 + view.offset :], view.shape, [8 * s for s in view.strides])


@settings(max_examples=300, deadline=None)
@given(pairs())
def test_a_view_reshaped_shows_the_same_numbers_and_is_copied_only_where_numpy_copies(pair: tuple[View, tuple[int, ...]]) -> None:
    view, shape = pair
    found, wanted = view.reshaped(shape), shown(view)
    if found is None:
        assert not np.shares_memory(wanted, wanted.reshape(shape))
    else:
        assert np.array_equal(shown(found), wanted.reshape(shape))


@pytest.mark.parametrize(
    ("old", "new"), [((4, 2), (2, 4)), ((2, 3, 4), (3, 8)), ((2, 9, 4), (6, 12)), ((4, 2), (2, 1, 4)), ((6, 6), (4, 9))]
)
def test_what_is_computed_takes_any_shape(old: tuple[int, ...], new: tuple[int, ...]) -> None:
    x = np.arange(1.0, np.prod(old) + 1).reshape(old)

    def f(x: Any) -> Any:
        return np.sum(np.reshape(x * x, new) * np.reshape(x, -1)[::-1].reshape(new), axis=0)

    slope = bl.grad(lambda x: np.sum(f(x) ** 2))
    assert agree(bl.compile(f)(x), f(x), 1e-15)
    assert agree(bl.compile(slope)(x), slope(x), 1e-14)
