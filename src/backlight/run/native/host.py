"""This processor: its vectors, its compiler, and object files turned into addresses.

LLVM is loaded into this process only where nothing else will do: code that lies on disk is found and run without it, and what is
compiled anew a process of its own compiles (`apart`), which keeps its memory and its accidents to itself. A module becomes
an object file first and code in memory second, so that what is kept on disk and what runs are the same bytes.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec, TypeVar

from backlight import errors
from backlight.run.emit.value import Target
from backlight.run.native import compiler, image, processor

P = ParamSpec("P")
R = TypeVar("R")
NAMES = itertools.count()
LEFT: deque[Any] = deque()  # code that nobody runs any more: it goes when more comes, under the lock, wherever its owner died
LOCK = threading.RLock()  # one compilation at a time: LLVM's global context is shared; a fork waits for it (`threads`)


def locked(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that holds the lock from its first line until all that it made on the way is gone."""
    @functools.wraps(function)
    def call(*args: P.args, **named: P.kwargs) -> R:
        with LOCK:
            return function(*args, **named)

    return call


def inner_lock() -> Any:
    """Return the lock that llvmlite takes for each of its calls, or something like one where it is not loaded.

    What it made and nobody holds is given back by whoever collects the garbage, outside of our own lock.
    """
    library = getattr(sys.modules.get("llvmlite.binding.ffi"), "lib", None)
    return getattr(library, "_lock", None) or contextlib.nullcontext()


@functools.cache
@locked
def llvm() -> Any:
    """Return llvmlite's binding, loaded into this process. Raises: GraphError where it is missing."""
    needed()
    return compiler.llvm()


def needed() -> None:
    """Raise GraphError where there is no compiler."""
    if not present():
        raise errors.GraphError("this needs a compiler: pip install llvmlite, or let the reference machine run the graph")


@functools.cache
def present() -> bool:
    """Return whether there is a compiler; without one the reference machine does everything."""
    try:
        return importlib.util.find_spec("llvmlite") is not None
    except ImportError:  # something in this process forbids it
        return False


@functools.cache
@locked
def target() -> Target:
    """Return what the writer must know of this processor."""
    try:
        has = processor.vectors()
    except image.StrangeError:
        llvm()
        has = {name[1:] for name in compiler.features().split(",") if name[0] == "+"}
    if {"avx512f", "avx512dq", "avx512vl"} <= has:
        return Target("native", 64, fma=True, scalef=True)
    if {"avx2", "fma"} <= has:
        return Target("native", 32, fma=True)
    return Target("native", 16, fma=not has.isdisjoint({"fma", "neon"}))


@functools.cache
@locked
def identity() -> str:
    """Return what compiled code depends on besides its text: the processor, and the compiler."""
    try:
        return f"{processor.spoken()} {library()}"
    except image.StrangeError:
        llvm()
        return compiler.about()


def library() -> str:
    """Return what tells one compiler from another without loading it. Raises: StrangeError where that is not to be seen."""
    found = importlib.util.find_spec("llvmlite")
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        with contextlib.suppress(OSError):
            binding = os.path.join(folder, "binding")
            for name in sorted(os.listdir(binding)):
                if name.startswith("libllvmlite."):
                    path = os.path.join(binding, name)
                    status = os.stat(path)
                    return f"{path} {status.st_size} {status.st_mtime_ns}"
    raise image.StrangeError("the compiler is elsewhere")


def attributes() -> str:
    """Return the attributes every function carries: without them 512-bit vectors would be cut in two."""
    bits = target().width * 8
    return f'nounwind "prefer-vector-width"="{bits}" "min-legal-vector-width"="{bits}" "no-builtins"'


def alone() -> bool:
    """Return whether the compiler is to have a process of its own: where its code is put into memory without it.

    `BACKLIGHT_COMPILER` may say `apart` or `here` instead. Where no process can be started it is here in any case.
    Raises: ValueError for another word.
    """
    asked = os.environ.get("BACKLIGHT_COMPILER", "")
    if asked not in {"", "here", "apart"}:
        raise errors.ValueError(f"compile: BACKLIGHT_COMPILER is {asked!r}; set it to 'apart' or to 'here', or not at all")
    if asked == "here" or not (asked or image.possible()):
        return False
    from backlight.run.native import apart

    return apart.possible()


@locked
def begin() -> None:
    """Say that something is about to be compiled: the compiler gets ready meanwhile, where it has a process of its own."""
    if present() and alone():
        from backlight.run.native import apart

        apart.begin()


@locked
def assemble(text: str, kind: Literal["native", "wasm"] = "native") -> bytes:
    """Return the object file of a module written as text, for this processor or for a page.

    Raises: GraphError where there is no compiler; CompilerError where it falls over.
    """
    needed()
    if alone():
        from backlight.run.native import apart

        try:
            return apart.assemble(text, kind)
        except apart.UnavailableError:
            pass
    return compiler.assemble(text, kind)


class Loaded:
    """An object file in memory; its code lives as long as this does."""

    @locked
    def __init__(self, data: bytes, symbols: Sequence[str], always: bool = False) -> None:
        """Put it there; or let LLVM do so where that is beyond us, or `always`. Raises: RuntimeError for no object file."""
        LEFT.clear()
        try:
            self._placed = None if always else image.placed(compiler.objects(data), symbols)
        except image.StrangeError:
            self._placed = None
        if self._placed is not None:
            self.addresses = self._placed.addresses
        else:
            self.link(data, symbols)

    def link(self, data: bytes, symbols: Sequence[str]) -> None:
        """Let LLVM load it."""
        jit = shared_jit()
        builder = llvm().JITLibraryBuilder()
        for one in compiler.objects(data):
            builder.add_object_img(one)
        for symbol in symbols:
            builder.export_symbol(symbol)
        builder.add_current_process()
        self._library = builder.link(jit, f"backlight{next(NAMES)}")
        self.addresses = {symbol: int(self._library[symbol]) for symbol in symbols}

    def __del__(self) -> None:
        if hasattr(self, "_library"):
            LEFT.append(self._library)


@functools.cache
@locked
def shared_jit() -> Any:
    """Return the one place that code is loaded into."""
    return llvm().create_lljit_compiler(compiler.machine("native"))
