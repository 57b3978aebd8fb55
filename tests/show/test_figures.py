"""Numbers and arrays as people read them, and names for what nobody has named."""

import numpy as np
import pytest
from tests.show import scenes

from backlight import ops
from backlight.core.math import ADD, MULTIPLY, call, fraction, infix, power, prefix
from backlight.explain.formula import names, spelled
from backlight.show.figures import bracketed, inline, number


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (0.1 + 0.2, None, "0.30000000000000004"),
        (np.float32(0.1), None, "0.1"),
        (1e300, None, "1e+300"),
        (-0.0, None, "-0"),
        (float("nan"), None, "NaN"),
        (float("inf"), None, "∞"),
        (float("-inf"), 3, "-∞"),
        (7, None, "7"),
        (np.bool_(True), None, "true"),
        (1 + 2j, None, "1+2i"),
        (1 - 2j, None, "1-2i"),
        (1 / 3, 3, "0.333"),
        (1000.0, 3, "1000"),
        (-12345.6, 3, "-12346"),
        (1000.5, 3, "1000"),  # half-way: to the even one
        (1001.5, 3, "1002"),
        (99999.7, 3, "100000"),
        (999499.4, 3, "999499"),
        (999500.1, 3, "1e+06"),
        (1234567.0, 3, "1.23e+06"),
        (12345678.0, 8, "12345678"),
    ],
)
def test_G5_scalars_are_shown_in_full_precision_unless_fewer_digits_are_asked_for(
    value: complex, digits: int | None, shown: str
) -> None:
    assert number(value, digits) == shown


def test_G5_large_matrices_are_elided_in_the_middle_and_whole_on_demand() -> None:
    matrix = np.arange(100.0).reshape(10, 10)
    assert bracketed(matrix) == [
        "⎡ 0  1 …  8  9⎤",
        "⎢10 11 … 18 19⎥",
        "⎢ ⋮  ⋮    ⋮  ⋮⎥",
        "⎣90 91 … 98 99⎦",
    ]
    assert len(bracketed(matrix, 10, 10)) == 10
    assert "…" not in "".join(bracketed(matrix, 10, 10))


def test_G5_vectors_stand_in_one_line() -> None:
    assert bracketed([1.0, 2.0, 3.0]) == ["[1 2 3]"]
    assert inline(np.arange(100.0)) == "[0 1 2 … 98 99]"


def test_arrays_without_an_element_show_their_shape() -> None:
    assert bracketed(np.zeros((0, 3))) == ["(0, 3)"]
    assert inline(np.zeros(0)) == "(0)"


x_plus_1 = infix("+", "x", 1, ADD)


@pytest.mark.parametrize(
    ("math", "shown"),
    [
        (infix("·", x_plus_1, 2, MULTIPLY), "(x + 1)·2"),
        (infix("−", 1, infix("−", 2, 3, ADD), ADD), "1 − (2 − 3)"),
        (infix("−", infix("−", 1, 2, ADD), 3, ADD), "1 − 2 − 3"),
        (power(x_plus_1, 2), "(x + 1)²"),
        (power("e", prefix("−", "x")), "e^(−x)"),
        (power(power("x", 2), 3), "(x²)³"),
        (prefix("−", x_plus_1), "−(x + 1)"),
        (fraction(x_plus_1, fraction("a", "b")), "(x + 1) / (a / b)"),
        (call("σ", x_plus_1), "σ(x + 1)"),
    ],
)
def test_names_have_the_brackets_that_they_need_and_no_others(math: object, shown: str) -> None:
    assert spelled(math) == shown  # type: ignore[arg-type]  # a table of mixed forms


def test_long_names_call_operands_by_their_numbers() -> None:
    graph = scenes.graph_of(lambda x: ops.sigmoid((((x + 1) * 2 + 3) * 4 + 5) * 6), x=0.0)
    assert names(graph)[-1] == "σ(#12)"
    assert names(graph)[4] == "(x + 1)·2"
    assert max(map(len, names(graph))) < 40
