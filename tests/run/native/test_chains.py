"""Chains of rows at random, on zeros of both signs, infinities, NaN, tiny and huge numbers (see `chains`)."""

import numpy as np
import pytest
from tests.run.native.chains import difference


@pytest.mark.parametrize("part", range(6))
def test_chains_of_rows_and_their_gradients_are_the_same_compiled(part: int) -> None:
    with np.errstate(all="ignore"):
        for number in range(part * 6, part * 6 + 6):
            assert difference(number) is None
