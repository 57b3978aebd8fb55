"""Jacobians and Hessians: all derivatives at once, in as few sweeps as their structure allows.

A sweep forward gives the derivatives along one direction of the arguments, a sweep backward those of one combination of the
results. All directions go in one batch, on the side that has fewer of them. Where the graph shows that most of the Jacobian is
zero, arguments that share no result go along one direction together, or results that share no argument in one combination:
a matrix of three diagonals takes three sweeps, whatever its size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, Literal

import numpy as np

from . import ops
from .core.array import Array, as_value
from .core.tree import flatten
from .diff.colouring import colours, star_colours, star_places
from .diff.pattern import MOST, pattern
from .errors import DifferentiationError, InputError, ValueError
from .pushforward import jvp
from .sweeps import Sweeps, basis, zeros
from .transform import Argnums, Pass, chosen, grad

__all__ = ["Sparse", "hessian", "hvp", "jacobian"]

Mode = Literal["auto", "forward", "reverse"]
WORTH: Final = 64  # entries for each argument and result: with more of them structure does not pay


@dataclass(frozen=True, slots=True, eq=False)
class Sparse:
    """A matrix of which only some entries are not zero: entry k is `values[k]`, in row `rows[k]` and column `columns[k]`.

    `sweeps` says how many sweeps it took. Numbers of a result or an argument with several axes are counted in reading order.
    """

    rows: Any
    columns: Any
    values: Any
    shape: tuple[int, int]
    sweeps: int

    def dense(self) -> Any:
        """The whole matrix."""
        found = np.zeros(self.shape, np.asarray(self.values).dtype)
        found[self.rows, self.columns] = self.values
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.dense() if dtype is None else self.dense().astype(dtype)

    def __repr__(self) -> str:
        return f"<sparse {self.shape[0]} × {self.shape[1]}: {len(self.rows)} entries, {self.sweeps} sweeps>"


def jacobian(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    wrt: Argnums | None = None,
    mode: Mode = "auto",
    sparse: Literal["auto"] | bool = "auto",
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """A function that returns every derivative of every result: shape of the result + shape of the argument.

    Nested like the result, and in it like the arguments `argnums` (or `wrt`; several give a tuple). `mode` says whether to
    sweep forward or in reverse; "auto" takes what is cheaper. Zeros that the graph shows are made use of (`sparse="auto"`),
    and the Jacobian is a whole array all the same; with `sparse=True` it is a `Sparse` of rows, columns and values;
    `sparse=False` looks for none. `has_aux` as in `grad`; `holomorphic` for complex functions of complex arguments.
    Raises: DifferentiationError for results or arguments that are no floats.

    >>> import numpy
    >>> jacobian(lambda x: x * x)(numpy.array([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    >>> jacobian(lambda x: x[1:] - x[:-1], sparse=True)(numpy.ones(1000))
    <sparse 999 × 1000: 1998 entries, 2 sweeps>
    """
    return derivatives(function, chosen(argnums, wrt), mode, sparse, has_aux, holomorphic)


def derivatives(
    function: Callable[..., Any], argnums: Argnums, mode: Mode, sparse: Literal["auto"] | bool, has_aux: bool, holomorphic: bool,
    symmetric: bool = False,
) -> Callable[..., Any]:  # fmt: skip
    """The Jacobian; one that is `symmetric` stands on both sides of its diagonal."""
    if mode not in ("auto", "forward", "reverse"):
        raise ValueError(f"jacobian: mode is 'auto', 'forward' or 'reverse', and not {mode!r}")
    if sparse not in ("auto", True, False):
        raise ValueError(f"jacobian: sparse is 'auto', True or False, and not {sparse!r}")

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        made = Pass(function, args, named, argnums)
        result, aux = made.result if has_aux else (made.result, None)
        found, nest = flatten(result)
        outs = [made.output(leaf, name) for name, leaf in found]
        sweeps = Sweeps(made, outs)
        way = direction(sweeps, mode, holomorphic)
        blocks = structured(sweeps, way, mode, sparse, symmetric) if sparse and not holomorphic else None
        if blocks is None:
            blocks = whole(sweeps, way, holomorphic)
        if made.nested and sparse is True:
            raise InputError("jacobian: sparse=True inside another derivative has no meaning: leave it out there")
        rows = [around(made, row) for row in blocks]
        value = nest.around(rows)
        return (value, made.plain(aux)) if has_aux else value

    return call


def around(made: Pass, row: Sequence[Any]) -> Any:
    """The blocks of one result, nested like the arguments."""
    rest = iter([made.out(x) if isinstance(x, Array) else x for x in row])
    nests = [nest.around([next(rest) for _ in range(nest.count)]) for nest in made.nests]
    return nests[0] if made.single else tuple(nests)


def direction(sweeps: Sweeps, mode: Mode, holomorphic: bool) -> Mode:
    """The side with fewer numbers; complex numbers have a say in it."""
    kinds_in, kinds_out = ({a.dtype.kind for a in arrays} for arrays in (sweeps.xs, sweeps.outs))
    for y in sweeps.outs:
        if y.dtype.kind not in "fc":
            raise DifferentiationError(f"jacobian: the function returned {y.type} {y.shape}, and only floats have a derivative")
    if holomorphic and (kinds_in | kinds_out) != {"c"}:
        raise DifferentiationError("jacobian: with holomorphic the arguments and the results are complex")
    if not holomorphic and "c" in kinds_in and "c" in kinds_out:
        raise DifferentiationError(
            "jacobian: of a complex function by complex arguments: say holomorphic=True, or take its real and its imaginary part"
        )
    if "c" in kinds_out and not holomorphic:
        return "forward"
    if "c" in kinds_in and not holomorphic:
        return "reverse"
    if mode != "auto":
        return mode
    return "forward" if sum(x.size for x in sweeps.xs) <= sum(y.size for y in sweeps.outs) else "reverse"


def whole(sweeps: Sweeps, way: Mode, holomorphic: bool) -> list[list[Any]]:
    """Every block of the Jacobian, one sweep for each number of the one side."""
    xs, outs = sweeps.xs, sweeps.outs
    blocks: list[list[Any]] = []
    if not sum(x.size for x in xs) or not sum(y.size for y in outs):
        return [[zeros(sweeps, (*y.shape, *x.shape), x.dtype) for x in xs] for y in outs]
    if way == "forward":
        count = sum(x.size for x in xs)
        columns = sweeps.ahead(basis(xs, np.arange(count), count), count)
        for y, column in zip(outs, columns, strict=True):
            row, at = [], 0
            for x in xs:
                part = ops.index(column, key=f"{at}:{at + x.size}")
                turned = ops.moveaxis(part, source=0, destination=-1) if y.ndim else part
                row.append(ops.reshape(turned, shape=(*y.shape, *x.shape)))
                at += x.size
            blocks.append(row)
        return blocks
    count = sum(y.size for y in outs)
    found = sweeps.back(basis(outs, np.arange(count), count), count)
    at = 0
    for y in outs:
        parts = [ops.index(rows, key=f"{at}:{at + y.size}") for rows in found]
        row = [ops.reshape(p, shape=(*y.shape, *x.shape)) for p, x in zip(parts, xs, strict=True)]
        blocks.append([ops.conj(b) for b in row] if holomorphic else row)
        at += y.size
    return blocks


def structured(
    sweeps: Sweeps, way: Mode, mode: Mode, sparse: Literal["auto"] | bool, symmetric: bool
) -> list[list[Any]] | None:
    """The blocks by as few sweeps as the pattern allows; None where that is no gain."""
    xs, outs, tape = sweeps.xs, sweeps.outs, sweeps.tape
    n, m = sum(x.size for x in xs), sum(y.size for y in outs)
    if not n or not m or (sparse == "auto" and min(n, m) == 1):
        if sparse is not True:
            return None
        none = np.zeros(0, np.int64)
        return [[Sparse(none, none, np.zeros(0, x.dtype), (y.size, x.size), 0) for x in xs] for y in outs]
    starts = dict(zip([x.number for x in xs], np.cumsum([0, *[x.size for x in xs[:-1]]]).tolist(), strict=True))
    assert tape.values is not None
    most = MOST if sparse is True else WORTH * (n + m)
    found = None
    if len(starts) == len(xs):
        found = pattern(tape.nodes, tape.values, starts, n, sweeps.made.start, sweeps.made.nested, most)
    if found is None:
        if sparse == "auto":
            return None
        keys = np.arange(m * n)
    else:
        at, parts = 0, []
        for y in outs:
            mine = found.get(y.number)
            if mine is not None:
                parts.append(mine + at * n)
            at += y.size
        keys = np.concatenate([np.zeros(0, np.int64), *parts])
    rows, columns = keys // n, keys % n
    free = mode == "auto" and "c" not in {a.dtype.kind for a in (*xs, *outs)}
    by_column = colours(rows, columns, n) if free or way == "forward" else None
    by_row = colours(columns, rows, m) if free or way == "reverse" else None
    by_star = star_colours(rows, columns, n) if symmetric else None
    counts = [int(c.max(initial=0)) + 1 if c is not None else n + m + 1 for c in (by_column, by_row, by_star)]
    if sparse == "auto" and min(counts) >= min(n, m):
        return None
    if by_star is not None and counts[2] < counts[0]:
        swept = sweeps.ahead(basis(xs, by_star, counts[2]), counts[2])
        flat = ops.concat(*[ops.reshape(s, shape=(counts[2], y.size)) for s, y in zip(swept, outs, strict=True)], axis=1)
        colour, row = star_places(rows, columns, by_star)
        picks = colour * m + row
    elif counts[0] <= counts[1]:
        assert by_column is not None
        swept = sweeps.ahead(basis(xs, by_column, counts[0]), counts[0])
        flat = ops.concat(*[ops.reshape(s, shape=(counts[0], y.size)) for s, y in zip(swept, outs, strict=True)], axis=1)
        picks = by_column[columns] * m + rows
    else:
        assert by_row is not None
        swept = sweeps.back(basis(outs, by_row, counts[1]), counts[1])
        flat = ops.concat(*[ops.reshape(s, shape=(counts[1], x.size)) for s, x in zip(swept, xs, strict=True)], axis=1)
        picks = by_row[rows] * n + columns
    values = ops.gather(ops.reshape(flat, shape=-1), picks)
    return cut(sweeps, rows, columns, values, min(counts), sparse is True)


def cut(sweeps: Sweeps, rows: Any, columns: Any, values: Array, count: int, sparse: bool) -> list[list[Any]]:
    """The entries sorted into the blocks of each result and each argument."""
    blocks: list[list[Any]] = []
    top = 0
    for y in sweeps.outs:
        row: list[Any] = []
        left = 0
        for x in sweeps.xs:
            mine = np.nonzero((rows >= top) & (rows < top + y.size) & (columns >= left) & (columns < left + x.size))[0]
            r, c = rows[mine] - top, columns[mine] - left
            some = values if mine.size == rows.size else ops.gather(values, mine)
            if sparse:
                row.append(Sparse(r, c, as_value(some), (y.size, x.size), count))
            else:
                flat = ops.scatter_add(some, r * x.size + c, size=y.size * x.size)
                row.append(ops.reshape(flat, shape=(*y.shape, *x.shape)))
            left += x.size
        blocks.append(row)
        top += y.size
    return blocks


def hessian(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    wrt: Argnums | None = None,
    sparse: Literal["auto"] | bool = "auto",
    has_aux: bool = False,
) -> Callable[..., Any]:
    """A function that returns the second derivatives of a real function: shape of the argument, twice.

    Forward sweeps over the gradient, as few as its structure allows: since the Hessian is symmetric, an entry may be read on
    either side of the diagonal. Settings as in `jacobian`.

    >>> import numpy
    >>> from backlight.ops import sum
    >>> hessian(lambda x: sum(x * x * x))(numpy.array([1.0, 2.0])).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    by = chosen(argnums, wrt)
    return derivatives(grad(function, by, has_aux=has_aux), by, "forward", sparse, has_aux, holomorphic=False, symmetric=True)


def hvp(function: Callable[..., Any], x: Any, v: Any) -> Any:
    """The Hessian of a real function at `x`, times `v`, without writing the Hessian: the tangent of the gradient along `v`.

    >>> hvp(lambda x: x**3, 2.0, 10.0)
    np.float64(120.0)
    """
    return jvp(grad(function), (x,), (v,))[1]
