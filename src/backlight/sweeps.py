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
from .core.graph import Graph, Node, Why
from .core.table import TABLE
from .core.tree import flatten
from .core.types import Type
from .diff.batch import Many, batch
from .diff.colouring import colours, star_colours, star_places
from .diff.forward import push
from .diff.masks import Mask, once
from .diff.pattern import MOST, pattern
from .diff.reverse import pull
from .errors import DifferentiationError, InputError, ValueError
from .pushforward import jvp
from .transform import Argnums, Pass, chosen, grad

__all__ = ["Sparse", "hessian", "hvp", "jacobian"]

Mode = Literal["auto", "forward", "reverse"]
WORTH: Final = 64  # entries for each argument and result: with more of them structure does not pay
ROOM: Final = 1 << 25  # numbers that one batch of sweeps may hold


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


class Sweeps:
    """A function run once, whose derivative can be asked along many directions, or for many combinations, together."""

    def __init__(self, made: Pass, outs: Sequence[Array]) -> None:
        self.made, self.outs = made, list(outs)
        self.tape = made.tape
        self.end = len(self.tape.nodes)
        self.xs = [x for group in made.leaves for x in group]

    def ahead(self, directions: Sequence[Any], count: int) -> list[Any]:
        """The tangents of the results along directions of the arguments, a batch of each."""
        found = self.pushed(directions, count, False)
        return found if sound(found) else self.pushed(directions, count, True)

    def back(self, seeds: Sequence[Any], count: int) -> list[Any]:
        """The gradients of the arguments for upstream gradients of the results, a batch of each."""
        found = self.pulled(seeds, count, False)
        return found if sound(found) else self.pulled(seeds, count, True)

    def pushed(self, directions: Sequence[Any], count: int, masked: bool) -> list[Any]:
        free, start = self.free(self.xs)
        with np.errstate(all="ignore"):
            seeds = {x.number: t for x, t in zip(self.xs, free, strict=True)}
            masks = {x.number: self.alone(t) for x, t in zip(self.xs, free, strict=True)} if masked else {}
            found = push(self.tape, seeds, self.made.start, self.end, masks=masks).tangents
        wanted = [found.get(y.number, -1) for y in self.outs]
        return Tail(self, start, free, wanted).run(directions, count, wanted, [y.type for y in self.outs])

    def pulled(self, seeds: Sequence[Any], count: int, masked: bool) -> list[Any]:
        free, start = self.free(self.outs)
        given: dict[int, int] = {}
        with np.errstate(all="ignore"):
            for y, u in zip(self.outs, free, strict=True):
                if y.number in given:
                    u = ops.add(self.tape.handle(given[y.number]), self.tape.handle(u)).number
                given[y.number] = u
            masks = {y: self.alone(u) for y, u in given.items()} if masked else {}
            walk = pull(self.tape, given, [x.number for x in self.xs], self.made.start, masks=masks)
        wanted = [walk.grads.get(x.number, -1) for x in self.xs]
        return Tail(self, start, free, wanted).run(seeds, count, wanted, [x.type for x in self.xs])

    def alone(self, direction: int) -> Mask:
        """Where a direction of the batch moves anything: elsewhere its zeros are as good as not there, whatever stands there."""
        return once(lambda: ops.not_equal(self.tape.handle(direction), 0.0))

    def free(self, arrays: Sequence[Array]) -> tuple[list[int], int]:
        """Nodes of their shapes, for which the batch is put in."""
        tape = self.tape
        start = len(tape.nodes)
        before, tape.why = tape.why, Why("tangent", "a direction that the batch gives")
        free = [ops.identity(tape.constant(np.zeros(x.shape, x.dtype)[()])).number for x in arrays]
        tape.why = before
        return free, start


class Tail:
    """What a derivative wrote behind a function, as a graph from the free nodes; all else that it uses is known."""

    def __init__(self, sweeps: Sweeps, start: int, free: Sequence[int], wanted: Sequence[int]) -> None:
        self.sweeps = sweeps
        tape = sweeps.tape
        nodes: list[Node] = []
        place: dict[int, int] = {}
        self.outside: list[int] = []
        for u in free:
            place[u] = len(nodes)
            nodes.append(Node(TABLE["input"], (), tape.nodes[u].type))
        moving = set(free)
        size = 1
        for i in range(start, len(tape.nodes)):
            node = tape.nodes[i]
            if i in moving or not any(j in moving for j in node.inputs):
                continue
            moving.add(i)
            for j in node.inputs:
                if j not in place:
                    place[j] = len(nodes)
                    nodes.append(Node(TABLE["input"], (), tape.nodes[j].type))
                    self.outside.append(j)
            place[i] = len(nodes)
            nodes.append(node._replace(inputs=tuple(place[j] for j in node.inputs)))
            size += node.type.size if isinstance(node.type, Type) else 0
        self.place, self.size = place, size
        self.free = [place[u] for u in free]
        self.graph = Graph(tuple(nodes), tuple(place[j] for j in (*free, *self.outside)))
        self.still = [wanted_ for wanted_ in wanted if wanted_ >= 0 and wanted_ not in place]

    def run(self, given: Sequence[Any], count: int, wanted: Sequence[int], types: Sequence[Any]) -> list[Any]:
        """The wanted nodes, for `count` values of the free ones at once; zeros for what does not depend on them."""
        sweeps = self.sweeps
        tape = sweeps.tape if sweeps.made.nested else None
        assert sweeps.tape.values is not None
        known: dict[int, Many] = {}
        for j in self.outside:
            value = sweeps.tape.values[j]
            if tape is not None:
                known[self.place[j]] = Many(tape.handle(j), False)
            elif isinstance(value, tuple):
                known[self.place[j]] = Many(tuple(Array(None, -1, v) for v in value), False)
            else:
                known[self.place[j]] = Many(Array(None, -1, value), False)
        steps = count if tape is not None else max(1, min(count, ROOM // self.size))
        parts: list[list[Any]] = []
        with np.errstate(all="ignore"):
            for first in range(0, count, steps):
                some = [g[first : first + steps] for g in given]
                n = some[0].shape[0] if some else 0
                fresh = {i: Many(Array(None, -1, g) if tape is None else tape.constant(g), True)
                         for i, g in zip(self.free, some, strict=True)}  # fmt: skip
                places = [self.place[w] for w in wanted if w in self.place]
                found = batch(self.graph, n, {**known, **fresh}, places, tape)
                parts.append([self.one(found, w, n, t) for w, t in zip(wanted, types, strict=True)])
            return parts[0] if len(parts) == 1 else [ops.concat(*pieces) for pieces in zip(*parts, strict=True)]

    def one(self, found: dict[int, Many], wanted: int, n: int, type: Any) -> Any:
        many = found.get(self.place.get(wanted, -1)) if wanted >= 0 else None
        if many is not None and many.mapped:
            return many.array
        return zeros(self.sweeps, (n, *type.shape), type.dtype)


def sound(found: Sequence[Any]) -> bool:
    """Whether nothing is NaN: a direction's zeros met no pole."""
    return not any(x.dtype.kind in "fc" and bool(np.any(np.isnan(as_value(x)))) for x in found)


def basis(sizes: Sequence[Array], which: Any, count: int) -> list[Any]:
    """A batch of directions, one for each colour: ones at the numbers of this colour, split into the arrays."""
    found, at = [], 0
    for x in sizes:
        mine = which[at : at + x.size]
        whole = np.zeros((count, x.size), x.dtype)
        inside = mine >= 0
        whole[mine[inside], np.arange(x.size)[inside]] = 1
        found.append(whole.reshape((count, *x.shape)))
        at += x.size
    return found


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


def zeros(sweeps: Sweeps, shape: tuple[int, ...], dtype: Any) -> Array:
    value = np.zeros(shape, dtype)[()]
    return sweeps.tape.constant(value) if sweeps.made.nested else Array(None, -1, value)


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


