"""Sums of products by a formula over letters: "ij,jk->ik" is the matrix product.

The gradient of an operand is one more such sum: the upstream gradient stands for the operand, whose letters become those
of the result. A letter that stands twice in one operand picks a diagonal, so its gradient is put onto one by a factor that
is 1 there; a letter that stands nowhere else was summed alone, so its gradient is repeated by a factor of ones.
"""

from __future__ import annotations

from functools import lru_cache
from string import ascii_letters
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import ShapeError, ValueError
from . import batched
from . import samples as s
from .linear import conjugate, fitted, matmul, matmul_left, matmul_right, matmul_type
from .shape import cast

__all__ = ["dot", "einsum", "outer"]


@lru_cache(maxsize=4096)
def read(spec: str, ranks: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """The letters of each operand and of the result, with those that "..." stands for written out."""
    text = spec.replace(" ", "")
    left, arrow, out = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise ShapeError(f"einsum: {spec!r} is about {len(terms)} operands, and there are {len(ranks)}")
    for term in (*terms, out):
        rest = term.replace("...", "", 1)
        if not all(letter in ascii_letters for letter in rest):
            raise ValueError(f"einsum: {spec!r} is not made of letters, commas, '...' and '->', as in 'ij,jk->ik'")
    spare = [letter for letter in ascii_letters[::-1] if letter not in text]
    stretched = max((rank - len(term) + 3 for term, rank in zip(terms, ranks, strict=True) if "..." in term), default=0)
    dots = "".join(spare[: max(0, stretched)])
    full = []
    for term, rank in zip(terms, ranks, strict=True):
        missing = rank - len(term) + 3 if "..." in term else 0
        written = term.replace("...", dots[len(dots) - missing :] if missing > 0 else "")
        if len(written) != rank or missing < 0:
            raise ShapeError(f"einsum: {term!r} in {spec!r} names {len(term.replace('...', ''))} axes, and its operand has {rank}")
        full.append(written)
    if arrow:
        result = out.replace("...", dots)
    else:  # the letters that stand once, in the order of the alphabet
        result = dots + "".join(sorted(x for x in set("".join(full)) if "".join(full).count(x) == 1 and x not in dots))
    for letter in result:
        if result.count(letter) > 1 or letter not in "".join(full):
            why = "stands twice in the result" if result.count(letter) > 1 else "is in the result and in no operand"
            raise ValueError(f"einsum: the letter {letter!r} of {spec!r} {why}")
    return tuple(full), result


def letter_sizes(spec: str, terms: tuple[str, ...], shapes: list[tuple[int, ...]]) -> dict[str, int]:
    """How large the axis of each letter is; an axis of size 1 is stretched."""
    found: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for letter, n in zip(term, shape, strict=True):
            known = found.get(letter, 1)
            if 1 not in (known, n) and known != n:
                raise ShapeError(f"einsum: the letter {letter!r} of {spec!r} has sizes {known} and {n}")
            found[letter] = n if known == 1 else known
    return found


def einsum_type(*xs: Type, spec: str = "") -> Type:
    terms, out = read(spec, tuple(x.rank for x in xs))
    found = letter_sizes(spec, terms, [x.shape for x in xs])
    return Type(np.result_type(*[x.dtype for x in xs]), tuple(found[letter] for letter in out))


def einsum_value(*xs: Any, spec: str = "") -> Any:
    terms, out = read(spec, tuple(np.ndim(x) for x in xs))
    dtype = np.result_type(*xs)
    xs = tuple(np.asarray(x, dtype) for x in xs)  # or truth values would be added up, by or, before they meet a number
    return np.asarray(np.einsum(f"{','.join(terms)}->{out}", *xs, optimize=len(xs) > 1), dtype)[()]


def back(k: int, g: Any, xs: Any, spec: str) -> Any:
    """The sum of products that is the gradient of operand k."""
    terms, out = read(spec, tuple(x.ndim for x in xs))
    found = letter_sizes(spec, terms, [x.shape for x in xs])
    spare = iter([letter for letter in ascii_letters if letter not in "".join(terms)])
    factors, letters, target = [g], [out], ""
    for j, x in enumerate(xs):
        if j != k:
            factors.append(conjugate(x))
            letters.append(terms[j])
    for letter in terms[k]:
        if letter in target:  # a diagonal
            other = next(spare)
            factors.append(np.eye(found[letter], dtype=g.dtype))
            letters.append(letter + other)
            target += other
        else:
            target += letter
    there = {(letter, n) for term, x in zip(letters, factors, strict=True) for letter, n in zip(term, x.shape, strict=True)}
    alone = [letter for letter in target if (letter, found.get(letter, -1)) not in there and letter in found]
    for letter in alone:
        factors.append(np.ones(found[letter], g.dtype))
        letters.append(letter)
    return fitted(einsum(*factors, spec=f"{','.join(letters)}->{target}"), xs[k].shape)


def reached(k: int, mask: Any, xs: Any, spec: str) -> Any:
    """Live where anything that the operand went into is."""
    if mask is None:
        return None
    ones = [np.ones(x.shape) for x in xs]
    return back(k, cast(mask, dtype="float64"), ones, spec) > 0.0


def einsum_cost(*xs: Type, spec: str = "") -> int:
    terms, _ = read(spec, tuple(x.rank for x in xs))
    return len(xs) * int(np.prod(list(letter_sizes(spec, terms, [x.shape for x in xs]).values())))


einsum: Op = operation(
    "einsum", "*xs",
    doc='Sums of products by letters, as in "ij,jk->ik": letters that are not in the result are summed over; "..." is all other axes.',
    words="product rule: the sum of products of the gradient and the other operands, over the letters of this one",
    kind="linear",
    attrs={"spec": ""},
    type=einsum_type,
    value=einsum_value,
    vjp=lambda k, g, z, *xs, spec="": back(k, g, xs, spec),
    linear=tuple(range(64)),
    mask=lambda k, mask, z, *xs, spec="": reached(k, mask, xs, spec),
    cost=einsum_cost,
    analytic=True,
    batch=batched.by_letters(read),
    cases=[
        Case(s.MATRIX, s.TENSOR[0], spec="ij,jk->ik", gives=s.MATRIX @ s.TENSOR[0]),
        Case(s.MATRIX, s.OTHER, spec="ij,ij"),
        Case(s.TENSOR[0, :, :3], spec="ii", gives=s.TENSOR[0, :, :3].trace()),
        Case(s.TENSOR[0, :, :3], s.ROW, spec="ii,i->i"),
        Case(s.MATRIX, spec="ij->j"),
        Case(s.MATRIX, spec="ji"),
        Case(s.ROW, s.VECTOR, s.MATRIX[:, 0], spec="i,j,k->kij"),
        Case(s.TENSOR, s.MATRIX, spec="...ij,...i->...j", note="the dots stand for the first axis"),
        Case(s.TENSOR, s.TENSOR[:, :1] * 0.5, spec="abc,abc->ca"),
        Case(2.0, s.ROW, spec=",i->i"),
        Case([[True, True], [True, False]], [[3.0], [5.0]], spec="ij,ij->i", gives=[6.0, 5.0]),
        Case(np.zeros((2, 0)), np.zeros((0, 3)), spec="ij,jk->ik", gives=np.zeros((2, 3))),
        Case(s.MATRIX, s.MATRIX, spec="ij,jk->ik", raises="einsum: the letter 'j' of 'ij,jk->ik' has sizes 3 and 2"),
        Case(s.MATRIX, spec="ijk->k", raises="einsum: 'ijk' in 'ijk->k' names 3 axes, and its operand has 2"),
        Case(s.MATRIX, spec="ij,jk", raises="einsum: 'ij,jk' is about 2 operands, and there are 1"),
        Case(s.MATRIX, spec="ij->ii", raises="einsum: the letter 'i' of 'ij->ii' stands twice in the result"),
        Case(s.MATRIX, spec="ij->k", raises="einsum: the letter 'k' of 'ij->k' is in the result and in no operand"),
        Case(s.MATRIX, spec="i1->i", raises="einsum: 'i1->i' is not made of letters, commas, '...' and '->', as in 'ij,jk->ik'"),
    ],
)  # fmt: skip


def dot_type(x: Type, y: Type) -> Type:
    if not (1 <= x.rank <= 2 and 1 <= y.rank <= 2):
        raise ShapeError(
            f"dot: takes vectors and matrices, and got {x} {x.shape} and {y} {y.shape}: use * for scalars, matmul or einsum for stacks"
        )
    if x.shape[-1] != y.shape[0]:
        raise ShapeError(f"dot: the last axis of {x} {x.shape} and the first of {y} {y.shape} must have one size")
    return matmul_type(x, y)


dot: Op = operation(
    "dot", "x y",
    doc="Sum of products: of two vectors a number, of matrices the matrix product.",
    words="product rule: each operand gets the gradient times the other",
    kind="linear",
    glyph="·",
    type=dot_type,
    value=lambda x, y: np.dot(x, y),
    vjp=(matmul_left, matmul_right),
    linear=(0, 1),
    cost=lambda x, y: 2 * dot_type(x, y).size * x.shape[-1],
    inside=lambda x, y: matmul(x, y),
    analytic=True,
    batch=batched.matrix_product,
    cases=[
        Case([1.0, 2.0], [3.0, 4.0], gives=11.0, grads=[[3.0, 4.0], [1.0, 2.0]]),
        Case(s.ROW, s.POSITIVE_ROW),
        Case(s.MATRIX, s.ROW),
        Case(s.MATRIX, s.TENSOR[0]),
        Case(np.zeros(0), np.zeros(0), gives=0.0),
        Case(s.ROW, s.VECTOR, raises="dot: the last axis of Vector Float64 (3,) and the first of Vector Float64 (4,) must have one size"),
        Case(2.0, s.ROW, raises="dot: takes vectors and matrices, and got Float64 () and Vector Float64 (3,): "
             "use * for scalars, matmul or einsum for stacks"),
    ],
)  # fmt: skip


def outer_type(x: Type, y: Type) -> Type:
    if x.rank != 1 or y.rank != 1:
        raise ShapeError(f"outer: takes two vectors, and got {x} {x.shape} and {y} {y.shape}")
    return Type(np.result_type(x.dtype, y.dtype), x.shape + y.shape)


outer: Op = operation(
    "outer", "x y",
    doc="All products of a number of x with a number of y, as a matrix.",
    words="product rule: g·y to the first, gᵀ·x to the second",
    kind="linear",
    glyph="⊗",
    type=outer_type,
    value=np.multiply.outer,
    vjp=(lambda g, z, x, y: matmul(g, conjugate(y)), lambda g, z, x, y: matmul(g.T, conjugate(x))),
    linear=(0, 1),
    inside=lambda x, y: einsum(x, y, spec="i,j->ij"),
    analytic=True,
    batch=batched.outer_product,
    cases=[
        Case([1.0, 2.0], [3.0, 4.0], gives=[[3.0, 4.0], [6.0, 8.0]], grads=[[7.0, 7.0], [3.0, 3.0]]),
        Case(s.ROW, s.VECTOR),
        Case(np.zeros(0), s.ROW),
        Case(s.MATRIX, s.ROW, raises="outer: takes two vectors, and got Matrix Float64 (2, 3) and Vector Float64 (3,)"),
    ],
)  # fmt: skip
