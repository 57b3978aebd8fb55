"""This processor: its vectors, its compiler, and object files turned into addresses.

The only file that knows llvmlite, and it imports it when first asked: code that lies on disk is found and run without it, which
saves half of the memory of a small process and a tenth of a second. A module becomes an object file first and code in memory
second, so that what is kept on disk and what runs are the same bytes.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import itertools
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from backlight import errors
from backlight.run.emit.value import Target
from backlight.run.native import image, processor

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
    """Return llvmlite's binding, ready for this processor. Raises: GraphError where it is missing."""
    if not present():
        raise errors.GraphError("this needs a compiler: pip install llvmlite, or let the reference machine run the graph")
    import llvmlite.binding as binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    return binding


@functools.cache
def present() -> bool:
    """Return whether there is a compiler; without one the reference machine does everything."""
    return importlib.util.find_spec("llvmlite") is not None


@functools.cache
@locked
def features() -> str:
    """Return the processor's features as LLVM writes them."""
    return str(llvm().get_host_cpu_features().flatten())


@functools.cache
def target() -> Target:
    """Return what the writer must know of this processor."""
    has = set(features().split(","))
    if "+avx512f" in has and "+avx512dq" in has and "+avx512vl" in has:
        return Target("native", 64, fma=True, scalef=True)
    if "+avx2" in has and "+fma" in has:
        return Target("native", 32, fma=True)
    return Target("native", 16, fma="+fma" in has or "+neon" in has)


@functools.cache
@locked
def triple() -> str:
    """Return the name of this system, as LLVM has it."""
    return str(llvm().get_process_triple())


@functools.cache
@locked
def identity() -> str:
    """Return what compiled code depends on besides its text: the processor, and the compiler."""
    try:
        return f"{processor.spoken()} {library()}"
    except image.StrangeError:
        binding = llvm()
        return f"{binding.get_host_cpu_name()} {features()} {binding.llvm_version_info}"


def library() -> str:
    """Return what tells one compiler from another without loading it. Raises: StrangeError where that is not to be seen."""
    found = importlib.util.find_spec("llvmlite")
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        for path in sorted(Path(folder, "binding").glob("libllvmlite.*")):
            status = path.stat()
            return f"{path} {status.st_size} {status.st_mtime_ns}"
    raise image.StrangeError("the compiler is elsewhere")


def attributes() -> str:
    """Return the attributes every function carries: without them 512-bit vectors would be cut in two."""
    bits = target().width * 8
    return f'nounwind "prefer-vector-width"="{bits}" "min-legal-vector-width"="{bits}" "no-builtins"'


@functools.cache
@locked
def machine(level: int = 2) -> Any:
    """Return LLVM's code generator for this processor."""
    binding = llvm()
    found = binding.Target.from_default_triple()
    return found.create_target_machine(cpu=binding.get_host_cpu_name(), features=features(), opt=level, reloc="pic",
                                       codemodel="default")


def optimise(module: Any, over: Any) -> None:
    """Inline what is marked so, and clean up after it: the vectors are written already, little is left to find."""
    binding = llvm()
    options = binding.create_pipeline_tuning_options(speed_level=1)
    builder = binding.create_pass_builder(over, options)
    passes = binding.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_new_gvn_pass()
    passes.add_instruction_combine_pass()
    passes.run(module, builder)


@locked
def assemble(text: str, level: int = 2) -> bytes:
    """Return the object file of a module written as text."""
    binding = llvm()
    module = binding.parse_assembly(text)
    over = machine(level)
    optimise(module, over)
    return bytes(over.emit_object(module))


class Loaded:
    """An object file in memory; its code lives as long as this does."""

    @locked
    def __init__(self, data: bytes, symbols: Sequence[str], always: bool = False) -> None:
        """Put it there; or let LLVM do so where that is beyond us, or `always`. Raises: RuntimeError for no object file."""
        LEFT.clear()
        try:
            self._placed = None if always else image.placed(data, symbols)
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
        builder.add_object_img(data)
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
    return llvm().create_lljit_compiler(machine())
