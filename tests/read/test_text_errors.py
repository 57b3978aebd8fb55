"""Texts that are not in the language: each is an error that shows the place and says what was expected."""

import pytest

import backlight as bl
from backlight.errors import InputError, LimitError, SyntaxError

# Text, error, line, column, carets, message.
BAD = [
    ("3 + * 4", SyntaxError, 1, 5, 1,
     "nothing to add after '+': expected a number, a name or an opening bracket, found '*'"),
    ("3 - / 4", SyntaxError, 1, 5, 1,
     "nothing to subtract after '-': expected a number, a name or an opening bracket, found '/'"),
    ("3 * )", SyntaxError, 1, 5, 1, "there is no bracket for this ')' to close"),
    ("3 / ", SyntaxError, 1, 4, 1,
     "nothing to divide by after '/': expected a number, a name or an opening bracket, found the end of the text"),
    ("3 / # two", SyntaxError, 1, 4, 1,
     "nothing to divide by after '/': expected a number, a name or an opening bracket, found the end of the text"),
    ("2 ^ * 3", SyntaxError, 1, 5, 1,
     "nothing to raise to after '^': expected a number, a name or an opening bracket, found '*'"),
    ("x < *", SyntaxError, 1, 5, 1,
     "nothing to compare with after '<': expected a number, a name or an opening bracket, found '*'"),
    ("x and *", SyntaxError, 1, 7, 1, "expected a number, a name or an opening bracket after 'and', found '*'"),
    ("y = *", SyntaxError, 1, 5, 1,
     "nothing to assign after '=': expected a number, a name or an opening bracket, found '*'"),
    ("*3", SyntaxError, 1, 1, 1, "nothing before '*': expected a number, a name or an opening bracket"),
    ("x = 1; * 2", SyntaxError, 1, 8, 1, "nothing before '*': expected a number, a name or an opening bracket"),
    ("sin(*)", SyntaxError, 1, 5, 1, "expected a number, a name or an opening bracket after '(', found '*'"),
    ("sin(x,)", SyntaxError, 1, 7, 1, "expected a number, a name or an opening bracket after ',', found ')'"),
    ("[1, , 2]", SyntaxError, 1, 5, 1, "expected a number, a name or an opening bracket after ',', found ','"),
    ("1+2)", SyntaxError, 1, 4, 1, "there is no bracket for this ')' to close"),
    ("sin(x", SyntaxError, 1, 4, 1, "'(' is never closed: expected ')'"),
    ("(1 + 2]", SyntaxError, 1, 7, 1, "'(' of line 1, column 1 is closed by ']': expected ')'"),
    ("[1, (2]", SyntaxError, 1, 7, 1, "'(' of line 1, column 5 is closed by ']': expected ')'"),
    ("|x + 1", SyntaxError, 1, 1, 1, "'|' is never closed: expected '|'"),
    ("(x; y)", SyntaxError, 1, 1, 1, "'(' is not closed before ';'"),
    ("a = 1\nb = (a + 2\nc = 3", SyntaxError, 2, 5, 1, "'(' is never closed: expected ')'"),
    ("a = 1\nb = a ++ 2 *\n* c", SyntaxError, 3, 1, 1,
     "nothing to multiply after '*': expected a number, a name or an opening bracket, found '*'"),
    ("x 2", SyntaxError, 1, 3, 1, "expected an operator between 'x' and '2'"),
    ("2 3", SyntaxError, 1, 3, 1, "expected an operator between '2' and '3'"),
    ("(x) 2", SyntaxError, 1, 5, 1, "expected an operator between ')' and '2'"),
    ("x 'a'", SyntaxError, 1, 3, 3, "a text in quotation marks can only be a setting, as in mode='same'"),
    ("a < b < c", SyntaxError, 1, 7, 1,
     "comparisons do not chain: before '<' write the first one in brackets, or join two by 'and'"),
    ("f(x) + 2 = 3", SyntaxError, 1, 10, 1,
     "'=' follows a name, as in y = 2*x, a header, as in f(x) = 2*x, or a setting, as in axis=0; a comparison is '=='"),
    ("a = b = c", SyntaxError, 1, 7, 1,
     "'=' follows a name, as in y = 2*x, a header, as in f(x) = 2*x, or a setting, as in axis=0; a comparison is '=='"),
    ("x:y", SyntaxError, 1, 2, 1, "':' belongs between square brackets, as in x[1:3]"),
    ("x axis=1", SyntaxError, 1, 7, 1,
     "'=' follows a name, as in y = 2*x, a header, as in f(x) = 2*x, or a setting, as in axis=0; a comparison is '=='"),
    ("$x", SyntaxError, 1, 1, 1, "'$' is not part of the language: write the formula without $"),
    ("x!y", SyntaxError, 1, 2, 1, "'!' is not part of the language: 'not equal' is written ≠ or !="),
    ("x & y", SyntaxError, 1, 3, 1, "'&' is not part of the language: 'both' is written 'and'"),
    ("~x", SyntaxError, 1, 1, 1, "'~' is not part of the language: 'not' is written 'not'"),
    ("{x}", SyntaxError, 1, 1, 1, "'{' is not part of the language: brackets are ( and )"),
    ("\\alpha", SyntaxError, 1, 1, 1, "'\\\\' is not part of the language: write names plainly, as in sin(x) or α"),
    ("x . y", SyntaxError, 1, 3, 1,
     "'.' is not part of the language: a point belongs into a number, as in 0.5, or before T, as in x.T"),
    ("'a", SyntaxError, 1, 1, 1, "\"'\" is not part of the language: a quotation mark is missing"),
    ("`a", SyntaxError, 1, 1, 1, "'`' is not part of the language: a ` is missing"),
    ("x — y", SyntaxError, 1, 3, 1, "'—' is not part of the language: a minus sign is -"),
    ("½", SyntaxError, 1, 1, 1, "'½' is not part of the language"),
    ("x\u200b", SyntaxError, 1, 2, 1, "U+200B is not part of the language"),
    ("broadcast_t(x)", SyntaxError, 1, 1, 11,
     "'broadcast_t' is neither an operation nor defined above; did you mean 'broadcast_to'?"),
    ("Sin(x)", SyntaxError, 1, 1, 3, "'Sin' is neither an operation nor defined above; did you mean 'sin'?"),
    ("g(x)", SyntaxError, 1, 1, 1, "'g' is neither an operation nor defined above: for a product write g*(…)"),
    ("a(b + c)", SyntaxError, 1, 1, 1, "'a' is neither an operation nor defined above: for a product write a*(…)"),
    ("zzz()", SyntaxError, 1, 1, 3, "'zzz' is neither an operation nor defined above"),
    ("sin x", SyntaxError, 1, 1, 3, "'sin' is an operation: write sin(…), or `sin` for a variable of that name"),
    ("sin", SyntaxError, 1, 1, 3, "'sin' is an operation: write sin(…), or `sin` for a variable of that name"),
    ("f(x) = x; f + 1", SyntaxError, 1, 11, 1, "'f' is a function: write f(…)"),
    ("x = 1; x = 2", SyntaxError, 1, 8, 1, "'x' is assigned in line 1 already: give the new value another name"),
    ("y = x; x = 2", SyntaxError, 1, 8, 1, "'x' is an input in line 1 already: give the new value another name"),
    ("a = x^2\nx = 3", SyntaxError, 2, 1, 1, "'x' is an input in line 1 already: give the new value another name"),
    ("true = 3", SyntaxError, 1, 1, 4, "'true' is a number, not a name"),
    ("f(true) = 1", SyntaxError, 1, 3, 4, "'true' is a number, not a name"),
    ("f(x, x) = 1", SyntaxError, 1, 6, 1, "'x' stands twice in this header"),
    ("sin(x) = x", SyntaxError, 1, 1, 3, "'sin' is an operation already: choose another name"),
    ("f(x) = 1; f(x) = 2", SyntaxError, 1, 11, 1, "'f' is defined twice, first in line 1"),
    ("f(x) = 1; f = 2", SyntaxError, 1, 11, 1, "'f' is a function since line 1"),
    ("f(x) = f(x - 1); f(2)", SyntaxError, 1, 8, 8, "'f' is called in its own definition, which would never end"),
    ("f(x) = f(x - 1)", SyntaxError, 1, 8, 1, "'f' is neither an operation nor defined above: for a product write f*(…)"),
    ("f(x) = g(x); g(x) = f(x); f(2)", SyntaxError, 1, 8, 4, "'g' is called in its own definition, which would never end"),
    ("f(x, y) = x; f(1)", SyntaxError, 1, 14, 4, "f: takes 2 (x, y) and got 1"),
    ("f(x) = x; f(x=1)", SyntaxError, 1, 13, 3, "f: takes values by position only"),
    ("a = 2; f(a) = a", SyntaxError, 1, 10, 1, "'a' has a value from line 1, so it is no input"),
    ("σ + σ(x)", SyntaxError, 1, 5, 1,
     "'σ' is a variable elsewhere in this text and called here: write σ*(…) for a product, or give the variable another name"),
    ("log(x, 10)", InputError, 1, 1, 10, "log: takes 1 operand (x) and got 2 of them"),
    ("sin()", InputError, 1, 1, 5, "sin: takes 1 operand (x) and got 0 of them"),
    ("sum(x, axes=0)", InputError, 1, 1, 14, "sum: has no setting 'axes'; did you mean 'axis'?"),
    ("sum(x, axis=y + 1)", SyntaxError, 1, 13, 5,
     "axis must be a plain number, word or list of them, known before anything runs"),
    ("sum(x, axis=-y)", SyntaxError, 1, 13, 2,
     "axis must be a plain number, word or list of them, known before anything runs"),
    ("sum(x, axis=0, axis=1)", SyntaxError, 1, 16, 4, "sum: 'axis' is given twice"),
    ("x + input()", SyntaxError, 1, 5, 7, "an input is declared on a line of its own, as in x = input()"),
    ("x = input(3)", SyntaxError, 1, 11, 1, "an input has no operands: write x = input()"),
    ("w = input(rol=parameter)", InputError, 1, 5, 20, "input: has no setting 'rol'; did you mean 'role'?"),
    ("1e400", SyntaxError, 1, 1, 5, "1e400 is larger than any float64 (1.8e308): write inf if you mean it"),
    ("1e-400", SyntaxError, 1, 1, 6, "1e-400 is smaller than any float64 (5e-324): write 0 if you mean it"),
    ("007", SyntaxError, 1, 1, 3, "a whole number does not begin with 0"),
    ("'a'", SyntaxError, 1, 1, 3, "a text in quotation marks can only be a setting, as in mode='same'"),
    ("x + 1:2", SyntaxError, 1, 6, 1, "':' belongs between square brackets, as in x[1:3]"),
    ("[1:2]", SyntaxError, 1, 2, 3, "a range like 1:3 belongs into the brackets of a subscript, as in x[1:3]"),
    ("[]", SyntaxError, 1, 1, 2, "these brackets are empty: expected a number, a name or a formula"),
    ("()", SyntaxError, 1, 1, 2, "these brackets are empty: expected a number, a name or a formula"),
    ("[[1, 2], [3]]", SyntaxError, 1, 1, 13, "the rows of this array differ: 1 item and 2 items"),
    ("[[1, 2], 3]", SyntaxError, 1, 1, 11, "the items of this array differ: rows and numbers are mixed"),
    ("x[1.5:2]", SyntaxError, 1, 3, 5, "the ends of a range are whole numbers, and one is 1.5"),
    ("x[i, j]", SyntaxError, 1, 6, 1,
     "one subscript at a time may be computed, and none beside '...': the others are whole numbers or ranges"),
    ("x[..., i]", SyntaxError, 1, 8, 1,
     "one subscript at a time may be computed, and none beside '...': the others are whole numbers or ranges"),
]


@pytest.mark.parametrize(("text", "kind", "line", "column", "carets", "message"), BAD, ids=[b[0] for b in BAD])
def test_E4_a_mistake_is_an_error_that_points_at_its_column(text, kind, line, column, carets, message):
    with pytest.raises(kind) as error:
        bl.parse(text)
    code = text.split("\n")[line - 1]
    assert str(error.value) == f"line {line}, column {column}: {message}\n    {code}\n    {' ' * (column - 1)}{'^' * carets}"
    if kind is SyntaxError:
        assert (error.value.lineno, error.value.offset, error.value.text) == (line, column, code)


def test_a_long_line_is_shown_around_the_place():
    with pytest.raises(SyntaxError) as error:
        bl.parse("x + " * 60 + "* " + "+ x" * 40)
    assert str(error.value) == (
        "line 1, column 241: nothing to add after '+': expected a number, a name or an opening bracket, found '*'\n"
        "    …" + ("x + " * 60 + "* " + "+ x" * 40)[215:315] + "…\n"
        "    " + " " * 26 + "^"
    )


def test_a_tab_counts_as_one_column():
    with pytest.raises(SyntaxError) as error:
        bl.parse("x\t+\t*")
    assert str(error.value).splitlines()[1:] == ["    x + *", "        ^"]


LIMITS = [
    ("too many characters", "x" + " " * 40_000, "the text has 40001 characters, and the limit is 40000"),
    ("too many words", "x+" * 1250 + "x",
     "the text has more than 2500 words, which is the limit: parse(text, limit=…) sets another"),
    ("too deep", "(" * 201, "line 1, column 201: brackets are nested more than 200 deep\n"
     "    …" + "(" * 100 + "\n    " + " " * 100 + "^"),
    ("a long name", "x" * 101,
     "line 1, column 1: a name has at most 100 characters, and this one has 101\n"
     "    " + "x" * 100 + "…\n    " + "^" * 50),
    ("a long name in backquotes", "`" + "x" * 101 + "`",
     "line 1, column 1: a name has at most 100 characters, and this one has 101\n"
     "    `" + "x" * 99 + "…\n    " + "^" * 50),
    ("growth without bound", "f0(x) = x + x\n" + "\n".join(f"f{i + 1}(x) = f{i}(f{i}(x))" for i in range(60)) + "\nf60(1)",
     "this text makes more than 10000 steps, which is the limit: parse(text, limit=…) sets another"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [limit[1:] for limit in LIMITS], ids=[limit[0] for limit in LIMITS])
def test_a_text_beyond_a_limit_is_an_error_and_not_a_crash(text, message):
    with pytest.raises(LimitError) as error:
        bl.parse(text)
    assert str(error.value) == message


def test_a_higher_limit_reads_longer_texts():
    assert len(bl.parse("x+" * 1250 + "x", limit=5000)) == 1251


def test_only_text_is_read():
    with pytest.raises(InputError) as error:
        bl.parse(3)
    assert str(error.value) == "parse: the text must be a string, and it is int"
