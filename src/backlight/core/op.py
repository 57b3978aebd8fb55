"""One row per operation.

A row says what an operation means: its type, its value in NumPy, its derivative, its notation, its definition in smaller
operations, and the cases that every law is tried on. How a machine runs it, or how a file format spells it, is written
elsewhere, in the file of that machine or format.

Derivatives come in one of two kinds. Elementwise rows give `local`, one function per operand `(z, *xs, **attrs)` that
writes ∂z/∂x, element by element, as graph; a Python number means a constant derivative. Rows that mix axes give `vjp`,
one function per operand `(g, z, *xs, **attrs)` that writes the downstream gradient, and say in which operands they are
`linear`, from which forward mode follows. Where the number of operands varies, one function takes the operand's number
(from 0) before the other arguments. Rules are graph, never numbers, so that a gradient can be printed, compiled and
differentiated again.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import numpy as np

from ..errors import BacklightError, DTypeError, InputError, ShapeError, ValueError
from .array import Array, Tape, as_value, frame_position, one_tape
from .graph import Graph, Node, lent, nearest
from .math import Math, call, keyword, lift
from .signature import signature, signature_of
from .table import TABLE
from .types import TupleType, Type, broadcast_shapes, dtype_name, type_of

__all__ = [
    "Case", "Kind", "Op", "Result", "elementwise", "freeze", "known_number", "operation", "signature", "signature_of", "stretch",
]  # fmt: skip

Kind = Literal["leaf", "elementwise", "compare", "linear", "shape", "reduce", "index", "random", "network", "control"]
Result = Literal["same", "number", "float", "real", "bool"]
Rule = Callable[..., Any]
Rules = Rule | Sequence[Rule | None] | None


SCALARS: Final = (float, np.float64)
new_node = tuple.__new__  # a quarter of a microsecond less than Node(…), for every node of every trace


class Case:
    """One example of a row, tried by every law.

    `args` are operands; `gives` the value there and `grads` the gradients, operand by operand, for a seed of ones, where
    they are worth stating; `raises` the whole message of a bad case. `smooth=False` marks a kink, a tie, a pole or a
    jump: there, small steps measure something else than the convention, so only `gives` and `grads` are checked.
    """

    __slots__ = ("args", "attrs", "gives", "grads", "note", "raises", "smooth")

    def __init__(
        self,
        *args: Any,
        gives: Any = None,
        grads: Sequence[Any] | None = None,
        raises: str | None = None,
        smooth: bool = True,
        note: str = "",
        **attrs: Any,
    ) -> None:
        self.args = args
        self.attrs = attrs
        self.gives = gives
        self.grads = grads
        self.raises = raises
        self.smooth = smooth
        self.note = note

    def __repr__(self) -> str:
        return "Case(" + ", ".join([*(f"{a!r:.40}" for a in self.args), *(f"{k}={v!r}" for k, v in self.attrs.items())]) + ")"


@dataclass(slots=True, eq=False, repr=False)
class Op:
    """One operation: a row of the table.

    name, args, attrs    how it is called: operands by position, settings by keyword with their defaults
    doc, source, words   one sentence; where the formula is from; the rule of its derivative in words
    paper, glyph         notation as a tree; the short mark of the signature (`+`, `Σ`)
    type, value          (types…, **attrs) -> Type; (values…, **attrs) -> NumPy value
    local | vjp          see the module
    linear               operands that the result is linear in while the others stand still: the tangent in the place of
                         operand k gives its share
    jvp                  (tangents, z, *xs, **attrs), None for an operand that stands still: written only where there is
                         more to say than `linear` or the vjp turned around
    pull                 (wanted, gs, z, *xs, **attrs) -> the downstream gradients of all operands at once (None where there is
                         none), where they share their work; gs holds one upstream gradient for each result
    move                 (ts, z, *xs, **attrs) -> the tangents of all results at once
    select               per operand: (z, *xs, **attrs) -> where the branch of this operand was taken (bool, shape of z)
    mask                 (k, m, z, *xs, **attrs) -> live mask on operand k from that on z (None: all live)
    chooses              whether the row takes some numbers and leaves others, so that a live mask begins at it
    mark                 (types, rows that made the operands) -> the short mark, where it depends on them
    inside               the same in smaller operations
    batch                (n, xs, mapped, **attrs) -> the result for a batch of n, which is the first axis of the operands that
                         are mapped; "inside": as its smaller operations say; None: as the kind of the row says, else one by one
    over                 the local derivative is this number over the operand (log): times the operand itself it has no pole
    peeks                whether a rule for its derivative looks at the number of a constant operand
    raw                  the value rule on operands that are floats of one dtype, where `value` makes them so first
    integers             operands that must be whole numbers (indices, seeds)
    cost                 (types…, **attrs) -> floating point operations; elementwise rows count one an element
    analytic             whether a complex step through `value` gives the derivative
    """

    name: str
    args: tuple[str, ...]
    type: Rule
    value: Rule
    kind: Kind
    doc: str
    attrs: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    words: str = ""
    paper: Rule | None = None
    glyph: str = ""
    local: tuple[Rule | None, ...] | Rule | None = None
    vjp: tuple[Rule | None, ...] | Rule | None = None
    linear: tuple[int, ...] = ()
    jvp: Rule | None = None
    pull: Rule | None = None
    move: Rule | None = None
    select: tuple[Rule | None, ...] | None = None
    mask: Rule | None = None
    chooses: bool = False
    mark: Rule | None = None
    inside: Rule | None = None
    batch: Rule | Literal["inside"] | None = None
    peeks: bool = False
    over: float | None = None
    raw: Rule | None = None
    integers: tuple[int, ...] = ()
    cost: Rule | None = None
    analytic: bool = False
    cases: Sequence[Case] = ()
    memo: dict[Any, Any] = field(default_factory=dict)
    count: int = -1  # how many operands it takes; -1 where their number varies

    def __post_init__(self) -> None:
        self.count = -1 if self.variadic else len(self.args)

    @property
    def variadic(self) -> bool:
        """Whether the number of operands varies."""
        return bool(self.args) and self.args[-1].startswith("*")

    @property
    def differentiable(self) -> bool:
        """Whether there is a rule for its derivative."""
        return self.local is not None or self.vjp is not None or self.pull is not None

    def rule(self, kind: Literal["local", "vjp"], k: int) -> Rule | None:
        """The derivative's rule for operand k (from 0), with the operand's number filled in where it varies."""
        rules = self.local if kind == "local" else self.vjp
        if kind == "vjp" and self.pull is not None:
            return partial(pulled, self.pull, k)
        if rules is None:
            return None
        if isinstance(rules, tuple):
            return rules[k]
        return lambda *args, **attrs: rules(k, *args, **attrs)

    def infer(self, types: tuple[Type, ...], attrs: tuple[tuple[str, Any], ...]) -> Type | TupleType:
        """The type of the result; ShapeError or DTypeError where the operands do not fit."""
        key = (types, attrs)
        found = self.memo.get(key)
        if found is None:
            if self.kind == "control":  # its settings are graphs, which a memory would keep
                return self.type(*types, **dict(attrs))  # type: ignore[no-any-return]
            if len(self.memo) > 4096:
                self.memo.clear()
            given: tuple[Type | TupleType, ...] = types
            for k, t in enumerate(given):
                if isinstance(t, TupleType) and self.name != "item":
                    word = self.args[min(k, len(self.args) - 1)].lstrip("*")
                    raise DTypeError(
                        f"{self.name}: {word} is {len(t.types)} arrays, {t}: take one of them, as in item({word}, k=0)"
                    )
            for k in self.integers:
                if k < len(types) and types[k].dtype.kind not in "iu":
                    raise DTypeError(
                        f"{self.name}: {self.args[min(k, len(self.args) - 1)].lstrip('*')} must be whole numbers, "
                        f"and it is {types[k]} {types[k].shape}"
                    )
            try:
                found = self.memo[key] = self.type(*types, **dict(attrs))
            except (TypeError, IndexError, OverflowError, builtins.ValueError) as error:
                if isinstance(error, BacklightError) or not attrs:
                    raise
                words = ", ".join(f"{name}={value!r:.40}" for name, value in attrs)
                raise ValueError(f"{self.name}: cannot work with {words}: {error}") from error
        return found  # type: ignore[no-any-return]

    def settings(self, args: tuple[Any, ...], attrs: dict[str, Any]) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]:
        """Split what was given into operands and settings, frozen and sorted, with those at their default left out."""
        names = self.args
        if self.variadic:
            if len(args) == 1 and type(args[0]) in (list, tuple):
                args = tuple(args[0])
            if args and type(args[0]) is str and self.attrs:  # einsum("ij,jk->ik", x, y)
                attrs = {next(iter(self.attrs)): args[0], **attrs}
                args = args[1:]
            if len(args) < len(names):
                raise InputError(f"{self.name}: takes at least {len(names)} operands and got {len(args)}")
        else:
            if len(args) > len(names):
                extra = [name for name in self.attrs if name not in attrs]
                if len(args) - len(names) > len(extra):
                    raise InputError(f"{self.name}: takes {self.usage()} and got {len(args)} of them")
                attrs = {**dict(zip(extra, args[len(names) :], strict=False)), **attrs}
                args = args[: len(names)]
            if len(args) < len(names):
                named = tuple(attrs.pop(name) for name in names[len(args) :] if name in attrs)
                args = args + named
                if len(args) < len(names):
                    raise InputError(f"{self.name}: takes {self.usage()} and got {len(args)} of them")
        frozen = []
        for name, value in sorted(attrs.items()):
            if name not in self.attrs:
                raise InputError(f"{self.name}: has no setting {name!r}{nearest(name, list(self.attrs))}")
            value = freeze(value, self.name, name)
            kinds, wanted = KINDS.get(type(self.attrs[name]), ((), ""))
            if kinds and type(value) not in kinds:
                raise ValueError(f"{self.name}: {name} must be {wanted}, and it is {value!r:.60}")
            if value != self.attrs[name] or type(value) is not type(self.attrs[name]):
                frozen.append((name, value))
        return args, tuple(frozen)

    def usage(self) -> str:
        """Operands and settings as words, for messages."""
        words = f"{len(self.args)} operand{'s' if len(self.args) != 1 else ''} ({', '.join(self.args)})"
        return words + (f" and the settings {', '.join(self.attrs)}" if self.attrs else "")

    def __call__(self, *args: Any, **attrs: Any) -> Array:
        """Write this operation to the tape of its operands, or just compute it where none has a tape."""
        if not attrs and len(args) == self.count:  # the short ways: nodes of one tape, or one and a Python number
            if len(args) == 2:
                x, y = args
                if type(x) is Array:
                    tape = x.tape
                    if tape is not None and tape.inner is None:
                        if type(y) is Array:
                            if y.tape is tape:
                                return self.pair(tape, x.number, y.number, x._value, y._value)
                        elif type(y) in SCALARS and not self.integers:
                            kind = tape.nodes[x.number].type
                            if type(kind) is Type and kind.dtype.kind == "f" and (type(y) is float or kind.dtype is FLOAT):
                                number, value = tape.plain(y, kind)
                                return self.pair(tape, x.number, number, x._value, value)
                elif type(x) in SCALARS and type(y) is Array and not self.integers:
                    tape = y.tape
                    if tape is not None and tape.inner is None:
                        kind = tape.nodes[y.number].type
                        if type(kind) is Type and kind.dtype.kind == "f" and (type(x) is float or kind.dtype is FLOAT):
                            number, value = tape.plain(x, kind)
                            return self.pair(tape, number, y.number, value, y._value)
            elif len(args) == 1:
                (x,) = args
                if type(x) is Array:
                    tape = x.tape
                    if tape is not None and tape.inner is None:
                        nodes = tape.nodes
                        kinds: Any = (nodes[x.number].type,)
                        found = self.memo.get((kinds, ()))
                        if type(found) is Type:
                            value = None
                            if tape.values is not None:
                                direct = self.raw is not None and found is kinds[0]
                                value = self.raw(x._value) if direct else self.value(x._value)  # type: ignore[misc]
                                tape.values.append(value)
                            at = frame_position(2) if tape.positions else tape.at
                            number = len(nodes)
                            nodes.append(new_node(Node, (self, (x.number,), found, (), "", tape.scope, at, tape.why)))
                            return Array(tape, number, value)
        if attrs or len(args) != len(self.args) or self.args[-1][0] == "*":
            args, frozen = self.settings(args, attrs)
        else:
            frozen = ()
        tape = None
        plain = mixed = False
        for x in args:
            if type(x) is Array:
                if x.tape is None:
                    plain = True
                elif tape is None:
                    tape = x.tape
                elif x.tape is not tape:
                    mixed = True
            else:
                plain = True
        if tape is None:
            return self.eager(args, frozen)
        if mixed or tape.inner is not None:
            tape, plain = one_tape(self.name, args), True
        nodes = tape.nodes
        if plain:
            args = tuple(self.place(tape, args, k) for k in range(len(args)))
        numbers = tuple([x.number for x in args])
        kinds = tuple([nodes[j].type for j in numbers])
        found = self.memo.get((kinds, frozen))
        if found is None:
            found = self.infer(kinds, frozen)
        value = None
        if tape.values is not None:
            if frozen:
                value = self.value(*[x._value for x in args], **dict(frozen))
            else:
                value = self.value(*[x._value for x in args])
        made = Array(tape, tape.add(self, numbers, found, frozen, "", value), value)
        return made if type(found) is Type else several(made, found)

    def pair(self, tape: Tape, a: int, b: int, x: Any, y: Any) -> Array:
        """Write this operation on two nodes of a tape, whose values are x and y."""
        nodes = tape.nodes
        kinds: Any = (nodes[a].type, nodes[b].type)
        found = self.memo.get((kinds, ()))
        if found is None:
            found = self.infer(kinds, ())
        value = None
        if tape.values is not None:
            direct = self.raw is not None and kinds[0].dtype is kinds[1].dtype is found.dtype  # type: ignore[union-attr]
            value = self.raw(x, y) if direct else self.value(x, y)  # type: ignore[misc]
            tape.values.append(value)
        at = frame_position(3) if tape.positions else tape.at
        number = len(nodes)
        nodes.append(new_node(Node, (self, (a, b), found, (), "", tape.scope, at, tape.why)))
        made = Array(tape, number, value)
        return made if type(found) is Type else several(made, found)

    def place(self, tape: Any, args: tuple[Any, ...], k: int) -> Array:
        """The operand as an array on the tape: numbers become constants of the dtype that NumPy would give them."""
        x = args[k]
        if type(x) is Array:
            return tape.hold(x, self.name)  # type: ignore[no-any-return]
        if isinstance(x, np.ndarray):
            if x.dtype == object:
                return lent("held")(x)  # type: ignore[no-any-return]
            x = tape.own(x)
        return tape.constant(x, self.weak(x, args, k))  # type: ignore[no-any-return]

    def weak(self, x: Any, args: Sequence[Any], k: int) -> Any:
        """The dtype of a Python number beside arrays (NumPy 2: the arrays decide, as long as the kind of number fits)."""
        if k in self.integers or not isinstance(x, (bool, int, float, complex)):
            return None
        dtypes = [y.dtype for y in args if isinstance(y, (Array, np.ndarray, np.generic))]
        if self.name == "where":  # the condition has no say in it
            dtypes = [d for d in dtypes if d.kind != "b"] or dtypes
        return np.result_type(*dtypes, x) if dtypes else None

    def eager(self, args: tuple[Any, ...], frozen: tuple[tuple[str, Any], ...]) -> Array:
        """Compute without writing anything down."""
        values = []
        for k, x in enumerate(args):
            if type(x) is Array:
                values.append(x._value)
            else:
                dtype = self.weak(x, args, k)
                values.append(as_value(x) if dtype is None else dtype.type(x))
        found = self.infer(tuple([type_of(v) for v in values]), frozen)
        with np.errstate(all="ignore"):
            value = self.value(*values, **dict(frozen))
        if type(found) is TupleType:
            return tuple([Array(None, -1, v) for v in value])  # type: ignore[return-value]
        return Array(None, -1, value)

    def math(self, args: Sequence[Math], attrs: Sequence[tuple[str, Any]]) -> Math:
        """This operation in notation, on operands in notation."""
        if self.paper is not None:
            return self.paper(*args, **dict(attrs))  # type: ignore[no-any-return]
        return call(self.name, *args, *(keyword(k, written(v)) for k, v in attrs))

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def pulled(rule: Rule, k: int, g: Array, z: Array, *xs: Array, **attrs: Any) -> Array | None:
    """The downstream gradient of one operand, of a row whose rule writes those of all."""
    return rule([j == k for j in range(len(xs))], [g], z, *xs, **attrs)[k]  # type: ignore[no-any-return]


def several(made: Array, found: Any) -> Any:
    """A node as it is, or, where it has several outputs, one `item` node for each."""
    if not isinstance(found, TupleType):
        return made
    return tuple([TABLE["item"](made, k=k) for k in range(len(found.types))])


# What a setting must be, by the kind of its default. Whole numbers are left to the rows: some take several, or words.
KINDS: Final[dict[Any, tuple[tuple[Any, ...], str]]] = {
    bool: ((bool,), "true or false"),
    str: ((str,), "a word"),
    float: ((int, float), "a number"),
}


def written(value: Any) -> Math:
    """The value of a setting as notation."""
    if isinstance(value, tuple):
        return Math("list", tuple(written(v) for v in value))
    if isinstance(value, slice):
        ends = ["" if v is None else str(v) for v in (value.start, value.stop, value.step)]
        return lift(":".join(ends if value.step is not None else ends[:2]))
    if isinstance(value, bool) or value is None:
        return lift({True: "true", False: "false", None: "none"}[value])
    if isinstance(value, str):
        return Math("string", (value,))
    return lift(value)


def freeze(value: Any, op: str = "", name: str = "") -> Any:
    """A setting as something that never changes and can be a key: tuples, plain numbers, names."""
    kind = type(value)
    if kind is int or kind is float or kind is str or kind is bool or value is None or kind is slice:
        return value
    if kind is Graph:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(freeze(v, op, name) for v in value)
    if isinstance(value, Array):
        return freeze(value.value, op, name)
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, (np.ndarray, np.generic)):
        return freeze(value.tolist(), op, name)
    raise ValueError(f"{op}: the setting {name} cannot be a {kind.__name__}: give a number, a word or a tuple of them")


def stretch(op: str, types: Sequence[Type]) -> tuple[int, ...]:
    """The shape that the operands broadcast to; a ShapeError that names the axis and the sizes."""
    shape = broadcast_shapes(*[t.shape for t in types])
    if shape is not None:
        return shape
    for i, a in enumerate(types):
        for b in types[i + 1 :]:
            for axis in range(-1, -min(a.rank, b.rank) - 1, -1):
                n, m = a.shape[axis], b.shape[axis]
                if n != m and 1 not in (n, m):
                    raise ShapeError(
                        f"{op}: cannot stretch {dtype_name(a.dtype)} {a.shape} and {dtype_name(b.dtype)} {b.shape} "
                        f"to one shape: axis {axis} has sizes {n} and {m}"
                    )
    raise AssertionError("shapes disagree and no axis does")


FLOAT: Final = np.dtype("float64")
BOOL: Final = np.dtype("bool")


def result_dtype(op: str, types: Sequence[Type], result: Result) -> np.dtype[Any]:
    """The dtype of an elementwise result."""
    if result == "bool":
        return BOOL
    dtype = types[0].dtype
    for t in types[1:]:
        if t.dtype is not dtype:
            dtype = np.result_type(dtype, t.dtype)
    if result == "float" and dtype.kind not in "fc":
        return FLOAT
    if result == "number" and dtype.kind == "b":
        raise DTypeError(
            f"{op}: truth values are not numbers here: cast {'it' if len(types) == 1 else 'one of them'} first, "
            'as in cast(x, dtype="int64")'
        )
    if result == "real" and dtype.kind == "c":
        return np.dtype(f"f{dtype.itemsize // 2}")
    return dtype


def register(op: Op) -> Op:
    """Put a row into the table."""
    assert op.name not in TABLE, f"two rows are called {op.name}"
    TABLE[op.name] = op
    return op


def rules(given: Rules, args: Sequence[str]) -> Any:
    """One rule per operand: a bare function is the rule of the only operand, or of any operand of a variadic row."""
    if given is None or not callable(given):
        return None if given is None else tuple(given)
    return given if args[-1].startswith("*") else (given,)


def floating(value: Rule) -> Rule:
    """The value rule on operands of one float dtype: whole numbers and truth values are float64 first, whatever their size."""
    if isinstance(value, np.ufunc) and "bb->d" in value.types:
        return value  # NumPy has the same rule for it

    def floats(*xs: Any, **attrs: Any) -> Any:
        dtype = xs[0].dtype
        for x in xs[1:]:
            if x.dtype is not dtype:
                dtype = np.result_type(dtype, x.dtype)
        if dtype.kind not in "fc":
            dtype = FLOAT
        return value(*[x if x.dtype is dtype else x.astype(dtype) for x in xs], **attrs)

    return floats


def elementwise(
    name: str,
    args: str,
    *,
    doc: str,
    value: Rule,
    local: Rules = None,
    result: Result = "float",
    kind: Kind = "elementwise",
    type: Rule | None = None,
    select: Rules = None,
    attrs: Mapping[str, Any] | None = None,
    complexes: bool | None = None,
    **more: Any,
) -> Op:
    """A row that works element by element, on operands stretched to one shape; `args` is `"x"`, `"x y"`, or `"*xs"`.

    `result` is the dtype of the result: `same` as the operands, a `number` (the same, but truth values are refused), at least
    `float` (the operands of `value` then are floats of one dtype), `real` (of a complex), or `bool`;
    `type` replaces this rule where it does not fit. Complex operands are taken where `complexes` says so, and where it says
    nothing by the `analytic` rows.
    """
    names = tuple(args.split())
    takes_complex = more.get("analytic", False) if complexes is None else complexes

    def result_type(*types: Type, **_: Any) -> Type:
        if not takes_complex:
            for k, t in enumerate(types):
                if t.dtype.kind == "c":
                    raise DTypeError(
                        f"{name}: takes real numbers, and {names[min(k, len(names) - 1)].lstrip('*')} is {t} {t.shape}: "
                        "take its real part, its imag part or its abs first"
                    )
        return Type(result_dtype(name, types, result), stretch(name, types))

    wraps = result == "float" and type is None
    return register(
        Op(
            name=name,
            args=names,
            type=type or result_type,
            value=floating(value) if wraps else value,
            raw=value if wraps else None,
            kind=kind,
            doc=doc,
            attrs=attrs or {},
            local=rules(local, names),
            select=rules(select, names),
            **more,
        )
    )


def operation(
    name: str,
    args: str,
    *,
    doc: str,
    type: Rule,
    value: Rule,
    kind: Kind,
    vjp: Rules = None,
    attrs: Mapping[str, Any] | None = None,
    **more: Any,
) -> Op:
    """A row that mixes axes, changes shapes, or is a leaf."""
    names = tuple(args.split())
    return register(
        Op(name=name, args=names, type=type, value=value, kind=kind, doc=doc, attrs=attrs or {}, vjp=rules(vjp, names), **more)
    )


def known_number(x: Array) -> float | None:
    """The number that an operand is, where it is a constant of the graph: rules may then write a simpler derivative."""
    if x.tape is None:
        return None
    node = x.tape.nodes[x.number]
    if node.op.name != "const" or x.shape != ():
        return None
    return node.attrs[0][1].item()  # type: ignore[no-any-return]
