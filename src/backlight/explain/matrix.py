"""The matrix form of backpropagation, found for the network at hand.

For every layer the error signal δ = ∂C/∂z is named once and used twice: for the gradients of the layer's own parameters and
for the signal of the layer below. Each formula comes with the shapes of its factors and is computed a second time, straight
from the formula, beside what the run holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from ..core.math import ADD, CALL, MULTIPLY, Math, call, index, infix, name, postfix
from ..errors import InputError
from ..run.record import Edge, Run
from .derive import differentiated
from .formula import spelled
from .layers import Layer, layers
from .letters import partial
from .page import Line, Page, Step, numeral

__all__ = ["Formula", "formulas", "matrix_page"]

T = TypeVar("T")
DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True, slots=True)
class Formula:
    """One line: what it gives, its right side in letters, the same with every δ written out, its shapes, its check.

    `value` is computed from the formula, `held` is what the run has; `error` is their largest relative difference.
    """

    of: Math
    letters: Math
    written: Math
    shapes: str
    value: Any
    held: Any
    node: int

    @property
    def error(self) -> float:
        """Largest difference of the two, relative to the largest number in either."""
        scale = max(float(np.max(np.abs(self.held), initial=0.0)), float(np.max(np.abs(self.value), initial=0.0)), 1e-300)
        return float(np.max(np.abs(np.asarray(self.value) - self.held), initial=0.0)) / scale


class Naming:
    """Letters for a network: the names that people gave, else W₁, z₁, h₁ by layer."""

    def __init__(self, run: Run, found: list[Layer]) -> None:
        self.run = run
        self.words: dict[int, Math] = {}
        self.function: dict[int, str] = {}
        nodes = run.graph.nodes
        for n, layer in enumerate(found, 1):
            mark = str(n).translate(DIGITS)
            self.words.setdefault(layer.into, name(nodes[layer.into].name or f"h{str(n - 1).translate(DIGITS)}"))
            self.words.setdefault(layer.weights, name(nodes[layer.weights].name or f"W{mark}"))
            self.words.setdefault(layer.z, name(nodes[layer.z].name or f"z{mark}"))
            self.words.setdefault(layer.h, name(nodes[layer.h].name or f"h{mark}"))
            if layer.bias >= 0:
                self.words.setdefault(layer.bias, name(nodes[layer.bias].name or f"b{mark}"))
            if layer.bent:
                op = nodes[layer.h].op
                head = op.math([name("x")], nodes[layer.h].attrs)
                self.function[layer.h] = str(head.parts[0]) if head.form == "call" else op.name
        self.cost = nodes[differentiated(run)].name or "C"

    def of(self, i: int) -> Math:
        return self.words[i]

    def slope(self, layer: Layer) -> Math:
        """σ′(z)."""
        return call(self.function[layer.h] + "′", self.of(layer.z))


def shape(x: Any) -> str:
    return "×".join(map(str, np.shape(x))) or "1"


def times(x: Math, y: Math) -> Math:
    return infix("⊙", x, y, MULTIPLY)


def transposed(x: Math) -> Math:
    return postfix("ᵀ", x)


def product(x: Math, y: Math) -> Math:
    return infix("@", x, y, MULTIPLY)


def kept_together(x: Math) -> Math:
    """A δ that is written out, to stand in brackets inside a product."""
    return x if x.binds >= CALL else x._replace(binds=ADD)


def signal_name(n: int) -> Math:
    return name(f"δ{str(n).translate(DIGITS)}")


def formulas(run: Run) -> list[Formula]:
    """Error signals and gradients of every layer, from the output down. Raises InputError where there are no layers."""
    found = layers(run)
    if not found:
        raise InputError("there is no layer in this graph: a layer is a product with a matrix that is an input, as in W @ x + b")
    naming = Naming(run, found)
    out: list[Formula] = []
    written: dict[int, Math] = {}
    for n in range(len(found), 0, -1):
        layer = found[n - 1]
        signal = signal_formula(run, found, n, naming, written)
        written[n] = signal.written
        out += [signal, *parameter_formulas(run, layer, n, naming, signal)]
    return [elsewhere(run, found, formula) for formula in joined(out)]


def joined(lines: list[Formula]) -> list[Formula]:
    """The formulas with those of one parameter added up: several layers may share their weights."""
    found: dict[int, Formula] = {}
    signals: list[Formula] = []
    for line in lines:
        if str(line.of.parts[0]).startswith("δ"):
            signals.append(line)
        elif line.node in found:
            one = found.pop(line.node)
            found[line.node] = replace(
                one, letters=infix("+", one.letters, line.letters, ADD), written=infix("+", one.written, line.written, ADD),
                shapes=f"{one.shapes}, {line.shapes}", value=one.value + line.value,
            )  # fmt: skip
        else:
            found[line.node] = line
    return [*signals, *found.values()]


def elsewhere(run: Run, found: list[Layer], line: Formula) -> Formula:
    """A parameter's formula with what it gets outside of all layers, as from a penalty on its size."""
    takers = {(layer.factor if layer.turned else layer.product, layer.weights) for layer in found}
    own = takers | {(layer.z, layer.bias) for layer in found}
    graph = run.graph
    if str(line.of.parts[0]).startswith("δ"):
        return line
    rest = [
        np.asarray(run.value(part.downstream)) for (c, k), part in graph.parts.items()
        if graph.nodes[c].inputs[k - 1] == line.node and (c, line.node) not in own
    ]
    if not rest:
        return line
    more = name("elsewhere")
    return replace(
        line, letters=infix("+", line.letters, more, ADD), written=infix("+", line.written, more, ADD),
        value=line.value + np.sum(rest, axis=0),
    )  # fmt: skip


def gradient(run: Run, i: int) -> Any:
    return np.asarray(run.value(run.graph.grads[i]))


def signal_formula(run: Run, found: list[Layer], n: int, naming: Naming, written: dict[int, Math]) -> Formula:
    """δ of layer n: what comes down to h, times the slope of its function at z."""
    layer = found[n - 1]
    graph = run.graph
    terms: list[tuple[Math, Math, str, Any]] = []
    rest = np.zeros(np.shape(run.value(layer.h)))
    others = False
    for (c, k), part in graph.parts.items():
        if graph.nodes[c].inputs[k - 1] != layer.h:
            continue
        above = next((m for m, upper in enumerate(found, 1) if upper.product == c and upper.into == layer.h), None)
        if above is None:
            rest = rest + np.asarray(run.value(part.downstream))
            others = True
        else:
            terms.append(carried(run, found[above - 1], above, naming, written))
    if others or not terms:
        nabla = name(f"∇{naming.cost}")
        terms.insert(0, (nabla, nabla, shape(run.value(layer.h)), rest if others else gradient(run, layer.h)))
    letters, full, shapes, value = terms[0]
    for more in terms[1:]:
        letters, full = infix("+", letters, more[0], ADD), infix("+", full, more[1], ADD)
        shapes, value = f"{shapes} + {more[2]}", value + more[3]
    if layer.bent:
        slope = local(run, layer)
        letters, full = times(letters, naming.slope(layer)), times(full, naming.slope(layer))
        shapes, value = f"({shapes}) ⊙ ({shape(slope)})", value * slope
    return Formula(signal_name(n), letters, full, f"{shapes} → {shape(value)}", value, gradient(run, layer.z), layer.z)


def carried(run: Run, upper: Layer, m: int, naming: Naming, written: dict[int, Math]) -> tuple[Math, Math, str, Any]:
    """What the layer above sends down: Wᵀδ for columns, δWᵀ for rows; where its weights stand transposed, Wδ and δW."""
    w, d = np.asarray(run.value(upper.factor)), gradient(run, upper.z)
    d = np.broadcast_to(d, np.shape(run.value(upper.product)))
    wt = naming.of(upper.weights) if upper.turned else transposed(naming.of(upper.weights))
    full = kept_together(written[m])
    if upper.left:
        return product(wt, signal_name(m)), product(wt, full), f"({shape(w.T)})·({shape(d)})", w.T @ d
    return product(signal_name(m), wt), product(full, wt), f"({shape(d)})·({shape(w.T)})", d @ w.T


def local(run: Run, layer: Layer) -> Any:
    """The slope of the layer's function at z, as the run has it."""
    part = run.graph.parts[(layer.h, 1)]
    return np.broadcast_to(np.asarray(Edge(run, layer.h, 1, part).local), np.shape(run.value(layer.z)))


def parameter_formulas(run: Run, layer: Layer, n: int, naming: Naming, signal: Formula) -> list[Formula]:
    """∂C/∂W = δ ⊗ h for a column, δ·hᵀ or hᵀ·δ for many at once, and the transpose of that for weights that stand transposed.

    ∂C/∂b = δ, summed where the bias was stretched.
    """
    d = np.asarray(signal.value)
    h = np.asarray(run.value(layer.into))
    below, delta, full = naming.of(layer.into), signal_name(n), kept_together(signal.written)
    cost = name(naming.cost)
    signal_first = layer.left != layer.turned
    if h.ndim == 1:
        d = d.reshape(-1)
        letters, written = (infix("⊗", *pair(signal_first, one, below), MULTIPLY) for one in (delta, full))
        one, other = pair(signal_first, d, h)
        value, shapes = np.outer(one, other), f"({shape(one)}) ⊗ ({shape(other)})"
    else:
        if not layer.left:  # rows: all but the last axis counts them
            h, d = h.reshape(-1, h.shape[-1]), d.reshape(-1, d.shape[-1])
        letters, written = (turned_product(layer.left, *pair(signal_first, one, below)) for one in (delta, full))
        one, other = pair(signal_first, d, h)
        one, other = (one, other.T) if layer.left else (one.T, other)
        value, shapes = one @ other, f"({shape(one)})·({shape(other)})"
    shapes += f" → {shape(value)}"
    w = layer.weights
    out = [Formula(partial(cost, naming.of(w)), letters, written, shapes, value, gradient(run, w), w)]
    if layer.bias >= 0 and layer.bias in run.graph.grads:
        out.append(bias_formula(run, layer, naming, cost, delta, signal.written, np.asarray(signal.value)))
    return out


def turned_product(second: bool, x: Math, y: Math) -> Math:
    """A product of two of which the second, or else the first, is transposed."""
    return product(x, transposed(y)) if second else product(transposed(x), y)


def pair(straight: bool, x: T, y: T) -> tuple[T, T]:
    """Two things in this order, or the other way round."""
    return (x, y) if straight else (y, x)


def bias_formula(run: Run, layer: Layer, naming: Naming, cost: Math, delta: Math, full: Math, d: Any) -> Formula:
    held = gradient(run, layer.bias)
    sign = partial(cost, naming.of(layer.bias))
    if held.shape == d.shape:
        return Formula(sign, delta, full, f"{shape(d)} → {shape(held)}", d, held, layer.bias)
    lead = d.ndim - held.ndim
    axes = tuple(range(lead)) + tuple(i + lead for i, m in enumerate(held.shape) if m == 1 and d.shape[i + lead] != 1)
    value = d.sum(axis=axes).reshape(held.shape)
    total = Math("big", ("Σ", "", delta, delta), CALL)
    written = Math("big", ("Σ", "", kept_together(full), full), CALL)
    return Formula(sign, total, written, f"Σ over {shape(d)} → {shape(value)}", value, held, layer.bias)


def equation(left: Math, *right: Math) -> Math:
    for side in right:
        left = infix("=", left, side, 5)
    return left


def matrix_page(run: Run) -> Page:
    """The three steps of backpropagation written for this network: forward, error signals, gradients; then each by components.

    Raises: InputError where the graph has no layers or no gradients.
    """
    lines = formulas(run)
    found = layers(run)
    naming = Naming(run, found)
    forward: list[Line] = []
    for layer in found:
        w, x = naming.of(layer.weights), naming.of(layer.into)
        w = transposed(w) if layer.turned else w
        z = product(w, x) if layer.left else product(x, w)
        z = infix("+", z, naming.of(layer.bias), ADD) if layer.bias >= 0 else z
        values = (run.value(layer.factor), run.value(layer.into))
        sizes = " · ".join(f"({shape(v)})" for v in (values if layer.left else values[::-1]))
        forward.append((equation(naming.of(layer.z), z), f"   {sizes} → {shape(run.value(layer.z))}"))
        if layer.bent:
            bent = call(naming.function[layer.h], naming.of(layer.z))
            forward.append((equation(naming.of(layer.h), bent), f"   {shape(run.value(layer.h))}"))
    signals = [f for f in lines if str(f.of.parts[0]).startswith("δ")]
    others = [f for f in lines if f not in signals]
    steps = [
        Step("forward, layer by layer", tuple(forward), found[-1].h),
        Step("error signals, from the output down", tuple(line(f) for f in signals), found[-1].z),
        Step("gradients, each from its layer's signal", tuple(line(f) for f in others), found[0].weights),
        Step("written out", tuple((equation(f.of, f.written),) for f in others), found[0].weights),
        components(run, naming, found),
    ]
    return Page(f"Backpropagation through {len(found)} layer{'s' if len(found) > 1 else ''}", tuple(steps))


def line(f: Formula) -> Line:
    """A formula with its shape check and its numeric check."""
    return (equation(f.of, f.letters), f"   {f.shapes}   error ", numeral(float(f"{f.error:.2g}")))


def components(run: Run, naming: Naming, found: list[Layer]) -> Step:
    """The last layer once more, number by number: the sum over k collapses, because only one z depends on each weight."""
    layer, n = found[-1], len(found)
    cost, w, h = name(naming.cost), naming.of(layer.weights), naming.of(layer.into)
    row, column = pair(layer.left != layer.turned, "i", "j")
    several = np.ndim(run.value(layer.into)) > 1           # n counts what is in a batch: rows, or columns

    def at(x: Math, k: str) -> Math:
        places = (k, "n") if layer.left else ("n", k)
        return index(x, *map(name, places if several else (k,)))

    def summed(over: str, x: Math) -> Math:
        return Math("big", ("Σ", over, x, x), MULTIPLY) if over else x

    weight, z = index(w, name("i"), name("j")), naming.of(layer.z)
    chain = infix("·", at(signal_name(n), "k"), partial(at(z, "k"), weight), MULTIPLY)
    kronecker = infix("·", index(name("δ"), name("k"), name(row)), at(h, column), MULTIPLY)
    collapsed = infix("·", at(signal_name(n), row), at(h, column), MULTIPLY)
    shared = sum(other.weights == layer.weights for other in found) > 1
    alone = f"   through layer {n} alone: others share {spelled(w)}" if shared else ""
    lines: tuple[Line, ...] = (
        (equation(partial(cost, weight), summed("n, k" if several else "k", chain)), alone),
        (equation(partial(at(z, "k"), weight), kronecker), f"   1 where k = {row}, else 0 (Kronecker), times the input"),
        (equation(partial(cost, weight), summed("n" if several else "", collapsed)),),
    )
    return Step("by components", lines, layer.weights)
