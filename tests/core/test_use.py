# ruff: noqa: T201, UP031
"""What becomes of a number that Python was given decides whether a graph holds for it alone, and whether anybody is warned."""

from __future__ import annotations

import json
import logging
import math
import warnings
from typing import Any

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp
from backlight.errors import GradientWarning, GraphError

HISTORY: list[Any] = []
LOG = logging.getLogger("backlight.tests")


class Record:
    last = 0.0


def printed(x: Any) -> Any:
    print(float(x), f"{float(x):.3f}", x, f"{x}", str(x), "%.2f" % x, json.dumps({"x": [float(x)]}))
    print([float(v) for v in [x]], x.item(), x.value)
    return x * x


def logged(x: Any) -> Any:
    LOG.warning("at %s and %.2f", x, float(x))
    warnings.filterwarnings("default", message="of the log")
    return x * x


def named_and_printed(x: Any) -> Any:
    now = float(x)
    text = f"{now:.3f} and {x}"
    print(text, len(text))
    return x * x


def shown_deeper(x: Any) -> Any:
    def show(v: float) -> str:
        return str(v)

    for _ in range(20):  # often enough for Python to write quicker instructions
        print(show(x), str(x), format(x, ".1f"), round(float(x), 2))
    return x * x


def compared(x: Any) -> Any:
    return x * x if float(x) > 0 else x


def remembered(x: Any) -> Any:
    HISTORY.append(float(x))
    Record.last = float(x)
    return x * x


def multiplied(x: Any) -> Any:
    return x * float(x)


def named_and_multiplied(x: Any) -> Any:
    now = float(x)
    print(now)
    return x * now


def listed(x: Any) -> Any:
    found = []
    found.append(float(x))
    return x * found[0]


def comprehended(x: Any) -> Any:
    (now,) = [float(v) for v in [x]]
    return x * now


def mapped(x: Any) -> Any:
    (now,) = map(float, [x])
    return x * now


def made_of(x: Any) -> Any:
    def half(v: float) -> float:
        return 0.5 * v

    return x * (2.0 * half(float(x)))


def taken_out(x: Any) -> Any:
    return x * bnp.asarray(x).item()


def read_back(x: Any) -> Any:
    return x * float(f"{x}")


def read_back_by_name(x: Any) -> Any:
    text = str(x)
    return x * np.float64(text.strip())


def constant(x: Any) -> Any:
    return x * x.value


@pytest.mark.parametrize("f", [printed, logged, named_and_printed, shown_deeper])
def test_a_number_that_is_shown_binds_nothing(f: Any, capsys: Any):
    graph = bl.trace(f)(3.0)
    assert graph.guards == ()
    assert graph(5.0) == 25.0
    assert bl.grad(f)(3.0) == 6.0


def asked(x: Any) -> Any:
    if not np.isfinite(float(x)):
        raise ValueError("no number")
    if math.isclose(float(x), 0.0) or np.isclose(0.0, x.item()):
        return x
    return x * x


@pytest.mark.parametrize("f", [compared, remembered, asked])
def test_a_number_that_is_compared_or_kept_binds_the_graph_and_warns_nobody(f: Any):
    graph = bl.trace(f)(3.0)
    assert {guard.used for guard in graph.guards} == {False}
    with pytest.raises(GraphError):
        graph(-5.0)
    assert bl.grad(f)(3.0) == 6.0


@pytest.mark.parametrize(
    "f", [multiplied, named_and_multiplied, listed, comprehended, mapped, made_of, taken_out, read_back, read_back_by_name]
)
def test_a_number_that_was_computed_with_is_told_with_its_line(f: Any):
    first = f.__code__.co_firstlineno
    several = f in (taken_out, read_back, read_back_by_name)
    word = (
        "the numbers of node 0 (Float64) went on as plain ones, and no gradient goes through them"
        if several
        else "float(x) of node 0 (Float64) went on as a plain number, and no gradient goes through it"
    )
    for use in (lambda: bl.grad(f)(3.0), lambda: bl.jvp(f, (3.0,), (1.0,))[1], lambda: bl.backprop(f, 3.0)["x"].gradient):
        with pytest.warns(GradientWarning) as caught:
            assert use() == 3.0
        (said,) = caught
        assert str(said.message) == f"{word}: compute with the array itself, or take x.value where a constant is meant"
        assert said.filename == __file__
        assert first < said.lineno < first + 10
    with pytest.raises(GraphError):
        bl.trace(f)(3.0)(5.0)
    assert bl.compile(f)(5.0) == 25.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bl.grad(lambda y, x: f(x) * y)(2.0, 3.0) == 9.0  # nothing that is differentiated goes through it


def test_a_constant_that_is_meant_is_one_for_these_numbers_only():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bl.grad(constant)(3.0) == 3.0
    with pytest.raises(GraphError):
        bl.trace(constant)(3.0)(5.0)
    made = bl.compile(constant)
    assert (made(3.0), made(5.0)) == (9.0, 25.0)
