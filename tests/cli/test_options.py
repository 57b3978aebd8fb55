"""The words of a command line, told apart."""

import pytest

from backlight.cli.options import COMMANDS, Words, help_text, split
from backlight.errors import InputError


@pytest.mark.parametrize(
    ("line", "text", "values", "options"),
    [
        (["-x^2", "x=3"], "-x^2", {"x": "3"}, {}),
        (["x^2", "x=-1"], "x^2", {"x": "-1"}, {}),
        (["-x", "x=-1", "--json"], "-x", {"x": "-1"}, {"json": ""}),
        (["--json", "-x"], "-x", {}, {"json": ""}),
        (["--wrt", "-x", "y"], "y", {}, {"wrt": "-x"}),
        (["--wrt=x,y", "x*y", "--upstream", "-2"], "x*y", {}, {"wrt": "x,y", "upstream": "-2"}),
        (["--", "--x", "x=1"], "--x", {"x": "1"}, {}),
        (["--x", "x=1"], "--x", {"x": "1"}, {}),
        (["--2 + y"], "--2 + y", {}, {}),
        (["--", "--json"], "--json", {}, {}),
        (["-", "x=1"], "-", {"x": "1"}, {}),
        (["-3", "--tree"], "-3", {}, {"tree": ""}),
        (["y=x^2", "x=3"], "y=x^2", {"x": "3"}, {}),
        (["x=3", "x^2"], "x^2", {"x": "3"}, {}),
        (["x == y", "x=1", "y=2"], "x == y", {"x": "1", "y": "2"}, {}),
        (["x==y"], "x==y", {}, {}),
        (["σ(ω₁)", "ω₁=1e-3"], "σ(ω₁)", {"ω₁": "1e-3"}, {}),
        (["f(x) = x^2", "x=@a=b.npy"], "f(x) = x^2", {"x": "@a=b.npy"}, {}),
        (["x^2", "--rewrite", "x=1"], "x^2", {"x": "1"}, {"rewrite": ""}),
        (["x^2", "--rewrite=log1p", "x=1"], "x^2", {"x": "1"}, {"rewrite": "log1p"}),
        (["--help"], None, {}, {"help": ""}),
        (["-h"], None, {}, {"help": ""}),
    ],
)
def test_words_are_told_apart(line, text, values, options):
    assert split(["explain", *line]) == Words("explain", text, values, options)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            ["explian", "x"],
            "there is no command 'explian'; did you mean 'explain'? (to explain a formula: backlight explain \"explian\")",
        ),
        (["x^2", "x=1"],
         "there is no command 'x^2'; there is explain, studio, bench (to explain a formula: backlight explain \"x^2\")"),
        (["explain"], 'explain needs a text or a file, as in: backlight explain "(4*x + 1)^2" x=2'),
        (["explain", "--json"], 'explain needs a text or a file, as in: backlight explain "(4*x + 1)^2" x=2'),
        (
            ["explain", "x", "y"],
            "explain takes one text, and got 'x' and 'y': put a text with blanks between quotation marks, and values as in x=2",
        ),
        (["explain", "x*y", "x=1", "y=2", "--derive", "x"], "--derive takes its value without a blank, as in --derive=x"),
        (["explain", "--descend", "0.1", "x", "x=1"], "--descend takes its value without a blank, as in --descend=0.1"),
        (["explain", "x", "x=1", "x=2"], "x is given twice: x=1 and x=2"),
        (["explain", "x", "--json", "--json"], "--json is given twice"),
        (["explain", "x", "--json=yes"], "--json takes no value, and it is given 'yes'"),
        (["explain", "x", "--wrt"], "--wrt needs a value, as in --wrt NAMES"),
        (
            ["explain", "x", "--jsno"],
            "explain has no option --jsno; did you mean 'json'? (a text that begins with two minus signs goes behind a --)",
        ),
    ],
)
def test_words_that_make_no_sense_are_refused(line, message):
    with pytest.raises(InputError) as error:
        split(line)
    assert str(error.value) == message


def test_the_help_names_every_option_and_says_something_about_it():
    said = help_text("explain")
    assert all(f"    --{option.name}" in said and option.does in said for option in COMMANDS["explain"].options)
    assert max(map(len, said.splitlines())) <= 120
    assert "backlight explain" in help_text()
