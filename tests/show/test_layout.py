"""Laws of the layout over random graphs, then its promises on well-known networks, then single pictures."""

from itertools import pairwise

import pytest
from benchmarks.networks import NETWORKS
from hypothesis import given
from hypothesis import strategies as st

from backlight.show.layout import Edge, Layout, Size, layout, placed
from backlight.show.layout.ranks import ranks

CHIP = (60.0, 20.0)
Graph = tuple[list[Size], list[Edge]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Boxes of mixed sizes, each with up to three operands among the earlier ones, repeated operands included."""
    sizes = draw(st.lists(st.tuples(st.integers(1, 200), st.integers(1, 90)), min_size=1, max_size=40))
    edges = []
    for box in range(1, len(sizes)):
        operands = draw(st.lists(st.integers(0, box - 1), max_size=3))
        edges += [(box, operand, number) for number, operand in enumerate(operands, 1)]
    return [(float(w), float(h)) for w, h in sizes], edges


def overlaps(sheet: Layout) -> list[tuple[int, int]]:
    found = []
    rows: dict[int, list[int]] = {}
    for place, box in enumerate(sheet.boxes):
        rows.setdefault(box.layer, []).append(place)
    for row in rows.values():
        row.sort(key=lambda place: sheet.boxes[place].x)
        for a, b in pairwise(row):
            left, right = sheet.boxes[a], sheet.boxes[b]
            if left.x + left.width / 2 > right.x - right.width / 2 + 1e-6:
                found.append((a, b))
    return found


@given(graphs())
def test_no_two_boxes_overlap(graph: Graph) -> None:
    sheet = layout(*graph)
    assert overlaps(sheet) == []
    bottoms: dict[int, float] = {}
    tops: dict[int, float] = {}
    for box in sheet.boxes:
        bottoms[box.layer] = max(bottoms.get(box.layer, 0.0), box.y + box.height / 2)
        tops[box.layer] = min(tops.get(box.layer, float("inf")), box.y - box.height / 2)
    assert all(bottoms[layer] <= tops[layer + 1] for layer in bottoms if layer + 1 in tops)


@given(graphs())
def test_every_edge_goes_from_a_consumer_down_to_its_operand(graph: Graph) -> None:
    sheet = layout(*graph, chip=CHIP)
    assert sorted((sheet.boxes[way.consumer].shows, sheet.boxes[way.operand].shows, way.number) for way in sheet.routes) == (
        sorted(graph[1])
    )
    for way in sheet.routes:
        above, below = sheet.boxes[way.consumer], sheet.boxes[way.operand]
        assert above.layer < below.layer
        assert way.points[0][1] == pytest.approx(above.y + above.height / 2)
        assert way.points[-1][1] == pytest.approx(below.y - below.height / 2)
        assert abs(way.points[0][0] - above.x) <= above.width / 2
        assert abs(way.points[-1][0] - below.x) <= below.width / 2
        heights = [y for _, y in way.points]
        assert heights == sorted(heights)


@given(graphs())
def test_the_same_graph_gives_the_same_layout(graph: Graph) -> None:
    assert layout(*graph, chip=CHIP) == layout(*graph, chip=CHIP)


@given(graphs())
def test_every_box_and_every_bend_lies_on_the_sheet(graph: Graph) -> None:
    sheet = layout(*graph, chip=CHIP)
    points = [point for way in sheet.routes for point in way.points]
    points += [(box.x - box.width / 2, box.y - box.height / 2) for box in sheet.boxes]
    points += [(box.x + box.width / 2, box.y + box.height / 2) for box in sheet.boxes]
    assert all(-1e-6 <= x <= sheet.width + 1e-6 and -1e-6 <= y <= sheet.height + 1e-6 for x, y in points)


@given(graphs())
def test_whole_numbers_keep_left_sides_whole_and_boxes_apart(graph: Graph) -> None:
    plan = placed(*graph, gap=2, whole=True)
    rows: dict[int, list[tuple[float, float]]] = {}
    for layer, x, (width, _) in zip(plan.layer, plan.x, plan.sizes, strict=True):
        assert (x - width / 2).is_integer()
        rows.setdefault(layer, []).append((x - width / 2, x + width / 2))
    for row in rows.values():
        row.sort()
        assert all(a[1] + 2 <= b[0] for a, b in pairwise(row))


@given(graphs())
def test_turning_the_sheet_moves_nothing_against_anything(graph: Graph) -> None:
    up, down = layout(*graph), layout(*graph, direction="down")
    assert [(box.x, up.height - box.y) for box in up.boxes] == [(box.x, box.y) for box in down.boxes]
    right, left = layout(*graph, direction="right"), layout(*graph, direction="left")
    assert [(right.width - box.x, box.y) for box in right.boxes] == [(box.x, box.y) for box in left.boxes]
    assert [(box.width, box.height) for box in left.boxes] == graph[0]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("boxes", [30, 300])
def test_networks_without_dense_layers_are_drawn_without_crossings(name: str, boxes: int) -> None:
    net = NETWORKS[name](boxes)
    sheet = layout(net.sizes, net.edges, chip=CHIP)
    assert overlaps(sheet) == []
    if name != "scalar mlp":
        assert sheet.crossings == 0


@pytest.mark.parametrize("name", ["transformer", "recurrent", "convnet"])
def test_a_deep_network_does_not_lean_over(name: str) -> None:
    short, long = (NETWORKS[name](boxes) for boxes in (200, 2000))
    widths = [layout(net.sizes, net.edges, chip=CHIP).width for net in (short, long)]
    assert widths[1] <= 1.3 * widths[0]


def test_a_chain_of_100_000_boxes_is_laid_out() -> None:
    count = 100_000
    sheet = layout([(10.0, 10.0)] * count, [(box + 1, box, 1) for box in range(count - 1)], between=10.0)
    assert sheet.boxes[0].layer == count - 1
    assert {box.x for box in sheet.boxes} == {5.0}


def test_edges_in_a_circle_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\Alayout: the edges run in a circle through box 0\Z"):
        layout([(1.0, 1.0)] * 2, [(0, 1, 1), (1, 0, 1)])


def test_leaves_hang_under_the_operation_that_reads_them() -> None:
    # 0 - 1 - 2 - 4 is a chain of operations on leaf 0; leaf 3 is read by 4 alone
    consumers, operands = [[1], [2], [4], [4], []], [[], [0], [1], [], [2, 3]]
    assert ranks(consumers, operands) == [3, 2, 1, 1, 0]


def test_a_result_read_far_above_is_let_down_to_its_operands() -> None:
    # 7 adds the errors 5 and 6 of two steps; each error stands over its own step, not under the roof
    operands = [[], [0], [1], [2], [3], [1, 1], [4], [5, 6]]
    consumers = [[high for high, lows in enumerate(operands) for low in lows if low == box] for box in range(8)]
    rank = ranks(consumers, operands)
    assert rank[1] - rank[5] == 1


@pytest.mark.parametrize("operands", [2, 3, 5])
def test_operands_stand_from_left_to_right(operands: int) -> None:
    sheet = layout([(40.0, 20.0)] * (operands + 1), [(operands, k, k + 1) for k in range(operands)])
    assert [box.x for box in sheet.boxes[:operands]] == sorted(box.x for box in sheet.boxes[:operands])


def test_operands_of_a_tree_stand_from_left_to_right_at_every_operation() -> None:
    sizes = [(40.0, 20.0)] * 31
    edges = [(box, child, number) for box in range(15) for number, child in ((1, 2 * box + 1), (2, 2 * box + 2))]
    sheet = layout(sizes, edges)
    assert all(sheet.boxes[2 * box + 1].x < sheet.boxes[2 * box + 2].x for box in range(15))
    assert sheet.crossings == 0


def test_a_leaf_that_many_read_is_shown_beside_each_of_them() -> None:
    sizes = [(40.0, 20.0)] * 5
    edges = [(1, 0, 1), (2, 0, 1), (3, 0, 1), (4, 1, 1), (4, 2, 2), (4, 3, 3)]
    with_chips, without = layout(sizes, edges, chip=(10.0, 6.0)), layout(sizes, edges)
    assert [box.shows for box in with_chips.boxes] == [0, 1, 2, 3, 4, 0, 0]
    assert [box.chip for box in with_chips.boxes] == [False] * 5 + [True] * 2
    assert len(without.boxes) == 5
    assert len({with_chips.boxes[way.operand].x for way in with_chips.routes if with_chips.boxes[way.operand].shows == 0}) == 3


def test_both_edges_of_a_square_are_drawn_side_by_side() -> None:
    sheet = layout([(40.0, 20.0)] * 2, [(1, 0, 1), (1, 0, 2)])
    first, second = sheet.routes
    assert first.points[0][0] < 20.0 < second.points[0][0]
    assert first.points[0][0] + second.points[0][0] == pytest.approx(40.0)


def test_an_unused_box_stands_in_the_last_row() -> None:
    sheet = layout([(40.0, 20.0)] * 3, [(1, 0, 1)])
    assert sheet.boxes[2].layer == sheet.boxes[0].layer


def test_nothing_gives_an_empty_sheet() -> None:
    sheet = layout([], [])
    assert (sheet.width, sheet.height, sheet.boxes) == (0.0, 0.0, ())
