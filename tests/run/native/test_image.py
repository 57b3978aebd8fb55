"""Object files put into memory by ourselves: what LLVM's loader makes of them, or a refusal, and never anything else."""

import contextlib
import ctypes
import gc
import os
from pathlib import Path

import numpy as np
import pytest

from backlight.run.native import host, image, processor
from backlight.run.native.host import Loaded

pytestmark = pytest.mark.skipif(not image.possible(), reason="another system")

# Constants of two alignments, a function inside, one of the system: all that our code has.
TEXT = """
@table = private constant [4 x double] [double 1.5, double 2.5, double -3.5, double 4.25], align 64
@more = private constant [3 x i32] [i32 7, i32 11, i32 13], align 4
declare i64 @labs(i64) nounwind
define internal double @inner(i64 %k) noinline nounwind {
  %at = getelementptr double, ptr @table, i64 %k
  %x = load double, ptr %at
  ret double %x
}
define double @run(i64 %k) nounwind {
  %positive = call i64 @labs(i64 %k)
  %x = call double @inner(i64 %positive)
  %at = getelementptr i32, ptr @more, i64 %positive
  %n = load i32, ptr %at
  %m = sitofp i32 %n to double
  %sum = fadd double %x, %m
  ret double %sum
}
"""


@pytest.fixture(scope="module")
def code() -> bytes:
    return host.assemble(TEXT)


def call(loaded: Loaded, k: int) -> float:
    return float(ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(loaded.addresses["run"])(k))


def test_code_does_the_same_whoever_loads_it(code: bytes) -> None:
    ours, theirs = Loaded(code, ["run"]), Loaded(code, ["run"], always=True)
    assert image.placed([code], ["run"]).addresses["run"] > 0
    found = [call(ours, k) for k in (0, -1, 2)]
    assert found == [call(theirs, k) for k in (0, -1, 2)] == [8.5, 13.5, 9.5]


def test_any_byte_of_an_object_file_may_be_another_and_any_end_missing(code: bytes) -> None:
    for k in range(len(code)):
        for damaged in (code[:k], code[:k] + bytes([code[k] ^ 0xFF]) + code[k + 1 :], code[:k] + b"\x80" + code[k + 1 :]):
            with contextlib.suppress(image.StrangeError):
                image.placed([damaged], ["run"])


@pytest.mark.parametrize("more", [
    "@state = global i64 5\ndefine ptr @state.at() nounwind { ret ptr @state }",  # memory that is written to
    "@environ = external global ptr\ndefine ptr @get() nounwind { %x = load ptr, ptr @environ\n ret ptr %x }",  # an address
], ids=["written", "an address"])  # fmt: skip
def test_what_we_never_write_is_refused_and_left_to_the_compiler(more: str) -> None:
    code = host.assemble(TEXT + more)
    with pytest.raises(image.StrangeError):
        image.placed([code], ["run"])
    assert call(Loaded(code, ["run"]), 1) == 13.5


def ranges() -> list[tuple[int, int, str]]:
    found = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        where, rights, *_ = line.split()
        first, last = (int(x, 16) for x in where.split("-"))
        found.append((first, last, rights))
    return found


def test_code_is_closed_to_writing_and_gone_with_the_last_who_has_it(code: bytes) -> None:
    loaded = Loaded(code, ["run"])
    address = loaded.addresses["run"]
    assert [rights for first, last, rights in ranges() if first <= address < last] == ["r-xp"]
    del loaded
    gc.collect()
    assert [rights for first, last, rights in ranges() if first <= address < last and "x" in rights] == []


def test_what_the_compiler_has_loaded_goes_at_the_next_time(code: bytes) -> None:
    Loaded(code, ["run"], always=True)
    gc.collect()
    assert len(host.LEFT) == 1
    Loaded(code, ["run"])
    assert len(host.LEFT) == 0


def test_every_core_says_the_same_of_itself_and_names_its_maker() -> None:
    before, said = os.sched_getaffinity(0), set()
    try:
        for core in before:
            os.sched_setaffinity(0, {core})
            processor.spoken.cache_clear()
            said.add(processor.spoken())
    finally:
        os.sched_setaffinity(0, before)
    (found,) = said
    names = np.array([int(x, 16) for x in found.split(",")[0].split()[1:]], "<u4")
    assert names[[0, 2, 1]].tobytes().decode() in Path("/proc/cpuinfo").read_text()
