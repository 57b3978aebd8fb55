"""Sums of products by letters: each axis of two operands is in both and the result, in one and the result, or summed.

`Letters` says where the axes are; what comes out is one product over axes. An axis that only one operand has and the
result lacks is summed first, an axis that an operand has twice is its diagonal, and more than two operands are multiplied
pair by pair. So `einsum` is a product, and whatever else can be said in letters is one too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from backlight.core.types import Type
from backlight.run.lower.arrays import FLOATS, entry
from backlight.run.lower.items import Item
from backlight.run.lower.translate import Translation, UnableError
from backlight.run.lower.views import Shape, View, row_major


@dataclass(frozen=True, slots=True)
class Letters:
    """A product over axes: the sizes of those of the batch, of the rows, of the columns and of the sum, and how far a
    step along each of batch, rows and columns goes in the result."""

    batch: Shape
    m: Shape
    n: Shape
    k: Shape
    steps: tuple[int, ...]


def contracted(t: Translation, kind: str, a: tuple[int, View], b: tuple[int, View], letters: Letters, shape: Shape) -> int:
    """Return the item of a product over axes: of A shown as (batch, m, k) and B shown as (batch, k, n), laid out in
    memory as `shape`."""
    inputs = []
    for number, view in (a, b):
        assert t.items.views[number].root == view.root, "a view of the operand given"
        inputs.append(t.items.view(number, view, t.origin))
    return t.items.add(Item("product", "contract", tuple(inputs), kind, shape, t.origin, letters))


def in_memory(t: Translation, number: int) -> int:
    """Return the operand as something that lies in memory: not one number everywhere, not a position."""
    root = t.items.all[t.items.views[number].root]
    return t.plain(number) if root.form in {"uniform", "position"} else number


def shown_by(view: View, own: str, wanted: Sequence[str], sizes: Mapping[str, int]) -> View:
    """Return a view whose axes are the wanted letters: a letter that stands twice walks down the diagonal, one that is
    missing or of size 1 stays where it is."""
    steps: dict[str, int] = {}
    for letter, size, stride in zip(own, view.shape, view.strides, strict=True):
        steps[letter] = steps.get(letter, 0) + (stride if size != 1 else 0)
    strides = tuple(steps.get(letter, 0) for letter in wanted)
    return View(view.root, tuple(sizes[letter] for letter in wanted), view.offset, strides)


@dataclass(frozen=True, slots=True)
class Term:
    """An operand and the letters of its axes, each once."""

    item: int
    letters: str


def term(t: Translation, number: int, letters: str, kept: set[str], sizes: Mapping[str, int]) -> Term:
    """Return an operand without the letters that nothing else has: they are summed here."""
    items = t.items
    unique = "".join(dict.fromkeys(letters))
    found = items.view(number, shown_by(items.views[number], letters, unique, sizes), t.origin)
    alone = tuple(axis for axis, letter in enumerate(unique) if letter not in kept)
    if alone:
        found = items.fold("sum", found, alone, False, t.origin)
        unique = "".join(letter for letter in unique if letter in kept)
    return Term(found, unique)


def pair(t: Translation, kind: str, x: Term, y: Term, out: str, sizes: Mapping[str, int]) -> int:
    """Return the product of two terms, summed over the letters that `out` lacks."""
    items = t.items
    shared, summed = set(x.letters) & set(y.letters), (set(x.letters) | set(y.letters)) - set(out)
    shape = tuple(sizes[letter] for letter in out)
    if not summed:  # nothing to add up: each number is one product
        shown = [items.view(z.item, shown_by(items.views[z.item], z.letters, out, sizes), t.origin) for z in (x, y)]
        return items.point("multiply", shown, kind, shape, t.origin)
    batch = [letter for letter in out if letter in shared]
    rows = [letter for letter in out if letter in x.letters and letter not in shared]
    columns = [letter for letter in out if letter in y.letters and letter not in shared]
    depth = [letter for letter in x.letters if letter in summed]
    if rows and (not columns or out.index(rows[-1]) > out.index(columns[-1])):  # the result's last axis is a column
        x, y, rows, columns = y, x, columns, rows
    steps = dict(zip(out, row_major(shape), strict=True))

    def size(letters: Sequence[str]) -> Shape:
        return tuple(sizes[letter] for letter in letters)

    letters = Letters(size(batch), size(rows), size(columns), size(depth),
                      tuple(steps[letter] for letter in (*batch, *rows, *columns)))
    operands = []
    for z, own in ((x, [*batch, *rows, *depth]), (y, [*batch, *depth, *columns])):
        number = in_memory(t, z.item)
        operands.append((number, shown_by(items.views[number], z.letters, own, sizes)))
    return contracted(t, kind, operands[0], operands[1], letters, shape)


@entry("einsum")
def einsum(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Multiply pair by pair, the pair with the smallest result first."""
    from backlight.ops.contraction import letter_sizes, read

    kind = t.kind(out)
    if kind not in FLOATS:
        raise UnableError
    if any(x.size == 0 for x in types):
        return t.items.uniform(0.0, kind, out.shape, t.origin)  # sums of nothing
    words, result = read(attrs["spec"], tuple(x.rank for x in types))
    sizes = letter_sizes(attrs["spec"], words, [x.shape for x in types])

    def kept(k: int, others: Sequence[str]) -> set[str]:
        return {*result, *(letter for j, other in enumerate(others) if j != k for letter in other)}

    numbers = [t.convert(i, kind) for i in inputs]
    terms = [term(t, number, words[k], kept(k, words), sizes) for k, number in enumerate(numbers)]
    while len(terms) > 1:
        best: tuple[int, int, int, str] | None = None
        for i in range(len(terms)):
            for j in range(i + 1, len(terms)):
                rest = {*result, *(c for k, z in enumerate(terms) if k not in {i, j} for c in z.letters)}
                letters = [c for c in dict.fromkeys(terms[i].letters + terms[j].letters) if c in rest]
                ordered = "".join([c for c in letters if c not in result] + [c for c in result if c in letters])
                size = prod(sizes[c] for c in ordered)
                if best is None or size < best[0]:
                    best = (size, i, j, ordered)
        assert best is not None
        _, i, j, ordered = best
        made = Term(pair(t, kind, terms[i], terms[j], ordered, sizes), ordered)
        terms = [z for k, z in enumerate(terms) if k not in {i, j}] + [made]
    last = terms[0]
    view = shown_by(t.items.views[last.item], last.letters, result, sizes)
    return t.items.view(last.item, view, t.origin)
