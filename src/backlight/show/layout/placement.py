"""Layers, order and x together: everything about a layout but its y, for writers that have their own idea of rows.

A leaf that many operations read (a weight of a recurrent network, a mask) would draw a line to each of them, across
everything. Its box goes to the first of its consumers, and beside each of the others stands a *chip* that names it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from backlight.core.collection import no_collection
from backlight.show.layout.coordinates import columns
from backlight.show.layout.order import arrange, crossings
from backlight.show.layout.ranks import ranks

Size = tuple[float, float]
Edge = tuple[int, int, int]      # consumer, operand, and which operand it is, from 1


@dataclass(frozen=True, slots=True)
class Placement:
    """Boxes in layers. Box i shows thing `shows[i]`; those past the number of things are chips.

    `edges` are the given ones, led to chips where these stand in; `bends[e]` holds the x where edge e passes each layer
    between its ends, from above. `x` and `layer` are those of each box's centre.
    """

    shows: tuple[int, ...]
    sizes: tuple[Size, ...]
    edges: tuple[Edge, ...]
    layer: tuple[int, ...]
    x: tuple[float, ...]
    bends: tuple[tuple[float, ...], ...]
    crossings: int


def placed(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    *,
    gap: float = 24.0,
    bend: float = 8.0,
    chip: Size | None = None,
    shared: int = 2,
    whole: bool = False,
) -> Placement:
    """Boxes of the given sizes in layers, consumers above their operands.

    `gap` is kept between neighbours, `bend` is the width that a passing edge takes. With `chip`, leaves read by more than
    `shared` boxes are shown again at each reader, in boxes of that size. `whole` keeps every left side a whole number.
    Raises: ValueError if the edges run in a circle.

    >>> placed([(10, 4), (10, 4), (10, 4)], [(2, 0, 1), (2, 1, 2)], gap=2).x
    (-6.0, 6.0, 0.0)
    """
    with no_collection():
        return _placed(*_with_chips(sizes, edges, chip, shared), gap, bend, whole)


def _placed(
    shows: list[int], all_sizes: list[Size], all_edges: list[Edge], gap: float, bend: float, whole: bool
) -> Placement:
    count = len(all_sizes)
    consumers: list[list[int]] = [[] for _ in range(count)]
    operands: list[list[int]] = [[] for _ in range(count)]
    for high, low, _ in sorted(all_edges, key=lambda edge: (edge[0], edge[2])):
        operands[high].append(low)
        consumers[low].append(high)
    layer = ranks(consumers, operands)
    rank, up, down, chains = _with_bends(layer, all_edges)
    layers = arrange(rank, up, down)
    widths = [width for width, _ in all_sizes] + [bend] * (len(rank) - count)
    x = columns(layers, up, down, widths, gap, count)
    if whole:
        _round(x, layers, widths, gap)
    return Placement(
        shows=tuple(shows),
        sizes=tuple(all_sizes),
        edges=tuple(all_edges),
        layer=tuple(layer),
        x=tuple(x[:count]),
        bends=tuple(tuple([x[bend] for bend in chain]) for chain in chains),
        crossings=crossings(layers, down),
    )


def _with_chips(
    sizes: Sequence[Size], edges: Sequence[Edge], chip: Size | None, shared: int
) -> tuple[list[int], list[Size], list[Edge]]:
    shows = list(range(len(sizes)))
    all_sizes = list(sizes)
    if chip is None:
        return shows, all_sizes, list(edges)
    readers = Counter(low for _, low, _ in edges)
    operations = {high for high, _, _ in edges}
    stands: dict[tuple[int, int], int] = {}                # the box that stands for a leaf at a consumer
    at_home: set[int] = set()
    all_edges: list[Edge] = []
    for high, low, number in edges:
        box = low
        if low not in operations and readers[low] > shared:
            if (high, low) not in stands:
                if low in at_home:
                    box = len(shows)
                    shows.append(low)
                    all_sizes.append(chip)
                at_home.add(low)
                stands[high, low] = box
            box = stands[high, low]
        all_edges.append((high, box, number))
    return shows, all_sizes, all_edges


def _with_bends(
    layer: Sequence[int], edges: Sequence[Edge]
) -> tuple[list[int], list[list[int]], list[list[int]], list[list[int]]]:
    """Layers and links with every long edge cut into steps from layer to layer, and the bends of each edge."""
    rank = list(layer)
    up: list[list[int]] = [[] for _ in rank]
    down: list[list[int]] = [[] for _ in rank]
    chains: list[list[int]] = [[] for _ in edges]
    for number in sorted(range(len(edges)), key=lambda number: (edges[number][0], edges[number][2])):
        high, low, _ = edges[number]
        last = high
        for depth in range(layer[high] + 1, layer[low]):
            bend = len(rank)
            rank.append(depth)
            up.append([last])
            down.append([])
            down[last].append(bend)
            chains[number].append(bend)
            last = bend
        down[last].append(low)
        up[low].append(last)
    return rank, up, down, chains


def _round(x: list[float], layers: Sequence[Sequence[int]], widths: Sequence[float], gap: float) -> None:
    """Move left sides to whole numbers, away from overlap, in place."""
    for layer in layers:
        free = None
        for box in layer:
            left = float(round(x[box] - widths[box] / 2))
            if free is not None and left < free:
                left = free
            x[box] = left + widths[box] / 2
            free = left + widths[box] + gap
