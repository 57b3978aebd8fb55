"""WebAssembly from the same compiler: modules for a page, with vectors of 128 bits."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from backlight.run.emit.code import Module, Target
from backlight.run.native import host
from backlight.run.wasm import linked

TARGET = Target("wasm", 16, fma=False)
TRIPLE = "wasm32-unknown-unknown"
FEATURES = "+simd128,+bulk-memory,+mutable-globals,+sign-ext,+nontrapping-fptoint"
ATTRIBUTES = 'nounwind "no-builtins"'


@functools.cache
def machine() -> Any:
    """Return LLVM's code generator for WebAssembly."""
    found = host.llvm().Target.from_triple(TRIPLE)
    return found.create_target_machine(cpu="generic", features=FEATURES, opt=2, reloc="static", codemodel="default")


def compile_module(module: Module, exports: Sequence[str]) -> linked.Module:
    """Return the WebAssembly of a module written for `TARGET`."""
    with host.LOCK:
        over = machine()
        parsed = host.llvm().parse_assembly(module.text(TRIPLE, ATTRIBUTES, str(over.target_data)))
        host.optimise(parsed, over)
        image = bytes(over.emit_object(parsed))
    return linked.link(image, exports)
