"""One call of an operation as plain data, and what a judge says of it: values, and derivatives in both directions.

A sample is nested lists, tuples and dicts of NumPy values in which each array that is to be differentiated by is a `Leaf`
with its number. It can be filled with anything, in particular with our arrays, and it can be written to a file.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import backlight as bl
from backlight.core.array import Array

__all__ = ["Answer", "Leaf", "Sample", "differences", "filled", "ours", "weights"]

RELATIVE = 1e-9  # of the largest number in the array that is compared
SINGLE = 1e-5  # the same for samples that hold float32 beside float64: a few of their last digits
ROUNDING = 1e-13  # what is left where terms of the sizes of the samples, up to 10, cancel


class Leaf(NamedTuple):
    """The place of an array that is differentiated by."""

    number: int


class Sample(NamedTuple):
    """One call: `args` and `named` hold leaves, `finish` names what the judge does with the result before it looks at it."""

    args: tuple[Any, ...]
    named: Mapping[str, Any]
    leaves: Sequence[Any]
    finish: str = ""


class Answer(NamedTuple):
    """Results, the numbers of those that move, the gradients by the leaves, and how the results move (None: not told)."""

    results: Sequence[Any]
    moving: Sequence[int]
    gradients: Sequence[Any]
    moved: Sequence[Any] | None


def weights(like: Any, which: str) -> Any:
    """Numbers of no special structure, of the shape and dtype of an array; another series for each word."""
    like = np.asarray(like)
    start = zlib.crc32(which.encode()) % 1000
    found = np.cos(np.arange(1, like.size + 1) * 1.7 + start).reshape(like.shape)
    if like.dtype.kind == "c":
        found = found + 1j * np.sin(np.arange(1, like.size + 1) * 2.3 + start).reshape(like.shape)
    return found.astype(like.dtype)


def filled(nest: Any, leaves: Sequence[Any]) -> Any:
    """The nest with something in the place of each leaf."""
    if isinstance(nest, Leaf):
        return leaves[nest.number]
    if isinstance(nest, (list, tuple)):
        return type(nest)(filled(part, leaves) for part in nest)
    if isinstance(nest, dict):
        return {name: filled(part, leaves) for name, part in nest.items()}
    return nest


def flat(result: Any) -> list[Any]:
    """All arrays of a result, in order."""
    if isinstance(result, (list, tuple)):
        return [x for part in result for x in flat(part)]
    return [result]


def ours(function: Callable[..., Any], sample: Sample, moving: Sequence[int]) -> Answer:
    """What we say of a sample, through the public transformations: vjp and jvp."""
    seen: list[Any] = []

    def call(*leaves: Any) -> list[Any]:
        named = filled(sample.named, leaves)
        if sample.finish:
            named["finish"] = sample.finish
        results = flat(function(*filled(sample.args, leaves), **named))
        seen[:] = [np.asarray(x.value) if isinstance(x, Array) else np.asarray(x) for x in results]
        return [results[k] for k in moving]

    if not moving:
        call(*sample.leaves)
        return Answer(seen, moving, [], [])
    found, pullback = bl.vjp(call, *sample.leaves)
    results = list(seen)
    gradients = pullback([weights(x, f"upstream {k}") for k, x in enumerate(found)])
    tangents = tuple(weights(x, f"tangent {k}") for k, x in enumerate(sample.leaves))
    moved = bl.jvp(call, tuple(sample.leaves), tangents)[1]
    return Answer(results, moving, list(gradients), list(moved))


def differ(what: str, found: Any, wanted: Any, relative: float) -> str:
    """Where two arrays differ by more than the tolerance, in words; empty where they do not."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    if found.shape != wanted.shape:
        return f"{what} has shape {found.shape}, wanted {wanted.shape}"
    if wanted.dtype.kind in "fc" and found.dtype.kind in "biufc":
        with np.errstate(all="ignore"):
            finite = np.abs(wanted[np.isfinite(wanted)])
            room = max(relative * float(finite.max(initial=0.0)), ROUNDING if relative < SINGLE else SINGLE)
            same = (np.abs(found - wanted) <= room) | (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    else:
        same = found == wanted
    if np.all(same):
        return ""
    k = int(np.argmin(np.ravel(same)))
    return f"{what}[{k}] is {np.ravel(found)[k]!r}, wanted {np.ravel(wanted)[k]!r} ({int(np.sum(~same))} of {same.size} differ)"


def differences(found: Answer, wanted: Answer, sample: Sample, contradicted: bool = False) -> list[str]:
    """All that differs between our answer and the judge's; its tangents do not count where they contradict its gradients."""
    if len(found.results) != len(wanted.results):
        return [f"{len(found.results)} results, wanted {len(wanted.results)}"]
    narrow = any(np.asarray(x).dtype in (np.float32, np.complex64) for x in (*sample.leaves, *wanted.results))
    relative = SINGLE if narrow else RELATIVE
    said = []
    pairs = [("value", found.results, wanted.results), ("gradient", found.gradients, wanted.gradients)]
    if wanted.moved is not None and not contradicted:
        pairs.append(("tangent", found.moved or (), wanted.moved))
    elif found.moved:
        said.append(balance(found, wanted, sample, relative))
    for what, left, right in pairs:
        said += [differ(f"{what} {k}", x, y, relative) for k, (x, y) in enumerate(zip(left, right, strict=True))]
    return [word for word in said if word]


def balance(found: Answer, wanted: Answer, sample: Sample, relative: float) -> str:
    """Where the judge has no forward mode: ⟨upstream, our tangent⟩ must be ⟨its gradient, tangent⟩."""
    moved = found.moved or ()
    left = [weights(x, f"upstream {k}").conj() * x for k, x in enumerate(map(np.asarray, moved))]
    right = [np.conj(g) * weights(x, f"tangent {k}") for k, (g, x) in enumerate(zip(wanted.gradients, sample.leaves, strict=True))]
    a, b = (sum(float(np.sum(x.real)) for x in side) for side in (left, right))
    size = sum(float(np.sum(np.abs(x))) for x in (*left, *right))
    same = abs(a - b) <= max(relative * size, ROUNDING) or (np.isnan(a) and np.isnan(b)) or a == b
    return "" if same else f"the tangent's share is {a!r}, the gradient's {b!r}"
