"""A node at a corner, a tie, a jump or a pole says so, and what it says of its derivative is what the row does."""

import json
import re

import numpy as np
import pytest
from tests.ops import trial as t

import backlight as bl
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.ops.special_points import POINTS, TIES, flags

SPECIAL = [
    ("abs", (0.0,), "corner: the smallest of its derivatives is taken"),
    ("relu", ([-1.0, 0.0, 0.0],), "corner at [1], [2]: the smallest of its derivatives is taken"),
    ("clip", (1.0, 0.0, 1.0), "corner: at a bound the derivative is 0"),
    ("sign", (0.0,), "jump: the derivative is taken as 0"),
    ("floor", (2.0,), "jump: the derivative is taken as 0"),
    ("round", (2.5,), "jump: the derivative is taken as 0"),
    ("maximum", ([1.0, 2.0], [1.0, 3.0]), "tie of 1 at [0]: the gradient is split evenly"),
    ("max", ([1.0, 1.0, 0.0],), "tie of 2 at [0], [1]: the gradient is split evenly"),
    ("argmin", ([1.0, 0.0, 0.0],), "tie of 2 at [1], [2]: the first one is named"),
    ("sqrt", (0.0,), "pole: the derivative is infinite"),
    ("log", (0.0,), "pole: the value is −∞ and the derivative ∞"),
    ("acos", (1.0,), "pole: the derivative is infinite"),
    ("div", (1.0, 0.0), "pole: a division by 0"),
    ("atan2", (0.0, 0.0), "undefined: the derivative is taken as 0"),
    ("pow", (0.0, 0.0), "undefined: 0⁰ is 1, and its derivatives are taken as 0"),
    ("pow", (0.0, 0.5), "pole: the derivative is infinite"),
    ("norm", ([0.0, 0.0],), "corner: the derivative is taken as 0"),
    ("hypot", (0.0, 0.0), "corner: the derivative is taken as 0"),
    ("std", ([2.0, 2.0],), "corner: the derivative is taken as 0"),
    ("lgamma", (-2.0,), "pole: the value is infinite or no number"),
]


def tried(name, args):
    return t.trial(TABLE[name], Case(*args))


@pytest.mark.parametrize(("name", "args", "said"), SPECIAL)
def test_a_special_point_is_flagged(name, args, said):
    made = tried(name, args)
    values = made.run()
    node = made.graph.nodes[made.graph.outputs[0]]
    (flag,) = flags(node.op, values[-1], [values[j] for j in node.inputs], {})
    assert str(flag) == said


@pytest.mark.parametrize(("name", "args", "said"), [case for case in SPECIAL if TABLE[case[0]].differentiable])
def test_what_is_said_of_the_derivative_is_what_the_row_does(name, args, said):
    made = tried(name, args)
    out = made.graph.outputs[0]
    gradients = np.concatenate([np.ravel(g) for g in made.gradients(out, np.ones(made.graph.type(out).shape))])
    if "taken as 0" in said or "derivative is 0" in said:
        assert np.min(np.abs(gradients)) == 0.0
    if "derivative is infinite" in said or "derivative ∞" in said or "division by 0" in said:
        assert np.isinf(gradients).any()
    if "split evenly" in said:
        assert 0.5 in gradients


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: t.smooth(row, case) and row.name in {*POINTS, *TIES}))
def test_a_smooth_point_carries_no_flag(row: Op, case: Case):
    made = t.trial(row, case)
    values = made.run()
    for out in made.graph.outputs:
        node = made.graph.nodes[out]
        found = flags(node.op, values[out], [values[j] for j in node.inputs], dict(node.attrs))
        assert [flag for flag in found if flag.kind not in ("jump", "tie")] == []


def test_every_flag_is_of_a_row():
    assert {*POINTS, *TIES} <= set(TABLE)


def branch(x):
    m = np.max(x)
    if m > 2.0:
        return np.sqrt(x[1]) + m
    return m


def test_flags_and_questions_stand_in_every_picture(tmp_path):
    run = bl.backprop(branch, np.array([3.0, 0.0, 3.0]))
    line = branch.__code__.co_firstlineno + 2
    tie, pole = "tie of 2 at [0], [2]: the gradient is split evenly", "pole: the derivative is infinite"
    asked = f"asked: true, which chose this branch (test_flags.py, line {line})"
    assert [str(flag) for window in run for flag in window.flags] == [tie, pole]
    assert [said for window in run for said in window.asked] == [asked]
    picture = bl.show(run)
    for ending in ("html", "dot", "svg", "txt"):
        picture.save(tmp_path / f"a.{ending}")
        text = re.sub(r"<[^>]*>", "", (tmp_path / f"a.{ending}").read_text(encoding="utf-8"))
        for said in (tie, pole, asked):
            assert said in text.replace("&gt;", ">")
    data = json.loads(run.json())
    assert data["guards"] == [{"node": 3, "kind": "bool", "answer": True, "file": __file__, "line": line}]
    assert [node["flags"] for node in data["nodes"] if node["flags"]] == [[tie], [pole]]
    assert tie in str(bl.explain(run, of=1))
    assert asked in str(bl.explain(run, of=3))
    run.save(tmp_path / "a.run")
    assert bl.load_run(tmp_path / "a.run")[3].asked == (asked,)
