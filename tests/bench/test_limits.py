"""The floor under a workload: what its instructions ask for is counted as somebody would count by hand."""

import re
from collections import Counter

import pytest
from benchmarks import limits

from backlight.run.emit.code import Code, Module
from backlight.run.emit.value import Value
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


def test_of_each_kind_that_is_counted_one_is_written_where_instructions_wait_for_none() -> None:
    assert set(limits.ONE) == set(limits.KINDS)
    here = set(limits.KINDS) if host.target().scalef else {"product", "division", "sum", "whole"}
    written: list[str] = []

    def write(c: Code, x: Value, factor: Value, more: Value) -> None:
        for kind in sorted(here):
            before = len(c.lines)
            limits.ONE[kind](c, x, factor, more)
            text = "\n".join(c.lines[before:])
            written.extend(found for found, pattern in limits.KINDS.items() if re.search(f"= (?:{pattern})", text))

    lanes = host.target().lanes("float")
    Module(host.target()).define("here", "void", [(name, "float", lanes) for name in ("x", "factor", "more")], "#0", write)
    assert written == sorted(here)
    assert limits.together(Counter(), 1, 1) == 0.0
    assert 0.0 < limits.together(Counter(dict.fromkeys(here, 1e6)), 1, 1) < float("inf")


def test_what_a_processor_can_do_is_measured() -> None:
    assert limits.vector_products(1, 1) > 1e6
    assert limits.bytes_copied(1 << 16, 2, 1) > 1e6
