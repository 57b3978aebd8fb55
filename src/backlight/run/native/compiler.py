"""LLVM, and the one thing we ask of it: the object file of a module written as text.

The only file that knows llvmlite, in two roles. Imported, it compiles in this process. Run as a program, it is the compiler
as a process of its own (`apart` starts it and asks it): so it imports nothing of this package and no NumPy, and what it takes
of memory goes when it ends. It ends when whoever asked is gone, even in the middle of a module, and when nobody has
asked for a while. Requests and answers are frames: a mark, a letter, a check, a length, and the bytes.
"""

from __future__ import annotations

import binascii
import contextlib
import functools
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
IDLE_S = 5.0  # after which nobody is expected to ask again
HEAD = struct.Struct("<4scIQ")
MARK = b"blc1"
GREETING, OBJECT, REFUSAL = b"g", b"o", b"r"  # what an answer is
PART = "\n; another part\n"  # between the parts of a module, which may be compiled side by side
SEVERAL, COUNT = b"several objects\n", struct.Struct("<Q")
KINDS = {b"n": "native", b"w": "wasm"}  # what a request is for
WASM = "wasm32-unknown-unknown"
WASM_FEATURES = "+simd128,+bulk-memory,+mutable-globals,+sign-ext,+nontrapping-fptoint"


class DamagedError(Exception):
    """Raised for bytes that are no frame."""


# -- LLVM -------------------------------------------------------------------------------------------------------------
@functools.cache
def llvm() -> Any:
    """Return llvmlite's binding, ready for this processor."""
    import llvmlite.binding as binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    binding.initialize_native_asmparser()  # a pipeline is written as the assembler reads it
    return binding


@functools.cache
def features() -> str:
    """Return the processor's features as LLVM writes them."""
    return str(llvm().get_host_cpu_features().flatten())


def about() -> str:
    """Return what there is: the processor, its features, the system as LLVM has it, LLVM's version; a line each."""
    binding = llvm()
    version = ".".join(map(str, binding.llvm_version_info))
    return f"{binding.get_host_cpu_name()}\n{features()}\n{binding.get_process_triple()}\n{version}"


@functools.cache
def machine(kind: str) -> Any:
    """Return LLVM's code generator: for this processor, or for WebAssembly."""
    binding = llvm()
    if kind == "wasm":
        binding.initialize_all_targets()  # 10 MB of them: not for those who need this processor alone
        binding.initialize_all_asmprinters()
        found = binding.Target.from_triple(WASM)
        return found.create_target_machine(cpu="generic", features=WASM_FEATURES, opt=2, reloc="static", codemodel="default")
    found = binding.Target.from_default_triple()
    return found.create_target_machine(cpu=binding.get_host_cpu_name(), features=features(), opt=2, reloc="pic",
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


def assemble(text: str, kind: str, copies: bool = False) -> bytes:
    """Return the object file of a module, or those of its parts, in one.

    With `copies` each part but the first is made by a copy of this process, at the same time: what is loaded is there. A copy that
    comes to no good end leaves its part to us, and what is wrong with it is said here. Raises: RuntimeError for a text that is
    none.
    """
    first, *others = text.split(PART)
    begun = [copy_for(part, kind) if copies and processors() > 1 else None for part in others]
    try:
        found = [assemble_part(first, kind)]
        for part in others:
            copy = begun.pop(0)
            data = None if copy is None else answer_of(*copy)
            found.append(assemble_part(part, kind) if data is None else data)
    finally:
        for copy in begun:
            if copy is not None:
                os.kill(copy[0], signal.SIGKILL)
                answer_of(*copy)
    return joined(found)


def assemble_part(text: str, kind: str) -> bytes:
    """Return one object file."""
    over = machine(kind)
    head = f'target triple = "{llvm().get_process_triple()}"\n'
    if kind == "wasm":  # where things lie decides how they are read, so it is said before anything else
        head = f'target datalayout = "{over.target_data}"\ntarget triple = "{WASM}"\n'
    module = llvm().parse_assembly(head + text)
    optimise(module, over)
    return bytes(over.emit_object(module))


# -- parts ------------------------------------------------------------------------------------------------------------
def joined(objects: list[bytes]) -> bytes:
    """Return object files as one piece of data: one is itself."""
    if len(objects) == 1:
        return objects[0]
    return b"".join([SEVERAL, COUNT.pack(len(objects)), *(COUNT.pack(len(x)) for x in objects), *objects])


def objects(data: bytes) -> list[bytes]:
    """Return the object files in a piece of data."""
    if data[: len(SEVERAL)] != SEVERAL:
        return [data]
    try:
        (count,) = COUNT.unpack_from(data, len(SEVERAL))
        start = len(SEVERAL) + COUNT.size * (1 + count)
        sizes = struct.unpack_from(f"<{count}Q", data, len(SEVERAL) + COUNT.size)
    except struct.error:
        raise RuntimeError("cut off") from None
    found = []
    for size in sizes:
        found.append(data[start : start + size])
        start += size
    return found


def processors() -> int:
    """Return on how many processors this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def copy_for(part: str, kind: str) -> tuple[int, int] | None:
    """Return the copy of this process that compiles a part, and where it answers; None where there can be none."""
    ends: tuple[int, ...] = ()
    parent = os.getpid()
    try:
        end, answer = ends = os.pipe()
        pid = os.fork()
    except OSError:
        for one in ends:
            os.close(one)
        return None
    if pid:
        os.close(answer)
        return pid, end
    try:
        os.close(end)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # whoever makes the part again says what is wrong with it
        end_with(parent)
        data = assemble_part(part, kind)
        write(answer, framed(OBJECT, data) + data)
        os._exit(0)
    finally:
        os._exit(1)


def end_with(parent: int) -> None:
    """End when the process ends that this is a copy of."""
    import ctypes

    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def answer_of(pid: int, end: int) -> bytes | None:
    """Return what a copy made; None if it made nothing."""
    found = bytearray()
    while part := os.read(end, 1 << 20):
        found += part
    os.close(end)
    os.waitpid(pid, 0)
    view = memoryview(found)

    def read(size: int) -> bytes:
        nonlocal view
        if len(view) < size:
            raise DamagedError
        data, view = bytes(view[:size]), view[size:]
        return data

    try:
        return received(read)[1]
    except DamagedError:
        return None


# -- frames -----------------------------------------------------------------------------------------------------------
def framed(letter: bytes, data: bytes) -> bytes:
    """Return what stands before the bytes of a frame."""
    return HEAD.pack(MARK, letter, binascii.crc32(data), len(data))


def received(read: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """Return the letter and the bytes of the next frame; `read` gives as many bytes as it is asked for."""
    mark, letter, check, size = HEAD.unpack(read(HEAD.size))
    if mark != MARK:
        raise DamagedError
    data = read(size)
    if binascii.crc32(data) != check:
        raise DamagedError
    return letter, data


def write(to: int, data: bytes) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(to, view) :]


# -- the program ------------------------------------------------------------------------------------------------------
def serve(folder: str) -> None:
    """Greet, then answer until nobody asks any more; `folder` is where llvmlite lies."""
    import _thread
    import ctypes
    import faulthandler
    import warnings
    from queue import Empty, SimpleQueue

    for name in os.listdir("/dev/fd"):  # what the one who started us has open is none of our business
        if int(name) > 2:
            with contextlib.suppress(OSError):  # the one that lists them is closed already
                os.close(int(name))
    answers = os.dup(1)
    os.dup2(2, 1)  # what LLVM prints is no answer
    os.chdir(os.sep)
    warnings.simplefilter("ignore")  # that a process with threads makes a copy of itself: the other thread only listens
    faulthandler.enable(2)
    sys.path.append(folder)
    with contextlib.suppress(AttributeError, OSError):  # what a module leaves free is for the next one: it goes back when we end
        for setting in (-1, -3):  # when memory is given back, and from which size on it is the system's own piece
            ctypes.CDLL(None).mallopt(setting, 1 << 30)
    requests: SimpleQueue[tuple[bytes, bytes]] = SimpleQueue()

    def read(size: int) -> bytes:
        found = bytearray()
        while len(found) < size:
            part = os.read(0, min(size - len(found), 1 << 20))
            if not part:
                os._exit(0)  # whoever asked is gone: nobody waits for what is being compiled
            found += part
        return bytes(found)

    def listen() -> None:
        try:
            while True:
                requests.put(received(read))
        finally:
            os._exit(1)  # what came is no request, and nobody can tell where the next one begins

    def answer(letter: bytes, data: bytes) -> None:
        write(answers, framed(letter, data))
        write(answers, data)

    _thread.start_new_thread(listen, ())
    answer(GREETING, f"{os.getpid()}\n{os.getppid()}\n{about()}".encode())
    if requests.empty():  # the first module takes 10 ms more than the next ones: let it be one that nobody waits for
        assemble("define void @run() { ret void }", "native")
    while True:
        try:
            letter, text = requests.get(timeout=IDLE_S)
        except Empty:
            os._exit(0)
        try:
            made = OBJECT, assemble(text.decode(), KINDS[letter], copies=True)
        except Exception as error:
            made = REFUSAL, str(error).encode()
        answer(*made)


if __name__ == "__main__":
    serve(sys.argv[1])
