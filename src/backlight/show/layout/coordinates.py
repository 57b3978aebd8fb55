"""Where the boxes of every layer stand across the picture, once their order is fixed.

Each layer, packed tight and centred, is pulled to the means of its neighbours again and again. The best place for a
whole layer at once has a closed form: boxes that would overlap are pooled and share their mean. That gives the picture
its shape; then every box slides, within the room that it has, to the median of what it is joined to, which puts an
operation exactly over its *spine*, the deepest of its operands, with its parameters beside; and long edges are drawn
into as few straight runs as their neighbours leave them.

Brandes and Köpf (2002) align boxes into vertical blocks first and then look for room. With that an ordinary network
drifts: two blocks that overlap in one layer only keep each other apart in all, and the next pair again, so that the
picture leans over, layer after layer. Pulled layers stay over each other.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import fsum, inf

Layers = Sequence[Sequence[int]]
Links = Sequence[Sequence[int]]

SLIDES = 4               # rounds to the median; more change nothing that can be seen
STRAIGHT = 4             # how much an edge between two bends weighs,
STEEP = 3                # one along a spine,
BENDING = 2              # and one between a box and a bend, beside 1 for all others


def columns(layers: Layers, up: Links, down: Links, widths: Sequence[float], gap: float, boxes: int) -> list[float]:
    """The x of every centre. Boxes of a layer keep their order and at least `gap`; from number `boxes` on they are bends."""
    near, weight = _pulls(layers, up, down, boxes)
    reach = _reaches(layers, widths, gap)
    x = _packed(layers, widths, gap)
    _pull(x, layers, near, weight, reach)
    _slide(x, layers, near, weight, reach)
    _straighten(x, layers, up, down, reach, boxes)
    return x


def _pulls(layers: Layers, up: Links, down: Links, boxes: int) -> tuple[list[list[int]], list[list[int]]]:
    """What every box is joined to, above and below, and with what weights."""
    spine = _spines(layers, down, boxes)
    near: list[list[int]] = [[] for _ in down]
    weight: list[list[int]] = [[] for _ in down]
    for high, lows in enumerate(down):
        for low in lows:
            bends = (high >= boxes) + (low >= boxes)
            pull = STRAIGHT if bends == 2 else STEEP if spine[high] == low else BENDING if bends else 1
            near[high].append(low)
            near[low].append(high)
            weight[high].append(pull)
            weight[low].append(pull)
    return near, weight


def _spines(layers: Layers, down: Links, boxes: int) -> list[int]:
    """For every box the one below that it should stand on: rather an operation than a bend, the deepest; -1 for none."""
    depth = [0] * len(down)
    spine = [-1] * len(down)
    for layer in reversed(layers):
        for box in layer:
            best = 0
            for low in down[box]:
                if depth[low] >= depth[box]:
                    depth[box] = depth[low] + 1
                merit = (depth[low] + 1) * (2 if low < boxes and depth[low] else 1)
                if merit >= best:                          # of two equal ones neither: then it stands between them
                    spine[box] = low if merit > best else -1
                    best = merit
    return spine


def _reaches(layers: Layers, widths: Sequence[float], gap: float) -> list[tuple[int, float, int, float]]:
    """For every box its left neighbour and the least distance to it, then the same on the right; -1 for none."""
    reach = [(-1, 0.0, -1, 0.0)] * len(widths)
    for layer in layers:
        apart = [0.0, *((widths[a] + widths[b]) / 2 + gap for a, b in pairwise(layer)), 0.0]
        ring = [-1, *layer, -1]
        for place, box in enumerate(layer):
            reach[box] = (ring[place], apart[place], ring[place + 2], apart[place + 1])
    return reach


def _packed(layers: Layers, widths: Sequence[float], gap: float) -> list[float]:
    x = [0.0] * len(widths)
    for layer in layers:
        edge = -(fsum([widths[box] for box in layer]) + gap * (len(layer) - 1)) / 2  # `sum` rounds as the Python does
        for box in layer:
            x[box] = edge + widths[box] / 2
            edge += widths[box] + gap
    return x


def _pull(
    x: list[float],
    layers: Layers,
    near: Sequence[Sequence[int]],
    weight: Sequence[Sequence[int]],
    reach: Sequence[tuple[int, float, int, float]],
) -> None:
    """Sweep down and up, putting each layer where the squares of its edges' widths are least, in place."""
    masses = [float(sum(pulls)) or 1e-6 for pulls in weight]
    ends = [list(zip(*both, strict=True)) for both in zip(near, weight, strict=True)]
    crowd = len(x) // max(len(layers), 1)
    for sweep in range(min(4 + crowd // 2, 16)):           # narrow pictures have their shape after 4, wide ones need more
        for layer in reversed(layers) if sweep % 2 else layers:
            pools: list[tuple[float, float, int]] = []     # boxes that touch: place of the first, mass, how many
            shifts: list[float] = []                       # how far each box stands to the right of the layer's first
            shift = 0.0
            for box in layer:
                shift += reach[box][1]
                shifts.append(shift)
                mass = masses[box]
                joined = ends[box]
                if len(joined) == 2:                       # by far the most frequent case
                    (one, one_pull), (other, other_pull) = joined
                    place = (one_pull * x[one] + other_pull * x[other]) / mass - shift
                elif joined:
                    place = 0.0
                    for other, pull in joined:
                        place += pull * x[other]
                    place = place / mass - shift
                else:
                    place = x[box] - shift
                count = 1
                while pools and pools[-1][0] >= place:
                    other_place, other_mass, other_count = pools.pop()
                    place = (place * mass + other_place * other_mass) / (mass + other_mass)
                    mass += other_mass
                    count += other_count
                pools.append((place, mass, count))
            index = 0
            for place, _, count in pools:
                for _ in range(count):
                    x[layer[index]] = place + shifts[index]
                    index += 1


def _slide(
    x: list[float],
    layers: Layers,
    near: Sequence[Sequence[int]],
    weight: Sequence[Sequence[int]],
    reach: Sequence[tuple[int, float, int, float]],
) -> None:
    """Move every box to the weighted median of what it is joined to, as far as its neighbours let it, in place."""
    heavy = [[other for other, pull in zip(*both, strict=True) for _ in range(pull)] for both in zip(near, weight, strict=True)]
    for turn in range(SLIDES):
        for layer in reversed(layers) if turn % 2 else layers:
            for box in layer if turn < SLIDES // 2 else reversed(layer):
                ends = heavy[box]
                if not ends:
                    continue
                places = sorted([x[other] for other in ends])
                low, high = places[(len(ends) - 1) // 2], places[len(ends) // 2]
                target = min(max(x[box], low), high)
                left, left_apart, right, right_apart = reach[box]
                if left >= 0 and target < x[left] + left_apart:
                    target = x[left] + left_apart
                if right >= 0 and target > x[right] - right_apart:
                    target = x[right] - right_apart
                x[box] = target


def _straighten(
    x: list[float],
    layers: Layers,
    up: Links,
    down: Links,
    reach: Sequence[tuple[int, float, int, float]],
    boxes: int,
) -> None:
    """Draw the bends of every long edge into runs as long as its neighbours allow, in place."""
    for first in range(boxes, len(x)):
        if up[first][0] >= boxes:
            continue
        run: list[int] = []
        low, high = -inf, inf
        wish = x[up[first][0]]
        bend = first
        while bend >= boxes:
            left, left_apart, right, right_apart = reach[bend]
            least = x[left] + left_apart if left >= 0 else -inf
            most = x[right] - right_apart if right >= 0 else inf
            if max(low, least) > min(high, most):
                wish = min(max(wish, low), high)
                for member in run:
                    x[member] = wish
                run, low, high = [], -inf, inf
            run.append(bend)
            low, high = max(low, least), min(high, most)
            bend = down[bend][0]
        wish = min(max(x[bend], low), high)
        for member in run:
            x[member] = wish
