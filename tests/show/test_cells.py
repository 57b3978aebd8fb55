"""Pictures in cells over random graphs: nothing is lost, nothing is covered, no two edges fall together."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backlight import api
from backlight.core.array import Array
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.run.record import Run
from backlight.show.cells import celled
from backlight.show.drawing import Frame, Line, Text
from backlight.show.terminal import terminal
from backlight.show.view import view


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Sums and products of earlier nodes, run and differentiated."""
    tape = Tape()
    nodes: list[Array] = [tape.input(name, type=Type("float64", ())) for name in ("x", "y", "z")]
    for _ in range(draw(st.integers(1, 12))):
        left, right = (nodes[draw(st.integers(0, len(nodes) - 1))] for _ in range(2))
        nodes.append(left + right if draw(st.booleans()) else left * right)
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (nodes[-1].number,))
    return api.backprop(graph, x=1.0, y=2.0, z=-3.0)


def cells_of(line: Line) -> list[tuple[int, int, str]]:
    """The cells that a line runs through, and whether it runs upright or sideways; corners are both."""
    found = []
    points = [(round(x), round(y)) for x, y in line.points]
    for (ax, ay), (bx, by) in pairwise(points):
        if ax == bx:
            found += [(ax, y, "upright") for y in range(min(ay, by), max(ay, by) + 1)]
        else:
            found += [(x, ay, "sideways") for x in range(min(ax, bx), max(ax, bx) + 1)]
    return list(dict.fromkeys(found))


@given(runs())
def test_every_card_and_every_product_can_be_read(run: Run) -> None:
    seen = view(run)
    drawn = terminal(celled(seen))
    for card in seen.cards:
        assert f"{card.number}  {card.title}" in drawn
    for word in {line for joint in seen.joints for line in joint.product}:
        assert drawn.count(word) >= sum(word in joint.product for joint in seen.joints)


@given(runs())
def test_frames_and_labels_stand_apart(run: Run) -> None:
    drawing = celled(view(run))
    taken: Counter[tuple[int, int]] = Counter()
    for mark in drawing.marks:
        if isinstance(mark, Frame):
            taken.update(
                (x, y)
                for x in range(round(mark.x), round(mark.x + mark.width))
                for y in range(round(mark.y), round(mark.y + mark.height))
            )
        elif isinstance(mark, Text) and mark.node < 0:
            taken.update((round(mark.x) + k, round(mark.y)) for k in range(len(mark.text)))
    assert max(taken.values()) == 1
    assert all(0 <= x < drawing.width and 0 <= y < drawing.height for x, y in taken)


@given(runs())
def test_no_two_edges_run_along_each_other(run: Run) -> None:
    drawing = celled(view(run))
    labels = {
        (round(mark.x) + k, round(mark.y))
        for mark in drawing.marks
        if isinstance(mark, Text) and mark.node < 0
        for k in range(len(mark.text))
    }
    used: Counter[tuple[int, int, str]] = Counter()
    for mark in drawing.marks:
        if isinstance(mark, Line):
            used.update(cell for cell in cells_of(mark) if cell[:2] not in labels)
    assert max(used.values()) == 1
