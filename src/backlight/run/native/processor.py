"""What this processor can do, as it says itself: asked with its own instruction, since code for one may not run on another.

The compiler asks the same questions when it writes for "this processor"; so two machines that answer alike get the same code,
and code that lies on disk is found without loading the compiler to ask them.
"""

from __future__ import annotations

import ctypes
import functools
import mmap

from backlight.run.native.image import StrangeError, close, fresh, possible

ASK = bytes.fromhex(  # (leaf, part of it, where four numbers go)
    "53"  # push rbx
    "4989d0 89f8 89f1"  # mov r8, rdx; mov eax, edi; mov ecx, esi
    "0fa2"  # cpuid
    "418900 41895804 41894808 4189500c"  # mov [r8], eax; and so on: ebx, ecx, edx
    "5b c3"  # pop rbx; ret
)
STATE = bytes.fromhex("31c9 0f01d0 48c1e220 4809d0 c3")  # xgetbv: which registers the system saves
SAVES = 1 << 27  # in the third number of leaf 1: the question of registers may be asked
# leaf, part, and which of the four numbers say what the processor can do; the others count, or name a core
LEAVES = [(0, 0, (0, 1, 2, 3)), (1, 0, (0, 2, 3)), (7, 0, (0, 1, 2, 3)), (7, 1, (0, 1, 2, 3)), (0xD, 1, (0,)), (0x14, 0, (1,)),
          (0x19, 0, (1,)), (0x1E, 1, (0,)), (0x24, 0, (1,)), (0x80000000, 0, (0,)), (0x80000001, 0, (2, 3)),
          (0x80000008, 0, (1,))]


# A name as LLVM has it: leaf, which of its numbers, the bit, and the registers that the system must save for it
VECTORS = {
    "fma": (1, 2, 12, 0x6), "avx2": (7, 1, 5, 0x6), "avx512f": (7, 1, 16, 0xE6), "avx512dq": (7, 1, 17, 0xE6),
    "avx512vl": (7, 1, 31, 0xE6),
}  # fmt: skip


@functools.cache
def answers() -> tuple[dict[tuple[int, int], list[int]], int]:
    """Return four numbers for each leaf that there is, and which registers the system saves. Raises: StrangeError."""
    if not possible():
        raise StrangeError("another system")
    try:
        memory = fresh(mmap.PAGESIZE)
    except OSError as error:
        raise StrangeError(str(error)) from None
    memory[: len(ASK)], memory[64 : 64 + len(STATE)] = ASK, STATE
    held = ctypes.c_char.from_buffer(memory)
    base = ctypes.addressof(held)
    close(base, mmap.PAGESIZE)
    ask = ctypes.CFUNCTYPE(None, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)(base)
    found: dict[tuple[int, int], list[int]] = {}
    saved, numbers = 0, (ctypes.c_uint32 * 4)()
    most = {0: 0, 0x80000000: 0}
    for leaf, part, _ in LEAVES:
        family = leaf & 0x80000000
        if leaf > family and leaf > most[family]:
            continue
        ask(leaf, part, ctypes.addressof(numbers))
        if leaf == family:
            most[family] = numbers[0]
        if leaf == 1 and numbers[2] & SAVES:
            saved = ctypes.CFUNCTYPE(ctypes.c_uint64)(base + 64)()
        found[leaf, part] = list(numbers)
    return found, saved


@functools.cache
def spoken() -> str:
    """Return what the processor says of itself. Raises: StrangeError where it cannot be asked."""
    found, saved = answers()
    told = [" ".join(f"{found[leaf, part][k]:08x}" for k in chosen) for leaf, part, chosen in LEAVES if (leaf, part) in found]
    return ", ".join([*told, f"{saved:x}"])


def vectors() -> set[str]:
    """Return what it can do with vectors, as LLVM calls it. Raises: StrangeError where it cannot be asked."""
    found, saved = answers()
    return {
        name for name, (leaf, number, bit, registers) in VECTORS.items()
        if (leaf, 0) in found and found[leaf, 0][number] >> bit & 1 and saved & registers == registers
    }  # fmt: skip
