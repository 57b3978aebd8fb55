"""The command, from its words to what stands on the screen and the status it ends with."""

import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.cli import main
from backlight.core.table import TABLE

ROOT = Path(__file__).parents[1]
assert ops.__all__  # the table is filled


def process(*words, **more):
    """The real command, in a process of its own."""
    command = [sys.executable, "-W", "error", "-m", "backlight", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False, **more)


@pytest.fixture
def explain(capsys):
    """The command called here: (status, standard output, standard error)."""

    def call(*words):
        status = main(["explain", *words])
        return status, *capsys.readouterr()

    return call


def test_the_command_of_the_readme_shows_every_node_and_every_edge():
    done = process("explain", "(4*x + 1)^2", "x=2")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ["1  x :: Float64", "× :: a → a → a", "+ :: a → a → a", "^ :: a → a → a", "gradient 72", "value    81"]:
        assert words in done.stdout
    for edge in ["1 × 18 = 18", "18 × 1 = 18", "18 × 4 = 72"]:
        assert edge in done.stdout
    assert done.stdout.startswith("(4·x + 1)²\n")
    assert done.stdout.endswith("(4·x + 1)² = 81\ngradient by x = 72\n")


def test_the_json_is_one_valid_object_and_that_of_the_run():
    done = process("explain", "(4*x + 1)^2", "x=2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == bl.backprop(bl.parse("(4*x + 1)^2"), x=2).json() + "\n"
    assert list(json.loads(done.stdout)) == ["version", "inputs", "outputs", "guards", "nodes", "backward"]


@pytest.mark.parametrize(
    ("words", "output", "gradients"),
    [
        (("-x^2", "x=3"), -9, {"x": -6}),
        (("x^2", "x=-1"), 1, {"x": -2}),
        (("--json", "--", "--x", "x=2"), 2, {"x": 1}),
        (("x*y", "x=[1, -2]", "y=3", "--upstream", "[1, 10]"), [3, -6], {"x": [3, 30], "y": -19}),
        (("x*y", "x=2", "y=5", "--wrt", "y"), 10, {"x": None, "y": 2}),
        (("x*y", "--wrt=y", "x=2", "y=5"), 10, {"x": None, "y": 2}),
        (("x = 3\nx^2 * y", "y=2"), 18, {"y": 9}),
    ],
)
def test_words_reach_the_engine(explain, words, output, gradients):
    status, out, err = explain(*words, *["--json"] * ("--json" not in words))
    assert (status, err) == (0, "")
    found = json.loads(out)
    nodes = found["nodes"]
    assert nodes[found["outputs"][0]]["value"] == output
    assert {name: nodes[i]["gradient"] for name, i in found["inputs"].items()} == gradients


def test_dtype_makes_everything_float32(explain):
    found = json.loads(explain("x/3", "x=1", "--dtype", "float32", "--json")[1])
    assert {node["type"] for node in found["nodes"] + found["backward"]} == {"Float32"}
    assert found["nodes"][-1]["value"] == 0.3333333432674408


def test_a_graph_without_values_is_shown_as_it_was_read(explain):
    status, out, err = explain("a*b + c")
    assert (status, err) == (0, "")
    assert out.startswith("a·b + c\n")
    assert out.endswith("not run: no values. Give one for each of a, b, c, as in a=1\n")
    assert out.count("no value yet") == 5
    assert "gradient" not in out
    found = json.loads(explain("a*b + c", "--json")[1])
    assert [(node["name"], node["type"], node["value"], node["gradient"]) for node in found["nodes"]][:2] == [
        ("a", None, None, None), ("b", None, None, None),
    ]  # fmt: skip


def test_a_text_without_variables_needs_no_values(explain):
    status, out, _ = explain("2^3^2")
    assert status == 0
    assert out.endswith("there is no input to differentiate by\n\n2^3² = 512\n")


def test_an_output_that_is_no_scalar_says_what_its_upstream_gradient_is(explain):
    out = explain("x*y", "x=[1, 2]", "y=3")[1]
    assert out.endswith(
        "x·y = [3 6]\n"
        "x·y is a Vector Float64 (2), not a scalar: its upstream gradient is ones, "
        "so these are the gradients of the sum of its items\n"
        "gradient by x = [3 3]\n"
        "gradient by y = 3\n"
    )
    assert "the upstream gradient of x·y was given: [1 0]\n" in explain("x*y", "x=[1, 2]", "y=3", "--upstream", "[1, 0]")[1]


def test_an_output_without_a_derivative_is_still_shown(explain):
    status, out, err = explain("x > y", "x=1", "y=2")
    assert (status, err) == (0, "")
    assert out.endswith("the output is Bool: only floats have a derivative\n\nx > y = false\n")


def test_an_input_that_does_not_matter_has_a_named_zero(explain):
    assert "gradient by y = 0   (not on a path to the output)\n" in explain("f(x, y) = 2x", "x=1", "y=2")[1]


def test_one_node_alone_shows_what_arrives_and_what_goes_down(explain):
    assert explain("x*x + x", "x=3", "--node", "x")[1] == (
        "0  x :: Float64 ()\n"
        "    input :: Float64\n"
        "    value     3\n"
        "  upstream\n"
        "    from node 1 (x·x), operand 1: 3\n"
        "    from node 1 (x·x), operand 2: 3\n"
        "    from node 2 (x·x + x), operand 2: 1\n"
        "    sum       7\n"
    )
    assert explain("x*x + x", "x=3", "--node", "1")[1] == (
        "1  x·x :: Float64 ()\n"
        "    × :: a → a → a\n"
        "    value     9\n"
        "  upstream\n"
        "    from node 2 (x·x + x), operand 1: 1\n"
        "    gradient  1\n"
        "  downstream (product rule: each operand gets the gradient times the other operand)\n"
        "    ↓ operand 1, node 0 (x): 1 × 3 = 3\n"
        "    ↓ operand 2, node 0 (x): 1 × 3 = 3\n"
    )


def test_the_tree_shows_what_is_used_twice_twice(explain):
    assert explain("y = x + 1\ny * y", "x=3", "--tree")[1].count(" x :: Float64 ") == 2
    assert explain("y = x + 1\ny * y", "x=3")[1].count(" x :: Float64 ") == 1


def test_a_tree_too_large_for_a_picture_is_written_in_lines(explain):
    out = explain("a = x*x\nb = a*a\nc = b*b\nd = c*c\ne = d*d\nf = e*e\nf", "x=1", "--tree")[1]
    assert out.splitlines()[2:5] == [
        "f: ×  [63]  = 1   gradient 1",
        "├─ e: ×  [31]  = 1   gradient 1",
        "│  ├─ d: ×  [15]  = 1   gradient 1",
    ]
    assert out.count("─ x  = 1   gradient 1\n") == 64
    assert out.endswith("gradient by x = 64\n")


def test_derivatives_of_higher_order(explain):
    out = explain("x^3 * y", "x=2", "y=5", "--order", "2")[1]
    assert "derivatives of order 2\n  ∂² / ∂x ∂x = 60\n  ∂² / ∂x ∂y = 12\n  ∂² / ∂y ∂y = 0\n" in out
    found = json.loads(explain("x^3 * y", "x=2", "y=5", "--order=3", "--wrt=x", "--json")[1])
    assert (found["order"], found["derivatives"]) == (3, [{"by": ["x", "x", "x"], "value": 30.0}])


def test_rewrites_are_shown_step_by_step_with_their_reasons(explain):
    out = explain("log(1 + exp(x))", "x=-40", "--rewrite")[1]
    assert "\n\nrewritten in 1 step:\n  log(1 + e^x) → softplus(x)\n      softplus: exp(x) overflows from x = 710 on" in out
    assert out.startswith("softplus(x)\n")
    assert "nothing was rewritten" in explain("x*1", "x=2", "--rewrite=stabilise")[1]
    found = json.loads(explain("x*1", "x=2", "--rewrite=simplify", "--json")[1])
    assert [(step["rule"], step["before"], step["after"]) for step in found["rewrites"]] == [("mul_one", "x·1", "x")]
    assert found["outputs"] == [found["inputs"]["x"]]


def test_all_ways_to_differentiate_stand_side_by_side(explain):
    out = explain("(4*x + 1)^2", "x=2", "--ways")[1]
    for way in ["numeric", "symbolic, unshared", "symbolic, shared", "forward", "reverse"]:
        assert f"\n{way} " in out
    found = json.loads(explain("(4*x + 1)^2 * y", "x=2", "y=3", "--ways", "--json")[1])["ways"]
    assert (found["parameters"], found["total"], found["value"]) == (["x", "y"], 2, 243.0)
    gradients = {way["name"]: way["gradients"] for way in found["ways"]}
    assert set(gradients) == {"numeric", "symbolic, unshared", "symbolic, shared", "forward", "reverse"}
    assert all(pair == pytest.approx([216, 81], rel=1e-8) for pair in gradients.values())
    only = json.loads(explain("(4*x + 1)^2 * y", "x=2", "y=3", "--ways", "--wrt", "y", "--json")[1])["ways"]
    assert only["parameters"] == ["y"]


def test_large_arrays_are_elided_and_whole_on_demand(explain):
    words = ("sum(W @ x)", "W=normal(8, 30, seed=1)", "x=ones(30)")
    short, whole = explain(*words)[1], explain(*words, "--full")[1]
    assert "…" in short
    assert "…" not in whole
    weights = np.random.default_rng(1).standard_normal(240)
    assert all(f"{float(number)!r}" in whole for number in weights)


def test_a_file_holds_a_whole_network(explain, tmp_path):
    path = tmp_path / "network.txt"
    path.write_text("# one hidden layer\nh = tanh(W @ x + b)\nz = v @ h\nloss = (z - y)^2\n", encoding="utf-8")
    status, out, err = explain(str(path), "W=normal(3,2,seed=1)", "x=[1,2]", "b=0", "v=[1,2,3]", "y=0.5")
    assert (status, err) == (0, "")
    assert all(f" {name} :: " in out for name in ("W", "x", "b", "h", "v", "z", "y", "loss"))
    assert out.startswith("loss = (v @ tanh(W @ x + b) − y)²\n")


def test_a_saved_run_is_explained_without_running(explain, tmp_path):
    path = str(tmp_path / "square.run")
    first = explain("(4*x + 1)^2", "x=2", "--save", path)
    assert f"\n\nsaved as {path}\n\n" in first[1]
    assert explain(path) == explain("(4*x + 1)^2", "x=2")
    assert bl.load_run(path)["x"].gradient == 72.0
    assert explain(path, "x=3")[2] == f"backlight: {path} is a saved run: its values are known, and x cannot change them\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["3 + * 4"],
            """line 1, column 5: nothing to add after '+': expected a number, a name or an opening bracket, found '*'
    3 + * 4
        ^""",
        ),
        (["x + y", "x=1"], "no value for y: give one, as in y=1"),
        (["x", "x=1", "z=2"], "there is no input 'z'; there is x"),
        (["nothing.txt"], "there is no file nothing.txt"),
        (["x", "x=1", "--order", "two"], "--order is a whole number from 1, and it is 'two'"),
        (["x", "x=1", "--order", "0"], "the order of a derivative is 1 to 12 here, and it is 0"),
        (
            ["a+b+c+d+f+g", *(f"{name}=1" for name in "abcdfg"), "--order", "3"],
            "there are 56 derivatives of order 3 by 6 inputs, and the limit is 40: name fewer inputs",
        ),
        (["x", "x=1", "--dtype", "int8"], "--dtype is one of float64, float32, and it is 'int8'"),
        (["x*y", "--wrt", "x"], "--wrt needs a run: give values, as in x=1 (the inputs are x, y)"),
        (["x", "x=1", "--wrt", ","], "--wrt needs names of inputs, as in --wrt x,y"),
        (["x", "x=1", "--wrt", "q"], "no node is called 'q'; there is x"),
        (["x", "x=1", "--node", "9"], "there is no node 9: this graph has nodes 0 to 1"),
        (["x", "x=[1, 2]", "--upstream", "[1, 2, 3]"], "the upstream gradient has shape (3,), and node 0 has shape (2,)"),
        (["2^3", "--ways"], "there is no input of real floats to differentiate by: give one, as in x=1.0"),
        (
            ["item(x)", "x=1"],
            "item: takes one of several outputs, and x is one array, Float64 ()\n    item(x)\n    ^^^^^^^",
        ),
        (
            ["item(split(x), k=5)", "x=[1, 2]"],
            "item: there is no output 5: x has 2, counted from 0\n    item(split(x), k=5)\n    ^^^^^^^^^^^^^^^^^^^",
        ),
        (
            ["sin(split(x))", "x=[1, 2]"],
            ("sin: x is 2 arrays, (Vector Float64, Vector Float64): take one of them, as in item(x, k=0)\n"
             "    sin(split(x))\n    ^^^^^^^^^^^^^"),
        ),
        (["x", "x=1", "--save", "/no/such/folder/run"], "cannot write /no/such/folder/run: No such file or directory"),
    ],
)
def test_bad_input_is_one_message_and_nothing_on_standard_output(explain, words, message):
    assert explain(*words) == (2, "", f"backlight: {message}\n")


def test_bad_input_ends_the_process_with_status_2():
    done = process("explain", "1 + 2)")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("backlight: line 1, column 6: ")


def test_files_that_are_no_texts_are_refused(explain, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(b"x + \xff\xfe")
    assert explain(str(path))[2] == f"backlight: {path} is not a text: byte 4 is not UTF-8\n"
    path.write_bytes(b" " * ((1 << 24) + 1))
    assert explain(str(path))[2] == f"backlight: {path} is longer than 16 MiB: it is not a text of formulas\n"


def test_help_and_version(capsys):
    for words in ([], ["--help"], ["-h"], ["help"]):
        assert main(words) == 0
        assert 'backlight explain "(4*x + 1)^2" x=2' in capsys.readouterr().out
    for words in (["explain", "--help"], ["help", "explain"], ["explain", "-h"]):
        assert main(words) == 0
        assert capsys.readouterr().out.startswith("backlight explain TEXT|FILE [name=value …] [options]\n")
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "backlight 0.1.0\n"


def test_the_text_may_come_from_standard_input():
    done = process("explain", "-", "x=3", "--json", input="y = x^2\n")
    assert json.loads(done.stdout)["nodes"][-1]["value"] == 9


@pytest.mark.skipif(os.name == "nt", reason="pipes break in another way there")
def test_a_reader_that_goes_away_is_no_mistake():
    command = [sys.executable, "-m", "backlight", "explain", "x^2", "x=uniform(90, 90)", "--full"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.read(10)
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk to write to")
def test_a_full_disk_is_said():
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "backlight", "explain", "x^2", "x=2"]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "backlight: cannot write the output: No space left on device\n")


def test_ctrl_c_is_quiet(capsys, monkeypatch):
    class Person(io.StringIO):
        def read(self, size=-1):
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", Person())
    assert main(["explain", "-", "x=1"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_knows_few_letters_gets_what_it_can_show():
    done = process("explain", "x^2", "x=2", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "gradient by x = 4" in done.stdout


def test_ways_and_derivations_of_rules_that_mix_axes_on_one_number(explain):
    found = json.loads(explain("1 + prod(x) * 2", "x=3", "--ways", "--json")[1])["ways"]
    assert [way["gradients"] for way in found["ways"] if way["name"] == "reverse"] == [[2.0]]
    assert "∂b/∂a·∂a/∂y = −1·(−1) = 1" in explain("mul(norm(y), y)", "y=-1", "--derive")[1]


def test_nothing_that_can_be_typed_ends_in_a_traceback(explain):
    rng = random.Random(20)
    table = sorted(TABLE)
    values = ["2", "0", "nan", "-inf", "[1, -2, 3]", "[[1, 2], [3, 4]]", "ones(1, 2, 3)", "normal(2, 2)", "true", "1e308"]
    asked = [[], ["--json"], ["--tree"], ["--full"], ["--order", "2"], ["--rewrite"], ["--ways"], ["--node", "x"], ["--derive"]]

    def formula(depth):
        if depth == 0 or rng.random() < 0.25:
            return rng.choice(["x", "y", "2", "0.5", "pi"])
        if rng.random() < 0.5:
            return f"({formula(depth - 1)} {rng.choice('+-*/^@>')} {formula(depth - 1)})"
        row = TABLE[rng.choice(table)]
        return f"{row.name}({', '.join(formula(depth - 1) for _ in row.args or 'x')})"

    statuses = set()
    for _ in range(300):
        words = [f"x - x + y - y + {formula(2)}", f"x={rng.choice(values)}", f"y={rng.choice(values)}", *rng.choice(asked)]
        status, out, err = explain(*words)
        assert (status, bool(out), bool(err)) in ((0, True, False), (2, False, True)), words
        statuses.add(status)
    assert statuses == {0, 2}
