"""Modules in parts: compiled side by side, put together again in memory, and the same as in one piece."""

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.run.native.test_apart import gone
from tests.run.native.test_image import TEXT, call

import backlight as bl
from backlight import ops
from backlight.run.emit import divided
from backlight.run.emit.code import Module
from backlight.run.native import apart, compiler, host, image, kept
from backlight.run.native.host import Loaded

here = pytest.mark.skipif(not (image.possible() and apart.possible()), reason="another system")
CALLED = """
@more = internal constant [2 x double] [double 0.25, double 0.5], align 64
define hidden double @other(i64 %k) nounwind {
  %at = getelementptr double, ptr @more, i64 %k
  %x = load double, ptr %at
  ret double %x
}
define internal double @alone(i64 %k) noinline nounwind { ret double 1000.0 }
define double @unused(i64 %k) nounwind {
  %x = call double @alone(i64 %k)
  ret double %x
}
"""
CALLING = """
declare hidden double @other(i64) nounwind
declare i64 @labs(i64) nounwind
define internal double @alone(i64 %k) noinline nounwind { ret double 64.0 }
define double @run(i64 %k) nounwind {
  %positive = call i64 @labs(i64 %k)
  %x = call double @other(i64 %positive)
  %y = call double @alone(i64 %positive)
  %sum = fadd double %x, %y
  ret double %sum
}
define ptr @where() nounwind { ret ptr @other }
"""
BOTH = CALLING + compiler.PART + CALLED


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    yield
    apart.forget()


def modules(function, arrays, monkeypatch) -> list[Module]:  # type: ignore[no-untyped-def]
    """The modules that are written for a function."""
    found: list[Module] = []
    before = kept.written
    monkeypatch.setattr(kept, "written", lambda module: (found.append(module), before(module))[1])
    bl.compile(function)(*arrays)
    return found


def network(x, w, u, v):  # type: ignore[no-untyped-def]
    return ops.sum(ops.square(ops.tanh(ops.relu(x @ w) @ u) @ v))


def arrays() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.normal(size=size).astype("f") * 0.1 for size in ((96, 200), (200, 256), (256, 144), (144, 100))]


# -- the text -----------------------------------------------------------------------------------------------------------
def test_a_long_module_is_written_in_two_parts_about_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    (module,) = modules(bl.value_and_grad(network, (0, 1, 2, 3)), arrays(), monkeypatch)
    parts = divided.divided(module, host.attributes())
    assert len(parts) == 2
    defined = [re.findall(r"^define (?:(\w+) )? ?\S+ @([\w.]+)", part, re.MULTILINE) for part in parts]
    for symbol, text in module.functions.items():
        homes = [linkage for part in defined for linkage, name in part if name == symbol]
        assert homes
        if symbol.startswith("bl.step."):
            assert len(homes) == 1
        if not text.startswith("define internal"):
            assert homes == [""]
    shared = {name for part in defined for linkage, name in part if linkage == "hidden"}
    asked = {name for part in parts for name in re.findall(r"^declare hidden .*@([\w.]+)", part, re.MULTILINE)}
    assert shared == asked
    assert shared
    assert all(name.startswith("bl.step.") for name in shared)
    sizes = [part.count("\n") for part in parts]
    assert max(sizes) < 0.65 * sum(sizes)
    assert divided.divided(module, host.attributes()) == parts


def test_every_function_that_a_part_names_is_in_it_or_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of reversed views too: what names them has a negative stride."""
    def reversed_views(x, w, u, v):  # type: ignore[no-untyped-def]
        return network(x[::-1], w, u[:, ::-1], v)

    (module,) = modules(bl.value_and_grad(reversed_views, (0, 1, 2, 3)), arrays(), monkeypatch)
    assert any(".-" in symbol for symbol in module.functions)
    for part in divided.divided(module, host.attributes()):
        named = set(re.findall(r"@(bl\.[^\s(),]+)", part))
        there = re.findall(r"^(?:define|declare)[^@]*@([^\s(]+)\(", part, re.MULTILINE)
        assert named <= {*there, *re.findall(r"^@(\S+) =", part, re.MULTILINE)}


def test_a_short_module_is_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    (module,) = modules(lambda x: ops.sum(ops.exp(x)), [np.ones(10)], monkeypatch)
    assert divided.divided(module, host.attributes()) == [module.text(host.attributes())]


@pytest.mark.parametrize("where", ["apart", "here"])
def test_parts_compute_what_one_piece_does(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIGHT_COMPILER", where)
    found = []
    for least in (0, 10**9):
        monkeypatch.setattr(divided, "LEAST", least)
        x, *weights = arrays()
        value, slopes = bl.compile(bl.value_and_grad(network, (0, 1, 2, 3)))(x[::-1], *weights)
        found.append([np.asarray(x) for x in (value, *slopes)])
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


# -- object files ---------------------------------------------------------------------------------------------------------
@here
def test_files_find_each_others_functions_by_name_whoever_loads_them() -> None:
    data = host.assemble(BOTH)
    assert len(compiler.objects(data)) == 2
    ours, theirs = Loaded(data, ["run", "where"]), Loaded(data, ["run", "where"], always=True)
    assert [call(ours, k) for k in (0, -1)] == [call(theirs, k) for k in (0, -1)] == [64.25, 64.5]
    image.placed(compiler.objects(data), ["run"])  # and not by way of the compiler
    with pytest.raises(image.StrangeError):
        image.placed(compiler.objects(data)[:1], ["run"])


@here
def test_the_same_files_are_made_here_and_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for where in ("apart", "here"):
        monkeypatch.setenv("BACKLIGHT_COMPILER", where)
        found.append(host.assemble(BOTH))
    assert found[0] == found[1]
    assert compiler.assemble(BOTH, "native", copies=True) == found[0]  # with a copy of this process
    monkeypatch.setattr(compiler, "processors", lambda: 1)
    assert compiler.assemble(BOTH, "native", copies=True) == found[0]
    monkeypatch.setattr(os, "fork", refused)
    monkeypatch.setattr(compiler, "processors", lambda: 2)
    assert compiler.assemble(BOTH, "native", copies=True) == found[0]


def refused() -> int:
    raise BlockingIOError("no more processes")


@here
def test_where_nothing_more_can_be_opened_the_part_is_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def pipe() -> tuple[int, int]:
        raise OSError(24, "too many open files")

    wanted = compiler.assemble(BOTH, "native")
    monkeypatch.setattr(os, "pipe", pipe)
    monkeypatch.setattr(compiler, "processors", lambda: 2)
    assert compiler.assemble(BOTH, "native", copies=True) == wanted


@here
@pytest.mark.parametrize("where", ["apart", "here"])
def test_what_is_wrong_with_a_part_is_said(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIGHT_COMPILER", where)
    for text in (CALLING + compiler.PART + "define nothing", "define nothing" + compiler.PART + CALLED):
        with pytest.raises(RuntimeError, match="expected type") as caught:
            host.assemble(text)
        assert type(caught.value) is RuntimeError
    assert len(compiler.objects(host.assemble(BOTH))) == 2
    if where == "apart":
        process = apart.Setting.waiting
        assert process is not None
        assert children(int(process.greeting[0])) == []


def test_one_object_is_itself_and_several_come_back() -> None:
    assert compiler.joined([b"one"]) == b"one"
    assert compiler.objects(b"one") == [b"one"]
    for several in ([b"one", b"", b"three"], [b"1" * 1000, b"2"]):
        assert compiler.objects(compiler.joined(several)) == several
    with pytest.raises(RuntimeError, match="cut off"):
        compiler.objects(compiler.joined([b"one", b"two"])[: len(compiler.SEVERAL) + 12])


@here
def test_a_damaged_entry_of_several_files_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr(divided, "LEAST", 0)
    wanted = bl.compile(bl.value_and_grad(network, 1))(*arrays())[1]
    (entry,) = [path for path in tmp_path.rglob("*") if path.is_file() and compiler.SEVERAL in path.read_bytes()]
    data = entry.read_bytes()
    start = data.index(compiler.SEVERAL)
    for end in range(start + 1, len(data), (len(data) - start) // 7):
        entry.write_bytes(data[:end])
        assert np.array_equal(bl.compile(bl.value_and_grad(network, 1))(*arrays())[1], wanted)
        assert entry.read_bytes() == data


# -- copies ---------------------------------------------------------------------------------------------------------------
def long_text(name: str) -> str:
    """A function that takes the compiler some seconds."""
    lines = [f"define double @{name}(ptr %p) {{"]
    for k in range(40_000):
        lines += [f"%a{k} = getelementptr double, ptr %p, i64 {k * 37 % 1001}", f"%x{k} = load volatile double, ptr %a{k}"]
        lines.append(f"%s{k} = fadd double %x{k}, {f'%s{k - 1}' if k else '0.0'}")
    return "\n".join([*lines, "ret double %s39999", "}\n"])


def children(pid: int) -> list[int]:
    return [int(x) for x in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@here
def test_a_copy_that_is_killed_leaves_its_part_to_the_compiler() -> None:
    """And when nobody waits any more, neither of them lives on."""
    host.assemble(TEXT)
    process = apart.Setting.waiting
    assert process is not None
    pid = int(process.greeting[0])
    found: list[bytes] = []
    asking = threading.Thread(target=lambda: found.append(host.assemble(TEXT + compiler.PART + long_text("long"))))
    asking.start()
    while not (copies := children(pid)):
        threading.Event().wait(0.001)
    os.kill(copies[0], signal.SIGKILL)
    asking.join()
    assert len(compiler.objects(found[0])) == 2
    assert children(pid) == []
    data = (long_text("a") + compiler.PART + long_text("b")).encode()
    compiler.write(process.requests, compiler.framed(apart.LETTERS["native"], data) + data)
    while not (copies := children(pid)):
        threading.Event().wait(0.001)
    apart.forget()
    gone(pid)
    gone(copies[0])
