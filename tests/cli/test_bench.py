import json

import pytest

from backlight.cli import main


def test_a_workload_is_run_by_us_and_by_numpy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "W1", "--peers", "numpy", "--rounds", "1"]) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "W1  (4x + 1)² and its gradient, scalars; a call"
    assert sorted(line.split()[0] for line in rest) == ["backlight", "numpy"]


def test_as_json_every_contestant_has_its_median(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "W1s", "--peers", "numpy", "--rounds", "1", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["workload"], found["threads"]) == ("W1s", 1)
    assert [r["name"] for r in found["results"]] == ["backlight", "numpy"]
    assert all(r["median_s"] > 0 for r in found["results"])


def test_several_numbers_of_threads_are_measured_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "W3", "--peers", "numpy", "--rounds", "1", "--threads", "1,2"]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("W3")]
    assert heads == ["W3  perceptron 5 → 10, one sample, SGD; a step, looped inside",
                     "W3  perceptron 5 → 10, one sample, SGD; a step, looped inside; 2 threads"]


@pytest.mark.parametrize(("words", "message"), [
    (["W11"], "backlight: there is no workload 'W11'; did you mean 'W1' or 'W1s' or 'W10'?"),
    (["W1", "--peers", "jacks"],
     "backlight: there is no peer 'jacks'; there is backlight, numpy, jax, jax-step, torch, torch-func, torch-compile, autograd"),
    (["W1", "--rounds", "many"], "backlight: --rounds is a whole number from 1 to 64, and it is 'many'"),
    (["W1", "--threads", "0"], "backlight: --threads is a whole number from 1 to 64, and it is '0'"),
])  # fmt: skip
def test_what_cannot_be_measured_is_said(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *words]) == 2
    assert capsys.readouterr().err == message + "\n"
