"""Donated arrays: a call without donating says what must come out, and the array that comes back is the one that was given."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.errors import InputError, NotFiniteError

LARGE = (300, 200)  # results of this size are made by Python, small ones by NumPy


def step(w: Any, x: Any) -> Any:
    return w - 0.1 * bl.grad(lambda w: ops.sum(ops.sin(w) * x))(w)


def turned(w: Any, x: Any) -> Any:
    """The old numbers are needed to the end."""
    return ops.flip(w, axis=0) + x


def asked(w: Any, x: Any) -> Any:
    return w * 2.0 if ops.sum(x) > 0.0 else w * 3.0


def nested(w: Any, x: Any) -> Any:
    return {"loss": ops.sum(w["a"] * x), "w": {key: value - 0.5 * x * value for key, value in w.items()}}


FUNCTIONS = [step, turned, asked]


def arrays(found: Any) -> list[Any]:
    return [found] if isinstance(found, np.ndarray) else [v for part in found.values() for v in arrays(part)] if isinstance(
        found, dict) else []


@pytest.mark.parametrize(("shape", "dtype"), [((5,), "float64"), (LARGE, "float32"), ((0, 3), "float64")])
@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_result_is_the_array_that_was_given(function: Callable[..., Any], shape: tuple[int, ...], dtype: str) -> None:
    plain, f = bl.compile(function), bl.compile(function, donate=["w"])
    rng = np.random.default_rng(1)
    for sign in (1.0, 1.0, 1.0, -1.0, 1.0):  # the long way in, then the builtin; then the other branch
        w, x = rng.normal(size=shape).astype(dtype), (sign * np.abs(rng.normal(size=shape))).astype(dtype)
        before = x.copy()
        wanted = plain(w.copy(), x)
        found = f(w, x)
        assert found is w
        assert np.array_equal(found, wanted)
        assert np.array_equal(x, before)


@pytest.mark.parametrize("shape", [(5,), LARGE])
def test_a_nest_of_arrays_is_updated_where_it_lies(shape: tuple[int, ...]) -> None:
    plain, f = bl.compile(nested), bl.compile(nested, donate=["w"])
    w, x = {"a": np.full(shape, 0.5), "b": np.full(shape, 0.25)}, np.linspace(0.0, 1.0, int(np.prod(shape))).reshape(shape)
    for _ in range(3):
        wanted = plain({key: value.copy() for key, value in w.items()}, x)
        found = f(w, x)
        assert (found["w"]["a"] is w["a"], found["w"]["b"] is w["b"]) == (True, True)
        assert found["loss"] == wanted["loss"]
        assert all(np.array_equal(found["w"][key], wanted["w"][key]) for key in w)


def test_nothing_is_copied_or_made_where_old_numbers_are_read_one_by_one() -> None:
    f = bl.compile(step, donate=["w"])
    w, x = np.ones(LARGE), np.ones(LARGE)
    f(w, x)
    assert "donated: w becomes the result" in f.listing()
    assert "in place" in f.listing()
    assert " output " not in f.listing()
    f = bl.compile(turned, donate=["w"])
    f(w, x)
    assert "copied there at the end" in f.listing()


def test_single_numbers_among_what_is_donated_come_back_as_ever() -> None:
    f = bl.compile(lambda w, rate: {"n": w["n"] + 1.0, "v": w["v"] * rate}, donate=["w"])
    v = np.ones(3)
    state = f({"n": 0.0, "v": v}, 0.5)
    assert state["n"] == 1.0
    assert state["v"] is v


def test_who_watches_for_numbers_still_learns_where_the_first_was_born() -> None:
    f = bl.compile(lambda w: ops.log(w), donate=["w"], watch="nan")
    w = np.array([1.0, 2.0])
    assert f(w) is w
    w[:] = [1.0, 0.0]
    with pytest.raises(NotFiniteError) as caught:
        f(w)
    line = test_who_watches_for_numbers_still_learns_where_the_first_was_born.__code__.co_firstlineno + 1
    assert str(caught.value) == f"node 1 (log) ({__file__}, line {line}) is -inf at [1]: it is the first that is not finite"
    assert w.tolist() == [1.0, 0.0], "what could not be computed was not put there"


def test_references_are_counted_right() -> None:
    import sys

    f = bl.compile(step, donate=["w"])
    for shape in ((5,), LARGE):
        w, x = np.ones(shape), np.ones(shape)
        before = sys.getrefcount(w)
        for _ in range(5):
            f(w, x)
        assert sys.getrefcount(w) == before


W = np.ones(6)
BAD: list[tuple[Callable[[Any], Any], str]] = [
    (lambda f: f(np.ones(12)[::2], np.ones(6)),
     "donate: 'w' does not lie in one piece, row by row: give an array of its own, as in w.copy()"),
    (lambda f: f(np.broadcast_to(W, (6,)), np.ones(6)),
     "donate: 'w' cannot be written to: give an array of its own, as in w.copy()"),
    (lambda f: f(W, W), "donate: 'w' shares its memory with 'x', which would be overwritten too: give a copy"),
    (lambda f: f(W[:4], W[2:]), "donate: 'w' shares its memory with 'x', which would be overwritten too: give a copy"),
    (lambda f: f(np.ma.ones(6), np.ones(6)), "donate: 'w' is of MaskedArray: only a NumPy array can be overwritten"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_cannot_be_overwritten_is_refused_on_the_long_way_and_at_the_door(call: Callable[[Any], Any], message: str) -> None:
    f = bl.compile(step, donate=["w"])
    for shape in (6, 4):
        f(np.ones(shape), np.ones(shape))
        with pytest.raises(InputError) as caught:
            call(f)
        assert str(caught.value) == message
    assert W.tolist() == [1.0] * 6


def test_words_that_say_nothing_are_refused() -> None:
    cases: list[tuple[Callable[[], Any], str]] = [
        (lambda: bl.compile(step, donate="w"), "compile: donate is a list of names, as in donate=['w']"),  # type: ignore[arg-type]
        (lambda: bl.compile(step, donate=["w"], keep="all"),
         "compile: donate is for single calls of functions that keep nothing: steps have memory of their own"),
        (lambda: bl.compile(step, donate=["v"])(np.ones(3), np.ones(3)),
         "compile: donate names 'v', and the function has w, x"),
        (lambda: bl.compile(lambda w: ops.sum(w), donate=["w"])(np.ones(3)),
         "donate: no result is Vector Float64 (3,), as 'w' is, so none can take its memory"),
    ]  # fmt: skip
    for call, message in cases:
        with pytest.raises(InputError) as caught:
            call()
        assert str(caught.value) == message
