"""The layers of a network, found in its graph.

A layer is a product with a matrix that is an input, then perhaps a bias that is an input, then perhaps one elementwise
function of that alone. What feeds the product is the layer's input: the input of the network or the result of another
layer. The matrix may stand on the left of a column, as in W·x, or on the right of rows, as in X·W, each as it is or transposed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..core.graph import Graph
from ..core.types import Type
from ..run.record import Run

__all__ = ["Layer", "layers"]


@dataclass(frozen=True, slots=True)
class Layer:
    """Node numbers: weights, what is multiplied by them, the product, the sum with the bias (z), the function of it (h).

    `factor` is what the product takes: the weights, or where they are `turned`, their transpose. `bias` is -1 where there is
    none; `h` equals `z` where there is no function; `left` says that the weights stand on the left.
    """

    weights: int
    factor: int
    into: int
    product: int
    bias: int
    z: int
    h: int
    left: bool
    turned: bool = False

    @property
    def bent(self) -> bool:
        """Whether there is a function after the sum."""
        return self.h != self.z


def layers(run: Run) -> list[Layer]:
    """The layers on the way of the gradient, from the input to the output."""
    graph = run.graph
    consumers = graph.consumers()
    first = graph.forward_count
    found = []
    for i, node in enumerate(graph.nodes[:first]):
        if node.op.name != "matmul" or i not in graph.grads:
            continue
        a, b = node.inputs
        under = {i: unturned(graph, consumers, i) for i in (a, b)}
        for k, (factor, x) in sorted(enumerate(((a, b), (b, a))), key=lambda side: -likely(graph, *(under[i] for i in side[1]))):
            w = under[factor]
            if is_parameter(graph, w, 2) and w in graph.grads:
                z, bias = shifted(graph, consumers, i, first)
                found.append(Layer(w, factor, x, i, bias, z, bent(graph, consumers, z, first), k == 0, w != factor))
                break
    return found


def unturned(graph: Graph, consumers: list[list[tuple[int, int]]], i: int) -> int:
    """The matrix that a node is the transpose of, where products alone use it; else the node itself."""
    node = graph.nodes[i]
    turns = node.op.name == "transpose" or (node.op.name == "permute" and node.attr("axes") == (1, 0))
    above = [c for c, _ in consumers[i] if c < graph.forward_count]
    return node.inputs[0] if turns and all(graph.nodes[c].op.name == "matmul" for c in above) else i


def is_parameter(graph: Graph, i: int, rank: int) -> bool:
    node = graph.nodes[i]
    return node.op.name == "input" and isinstance(node.type, Type) and node.type.rank == rank


def likely(graph: Graph, w: int, x: int) -> int:
    """How much speaks for w being the weights: x is computed or is no matrix; else people call weights w, and data x."""
    if not is_parameter(graph, x, 2):
        return 2
    return int(graph.nodes[w].name[:1] in "wWθΘ") - int(graph.nodes[w].name[:1] in "xX")


def shifted(graph: Graph, consumers: list[list[tuple[int, int]]], i: int, first: int) -> tuple[int, int]:
    """The sum with a bias, and the bias; the product itself and -1 where nothing is added."""
    above = [(c, k) for c, k in consumers[i] if c < first]
    if len(above) == 1 and graph.nodes[above[0][0]].op.name == "add":
        c, k = above[0]
        other = graph.nodes[c].inputs[2 - k]
        # What a layer reads too is no bias: it goes around the layer, as in x + W·f(x).
        read = any(graph.nodes[b].op.name == "matmul" for b, _ in consumers[other] if b < first)
        if graph.nodes[other].op.name == "input" and not read:
            return c, other
    return i, -1


def bent(graph: Graph, consumers: list[list[tuple[int, int]]], z: int, first: int) -> int:
    """The elementwise function of z alone, or z."""
    above = [c for c, _ in consumers[z] if c < first]
    if len(above) == 1:
        node = graph.nodes[above[0]]
        if node.op.kind == "elementwise" and len(node.inputs) == 1 and node.op.name not in ("square", "neg", "stop_gradient"):
            return above[0]
    return z
