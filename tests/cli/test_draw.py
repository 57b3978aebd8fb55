"""Pictures as files, from the command line."""

import json
import re
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


PERCEPTRON = ["explain", "sum((sigmoid(W.T @ x + b) - y)^2)", "x=[1, 2]", "W=normal(2, 3, seed=1)", "b=0", "y=0"]


def test_G14_a_node_is_shown_with_what_stands_so_many_edges_above_and_below(capsys: pytest.CaptureFixture[str]) -> None:
    def numbers(*words: str) -> set[str]:
        out = said([*PERCEPTRON, "--near", *words], capsys)[1]
        return {number for number, _ in re.findall(r"[│┃║╎] (\d+)  (\S.*?) ::", out)}

    assert numbers("b") == {"4", "5"}
    assert numbers("b", "--up", "2") == {"4", "5", "6"}
    assert numbers("5", "--up", "0", "--down", "2") == {"5", "4", "3", "0", "1", "2"} - {"0"}
    assert numbers("5", "--up", "0", "--down", "0") == {"5"}


def test_J4_an_operation_is_opened_into_its_definition(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["explain", "v*sigmoid(w*x)", "v=1", "w=2", "x=0.5", "--json"]
    shown = [json.loads(said([*words, *more], capsys)[1]) for more in ([], ["--open", "4"])]
    ops = [[node["op"] for node in one["nodes"]] for one in shown]
    assert "sigmoid" in ops[0]
    assert "sigmoid" not in ops[1]
    assert "exp" in ops[1]
    for name in "vwx":
        one, other = (made["nodes"][made["inputs"][name]]["gradient"] for made in shown)
        assert one == pytest.approx(other, rel=1e-14)
    status, _, err = said([*words, "--open", "3"], capsys)
    assert (status, err) == (2, "backlight: node 3 (mul): mul has no definition in smaller operations\n")


def test_G7_parameters_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert "┏━┓ parameter" in said([*PERCEPTRON, "--near", "b", "--parameters", "W,b"], capsys)[1]
    assert "parameter" not in said([*PERCEPTRON, "--near", "b", "--parameters", "W"], capsys)[1]


def test_every_node_can_be_drawn_smaller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = {}
    for detail in ("card", "chip", "dot"):
        path = tmp_path / f"{detail}.svg"
        out = said(["explain", "(4*x + 1)^2", "x=2", "--detail", detail, "--svg", str(path)], capsys)[1]
        sizes[detail] = float(re.findall(r'height="([\d.]+)"', path.read_text(encoding="utf-8"))[0])
        assert ("const ::" in out) == (detail == "card")
    assert sizes["card"] > sizes["chip"] > sizes["dot"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--up", "3"], "--up says how far to look from a node: name it, as in --near x"),
        (["--near", "x", "--down", "a"], "--down is a whole number from 0, and it is 'a'"),
        (["--near", "q"], "no node is called 'q'; there is x, y"),
        (["--detail", "big"], "the detail of a picture is one of auto, card, chip, dot, and it is 'big'"),
        (["--parameters", "w"], "no node is called 'w'; there is x, y"),
    ],
)
def test_what_cannot_be_shown_is_said(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(["explain", "x*y", "x=2", "y=3", *words], capsys) == (2, "", f"backlight: {message}\n")


def test_J7_the_landscape_is_plotted_over_one_input_or_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "landscape.svg"
    status, out, _ = said(["explain", "(4*x + 1)^2", "x=2", "--landscape", str(path)], capsys)
    assert status == 0
    assert "at x = 2 the loss is 81 and its slope 72\nstep: 2 − 0.01 · 72 = 1.28\n" in out
    assert f"drawn in {path}" in out
    assert "loss: the whole curve" in path.read_text(encoding="utf-8")
    words = ["explain", "(y - (w*x + b))^2", "x=2.1", "y=4", "w=1", "b=0", "--landscape", str(path)]
    assert said([*words, "--wrt", "w,b"], capsys)[0] == 0
    assert "The loss over w and b" in path.read_text(encoding="utf-8")
    message = "backlight: a landscape is drawn over one input or two, and here are 4: name them, as in --wrt y\n"
    assert said(words, capsys) == (2, "", message)


def test_U4_growth_is_plotted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "growth.svg"
    status, out, _ = said(["explain", "sum(tanh(W @ x))", "W=normal(2, 2, seed=1)", "x=[1, 2]", "--growth", str(path)], capsys)
    assert status == 0
    assert "nodes of the expressions\nparameters  numeric" in out
    assert "How each way to differentiate grows" in path.read_text(encoding="utf-8")


def test_the_step_of_descent_and_the_verdicts_of_small_steps_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "step.svg"
    words = ["explain", "(y - (w*x + b))^2", "x=2.1", "y=4", "w=1", "b=0", "--parameters", "w,b"]
    status, out, _ = said([*words, "--descend=0.01", "--check", "--svg", str(path)], capsys)
    assert status == 0
    assert "One step of descent, η = 0.01" in out
    assert "predicted change −η‖gradient‖² = −0.7812039999999999" in out       # of w and b alone: they are the parameters
    text = path.read_text(encoding="utf-8")
    assert "update   1 + (−0.01 · (-7.9799999999999995))" in text
    assert text.count(">✓ small steps agree</text>") == 7
    assert said([*words, "--descend=fast"], capsys)[2] == "backlight: --descend is a learning rate such as 0.01, and it is 'fast'\n"


def test_a_run_is_printed_as_a_program(capsys, tmp_path):
    _, out, _ = said(["explain", "x*y", "x=2", "y=3", "--code", "torch"], capsys)
    assert out.splitlines()[:6] == ["import torch", "", "", "def f(x, y):", "    return x * y", ""]
    path = tmp_path / "kept.run"
    said(["explain", "x*y", "x=2", "y=3", "--save", str(path)], capsys)
    assert said(["explain", str(path), "--code", "torch"], capsys)[1] == out
    assert said(["explain", "x*y", "x=2", "y=3", "--code", "cobol"], capsys)[2] == (
        "backlight: code is written for numpy, torch, jax, and not for 'cobol'\n"
    )
    assert said(["explain", "x*y", "--code", "torch"], capsys)[2] == (
        "backlight: --code needs a run: give values, as in x=1 (the inputs are x, y)\n"
    )
