"""The floor under a workload: what its instructions ask for is counted as somebody would count by hand."""

from collections import Counter

import pytest
from benchmarks import limits

from backlight.run.native import host

LANES = host.target().lanes("float")


def test_the_products_of_a_step_are_counted_by_vectors() -> None:
    def vectors(m: int, k: int, n: int) -> int:
        return m * k * -(-n // LANES)

    wanted = vectors(10, 784, 30) + vectors(10, 30, 10) + vectors(10, 10, 30) + vectors(784, 10, 30) + vectors(30, 10, 10)
    asked = limits.asked_of(limits.program_of("W4"))
    assert asked.products == wanted
    assert 0 < asked.others.total() < 0.2 * wanted
    weights = 4 * (784 * 30 + 30 + 30 * 10 + 10)
    assert asked.traffic > 3 * weights, "each is read twice and written once"


@pytest.mark.parametrize(
    ("operation", "operands", "found"),
    [("add", 2, {"sum": 1}), ("multiply", 2, {"product": 1}), ("divide", 2, {"division": 1}), ("sqrt", 1, {"division": 1})],
)
def test_the_instructions_of_an_operation_are_counted_by_kind(operation: str, operands: int, found: dict[str, int]) -> None:
    assert +limits.written((operation,), ("float",) * operands) == found


def test_two_functions_that_share_their_work_ask_for_less_than_both() -> None:
    alone = sum(limits.written((name,), ("float",)).total() for name in ("sin", "cos"))
    assert limits.written(("sin", "cos"), ("float",)).total() < alone


def test_instructions_that_wait_for_none_take_time_by_their_number() -> None:
    some = Counter({"product": 1e9, "sum": 5e8, "whole": 1e8, "division": 1e8})
    assert limits.together(Counter(), 1, 1) == 0.0
    assert 1e-3 < limits.together(some, 1, 1) < 1e3


def test_what_a_processor_can_do_is_measured() -> None:
    assert limits.vector_products(1, 1) > 1e6
    assert limits.bytes_copied(1 << 16, 2, 1) > 1e6
