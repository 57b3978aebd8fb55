"""Settings that a row cannot work with, and what a row tells of itself."""

import doctest
import inspect
import pydoc

import pytest

import backlight
import backlight as bl
from backlight import errors, ops
from backlight.core.op import Op
from backlight.core.table import TABLE

BAD = [
    ("sum(x, keepdims=5)", "sum: keepdims must be true or false, and it is 5"),
    ("cast(x, dtype=3)", "cast: dtype must be a word, and it is 3"),
    ("pad(x, value='a')", "pad: value must be a number, and it is 'a'"),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[b[0] for b in BAD])
def test_a_setting_of_the_wrong_kind_is_an_error(text, message):
    with pytest.raises(errors.ValueError) as error:
        bl.parse(text)
    assert str(error.value) == f"line 1, column 1: {message}\n    {text}\n    {'^' * len(text)}"


def test_a_setting_that_the_rules_of_a_row_cannot_use_is_an_error_with_its_place():
    with pytest.raises(errors.ValueError) as error:
        bl.run(bl.parse("2 * sum(x, axis='a')"), x=[1, 2])
    assert str(error.value) == (
        "sum: cannot work with axis='a': '<=' not supported between instances of 'int' and 'str'\n"
        "    2 * sum(x, axis='a')\n"
        "        ^^^^^^^^^^^^^^^^"
    )
    with pytest.raises(errors.ValueError) as error:
        bl.run(bl.parse("2 * tril(x, k=(1, 2))"), x=[[1, 2], [3, 4]])
    assert str(error.value).splitlines()[1:] == ["    2 * tril(x, k=(1, 2))", "        ^^^^^^^^^^^^^^^^^"]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_row_tells_of_itself_at_the_prompt(name):
    row = TABLE[name]
    told = inspect.getdoc(row)
    assert told is not None
    assert told.startswith(row.doc)
    assert row.words in told
    parameters = inspect.signature(row).parameters
    assert list(parameters) == [*(arg.lstrip("*") for arg in row.args), *row.attrs]
    assert all(parameters[setting].default == value for setting, value in row.attrs.items())
    if ">>>" in told:
        tried = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE)
        tried.run(doctest.DocTestParser().get_doctest(told, {"backlight": backlight}, name, None, None))
        assert tried.failures == 0


def test_the_class_of_rows_keeps_its_own_text():
    assert Op.__doc__ is not None
    assert Op.__doc__.startswith("One operation: a row of the table.")
    page = pydoc.plain(pydoc.render_doc(bl.ops.relu))
    assert "x where it is positive, else 0; the derivative at 0 is 0." in page
    assert "relu(x, /)" in page
    assert sum(">>> " in (inspect.getdoc(TABLE[name]) or "") for name in ops.__all__ if name in TABLE) > 150
