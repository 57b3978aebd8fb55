"""Settings that a row cannot work with."""

import pytest

import backlight as bl
from backlight import errors

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
