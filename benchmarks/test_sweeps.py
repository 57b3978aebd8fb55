"""Hessians that are mostly zeros: as few sweeps as their structure allows, beside one sweep for each column."""

import numpy as np
import pytest

import backlight as bl

X = np.linspace(0.1, 1.0, 1000)
FUNCTIONS = {
    "arrow, 2 sweeps": lambda x: np.sum(np.exp(x[0]) * x[1:] ** 3),
    "three diagonals, 3 sweeps": lambda x: np.sum(np.sin(x[1:] * x[:-1])),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("sparse", [True, False], ids=["structure", "whole"])
def test_hessian_of_a_thousand_numbers(benchmark, name, sparse):
    benchmark.group = f"Hessian of 1,000 numbers: {name}"
    found = benchmark(bl.hessian(FUNCTIONS[name], sparse=sparse), X)
    assert np.asarray(found).shape == (1000, 1000)
