"""What every row of the table promises, tried on every one of its cases: types, values, notation, messages."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from tests.ops import trial as t

from backlight import errors
from backlight.core import math as m
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.core.types import type_of

ROWS = [pytest.param(row, id=name) for name, row in TABLE.items()]
ELEMENTWISE = ("elementwise", "compare")


@pytest.mark.parametrize(("row", "case"), t.pairs(t.good))
def test_the_value_has_the_promised_type(row: Op, case: Case):
    tried = t.trial(row, case)
    found = tried.run()
    for i in tried.graph.outputs:
        assert type_of(found[i]) is tried.graph.type(i)


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: t.good(row, case) and case.gives is not None))
def test_the_value_is_the_one_that_the_case_gives(row: Op, case: Case):
    tried = t.trial(row, case)
    found = tried.run()
    wanted = case.gives if len(tried.graph.outputs) > 1 else (case.gives,)
    for i, value in zip(tried.graph.outputs, wanted, strict=True):
        t.assert_close(found[i], value, t.STATED.get(tried.graph.type(i).dtype.name, 0.0))
        assert np.shape(found[i]) == np.shape(value)


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: t.good(row, case) and case.grads is not None))
def test_the_gradients_are_those_that_the_case_states(row: Op, case: Case):
    tried = t.trial(row, case)
    out = tried.graph.outputs[0]
    wanted = [g for g, i in zip(case.grads or (), tried.graph.inputs, strict=True) if i in tried.floats]
    for found, stated in zip(tried.gradients(out, np.ones(tried.graph.type(out).shape)), wanted, strict=True):
        if stated is not None:
            t.assert_close(found, stated, t.STATED[np.asarray(found).dtype.name])


@pytest.mark.parametrize(("row", "case"), t.pairs(t.good))
def test_no_operand_is_written_to(row: Op, case: Case):
    tried = t.trial(row, case, np.copy)
    before = {i: np.copy(value) for i, value in tried.values.items()}
    for value in tried.values.values():
        np.asarray(value).flags.writeable = False
    tried.run()
    for i, value in tried.values.items():
        np.testing.assert_array_equal(value, before[i])


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: case.raises is not None))
def test_a_bad_case_raises_its_message(row: Op, case: Case):
    with pytest.raises(errors.BacklightError) as error:
        t.trial(row, case).run()  # what types cannot tell, an index outside for one, the value says
    assert str(error.value) == case.raises
    assert type(error.value) in (errors.ShapeError, errors.DTypeError, errors.ValueError, errors.InputError, errors.LimitError)
    assert case.raises.startswith(f"{row.name}: ")


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: t.good(row, case) and row.inside is not None))
def test_the_definition_in_smaller_operations_gives_the_value(row: Op, case: Case):
    tried = t.trial(row, case)
    tape = t.Tape()
    xs = [tape.input(f"x{k}", tried.values[i]) for k, i in enumerate(tried.graph.inputs)]
    attrs = {**row.attrs, **dict(tried.graph.nodes[len(xs)].attrs)}
    assert row.inside is not None
    z = row.inside(*xs, **attrs)
    zs = z if isinstance(z, (tuple, list)) else (z,)
    opened = t.Graph(tuple(tape.nodes), tuple(x.number for x in xs), tuple(z.number for z in zs))
    for i, j in zip(opened.outputs, tried.graph.outputs, strict=True):
        if case.smooth:  # in a tail or at a pole the smaller operations may overflow: that is why there is a row
            kind = tried.graph.type(j)
            assert opened.type(i) is kind
            found = t.evaluate(opened, tried.values)[i]
            t.assert_close(found, tried.run()[j], 16 * t.STATED.get(kind.dtype.name, 0.0), scale=1.0)


def whole(row: Op, dtype: str) -> Any:
    """Floats as whole numbers or truth values; operands that must be whole stay."""

    def change(x: Any) -> Any:
        return np.rint(x).astype(dtype)[()] if x.dtype.kind == "f" and np.all(np.abs(x) < 100) else x

    return change


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize(("row", "case"), t.pairs(t.good))
def test_whole_numbers_and_truth_values_give_the_promised_type_or_an_error_of_ours(row: Op, case: Case, dtype: str):
    try:
        tried = t.trial(row, case, lambda x: whole(row, dtype)(np.abs(x) if dtype == "uint8" and x.dtype.kind == "f" else x))
        found = tried.run()
    except (errors.DTypeError, errors.ShapeError, errors.ValueError) as error:
        assert str(error).startswith(f"{row.name}: ")  # noqa: PT017 - either outcome is right, and both are checked
        return
    for i in tried.graph.outputs:
        assert type_of(found[i]) is tried.graph.type(i)


def narrow(x: Any) -> Any:
    with np.errstate(over="ignore"):
        return x.astype("float32") if x.dtype == np.float64 else x


@pytest.mark.parametrize(  # a graph inside a node is of one dtype
    ("row", "case"), t.pairs(lambda row, case: t.good(row, case) and row.kind != "control")
)
def test_float32_stays_float32_in_values_and_gradients(row: Op, case: Case):
    tried, wide = t.trial(row, case, narrow), t.trial(row, case)
    if not any(x.dtype == np.float32 for x in tried.values.values()):
        return
    found, known = tried.run(), wide.run()
    for i in tried.graph.outputs:
        kind = wide.graph.type(i)
        asked = case.attrs.get("dtype") is not None  # the case itself asks for a dtype
        narrower = {"float64": "float32"}
        if not any(x.dtype.kind == "c" for x in tried.values.values()):  # a complex operand was left as wide as it was
            narrower["complex128"] = "complex64"
        assert asked or tried.graph.type(i).dtype.name == narrower.get(kind.dtype.name, kind.dtype.name)
        assert type_of(found[i]) is tried.graph.type(i)
        if case.smooth and kind.dtype == "float64":
            t.assert_close(found[i], known[i], t.NARROW, scale=1.0)
    if case.smooth and row.differentiable and tried.floats:
        for out in tried.smooth_outputs:
            seed = t.weights(wide.graph.type(out), 1)
            for g, exact, i in zip(tried.gradients(out, seed), wide.gradients(out, seed), tried.floats, strict=True):
                assert type_of(g) is tried.graph.type(i)
                t.assert_close(g, exact, t.NARROW, scale=1.0)


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3), ()])
@pytest.mark.parametrize("row", [p for p in ROWS if p.values[0].kind in ELEMENTWISE])
def test_elementwise_rows_take_nothing_and_single_numbers(row: Op, shape: tuple[int, ...]):
    case = next(case for case in row.cases if case.raises is None)
    tried = t.trial(row, case, lambda x: np.full(shape, x.flat[0] if x.size else 1, x.dtype)[()])
    for i in tried.graph.outputs:
        assert tried.graph.type(i).shape == shape
        assert type_of(tried.run()[i]) is tried.graph.type(i)
    for out in tried.smooth_outputs:
        if row.differentiable:
            assert [np.shape(g) for g in tried.gradients(out, np.ones(shape))] == [shape] * len(tried.floats)


@pytest.mark.parametrize("row", [p for p in ROWS if p.values[0].kind != "leaf"])
def test_the_row_has_a_case_without_special_structure(row: Op):
    def plain(case: Case) -> bool:
        arrays = [np.asarray(x) for x in case.args]
        numbers = [x for x in arrays if x.dtype.kind in "fc" and x.size >= 3]
        different = all(len(np.unique(np.abs(x))) > x.size // 2 and np.all(x != 0) for x in numbers)
        return case.raises is None and bool(numbers) and different

    if row.differentiable:
        assert any(plain(case) and case.smooth for case in row.cases)
    assert any(case.raises is None for case in row.cases)


@pytest.mark.parametrize("row", ROWS)
def test_the_row_says_what_it_is_and_how_its_gradient_goes(row: Op):
    assert row.doc.endswith(".")
    assert not re.search(r"\s{2}|\n", row.doc)
    if row.differentiable:
        assert row.words, "the rule of the derivative in words"
        assert not row.words.endswith(".")


# How many parts each form of notation has; None where it varies.
PARTS: dict[str, int | None] = {
    "number": 1, "name": 1, "infix": 3, "prefix": 2, "postfix": 2, "call": None, "fraction": 2, "power": 2, "root": 2,
    "index": None, "bars": 4, "big": 4, "matrix": None, "list": None, "keyword": 2, "piece": 3, "string": 1,
}  # fmt: skip


def leaves(x: Any) -> set[str]:
    """The names in a formula; every form in it must be a known one with all its parts."""
    if not isinstance(x, m.Math):
        return set()
    assert x.form in PARTS
    assert PARTS[x.form] in (None, len(x.parts)), x
    if x.form == "name":
        return {x.parts[0]}
    return set().union(*(leaves(part) for part in x.parts))


@pytest.mark.parametrize(("row", "case"), t.pairs(t.good))
def test_the_notation_is_whole_and_names_every_operand(row: Op, case: Case):
    tried = t.trial(row, case)
    node = next((n for n in tried.graph.nodes if n.op is row), None)
    assert node is not None
    names = [f"x{k}" for k in range(len(node.inputs))]
    written = row.math([m.name(n) for n in names], node.attrs)
    assert isinstance(written, m.Math)
    assert leaves(written) >= set(names)
