"""Graphs of sizes that are shared out among threads, at random (see `sizes`)."""

import numpy as np
import pytest
from tests.run.native.sizes import KINDS, difference, of_minibatches


@pytest.mark.parametrize("kind", range(len(KINDS)))
def test_graphs_of_any_size_are_the_same_on_any_number_of_threads(kind: int) -> None:
    with np.errstate(all="ignore"):
        for number in range(kind, kind + 3 * len(KINDS), len(KINDS)):
            assert difference(number) is None


def test_steps_of_minibatches_are_the_same_on_any_number_of_threads() -> None:
    for number in range(12):
        assert of_minibatches(number) is None
