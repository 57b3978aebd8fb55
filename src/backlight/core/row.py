"""One operation: what it is called, what its result is, and how it is written to a tape."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import numpy as np

from ..errors import BacklightError, DTypeError, ValueError
from .array import Array, as_value
from .graph import Node, lent
from .help import Told, call_of
from .math import Math, call, keyword
from .place import frame_position
from .setting import settings, written
from .strange import refuse_strange
from .table import TABLE
from .tape import Tape, one_tape
from .types import TupleType, Type, type_of

__all__ = ["FLOAT", "Case", "Kind", "Op", "Rule"]

Kind = Literal["leaf", "elementwise", "compare", "linear", "shape", "reduce", "index", "random", "network", "control"]
Rule = Callable[..., Any]

FLOAT: Final = np.dtype("float64")
SCALARS: Final = (float, int, np.float64)
KEYS: Final = (int, bool, str, type(None))
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
    move                 (ts, masks, z, *xs, **attrs) -> the tangents of all results at once: of rows that hold graphs. These take
                         live masks too, as pull(wanted, gs, masks, z, *xs, **attrs), and give (gradient, mask) for each operand
    select               per operand: (z, *xs, **attrs) -> where the branch of this operand was taken (bool, shape of z)
    mask                 (k, m, z, *xs, **attrs) -> live mask on operand k from that on z (None: all live)
    chooses              whether the row takes some numbers and leaves others, so that a live mask begins at it
    fills                whether the result may hold numbers that came from no operand, as those around `pad`
    climb                (ts, *xs, **attrs) -> numbers above 0 where the result moves, from such numbers for the operands (None: it
                         stands still); without it a row that places numbers or is linear is asked itself
    mark                 (types, rows that made the operands) -> the short mark, where it depends on them
    inside               the same in smaller operations
    balance              (at, z, *xs, **attrs) -> Balance: what defines the number at a place of the result, of rows that mix
                         numbers and are linear in none of their operands
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
    fills: bool = False
    climb: Rule | None = None
    mark: Rule | None = None
    inside: Rule | None = None
    balance: Rule | None = None
    batch: Rule | Literal["inside"] | None = None
    peeks: bool = False
    over: float | None = None
    raw: Rule | None = None
    integers: tuple[int, ...] = ()
    cost: Rule | None = None
    analytic: bool = False
    cases: Sequence[Case] = ()
    memo: dict[Any, Any] = field(default_factory=dict)  # types of results, by those of the operands and the settings
    quick: dict[Any, Any] = field(default_factory=dict)  # type and value rule, by the types of the operands, without settings
    given: dict[Any, Any] = field(default_factory=dict)  # settings as they were given, and frozen
    stops: bool | frozenset[int] = False  # operands that no derivative goes through; True: none goes through any of them
    count: int = -1  # how many operands it takes; -1 where their number varies

    def __post_init__(self) -> None:
        self.count = -1 if self.variadic else len(self.args)
        rules = self.local if self.local is not None else self.vjp
        if not self.differentiable:
            self.stops = True
        elif self.pull is None and isinstance(rules, tuple):
            self.stops = frozenset(k for k, rule in enumerate(rules) if rule is None) or False

    @property
    def variadic(self) -> bool:
        """Whether the number of operands varies."""
        return bool(self.args) and self.args[-1].startswith("*")

    @property
    def __signature__(self) -> Any:
        """How it is called: operands by place, settings by name."""
        return call_of(self)

    @property
    def differentiable(self) -> bool:
        """Whether there is a rule for its derivative."""
        return self.local is not None or self.vjp is not None or self.pull is not None

    def rule(self, kind: Literal["local", "vjp"], k: int) -> Rule | None:
        """The derivative's rule for operand k (from 0), with the operand's number filled in where it varies."""
        rules = self.local if kind == "local" else self.vjp
        if kind == "vjp" and self.pull is not None:
            return partial(pulled, self, k)
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
        if len(args) != self.count:
            return settings(self.name, self.args, self.attrs, self.variadic, args, attrs)
        kinds = tuple([type(value) for value in attrs.values()])
        plain = True  # no float, and no tuple of others than int: 0.0 is −0.0 and (1,) is (True,) for a dict
        for value in attrs.values():
            kind = type(value)
            if kind not in KEYS and (kind is not tuple or not all([type(part) is int for part in value])):  # noqa: C419 - quicker
                plain = False
        key = (tuple(attrs.items()), kinds) if plain else None
        if plain:
            found = self.given.get(key)
            if found is not None:
                return args, found
        args, frozen = settings(self.name, self.args, self.attrs, self.variadic, args, attrs)
        if plain and len(self.given) < 1024:
            self.given[key] = frozen
        return args, frozen

    def __call__(self, *args: Any, **attrs: Any) -> Array:
        """Write this operation to the tape of its operands, or just compute it where none has a tape."""
        if not attrs and len(args) == self.count:  # the short ways: nodes of one tape, or one and a Python number
            if len(args) == 2:
                made = self.short(*args)
                if made is not None:
                    return made
            elif len(args) == 1:
                (x,) = args
                if type(x) is Array:
                    tape = x.tape
                    if tape is not None and tape.inner is None:
                        return self.alone(tape, x)
        return self.written(args, attrs)

    def short(self, x: Any, y: Any) -> Array | None:
        """Write this operation on two nodes of one tape, or on one and a number of Python's; None for anything else."""
        if type(x) is Array:
            tape = x.tape
            if tape is not None and tape.inner is None:
                if type(y) is Array:
                    if y.tape is tape:
                        return self.pair(tape, x.number, y.number, x._value, y._value)
                elif type(y) in SCALARS and not self.integers:
                    kind = tape.nodes[x.number].type
                    if type(kind) is Type and kind.dtype.kind == "f" and (type(y) is not np.float64 or kind.dtype is FLOAT):
                        number, value = tape.plain(y, kind)
                        return self.pair(tape, x.number, number, x._value, value)
        elif type(x) in SCALARS and type(y) is Array and not self.integers:
            tape = y.tape
            if tape is not None and tape.inner is None:
                kind = tape.nodes[y.number].type
                if type(kind) is Type and kind.dtype.kind == "f" and (type(x) is not np.float64 or kind.dtype is FLOAT):
                    number, value = tape.plain(x, kind)
                    return self.pair(tape, number, y.number, value, y._value)
        return None

    def works(self, kinds: tuple[Any, ...]) -> tuple[Type | TupleType, Rule]:
        """The type of the result and the rule of the value for operands of these types, remembered."""
        found = self.infer(kinds, ())
        direct = self.raw is not None and type(found) is Type and all(kind.dtype is found.dtype for kind in kinds)
        work = self.raw if direct else self.value
        assert work is not None
        if self.kind != "control" and len(self.quick) < 4096:
            self.quick[kinds] = found, work
        return found, work

    def alone(self, tape: Tape, x: Array) -> Array:
        """Write this operation on one node of a tape."""
        nodes = tape.nodes
        number = x.number
        kinds = (nodes[number].type,)
        quick = self.quick.get(kinds)
        found, work = quick if quick is not None else self.works(kinds)
        values = tape.values
        value = None
        if values is not None:
            value = work(x._value)
            values.append(value)
        at = frame_position(3) if tape.positions else tape.at
        made = Array(tape, len(nodes), value)
        nodes.append(new_node(Node, (self, (number,), found, (), "", tape.scope, at, tape.why)))
        return made if type(found) is Type else several(made, found)

    def pair(self, tape: Tape, a: int, b: int, x: Any, y: Any) -> Array:
        """Write this operation on two nodes of a tape, whose values are x and y."""
        nodes = tape.nodes
        kinds = (nodes[a].type, nodes[b].type)
        quick = self.quick.get(kinds)
        found, work = quick if quick is not None else self.works(kinds)
        values = tape.values
        value = None
        if values is not None:
            value = work(x, y)
            values.append(value)
        at = frame_position(3) if tape.positions else tape.at
        made = Array(tape, len(nodes), value)
        nodes.append(new_node(Node, (self, (a, b), found, (), "", tape.scope, at, tape.why)))
        return made if type(found) is Type else several(made, found)

    def written(self, args: tuple[Any, ...], attrs: dict[str, Any]) -> Array:
        """The same by the long way, which takes all that can be given."""
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

    def place(self, tape: Any, args: tuple[Any, ...], k: int) -> Array:
        """The operand as an array on the tape: numbers become constants of the dtype that NumPy would give them."""
        x = args[k]
        if type(x) is Array:
            return tape.hold(x, self.name)  # type: ignore[no-any-return]
        if isinstance(x, np.ndarray):
            if x.dtype == object:
                return lent("held")(x)  # type: ignore[no-any-return]
            refuse_strange(type(x))
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


Op.__doc__ = Told(Op.__doc__)  # type: ignore[assignment]  # of a row its own, of the class the one above


def pulled(row: Op, k: int, g: Array, z: Array, *xs: Array, **attrs: Any) -> Array | None:
    """The downstream gradient of one operand, of a row whose rule writes those of all."""
    assert row.pull is not None
    wanted = [j == k for j in range(len(xs))]
    if row.move is not None:
        return row.pull(wanted, [g], [None], z, *xs, **attrs)[k][0]  # type: ignore[no-any-return]
    return row.pull(wanted, [g], z, *xs, **attrs)[k]  # type: ignore[no-any-return]


def several(made: Array, found: Any) -> Any:
    """A node as it is, or, where it has several outputs, one `item` node for each."""
    if not isinstance(found, TupleType):
        return made
    return tuple([TABLE["item"](made, k=k) for k in range(len(found.types))])
