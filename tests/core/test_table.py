"""The table of operations, which fills itself: rows are found whatever was asked before, and nothing is opened for nothing."""

import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backlight import ops
from backlight.core.op import Op
from backlight.core.table import TABLE


def python(code: str) -> str:
    """What a process of its own prints."""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_every_room_of_operations_is_opened_when_it_is_needed_and_seen_by_those_who_only_read():
    source = Path(ops.__file__).read_text(encoding="utf-8")
    at_once, later = (re.findall(r"from \.(\w+) import \*", part) for part in source.split("if TYPE_CHECKING:"))
    assert sorted(later) == sorted(ops.LATER)
    assert sorted(room.name for room in pkgutil.iter_modules(ops.__path__)) == sorted([*at_once, *ops.LATER, *ops.BESIDE])


def test_no_row_is_hidden_by_a_room_of_its_name():
    rooms = "for room in (*ops.LATER, *ops.BESIDE): import_module(f'backlight.ops.{room}')"
    test = "print([name for name in TABLE if getattr(ops, name) is not TABLE[name]])"
    head = "from importlib import import_module; from backlight import ops; from backlight.core.table import TABLE"
    assert python(f"{head}\n{rooms}\n{test}") == "[]\n"


def test_no_family_asks_for_a_row_while_it_is_opened():
    # It could be one that waits for this very family.
    text = """
        from importlib import import_module
        from backlight import ops
        from backlight.core import table
        def refuse(name=None): raise AssertionError(f"asked for {name}")
        table.opened = refuse
        for room in ops.LATER: import_module(f"backlight.ops.{room}")
        print(len(ops.LATER))
    """
    assert python(re.sub("^ {8}", "", text, flags=re.MULTILINE)) == f"{len(ops.LATER)}\n"


@pytest.mark.parametrize("row", ["mul", "input", "relu", "softmax", "svd", "normal", "i0e"])
def test_a_row_is_found_in_a_process_that_has_asked_for_nothing(row):
    assert python(f"from backlight.core.table import TABLE; print(TABLE[{row!r}].name)") == f"{row}\n"
    assert python(f"from backlight.ops import {row}; print({row}.name)") == f"{row}\n"


def test_rows_are_found_by_threads_that_ask_at_once():
    text = """
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from backlight.core.table import TABLE
        sys.setswitchinterval(1e-6)
        names = "svd relu softmax normal sort scan i0e put".split() * 4
        with ThreadPoolExecutor(8) as pool: print([row.name for row in pool.map(TABLE.__getitem__, names)] == names)
    """
    assert python(re.sub("^ {8}", "", text, flags=re.MULTILINE)) == "True\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_process_is_not_copied_while_a_family_is_half_open():
    # The copy has no thread that would open the rest. Here the copy waits to be made until the family is open.
    text = """
        import builtins, os, signal, threading, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        from backlight.core.table import TABLE
        half, copied = threading.Event(), threading.Event()
        def bring(name, around=None, *more, plain=builtins.__import__):
            if around is not None and around.get("__name__") == "backlight.ops.mark" and not half.is_set():
                half.set()
                print("copied while half open:", copied.wait(0.2))
            return plain(name, around, *more)
        builtins.__import__ = bring
        threading.Thread(target=TABLE.__getitem__, args=("relu",)).start()
        half.wait()
        child = os.fork()
        if not child:
            signal.alarm(20)  # stuck
            os._exit(TABLE["relu"].name != "relu")
        copied.set()
        print(os.waitpid(child, 0)[1])
    """
    assert python(re.sub("^ {8}", "", text, flags=re.MULTILINE)) == "copied while half open: False\n0\n"


def test_who_asks_for_all_rows_gets_all_in_the_order_of_the_alphabet():
    asked = "from backlight.core.table import TABLE; TABLE['svd']; print(*TABLE)"
    assert python(asked).split() == list(TABLE) == sorted(TABLE) == list(ops.__all__) == dir(ops)
    assert len(TABLE) == len(list(TABLE)) == len(TABLE.items())
    assert all(isinstance(row, Op) and row.name == name for name, row in TABLE.items())


def test_a_row_that_is_not_there_is_an_ordinary_missing_name():
    assert "nothing" not in TABLE
    assert TABLE.get("nothing") is None
    with pytest.raises(KeyError):
        TABLE["nothing"]
    with pytest.raises(AttributeError) as error:
        ops.nothing  # noqa: B018
    assert str(error.value) == "module 'backlight.ops' has no attribute 'nothing'"
