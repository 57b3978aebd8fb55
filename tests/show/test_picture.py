"""A picture in hand: printed, shown in a notebook, saved."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.show import scenes

import backlight as bl
from backlight.errors import FileError
from backlight.show.graph import drawn
from backlight.show.png import png
from backlight.show.terminal import text
from backlight.show.view import view

RUN = bl.backprop(scenes.square(), x=2.0)


def test_a_picture_prints_as_the_run_does_and_a_notebook_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    picture = bl.show(RUN)
    assert str(picture) == repr(picture) == str(RUN)
    assert picture._repr_svg_() == picture.svg() == RUN._repr_svg_()


@pytest.mark.parametrize("subject", [RUN, scenes.square()])
def test_runs_and_graphs_show_themselves_in_a_notebook(subject: object) -> None:
    page = subject._repr_html_()  # type: ignore[attr-defined]  # graphs and runs both have it
    assert page.startswith('<div style="overflow:auto"><svg ')
    ElementTree.fromstring(page)


@pytest.mark.parametrize("kind", ["svg", "html", "dot", "txt"])
def test_the_ending_says_what_is_written(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"run.{kind}"
    picture = bl.show(RUN, path)
    begin = {"svg": "<svg ", "html": "<!doctype html>", "dot": "digraph ", "txt": " "}[kind]
    assert path.read_text(encoding="utf-8").startswith(begin)
    assert picture.save(path) == path


def test_another_ending_is_refused() -> None:
    with pytest.raises(FileError, match=r"\Acannot draw to 'run\.pdf': the ending is one of \.svg \.html \.dot \.txt \.png\Z"):
        bl.show(RUN, "run.pdf")


def test_a_place_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "run.svg"
    with pytest.raises(FileError) as error:
        bl.show(RUN, path)
    assert str(error.value) == f"cannot write {path}: No such file or directory"
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError) as error:
        bl.show(RUN).save_steps(tmp_path / "file")
    assert str(error.value) == f"cannot make the folder {tmp_path / 'file'}: File exists"


def test_G2_steps_are_saved_as_numbered_files_and_one_that_plays(tmp_path: Path) -> None:
    files = bl.show(RUN, parameters=["x"]).save_steps(tmp_path / "steps", learning_rate=0.1)
    assert [path.name for path in files] == [*(f"{k:02}.svg" for k in range(1, 17)), "all.svg"]
    assert "update: x becomes 2 + (−0.1 · 72) = -5.2" in files[-2].read_text(encoding="utf-8")
    for path in files:
        ElementTree.fromstring(path.read_text(encoding="utf-8"))


def test_a_png_is_drawn_where_the_renderer_is_installed() -> None:
    pytest.importorskip("resvg_py")
    data = png(drawn(view(RUN)))
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert bl.show(RUN, theme="dark").png() != data


def test_without_a_renderer_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "resvg_py", None)
    with pytest.raises(
        FileError, match=r"\Aa PNG needs a renderer, the package resvg-py \(the extra `png`\): install it, or save as \.svg\Z"
    ):
        png(drawn(view(RUN)))


def test_a_saved_text_has_no_colour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    path = tmp_path / "run.txt"
    bl.show(RUN, path)
    assert path.read_text(encoding="utf-8") == text(RUN, width=100, colour=False) + "\n"


def test_a_file_is_written_whole_a_link_is_followed_and_a_pipe_stays_one(tmp_path: Path) -> None:
    real, link = tmp_path / "real.svg", tmp_path / "link.svg"
    real.write_text("old", encoding="utf-8")
    link.symlink_to(real)
    bl.show(RUN, link)
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8").startswith("<svg ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.svg", "real.svg"]
    pipe = tmp_path / "pipe.svg"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-c", f"print(open({str(pipe)!r}, 'rb').read(4))"], stdout=subprocess.PIPE) as reader:
        bl.show(RUN, pipe)
        assert reader.communicate()[0] == b"b'<svg'\n"
    assert pipe.is_fifo()
