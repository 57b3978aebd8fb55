import numpy as np
from docs.make_gallery import PICTURES
from tests.run.native.graphs import agree
from tests.run.wasm.node import needs_node, work
from tests.run.wasm.test_page import page_job

from backlight.core.types import Type
from backlight.run.native.machine import compile_graph
from backlight.run.native.page import compile_page
from backlight.run.record import Run
from backlight.show.picture import Picture

# What the three machines may differ by, relative to the largest number of a value: functions a few units in the last place
# apart, and in the page no fused products.
CLOSE = 1e-13


def shown_runs() -> dict[str, Run]:
    found = {}
    for name, draw in PICTURES.items():
        shown = draw()
        if isinstance(shown, Picture) and isinstance(shown.subject, Run):
            found[name] = shown.subject
    return found


@needs_node
def test_the_gallery_has_the_same_numbers_on_the_reference_the_native_machine_and_a_page() -> None:
    runs = shown_runs()
    assert len(runs) >= 10
    jobs, wanted = [], []
    for name, run in runs.items():
        graph = run.graph
        numbers = [i for i, node in enumerate(graph.nodes) if isinstance(node.type, Type)]
        values = [np.asarray(run.value(i)) for i in graph.inputs]
        found = compile_graph(graph, numbers)(*values)
        for i, value in zip(numbers, found if isinstance(found, tuple) else (found,), strict=True):
            assert agree(value, np.asarray(run.value(i)), CLOSE), (name, i)
        page = compile_page(graph, numbers)
        jobs.append(page_job(page, values))
        wanted.append((name, run, page))
    for (name, run, page), parts in zip(wanted, work(jobs), strict=True):
        for spot, data in zip(page.outputs, parts, strict=True):
            value = np.frombuffer(data, spot.type.dtype).reshape(spot.type.shape)
            assert agree(value, np.asarray(run.value(spot.node)), CLOSE), (name, spot.node)


def test_every_kind_of_picture_with_numbers_is_among_them() -> None:
    assert {"square", "perceptron_backward", "two_layers", "sigmoid_opened"} <= set(shown_runs())


