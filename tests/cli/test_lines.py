"""Long lines on a terminal are broken between words, and nowhere else are they broken at all."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backlight.cli.lines import folded

COMMAND = [sys.executable, "-m", "backlight", "explain", "softmax(z)", "z=[2, 1, 0.1]"]
WORDS = st.lists(st.text("abc(,·=12", min_size=1, max_size=30), min_size=1, max_size=20)


@given(WORDS, st.integers(0, 8), st.integers(20, 100))
def test_a_folded_line_has_the_same_words_and_fits_unless_a_word_does_not(words: list[str], indent: int, width: int) -> None:
    line = " " * indent + " ".join(words)
    found = folded(line, width).split("\n")
    assert " ".join(found).split() == words
    assert found == [line] or all(len(one) <= width or len(one.split()) == 1 for one in found)
    assert all(one.startswith(" " * indent) for one in found)


@pytest.mark.parametrize("drawn", ["│ " + "a word " * 20 + "│", "\x1b[1m" + "a word " * 20])
def test_what_is_drawn_or_coloured_is_left_as_it_is(drawn: str) -> None:
    assert folded(drawn, 40) == drawn


@pytest.mark.skipif(os.name == "nt", reason="there is no pseudo-terminal on Windows")
def test_a_story_on_a_terminal_of_eighty_columns_breaks_no_word_and_in_a_pipe_no_line() -> None:
    words = [*COMMAND, "--why", "1"]
    whole = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert max(map(len, whole.split("\n"))) > 80
    import pty

    near, far = pty.openpty()
    with os.fdopen(near, "rb", buffering=0) as screen:
        made = subprocess.Popen(words, stdout=far, env=dict(os.environ, COLUMNS="80", LINES="40"))
        os.close(far)
        told = b""
        try:
            while chunk := screen.read(4096):
                told += chunk
        except OSError:  # how a pseudo-terminal says on Linux that nobody writes to it any more
            pass
        assert made.wait() == 0
    lines = told.decode().replace("\r\n", "\n")
    assert max(map(len, lines.split("\n"))) <= 80
    assert lines.split() == whole.split()
