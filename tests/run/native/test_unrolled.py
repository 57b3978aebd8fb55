"""Steps written out one by one in Python: the same few instructions, again and again."""

import re
from collections.abc import Callable

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp
from backlight.run.native import host


@pytest.fixture
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the compiler is given."""
    found: list[str] = []
    original = host.assemble

    def assemble(text: str, *rest: object) -> bytes:
        found.append(text)
        return original(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    monkeypatch.setattr(host, "assemble", assemble)
    return found


def unrolled(steps: int) -> Callable[..., object]:
    def f(x):  # type: ignore[no-untyped-def]
        for _ in range(steps):
            x = bnp.tanh(1.01 * x + x[::-1])
        return bnp.sum(x * x)

    return f


@pytest.mark.parametrize("steps", [20, 90, 150])
def test_steps_written_out_are_compiled_once_where_there_are_many(steps: int, texts: list[str]) -> None:
    x = np.random.default_rng(1).normal(size=21)
    value, slope = bl.compile(bl.value_and_grad(unrolled(steps)))(x)
    wanted, tangent = x, np.eye(21)
    for _ in range(steps):
        new = np.tanh(1.01 * wanted + wanted[::-1])
        tangent = (1 - new**2)[:, None] * (1.01 * tangent + tangent[::-1])
        wanted = new
    assert np.isclose(value, (wanted**2).sum(), 1e-12)
    assert np.allclose(slope, 2 * wanted @ tangent, 1e-8, 1e-300)
    (text,) = texts
    calls = len(re.findall(r"call .*@bl\.tanh\.", text))
    assert (calls >= steps) if steps == 20 else (5 * calls < steps)  # whole vectors and the rest of a row, of four loops


def test_reversing_leaves_no_zeros_to_write(texts: list[str]) -> None:
    compiled = bl.compile(bl.value_and_grad(lambda x: bnp.sum(bnp.sin(x[::-1]) * x)))
    value, slope = compiled(np.array([1.0, 2.0, 4.0]))
    assert np.isclose(value, np.sin(4.0) + 2 * np.sin(2.0) + 4 * np.sin(1.0))
    assert np.allclose(slope, [np.sin(4.0) + 4 * np.cos(1.0), np.sin(2.0) + 2 * np.cos(2.0), np.sin(1.0) + np.cos(4.0)])
    assert not re.search(r"= 0(\.0)?$", compiled.listing(), re.MULTILINE)
