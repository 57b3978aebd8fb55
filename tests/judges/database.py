"""PyTorch's database of operations as a judge: its samples as plain data, and its answers.

Needs torch (a build for the CPU is enough) and expecttest; nothing else here imports them.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from types import EllipsisType
from typing import Any

import numpy as np
import torch
from tests.judges.sample import Answer, Leaf, Sample, weights
from torch.autograd import forward_ad
from torch.testing._internal.common_methods_invocations import op_db

__all__ = ["entries", "questions"]

OUR_DTYPES = {
    torch.float64: "float64", torch.float32: "float32", torch.int64: "int64", torch.int32: "int32", torch.bool: "bool",
    torch.complex128: "complex128", torch.complex64: "complex64", torch.uint8: "uint8", torch.int8: "int8", torch.int16: "int16",
    torch.float16: "float16", torch.bfloat16: "bfloat16", torch.complex32: "complex32",
}  # fmt: skip


def entries() -> dict[str, Any]:
    """Every entry that can be differentiated, by its name and variant."""
    return {name_of(op): op for op in op_db if op.supports_autograd}


def name_of(op: Any) -> str:
    return op.name + (f".{op.variant_test_name}" if op.variant_test_name else "")


def numpy_of(x: torch.Tensor) -> Any:
    return x.detach().resolve_conj().resolve_neg().numpy(force=True).copy()[()]


def neutral(nest: Any, leaves: list[torch.Tensor]) -> Any:
    """What torch's samples are made of as plain data; the leaves are collected in order."""
    if isinstance(nest, torch.Tensor):
        if nest.requires_grad:
            leaves.append(nest)
            return Leaf(len(leaves) - 1)
        return numpy_of(nest)
    if isinstance(nest, torch.Size):
        return tuple(nest)
    if isinstance(nest, (list, tuple)):
        parts = [neutral(part, leaves) for part in nest]
        return parts if isinstance(nest, list) else tuple(parts)
    if isinstance(nest, dict):
        return {name: neutral(part, leaves) for name, part in nest.items()}
    if isinstance(nest, torch.dtype):
        return OUR_DTYPES[nest]
    if nest is None or isinstance(nest, (bool, int, float, str, slice, EllipsisType)):
        return nest
    return str(nest)  # a device, a layout, an object that says what is meant by its name


def replaced(nest: Any, new: Iterator[torch.Tensor]) -> Any:
    """The same nest with other tensors in the place of the leaves."""
    if isinstance(nest, torch.Tensor):
        return next(new) if nest.requires_grad else nest
    if isinstance(nest, torch.Size):
        return nest
    if isinstance(nest, (list, tuple)):
        parts = [replaced(part, new) for part in nest]
        return parts if isinstance(nest, list) else tuple(parts)
    if isinstance(nest, dict):
        return {name: replaced(part, new) for name, part in nest.items()}
    return nest


def tensors(result: Any) -> list[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        return [result]
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in tensors(part)]
    return [torch.tensor(result)] if isinstance(result, (bool, int, float, complex)) else []


def torch_weights(like: torch.Tensor, which: str) -> torch.Tensor:
    return torch.from_numpy(np.array(weights(numpy_of(like), which)))


def questions(op: Any) -> Iterator[tuple[Sample, Answer]]:
    """All float64 samples of an entry with the database's own answers (complex128 where there is no float64)."""
    torch.manual_seed(7)
    np.random.seed(7)
    random.seed(7)
    kind = torch.float64 if torch.float64 in op.supported_backward_dtypes("cpu") else torch.complex128
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for sample in op.sample_inputs("cpu", kind, requires_grad=True):
            nest = ((sample.input, *sample.args), dict(sample.kwargs))
            leaves: list[torch.Tensor] = []
            args, named = neutral(nest, leaves)
            finish = getattr(sample.output_process_fn_grad, "__name__", "")
            plain = [numpy_of(x) for x in leaves]
            given = Sample(args, named, plain, "" if finish == "<lambda>" else finish)
            yield given, answer(op, nest, leaves, sample.output_process_fn_grad)


# How the database itself calls an entry whose operand must be of a kind that a free step would leave.
PROJECTED = {
    "gradcheck_wrapper_ctc_loss", "gradcheck_wrapper_hermitian_input", "gradcheck_wrapper_triangular_input_real_positive_diagonal",
}  # fmt: skip


def answer(op: Any, nest: Any, leaves: list[torch.Tensor], finish: Callable[[Any], Any]) -> Answer:
    """Value, gradient, and tangent where the entry has a forward mode."""
    call = op.get_op()
    if op.gradcheck_wrapper.__name__ in PROJECTED:
        call = partial(op.gradcheck_wrapper, call)

    def run(new: list[torch.Tensor]) -> list[torch.Tensor]:
        args, named = replaced(nest, iter(new))
        return tensors(finish(call(*args, **named)))

    fresh = [x.detach().clone().requires_grad_() for x in leaves]
    results = run([x.view_as(x) for x in fresh])
    moving = [k for k, y in enumerate(results) if y.requires_grad]
    upstream = [torch_weights(results[k], f"upstream {n}").to(results[k].dtype) for n, k in enumerate(moving)]
    gradients: list[Any] = []
    if moving:
        found = torch.autograd.grad([results[k] for k in moving], fresh, upstream, allow_unused=True)
        gradients = [np.zeros_like(numpy_of(x)) if g is None else numpy_of(g.to_dense()) for x, g in zip(fresh, found, strict=True)]
    values = [numpy_of(y) for y in results]
    moved = None
    if not moving:
        moved = []
    elif op.supports_forward_ad:
        with forward_ad.dual_level():
            pairs = [forward_ad.make_dual(x.detach().clone(), torch_weights(x, f"tangent {k}")) for k, x in enumerate(leaves)]
            told = [forward_ad.unpack_dual(y).tangent for y in run(pairs)]
            moved = [np.zeros_like(values[k]) if told[k] is None else numpy_of(told[k]) for k in moving]
    return Answer(values, moving, gradients, moved)
