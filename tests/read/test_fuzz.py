"""A short run of the fuzzer: what it finds here, a person would have found."""

import pytest
from tests.read import fuzz


@pytest.mark.parametrize("seed", range(4))
def test_any_string_gives_a_graph_or_one_of_our_errors(seed):
    kinds = {fuzz.outcome(text) for text in fuzz.strings(500, seed)}
    assert "graph" in kinds
    assert "SyntaxError" in kinds


def test_the_texts_that_are_mutated_are_valid_ones():
    assert {text: fuzz.outcome(text) for text in fuzz.VALID} == dict.fromkeys(fuzz.VALID, "graph")
