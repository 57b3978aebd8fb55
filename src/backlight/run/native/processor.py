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


@functools.cache
def spoken() -> str:
    """Return what the processor says of itself. Raises: StrangeError where it cannot be asked."""
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
    found, numbers = [], (ctypes.c_uint32 * 4)()
    most = {0: 0, 0x80000000: 0}
    for leaf, part, chosen in LEAVES:
        family = leaf & 0x80000000
        if leaf > family and leaf > most[family]:
            continue
        ask(leaf, part, ctypes.addressof(numbers))
        if leaf == family:
            most[family] = numbers[0]
        if leaf == 1 and numbers[2] & SAVES:
            found.append(f"{ctypes.CFUNCTYPE(ctypes.c_uint64)(base + 64)():x}")
        found.append(" ".join(f"{numbers[k]:08x}" for k in chosen))
    return ", ".join(found)
