"""Operation graphs of well-known networks, as plain boxes and edges, for measuring and testing the layout.

Each function takes about the number of boxes wanted and gives a `Network`: box sizes, and edges (consumer, operand,
number of the operand from 1). Boxes come in an order that could be run: operands before consumers. Nothing here knows
Backlight's graphs, so the layout can be measured and tested alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

OPERATION = (112.0, 58.0)
LEAF = (84.0, 44.0)


@dataclass(slots=True)
class Network:
    """Boxes and edges being written down, one operation after the other."""

    sizes: list[tuple[float, float]] = field(default_factory=list)
    edges: list[tuple[int, int, int]] = field(default_factory=list)

    def leaf(self) -> int:
        self.sizes.append(LEAF)
        return len(self.sizes) - 1

    def of(self, *operands: int) -> int:
        """One operation on earlier boxes; its number comes back."""
        box = len(self.sizes)
        self.sizes.append(OPERATION)
        self.edges.extend((box, operand, place) for place, operand in enumerate(operands, 1))
        return box


def _normalised(net: Network, x: int) -> int:
    """Layer norm in its small operations: nine boxes and three leaves."""
    centred = net.of(x, net.of(x))
    spread = net.of(net.of(net.of(net.of(centred)), net.leaf()))
    return net.of(net.of(net.of(centred, spread), net.leaf()), net.leaf())


def transformer(boxes: int) -> Network:
    """Pre-norm blocks with attention and a feed-forward part, about 50 boxes each."""
    net = Network()
    x = net.of(net.of(net.leaf(), net.leaf()), net.leaf())
    mask = net.leaf()
    while len(net.sizes) < boxes:
        normal = _normalised(net, x)
        q, k, v = (net.of(net.of(normal, net.leaf()), net.leaf()) for _ in range(3))
        scores = net.of(net.of(net.of(q, net.of(k)), net.leaf()), mask)
        mixed = net.of(net.of(scores), v)
        x = net.of(x, net.of(net.of(mixed, net.leaf()), net.leaf()))
        normal = _normalised(net, x)
        hidden = net.of(net.of(net.of(normal, net.leaf()), net.leaf()))
        x = net.of(x, net.of(net.of(hidden, net.leaf()), net.leaf()))
    net.of(net.of(x, net.leaf()), net.leaf())
    return net


def scalar_mlp(boxes: int) -> Network:
    """A multi-layer perceptron of single numbers: each weight, product and sum is a box of its own."""
    width = 2
    while 3 * (2 * width * width + 3 * width) + 2 * width < boxes:     # three layers, two boxes a weight, three a neuron
        width += 1
    net = Network()
    signals = [net.leaf() for _ in range(width)]
    for outs in (width, width, max(1, width // 2)):
        signals = [_neuron(net, signals) for _ in range(outs)]
    loss = None
    for signal in signals:
        error = net.of(net.of(signal, net.leaf()))
        loss = error if loss is None else net.of(loss, error)
    return net


def _neuron(net: Network, signals: list[int]) -> int:
    total = net.leaf()
    for signal in signals:
        total = net.of(total, net.of(net.leaf(), signal))
    return net.of(total)


def recurrent(boxes: int) -> Network:
    """A recurrent network unrolled over time: the same five leaves at every step, an output and an error at each."""
    net = Network()
    w_in, w_state, bias, w_out, state = (net.leaf() for _ in range(5))
    loss = None
    while len(net.sizes) < boxes:
        state = net.of(net.of(net.of(net.of(w_in, net.leaf()), net.of(w_state, state)), bias))
        error = net.of(net.of(net.of(w_out, state), net.leaf()))
        loss = error if loss is None else net.of(loss, error)
    return net


def convnet(boxes: int) -> Network:
    """Residual blocks of two convolutions, with a longer skip over every four blocks."""
    net = Network()
    x = net.of(net.of(net.leaf(), net.leaf()))
    while len(net.sizes) < boxes:
        start = x
        for _ in range(4):
            inside = net.of(net.of(net.of(x, net.leaf()), net.leaf()))
            x = net.of(net.of(x, net.of(net.of(inside, net.leaf()), net.leaf())))
        x = net.of(x, net.of(start, net.leaf()))
    net.of(net.of(net.of(x), net.leaf()), net.leaf())
    return net


NETWORKS: dict[str, Callable[[int], Network]] = {
    "transformer": transformer,
    "scalar mlp": scalar_mlp,
    "recurrent": recurrent,
    "convnet": convnet,
}
