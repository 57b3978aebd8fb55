"""The order of the boxes inside each layer, chosen so that few edges cross.

The known scheme: start from the order in which a walk from the outputs meets the boxes, then sweep down and up, sorting
each layer by the medians of its neighbours and exchanging neighbours that cross less the other way round, and keep the
best order seen. Three things are ours. A layer with one box cuts the picture in two, and what is best above does not
matter below, so each part is swept by itself and only as long as it gains. Leaves with one consumer take no part at
first: half of an ordinary network is such leaves, and each belongs beside its siblings whatever the rest does. And where
the number of crossings does not care, the operands of an operation stand in the order in which it takes them.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

Layers = list[list[int]]
Links = Sequence[Sequence[int]]

SWEEPS = 12              # more gains less than one crossing in a hundred on the benchmark networks
PATIENCE = 5             # sweeps without a better order before a part is left as it is


def arrange(rank: Sequence[int], up: Links, down: Links) -> Layers:
    """The boxes of every layer from left to right. `up` and `down` join neighbouring layers only, in operand order."""
    private = [not down[box] and len(up[box]) == 1 for box in range(len(rank))]
    core_down = [[low for low in lows if not private[low]] for lows in down]
    core = _walk(rank, up, core_down, private)
    position = [0] * len(rank)
    done = core[:1]
    cuts = [0, *(depth for depth, layer in enumerate(core) if len(layer) == 1 and depth), len(core) - 1]
    for first, last in pairwise(cuts):
        if first < last:
            part = _swept(core[first : last + 1], position, up, core_down, tidy=False)
            part = _swept(_seated(part, position, down, private), position, up, down, tidy=True)
            _in_operand_order(part, position, up, down)
            done.extend(part[1:])
    return done


def crossings(layers: Layers, down: Links) -> int:
    """How many pairs of edges cross between the layers, in all."""
    position = [0] * len(down)
    _number(layers, position)
    return sum(_between(layer, position, down) for layer in layers)


def _number(layers: Layers, position: list[int]) -> None:
    for layer in layers:
        for place, box in enumerate(layer):
            position[box] = place


def _walk(rank: Sequence[int], up: Links, down: Links, left_out: Sequence[bool]) -> Layers:
    """Layers in the order of a depth-first walk from the outputs, operands from left to right."""
    layers: Layers = [[] for _ in range(max(rank, default=-1) + 1)]
    met = list(left_out)
    for top, above in enumerate(up):
        stack = [] if above else [top]
        while stack:
            box = stack.pop()
            if not met[box]:
                met[box] = True
                layers[rank[box]].append(box)
                stack.extend(reversed(down[box]))
    return layers


def _between(layer: Sequence[int], position: Sequence[int], down: Links) -> int:
    """Crossings of the edges from this layer to the next: pairs out of order, counted against a sorted list."""
    count, last = 0, -1
    seen: list[int] = []
    for box in layer:
        for place in _places(down[box], position):
            if place >= last:
                seen.append(place)
                last = place
            else:
                count += len(seen) - bisect_right(seen, place)
                insort(seen, place)
    return count


def _swept(layers: Layers, position: list[int], up: Links, down: Links, tidy: bool) -> Layers:
    """The best order that sweeping finds. The first and the last layer's links may lead out of the part."""
    _number(layers, position)
    while tidy and _exchanged(layers, position, up, down, through_ties=False):
        pass
    best = [layer[:] for layer in layers]
    best_count = sum(_between(layer, position, down) for layer in layers[:-1])
    waited = 0
    for sweep in range(SWEEPS):
        if not best_count or waited == PATIENCE:
            break
        if sweep % 2:
            for layer in reversed(layers[:-1]):
                _sort_by_median(layer, position, down)
        else:
            for layer in layers[1:]:
                _sort_by_median(layer, position, up)
        _exchanged(layers, position, up, down, through_ties=sweep % 4 == 0)
        count = sum(_between(layer, position, down) for layer in layers[:-1])
        waited += 1
        if count < best_count:
            best, best_count, waited = [layer[:] for layer in layers], count, 0
    _number(best, position)
    return best


def _sort_by_median(layer: list[int], position: list[int], links: Links) -> None:
    """Sort one layer by the medians of its neighbours; a box without any stays beside its left neighbour."""
    keys: list[float] = []
    key = -1.0
    for box in layer:
        near = links[box]
        if len(near) == 1:
            key = position[near[0]]
        elif near:
            key = _median(sorted([position[other] for other in near]))
        keys.append(key)
    layer[:] = [layer[place] for place in sorted(range(len(layer)), key=keys.__getitem__)]
    for place, box in enumerate(layer):
        position[box] = place


def _median(places: Sequence[int]) -> float:
    """The middle one; of two middle ones a mean that leans to the side where the others lie closer together."""
    half = len(places) // 2
    if len(places) % 2:
        return places[half]
    low, high = places[half - 1], places[half]
    left, right = low - places[0], places[-1] - high
    return (low * right + high * left) / (left + right) if left + right else (low + high) / 2


def _exchanged(layers: Layers, position: list[int], up: Links, down: Links, through_ties: bool) -> bool:
    """Exchange neighbours where that removes crossings, until a pass over a layer changes nothing; whether any did.

    With `through_ties` two whose edges cross either way are exchanged too: the way out of many a dead end.
    """
    any_change = False
    for layer in layers:
        if len(layer) < 2:
            continue
        above = [_places(up[box], position) for box in layer]
        below = [_places(down[box], position) for box in layer]
        ties = through_ties
        todo: Sequence[int] = range(len(layer) - 1)
        while todo:
            again: set[int] = set()                        # pairs with a new member since they were looked at
            for left in todo:
                right = left + 1
                a, b, c, d = above[left], above[right], below[left], below[right]
                if not (a and b and a[-1] > b[0]) and not (c and d and c[-1] > d[0]):
                    continue                               # nothing of theirs crosses: by far the most frequent case
                gain = _gain(a, b) + _gain(c, d)
                if gain > 0 or (ties and not gain and (_entwined(a, b) or _entwined(c, d))):
                    layer[left], layer[right] = layer[right], layer[left]
                    above[left], above[right] = b, a
                    below[left], below[right] = d, c
                    again.update((left - 1, right))
            any_change = any_change or bool(again)
            todo = sorted(again - {-1, len(layer) - 1})
            ties = False
        for place, box in enumerate(layer):
            position[box] = place
    return any_change


def _places(others: Sequence[int], position: Sequence[int]) -> list[int]:
    if len(others) == 1:
        return [position[others[0]]]
    places = [position[other] for other in others]
    places.sort()
    return places


def _gain(left: Sequence[int], right: Sequence[int]) -> int:
    """Crossings that go away when two neighbours change places, from the sorted places of their ends on one side."""
    if not left or not right:
        return 0
    if left[-1] < right[0]:
        return -len(left) * len(right)
    if len(left) == 1:
        a = left[0]
        return bisect_left(right, a) + bisect_right(right, a) - len(right)
    if len(right) == 1:
        b = right[0]
        return len(left) - bisect_left(left, b) - bisect_right(left, b)
    gain = 0
    for a in left:
        gain += bisect_left(right, a) + bisect_right(right, a)
    return gain - len(left) * len(right)


def _entwined(left: Sequence[int], right: Sequence[int]) -> bool:
    return bool(left and right) and left[0] < right[-1] and right[0] < left[-1]


def _seated(layers: Layers, position: list[int], down: Links, private: Sequence[bool]) -> Layers:
    """The layers with the private leaves put in beside their siblings, on the side that their number asks for."""
    seated: Layers = [layers[0]]
    for above, layer in pairwise(layers):
        ends = sorted(position[low] for box in above for low in down[box] if not private[low])
        passed = 0                                         # ends of edges that start further left
        gaps: list[tuple[float, int, int]] = [(place, 0, box) for place, box in enumerate(layer)]
        for box in seated[-1]:
            lows = down[box]
            for place, low in enumerate(lows):
                if private[low]:
                    before = [position[other] + 0.5 for other in lows[:place] if not private[other]]
                    after = [position[other] - 0.5 for other in lows[place + 1 :] if not private[other]]
                    otherwise = ends[passed - 1] + 0.5 if passed else -0.5
                    gaps.append((before[-1] if before else after[0] if after else otherwise, len(gaps), low))
            passed += sum(not private[low] for low in lows)
        seated.append([box for *_, box in sorted(gaps)])
    return seated


def _in_operand_order(layers: Layers, position: list[int], up: Links, down: Links) -> None:
    """Exchange neighbours that stand against the order of their operands, where no crossing comes of it."""
    for layer in layers[1:]:
        changed = True
        while changed:
            changed = False
            for left, right in pairwise(range(len(layer))):
                a, b = layer[left], layer[right]
                if _against(a, b, up, down) and not _gain(
                    sorted([position[low] for low in down[a]]), sorted([position[low] for low in down[b]])
                ) + _gain(sorted([position[high] for high in up[a]]), sorted([position[high] for high in up[b]])):
                    layer[left], layer[right] = b, a
                    changed = True
        for place, box in enumerate(layer):
            position[box] = place


def _against(a: int, b: int, up: Links, down: Links) -> bool:
    """Whether `a`, on the left, is a later operand than `b` of every consumer that both have, and there is one."""
    shared = [down[consumer] for consumer in up[a] if consumer in up[b]]
    return bool(shared) and all(lows.index(a) > lows.index(b) for lows in shared)
