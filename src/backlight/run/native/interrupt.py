"""Ctrl-C, and any other signal, while compiled code runs: the block through which it asks (see `emit/ask.py`).

One block for the process: signals are handled in its main thread alone, and only there is anybody asked.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from backlight.run.emit import ask

FUNCTIONS = {
    ask.IDENT: "PyThread_get_thread_ident", ask.ENSURE: "PyGILState_Ensure", ask.RELEASE: "PyGILState_Release",
    ask.CHECK: "PyErr_CheckSignals", ask.FETCH: "PyErr_Fetch", ask.RESTORE: "PyErr_Restore",
}


@functools.cache
def block() -> np.ndarray[Any, Any] | None:
    """Return the block; None where it cannot be: there a signal waits until compiled code is done."""
    if sys.implementation.name != "cpython" or sys.platform == "win32" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    words = np.zeros(ask.WORDS, np.int64)
    for place, name in FUNCTIONS.items():
        words[place] = address_of(getattr(ctypes.pythonapi, name))
    words[ask.CLOCK] = address_of(ctypes.CDLL(None).clock_gettime)
    words[ask.KIND] = time.CLOCK_MONOTONIC
    words[ask.MAIN] = threading.main_thread().ident or 0
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(words))  # compiled code may run when all else is gone
    return words


def address() -> int:
    """Return where the block is, or 0."""
    found = block()
    return 0 if found is None else found.ctypes.data


def address_of(function: Any) -> int:
    """Return where a function of C lies."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def stopping(function: int, *types: Any) -> Callable[..., None]:
    """Return a compiled function that says whether it was left as one that raises what it was left for."""
    call = ctypes.CFUNCTYPE(ctypes.c_bool, *types)(function)

    def checked(*operands: Any) -> None:
        if call(*operands):
            words = block()
            assert words is not None
            error = words[ask.ERROR : ask.ERROR + 3].tolist()
            ctypes.pythonapi.PyErr_Restore(*[ctypes.c_void_p(part) for part in error])  # and it is raised here

    return checked


def moved() -> None:
    """Note that the thread which copied the process is the main one of the copy."""
    words = block()
    if words is not None:
        words[ask.MAIN] = threading.get_ident()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=moved)
