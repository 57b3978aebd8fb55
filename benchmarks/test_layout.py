"""The layout of operation graphs: how long it takes, and its crossings and edge lengths beside those of Graphviz.

Graphviz gets the same boxes and edges, chips included, and the same distances; its program `dot` has to be installed.
"""

import math
import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from benchmarks.networks import NETWORKS, Network

from backlight.show.layout import Layout, layout
from backlight.show.layout.placement import placed

CHIP = (60.0, 20.0)
GAP, BETWEEN = 24.0, 36.0                                  # px
INCH = 72.0


@pytest.mark.benchmark(group="layout")
@pytest.mark.parametrize("boxes", [1000, 5000, 20_000])
@pytest.mark.parametrize("name", NETWORKS)
def test_time(benchmark, name, boxes):
    net = NETWORKS[name](boxes)
    benchmark.extra_info["boxes"] = len(net.sizes)
    benchmark.pedantic(layout, (net.sizes, net.edges), {"chip": CHIP}, rounds=3 if boxes > 1000 else 10, warmup_rounds=1)


def with_chips(net: Network) -> Network:
    plan = placed(net.sizes, net.edges, chip=CHIP)
    return Network(list(plan.sizes), list(plan.edges))


def length(sheet: Layout) -> float:
    return sum(math.dist(a, b) for way in sheet.routes for a, b in pairwise(way.points))


def graphviz(net: Network, limit_s: float = 100.0) -> tuple[int, float] | None:
    """Crossings and total edge length of what `dot` draws; None where that takes it too long."""
    looks = 'splines=polyline; node [shape=box, fixedsize=true, label=""]; edge [dir=none]'
    lines = [f"digraph {{ nodesep={GAP / INCH}; ranksep={BETWEEN / INCH}; {looks};"]
    lines += [f"{box} [width={width / INCH}, height={height / INCH}];" for box, (width, height) in enumerate(net.sizes)]
    lines += [f"{high} -> {low};" for high, low, _ in net.edges]
    text = "\n".join([*lines, "}"])
    try:
        found = subprocess.run(["dot", "-v", "-Tplain"], input=text, capture_output=True, text=True, timeout=limit_s, check=True)
    except subprocess.TimeoutExpired:
        return None
    crossings = int(re.findall(r"mincross .*?: (\d+) crossings", found.stderr)[-1])
    total = 0.0
    for line in found.stdout.splitlines():
        words = line.split()
        if words[0] == "edge":
            numbers = [float(word) * INCH for word in words[4 : 4 + 2 * int(words[3])]]
            points = list(zip(numbers[::2], numbers[1::2], strict=True))
            for start in range(0, len(points) - 1, 3):
                total += bezier(points[start : start + 4])
    return crossings, total


def bezier(points: list[tuple[float, float]], pieces: int = 8) -> float:
    curve = []
    for k in range(pieces + 1):
        t = k / pieces
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        curve.append(tuple(sum(w * p[axis] for w, p in zip(weights, points, strict=True)) for axis in (0, 1)))
    return sum(math.dist(a, b) for a, b in pairwise(curve))


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_crossings_and_lengths_beside_graphviz(capsys):
    rows = []
    for name, make in NETWORKS.items():
        for boxes in (30, 100, 300, 1000, 5000):
            net = with_chips(make(boxes))
            sheet = layout(net.sizes, net.edges, gap=GAP, between=BETWEEN)
            theirs = graphviz(net)
            if theirs is not None:
                rows.append((name, len(net.sizes), sheet.crossings, theirs[0], length(sheet) / theirs[1]))
    with capsys.disabled():
        print("\n| network | boxes | crossings | Graphviz's | length beside Graphviz's |\n| --- | --- | --- | --- | --- |")
        for row in rows:
            print("| {} | {} | {} | {} | {:.2f} |".format(*row))
        mean = sum(row[4] for row in rows) / len(rows)
        print(f"mean ratio of lengths {mean:.2f}")
    ratios = [(ours + 1) / (theirs + 1) for _, _, ours, theirs, _ in rows]
    assert math.prod(ratios) ** (1 / len(ratios)) <= 1.0
    assert mean <= 1.3
