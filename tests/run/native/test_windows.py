"""Convolutions and pools with settings at random, and their gradients: compiled as on the reference machine, also where some
numbers are infinite or none, beside which the padding's zeros would tell."""

import re
from typing import Any

import numpy as np
import pytest
from tests.run.native.graphs import CLOSE, agree, graph_of, reference, with_gradients

from backlight import errors, ops
from backlight.core.types import Type
from backlight.run.lower.program import Call
from backlight.run.native.machine import compile_graph


def setting(random: np.random.Generator) -> tuple[str, dict[str, Any], list[tuple[int, ...]]]:
    """A row, its settings, and the shapes of its operands."""
    rank = int(random.integers(1, 4))
    groups, inner, outer = (int(random.integers(1, n)) for n in (3, 5, 5))
    kernel = tuple(int(random.integers(1, 5)) for _ in range(rank))
    size = tuple(int(random.integers(k, 20 if rank < 3 else 8)) for k in kernel)
    stride, dilation = (tuple(int(random.integers(1, 4)) for _ in range(rank)) for _ in range(2))
    n = int(random.integers(1, 6))
    way = str(random.choice(["conv", "conv_transpose", "max_pool", "avg_pool"]))
    if way.endswith("pool"):
        pads = tuple(int(random.integers(0, k // 2 + 1)) for k in kernel)
        settings: dict[str, Any] = {"size": kernel, "stride": stride, "padding": pads, "ceil": bool(random.integers(0, 2))}
        if way == "max_pool":
            settings["dilation"] = dilation
        return f"{way}{rank}d", settings, [(n, inner, *size)]
    settings = {"stride": stride, "dilation": dilation, "groups": groups,
                "padding": tuple((int(a), int(b)) for a, b in random.integers(0, 3, (rank, 2)))}
    if way == "conv":
        return f"{way}{rank}d", settings, [(n, inner * groups, *size), (outer * groups, inner, *kernel)]
    settings["output_padding"] = tuple(int(random.integers(0, s)) for s in stride)
    return f"{way}{rank}d", settings, [(n, inner * groups, *size), (inner * groups, outer, *kernel)]


@pytest.mark.parametrize("seed", range(40))
def test_windows_of_any_kind_agree_with_the_reference(seed: int) -> None:
    random = np.random.default_rng(seed)
    dtype = ["float64", "float32"][seed % 2]
    done = 0
    while done < 2:
        row, settings, shapes = setting(random)
        values = [random.normal(size=shape).astype(dtype) for shape in shapes]
        try:
            graph = graph_of(lambda *xs: getattr(ops, row)(*xs, **settings), *(Type(dtype, s) for s in shapes))  # noqa: B023
            found = with_gradients(graph)
        except (errors.ShapeError, errors.ValueError):  # a window that does not fit
            continue
        assert found is not None
        written, gradients = found
        outputs = [*graph.outputs, *gradients]
        f = compile_graph(written, outputs)
        for made, wanted in zip(f(*values), reference(written, values, outputs), strict=True):
            assert agree(made, wanted, CLOSE[dtype]), (row, settings, shapes)
        assert f.latest is not None
        left = [i.op.name for i in f.latest.lowered.program.instructions if isinstance(i, Call)]
        assert not left, (row, settings, shapes)
        for number in (np.inf, np.nan):
            values[-1].flat[seed % values[-1].size] = number
            values[0].flat[seed * 7 % values[0].size] = 0.0
            with np.errstate(invalid="ignore"):
                everywhere = zip(f(*values), reference(written, values, outputs), strict=True)
            for made, wanted in everywhere:
                assert agree(made, wanted, CLOSE[dtype]), (number, row, settings, shapes)
        done += 1


def test_a_program_asks_whether_the_zeros_of_the_padding_tell_unless_it_knows_the_weights() -> None:
    picture, weights = Type("float64", (2, 1, 5, 5)), Type("float64", (1, 1, 3, 3))
    known = np.arange(9.0).reshape(1, 1, 3, 3)
    asking = compile_graph(graph_of(lambda x, w: ops.conv2d(x, w, padding=1), picture, weights))
    asking.prepare(picture, weights)
    knowing = compile_graph(graph_of(lambda x: ops.conv2d(x, known, padding=1), picture))
    knowing.prepare(picture)
    product = "product (1 × 3·3) (3·3 × 2·5·5)"
    assert headings(asking) == ["loop 98", "loop 2 × 5 × 5", "loop 9", "choice", product, "loop 2 × 5 × 5 × 3 × 3", "loop 50"]
    assert headings(knowing) == ["loop 98", "loop 2 × 5 × 5", product]


def headings(f: Any) -> list[str]:
    """What kinds of instructions a program has, those inside others too."""
    return [m[1] for line in f.listing().splitlines() if (m := re.match(r" *\d+ (\S.*?)    %\d conv2d$", line))]
