"""A class at one studio: everybody gets answers, and everybody's are their own. How fast is in `benchmarks/studio_load.py`."""

import asyncio
import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the extra `studio` is not installed")

from tests.studio.server import studio

PLACE = Path(__file__).parents[2] / "benchmarks" / "studio_load.py"


def test_forty_visitors_at_once_each_see_their_own_numbers() -> None:
    found = importlib.util.spec_from_file_location("studio_load", PLACE)
    assert found is not None
    assert found.loader is not None
    tool = importlib.util.module_from_spec(found)
    found.loader.exec_module(tool)
    with studio() as served:
        seen, count = asyncio.run(tool.load(served, 40, 4.0, 2.0))
        assert count == len(seen) >= 40  # each of them was compared with what it must be
        assert tool.memory_mb(served) < 1500
