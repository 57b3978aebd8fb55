"""PyTorch's database of operations as a judge of values, gradients and tangents.

All of it is asked by `tools/operator_database.py`, which needs torch. Here a part of it is tried, recorded with its answers:
a few small samples of every entry.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.judges.differences import CONTRADICTED
from tests.judges.record import Record, load, save
from tests.judges.sample import Answer, Leaf, Sample, differences, ours
from tests.judges.signatures import ENTRIES

HERE = Path(__file__).parent
RECORD = load(HERE / "recorded.npz")
UNCOVERED = dict(line.split(": ", 1) for line in (HERE / "uncovered.txt").read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_value_gradient_and_tangent_are_those_of_the_judge(name: str):
    assert RECORD.questions[name], "no sample is recorded: run tools/operator_database.py --record"
    for sample, wanted in RECORD.questions[name]:
        assert differences(ours(ENTRIES[name], sample, wanted.moving), wanted, sample, name in CONTRADICTED) == []


def test_every_entry_is_covered_or_listed_with_its_reason_and_never_both():
    assert sorted(RECORD.entries) == sorted([*ENTRIES, *UNCOVERED])
    assert all(len(reason) > 10 for reason in UNCOVERED.values())
    assert list(UNCOVERED) == sorted(UNCOVERED)


def test_at_least_so_many_entries_are_covered():
    assert len(RECORD.entries) == 547
    assert len(ENTRIES) >= COVERED


@pytest.mark.parametrize("name", sorted(CONTRADICTED))
def test_where_the_judge_is_not_followed_it_does_contradict_itself(name: str):
    found = [differences(told, told._replace(moved=None), sample) for sample, told in RECORD.questions[name]]
    assert any(found)


def test_a_wrong_answer_is_noticed_in_each_of_its_parts():
    sample = Sample((Leaf(0), 3.0), {}, [np.array([1.0, 2.0])])
    right = ours(lambda x, n: x**n, sample, [0])
    assert differences(right, right, sample) == []
    off = np.array([1.0, 1.0 + 1e-8])
    for wrong, said in (
        (right._replace(results=[right.results[0] * off]), "value 0[1] is"),
        (right._replace(gradients=[right.gradients[0] * off]), "gradient 0[1] is"),
        (right._replace(moved=[right.moved[0] * off]), "tangent 0[1] is"),
    ):
        (word,) = differences(wrong, right, sample)
        assert word.startswith(said)
    (word,) = differences(right._replace(moved=[right.moved[0] * off]), right._replace(moved=None), sample)
    assert word.startswith("the tangent's share is")


def test_a_record_is_read_as_it_was_written(tmp_path: Path):
    sample = Sample(
        ([Leaf(0), None], (slice(1, None, 2), ..., np.int64(3)), np.arange(6.0).reshape(2, 3)),
        {"mode": "x", "size": 2, "rate": float("-inf"), "keep": True, "more": {"a": (1, 2)}},
        [np.array([1.5, 2.5])], "fn",
    )  # fmt: skip
    answer = Answer([np.array([1, 2]), np.complex128(2 + 1j)], [1], [np.zeros(2)], None)
    save(tmp_path / "a.npz", Record(["one", "two"], {"one": [(sample, answer)]}))
    found = load(tmp_path / "a.npz")
    assert found.entries == ["one", "two"]
    ((read, told),) = found.questions["one"]
    assert repr(read) == repr(sample)
    assert repr(told) == repr(answer)


COVERED = 509  # of 547; it grows
