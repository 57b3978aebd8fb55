import ctypes
from collections.abc import Callable

import numpy as np
import pytest

from backlight.run.emit import scalar
from backlight.run.emit.code import Module
from backlight.run.emit.value import Target
from backlight.run.native import host

# Narrow and without fused products: what a processor of 2005 has, and WebAssembly.
PLAIN = Target("plain", 16, fma=False)
KINDS = {"double": np.float64, "float": np.float32}


@pytest.fixture(scope="session")
def loops() -> Callable[..., Callable[..., np.ndarray]]:
    """Return a function of arrays that runs one scalar function, compiled for this target."""
    kept: dict[tuple[str, str, str], host.Loaded] = {}

    def load(name: str, kind: str, target: Target) -> host.Loaded:
        module, lanes, count = Module(target), target.lanes(kind), 1 if name in scalar.UNARY else 2

        def write(c, z, *rest):  # type: ignore[no-untyped-def]
            def body(i):  # type: ignore[no-untyped-def]
                c.store(scalar.apply(c, name, *(c.load(x, i, kind, lanes) for x in rest[:count])), z, i)

            c.loop(rest[-1], body, step=lanes)

        parameters = [("z", "ptr", 1), *((f"x{k}", "ptr", 1) for k in range(count)), ("n", "i64", 1)]
        module.define("run", "void", parameters, "#0", write, linkage="")
        return host.Loaded(host.assemble(module.text(host.attributes())), ["run"])

    def run(name: str, kind: str, target: Target, *operands: np.ndarray) -> np.ndarray:
        if (name, kind, target.name) not in kept:
            kept[name, kind, target.name] = load(name, kind, target)
        address = kept[name, kind, target.name].addresses["run"]
        size = len(operands[0])
        padded = [np.concatenate([x, np.ones(-size % 16, x.dtype)]) for x in operands]
        out = np.empty_like(padded[0])
        pointers = [ctypes.c_void_p] * (1 + len(padded))
        ctypes.CFUNCTYPE(None, *pointers, ctypes.c_int64)(address)(
            out.ctypes.data, *(x.ctypes.data for x in padded), len(out))
        return out[:size]

    return run
