"""The law of exported code: the program of a row on a case gives the engine's numbers and gradients, in the operands' dtype.

A program is written of Σ w·out over all results of the row, with weights that are no ones (a softmax adds up to 1 anyway), and
another one of each result as it is.
"""

from __future__ import annotations

import contextlib
import io
import types
import warnings
from importlib.abc import InspectLoader
from typing import Any

import numpy as np
from tests.run.native.graphs import ROWS, case_graph, named

from backlight import ops
from backlight.core.graph import Graph
from backlight.core.op import Case, Op
from backlight.core.tape import Tape
from backlight.core.types import TupleType
from backlight.diff.reverse import reverse
from backlight.run.record import Run
from backlight.run.reference import run
from backlight.show.code import code

__all__ = ["CLOSE", "KNOWN", "ROWS", "executed", "gradients_of", "near", "plain", "trial"]

# Relative to the largest number of a result. The libraries' functions are a few units in the last place from ours.
CLOSE = {"float64": 1e-9, "float32": 1e-4}


class Text(InspectLoader):
    """A module that is a text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def get_source(self, fullname: str) -> str:
        return self.text


def executed(text: str) -> dict[str, Any]:
    """The names that a program leaves behind."""
    module = types.ModuleType("program")
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        Text(text).exec_module(module)
    return vars(module)


def plain(x: Any) -> np.ndarray[Any, Any]:
    return np.asarray(x.detach().resolve_conj().numpy() if hasattr(x, "detach") else x)


def near(found: Any, wanted: Any, close: float, finite: bool = False) -> str:
    """What is wrong with a number; nothing where it is right. With `finite` only finite ones are looked at."""
    found, wanted = plain(found), np.asarray(wanted)
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return f"{found.dtype} {found.shape} for {wanted.dtype} {wanted.shape}"
    with np.errstate(all="ignore"):
        size = float(np.max(np.abs(wanted[np.isfinite(wanted)]), initial=0.0))
        ok = (abs(found - wanted) <= close * size) if wanted.dtype.kind in "fc" else found == wanted
        if np.all(ok | (found == wanted) | (np.isnan(found) & np.isnan(wanted)) | (finite & ~np.isfinite(wanted))):
            return ""
    return f"{found} for {wanted}"


# Vectors are known but for a sign, or a phase: their squares are compared.
SIGNED = frozenset({"eig", "eigh", "svd"})
# What a library computes otherwise, by row and case: none of it is a kink, where a program says so itself.
KNOWN = {
    ("numpy", "i0", 3): "SciPy's i0 is NaN at infinity", ("numpy", "i1", 3): "SciPy's i1 is NaN at infinity",
    ("torch", "i0", 3): "PyTorch's i0 is NaN at infinity", ("torch", "i1", 3): "PyTorch's i1 is NaN at infinity",
    ("numpy", "i0e_slope", 2): "a difference of which only rounding is left", ("numpy", "i1e_slope", 2): "only rounding is left",
    ("numpy", "lu", 4): "SciPy's lu of no matrices has another shape", ("numpy", "polygamma", 5): "SciPy's pole has a sign",
    ("numpy", "sinc", 2): "the sine of a float next to pi is not 0", ("torch", "sinc", 2): "and so here",
    ("torch", "polygamma", 5): "PyTorch has a large number at the pole", ("torch", "gelu", 5): "PyTorch's gelu is 0 from -8.5 on",
    ("torch", "power_log", 2): "a number beside poles",
    ("jax", "digamma", 3): "JAX's poles are NaN", ("jax", "polygamma", 5): "and so here",
    ("jax", "i0", 3): "NaN at infinity",
    ("jax", "i1", 3): "NaN at infinity",
    ("jax", "lgamma", 0): "8.9e-16 for 0",
    ("jax", "sqrt", 3): "XLA knows no subnormal numbers",
    ("jax", "expm", 3): "JAX's expm is right to 1e-8 there",
    ("jax", "exp2", 2): "the largest number for infinity",
    ("jax", "logsumexp", 4): "0 for 8.8e-27",
    ("jax", "var", 6): "JAX's 0/0 where more is taken away than there is",
    ("jax", "erfcx", 3): "of infinity less infinity", ("jax", "sinc", 2): "the sine of a float next to pi is not 0",
    ("jax", "power_log", 2): "a number beside poles", ("jax", "power_slope", 2): "a number beside poles",
}  # fmt: skip


def weighed(row: str, outs: list[Any], dtype: str) -> Any:
    """Σ w·out over results of any kind."""
    total: Any = None
    for k, out in enumerate(outs):
        out = ops.real(out * ops.conj(out)) if row in SIGNED and out.ndim > 1 else out
        whole = ops.cast(out, dtype=dtype) if out.dtype.kind in "biu" else out
        parts = [ops.real(out), ops.imag(out)] if out.dtype.kind == "c" else [whole]
        for j, part in enumerate(parts):
            w = np.cos(1.3 * np.arange(1.0, out.type.size + 1) + k + 2 * j).reshape(out.type.shape).astype(part.dtype)
            term = ops.sum(ops.mul(part, w))
            total = term if total is None else ops.add(total, term)
    return total


def graphs(op: Op, case: Case, dtype: str) -> tuple[Graph, list[Any], list[int]]:
    """The graph of a row with the weighed sum as its output; its values; and the nodes of its results."""
    graph, values = case_graph(op, case, dtype)
    tape = Tape()
    tape.nodes = list(graph.nodes)
    node = graph.nodes[graph.outputs[0]]
    outs = [tape.handle(i) for i in graph.outputs]
    if isinstance(node.type, TupleType):
        outs = [ops.item(outs[0], k=k) for k in range(len(node.type.types))]
    numbers = [out.number for out in outs]
    total = weighed(op.name, outs, dtype)
    return Graph(tuple(tape.nodes), graph.inputs, (total.number,)), values, numbers


def trial(row: str, number: int, dialect: str, dtype: str) -> list[str]:
    """What is wrong with the program of a row on one of its cases."""
    if (dialect, row, number) in KNOWN:
        return []
    op, case = named(row, number)
    graph, values, outs = graphs(op, case, dtype)
    given = dict(zip(graph.inputs, values, strict=True))
    close = CLOSE[dtype]
    wrong = []
    for k in outs:
        made = run(graph.with_(outputs=(k,)), given)
        text = code(made, dialect)
        try:
            found = executed(text)["value"]
            sizes = (np.abs(plain(found)), np.abs(made.output.value)) if row in SIGNED else (found, made.output.value)
            if fault := near(*sizes, close):
                wrong.append(f"result: {fault}\n{text}")
        except Exception as error:
            wrong.append(f"{type(error).__name__}: {error}\n{text}")
    smooth = [i for i in graph.inputs if graph.type(i).is_float]
    if wrong or not smooth or not op.differentiable or not any(graph.type(k).is_float for k in outs):
        return wrong
    made = run(reverse(graph, None, smooth), given)
    return gradients_of(made, code(made, dialect), close, dialect)


def gradients_of(made: Run, text: str, close: float, dialect: str) -> list[str]:
    """What is wrong with the value and the gradients of a program.

    NumPy's are the graph's own. PyTorch and JAX differentiate by themselves: the program says where they do it otherwise, and where
    a number is not finite they may have another one that is not.
    """
    try:
        program = executed(text)
    except Exception as error:
        return [f"{type(error).__name__}: {error}\n{text}"]
    own = dialect != "numpy"
    wrong = []
    if fault := near(program["value"], made.output.value, close):
        wrong.append(f"value: {fault}\n{text}")
    if own and ("has its own convention" in text or not np.all(np.isfinite(made.output.value))):
        return wrong
    wanted = [i for i in made.graph.inputs if i in made.graph.grads]
    for i, (name, found) in zip(wanted, program["gradients"].items(), strict=True):
        if fault := near(found, made[i].gradient, close, finite=own):
            wrong.append(f"gradient of {name}: {fault}\n{text}")
    return wrong
