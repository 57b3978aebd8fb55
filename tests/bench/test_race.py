import io
import json
import math
from pathlib import Path

import pytest

from backlight.bench import by_hand, ours, worker
from backlight.bench.contest import WORKLOADS
from backlight.bench.deep import by_hand as deep_by_hand
from backlight.bench.deep import ours as deep_ours
from backlight.bench.race import agrees, begin, best_peer, race, table

QUICK = ["W1", "W1s", "W2", "W2c", "W3", "W9", "W10", "W10c", "W10n"]


@pytest.mark.parametrize("key", QUICK)
def test_our_machine_computes_what_numpy_by_hand_computes(key: str) -> None:
    found, wanted = ours.ENTRIES[key]().call(), by_hand.ENTRIES[key]().call()
    assert math.isclose(found, wanted, rel_tol=WORKLOADS[key].close)


@pytest.mark.parametrize("key", worker.DEEP)
def test_our_machine_computes_what_numpy_by_hand_computes_with_many_layers(key: str) -> None:
    found, wanted = deep_ours.ENTRIES[key]().call(), deep_by_hand.ENTRIES[key]().call()
    assert math.isclose(found, wanted, rel_tol=WORKLOADS[key].close)


@pytest.mark.slow
@pytest.mark.parametrize("key", ["W4", "W5", "W6"])
def test_our_machine_computes_what_numpy_by_hand_computes_at_length(key: str) -> None:
    found, wanted = ours.ENTRIES[key]().call(), by_hand.ENTRIES[key]().call()
    assert math.isclose(found, wanted, rel_tol=WORKLOADS[key].close)


def test_every_workload_is_run_by_us_and_by_hand() -> None:
    assert set(ours.ENTRIES) == set(by_hand.ENTRIES) == set(WORKLOADS) - set(worker.DEEP)
    assert list(deep_ours.ENTRIES) == list(deep_by_hand.ENTRIES) == worker.DEEP


def test_a_worker_answers_each_line_with_one_line() -> None:
    answers = io.StringIO()
    assert worker.work("W1", "numpy", io.StringIO("go 0\ngo 0\nend\n"), answers) == 0
    first, one, two, last = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert first["check"] == 81.0 + 72.0
    assert one["calls"] == two["calls"] == 1
    assert last["peak_bytes"] >= 0


def test_who_does_not_take_part_is_left_out() -> None:
    assert worker.work("W1", "nobody", io.StringIO(), io.StringIO()) == 3
    assert begin("no such workload", "numpy", 1) is None


def test_a_race_compares_medians_and_results() -> None:
    runners = race(WORKLOADS["W1"], ["backlight", "numpy"], 2, 0.0, 1)
    assert [r.name for r in runners] == ["backlight", "numpy"]
    assert all(len(r.times_s) == 2 and r.peak_bytes > 0 for r in runners)
    assert agrees(*runners, WORKLOADS["W1"].close)
    lines = table(WORKLOADS["W1"], runners)
    assert lines[0] == "W1  (4x + 1)² and its gradient, scalars; a call"
    assert len(lines) == 3
    runners[1].check = 5.0
    (line,) = [line for line in table(WORKLOADS["W1"], runners) if "numpy" in line]
    assert line.endswith("ANOTHER RESULT: 5.0")


def test_what_is_written_by_hand_counts_where_no_library_is_measured() -> None:
    medians = {"backlight": 3.0, "numpy": 1.0, "jax": 2.0}
    assert best_peer(WORKLOADS["W4"], medians) == 1.0
    assert best_peer(WORKLOADS["W10"], medians) == 2.0
    assert best_peer(WORKLOADS["W10"], {"backlight": 3.0, "numpy": 1.0}) == 1.0
    assert best_peer(WORKLOADS["W4"], {"backlight": 3.0}) == 3.0


# `torch-compile` takes half a minute to begin, and `jax-step` has no part in W1.
@pytest.mark.parametrize("name", sorted({*worker.CONTESTANTS} - {"torch-compile", "jax-step"}))
def test_a_peer_that_is_installed_computes_what_numpy_by_hand_computes(name: str) -> None:
    answers = io.StringIO()
    if worker.work("W1", name, io.StringIO("end\n"), answers) == 3:
        pytest.skip(f"{name} is not installed")
    assert math.isclose(json.loads(answers.getvalue().splitlines()[0])["check"], 153.0, rel_tol=1e-9)


def test_memory_of_processes_of_their_own_counts() -> None:
    answers = io.StringIO()
    assert worker.work("W10", "numpy", io.StringIO("end\n"), answers) == 0
    assert json.loads(answers.getvalue().splitlines()[-1])["peak_bytes"] > 0


def test_tensorflow_js_is_left_out_without_node_and_without_itself(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NODE_PATH", str(tmp_path))
    assert worker.work("W3", "tfjs", io.StringIO("end\n"), io.StringIO()) == 3
    monkeypatch.setenv("PATH", str(tmp_path))
    assert worker.work("W3", "tfjs", io.StringIO("end\n"), io.StringIO()) == 3
