"""Pictures as files, from the command line."""

from pathlib import Path

import pytest

from backlight.cli import main


def said(words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = main(words)
    found = capsys.readouterr()
    return status, found.out, found.err


@pytest.mark.parametrize(("kind", "begin"), [("svg", "<svg "), ("html", "<!doctype html>"), ("dot", "digraph ")])
@pytest.mark.parametrize("values", [["x=2"], []])
def test_G16_a_picture_is_drawn_in_a_file_of_any_name(
    kind: str, begin: str, values: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "picture"
    status, out, _ = said(["explain", "(4*x + 1)^2", *values, f"--{kind}", str(path)], capsys)
    assert status == 0
    assert f"drawn in {path}" in out
    assert path.read_text(encoding="utf-8").startswith(begin)


def test_G2_steps_are_drawn_in_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(["explain", "x*y", "x=2", "y=3", "--steps", str(tmp_path)], capsys)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert status == 0
    assert f"{len(names) - 1} steps drawn in {tmp_path}; all.svg plays them" in out
    assert names[0] in ("1.svg", "01.svg")


def test_J6_the_tree_can_be_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn = {}
    for name, words in (("graph", []), ("tree", ["--tree"])):
        path = tmp_path / f"{name}.dot"
        assert said(["explain", "(x + y)*(x + y)", "x=2", "y=3", "--dot", str(path), *words], capsys)[0] == 0
        drawn[name] = path.read_text(encoding="utf-8").count("input ::")
    assert drawn["tree"] > drawn["graph"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "missing" / "run.svg"
    status, out, err = said(["explain", "x^2", "x=3", "--svg", str(path)], capsys)
    assert (status, out) == (2, "")
    assert err == f"backlight: cannot write {path}: No such file or directory\n"
