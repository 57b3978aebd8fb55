"""The layout with its rows: y of every layer, and the way of every edge from port to port.

An edge leaves the lower side of its consumer and enters the upper side of its operand as near to straight down as both
boxes are wide enough for; edges at one side keep a distance. Long edges pass each layer vertically, through all of its
height, so that they cut no corner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from backlight.show.layout.placement import Edge, Placement, Size, placed

Direction = Literal["up", "down", "right", "left"]

MARGIN = 10.0            # ports keep this distance from the corners of their box,
PITCH = 12.0             # and this distance from each other, where there is room
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A box on the sheet: the thing that it shows, its centre, its size, its layer, and whether it is a mere chip."""

    shows: int
    x: float
    y: float
    width: float
    height: float
    layer: int
    chip: bool


@dataclass(frozen=True, slots=True)
class Route:
    """The way of the edge with this number among those given, from its consumer down to its operand."""

    edge: int
    consumer: int
    operand: int
    number: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes and routes on a sheet of this size, which has its origin at the upper left. Routes name boxes by place."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    routes: tuple[Route, ...]
    crossings: int


def layout(
    sizes: Sequence[Size],
    edges: Sequence[Edge],
    *,
    direction: Direction = "up",
    gap: float = 24.0,
    between: float = 44.0,
    chip: Size | None = None,
    shared: int = 2,
) -> Layout:
    """Boxes of the given sizes (width, height) and edges (consumer, operand, number from 1) laid out on a sheet.

    `direction` is the way that values flow: "up" puts outputs at the top. `gap` is kept between boxes of a layer,
    `between` between layers. With `chip`, leaves read by more than `shared` boxes are shown again at each reader.
    Raises: ValueError if the edges run in a circle.

    >>> sheet = layout([(40, 20), (40, 20), (40, 20)], [(2, 0, 1), (2, 1, 2)])      # box 2 on 0 and 1
    >>> [(box.x, box.y) for box in sheet.boxes]
    [(20.0, 74.0), (84.0, 74.0), (52.0, 10.0)]
    >>> sheet.routes[0].points
    ((42.0, 20.0), (30.0, 64.0))
    """
    lying = direction in ("left", "right")
    turned = [(height, width) for width, height in sizes] if lying else list(sizes)
    if chip is not None and lying:
        chip = (chip[1], chip[0])
    plan = placed(turned, edges, gap=gap, chip=chip, shared=shared)
    upright = _upright(plan, len(sizes), between)
    return upright if direction == "up" else _turned(upright, direction)


def _upright(plan: Placement, things: int, between: float) -> Layout:
    count = len(plan.sizes)
    left = min((x - size[0] / 2 for x, size in zip(plan.x, plan.sizes, strict=True)), default=0.0)
    left = min([left, *(x for bends in plan.bends for x in bends)])
    x = [place - left for place in plan.x]
    tall = [0.0] * (max(plan.layer, default=-1) + 1)
    for layer, (_, height) in zip(plan.layer, plan.sizes, strict=True):
        tall[layer] = max(tall[layer], height)
    top = [0.0]
    for height in tall:
        top.append(top[-1] + height + between)
    boxes = tuple(
        Box(plan.shows[i], x[i], top[plan.layer[i]] + tall[plan.layer[i]] / 2, *plan.sizes[i], plan.layer[i], i >= things)
        for i in range(count)
    )
    routes = _routes(plan, x, left, boxes, top, tall)
    right = max([box.x + box.width / 2 for box in boxes] + [point[0] for way in routes for point in way.points], default=0.0)
    return Layout(right, max(0.0, top[-1] - between), boxes, routes, plan.crossings)


def _routes(
    plan: Placement, x: Sequence[float], left: float, boxes: Sequence[Box], top: Sequence[float], tall: Sequence[float]
) -> tuple[Route, ...]:
    bends = [[place - left for place in bend] for bend in plan.bends]
    starts = _ports(plan, boxes, 0, [bends[e][0] if bends[e] else x[low] for e, (_, low, _) in enumerate(plan.edges)])
    ends = _ports(plan, boxes, 1, [bends[e][-1] if bends[e] else starts[e] for e in range(len(plan.edges))])
    routes = []
    for e, (high, low, number) in enumerate(plan.edges):
        points = [(starts[e], boxes[high].y + boxes[high].height / 2)]
        bottom = top[plan.layer[high]] + tall[plan.layer[high]]
        if points[0][1] < bottom:
            points.append((starts[e], bottom))
        for layer, place in enumerate(bends[e], plan.layer[high] + 1):
            points += [(place, top[layer]), (place, top[layer] + tall[layer])]
        upper = boxes[low].y - boxes[low].height / 2
        if top[plan.layer[low]] < upper:
            points.append((ends[e], top[plan.layer[low]]))
        points.append((ends[e], upper))
        routes.append(Route(e, high, low, number, tuple(points)))
    return tuple(routes)


def _ports(plan: Placement, boxes: Sequence[Box], end: Literal[0, 1], wishes: Sequence[float]) -> list[float]:
    """The x at which each edge meets its consumer (end 0) or its operand (end 1), as near to its wish as may be."""
    sides: list[list[int]] = [[] for _ in boxes]
    for e, edge in enumerate(plan.edges):
        sides[edge[end]].append(e)
    ports = [0.0] * len(plan.edges)
    for box, side in zip(boxes, sides, strict=True):
        if not side:
            continue
        margin = min(MARGIN, box.width / 4)
        low, high = box.x - box.width / 2 + margin, box.x + box.width / 2 - margin
        pitch = min(PITCH, (high - low) / max(1, len(side) - 1))
        side.sort(key=lambda e: (wishes[e], plan.edges[e][2]))
        place = low - pitch
        for e in side:
            place = max(place + pitch, min(wishes[e], high))
            ports[e] = place
        limit = high
        for e in reversed(side):
            ports[e] = min(ports[e], limit)
            limit = ports[e] - pitch
        _center_twins(side, ports, wishes, low, high)
    return ports


def _center_twins(side: Sequence[int], ports: list[float], wishes: Sequence[float], low: float, high: float) -> None:
    """Edges that wish for the same port stand around it, not all to its right."""
    first = 0
    while first < len(side):
        last = first
        while last + 1 < len(side) and wishes[side[last + 1]] == wishes[side[first]]:
            last += 1
        if last > first:
            before = ports[side[first - 1]] if first else -float("inf")
            pitch = ports[side[first + 1]] - ports[side[first]]
            middle = min(max(wishes[side[first]], low), high)
            shift = min((ports[side[first]] + ports[side[last]]) / 2 - middle, ports[side[first]] - max(low, before + pitch))
            for e in side[first : last + 1] if shift > 0 else ():
                ports[e] -= shift
        first = last + 1


def _turned(sheet: Layout, direction: Direction) -> Layout:
    """The same sheet with outputs at the bottom, the right or the left."""
    lying = direction != "down"
    width, height = (sheet.height, sheet.width) if lying else (sheet.width, sheet.height)

    def turn(x: float, y: float) -> Point:
        return (x, height - y) if direction == "down" else (width - y, x) if direction == "right" else (y, x)

    boxes = tuple(
        Box(box.shows, *turn(box.x, box.y), *((box.height, box.width) if lying else (box.width, box.height)), box.layer, box.chip)
        for box in sheet.boxes
    )
    routes = tuple(
        Route(way.edge, way.consumer, way.operand, way.number, tuple(turn(*point) for point in way.points))
        for way in sheet.routes
    )
    return Layout(width, height, boxes, routes, sheet.crossings)
