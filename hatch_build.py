"""The hook that puts the page of the studio into the wheel, the sdist and a checkout that is installed as it stands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

import build_page  # noqa: E402 - it stands beside this file, which is loaded from elsewhere


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the page first, where that has not been done for these very sources."""

    def dependencies(self) -> list[str]:
        """Node as a wheel, only where it is needed and not there."""
        return [build_page.NODE_WHEEL] if build_page.is_wanted(str(ROOT)) and not build_page.find_node() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and have the result taken along although git ignores it."""
        if build_page.is_wanted(str(ROOT)):
            build_page.build(str(ROOT))
        build_data["artifacts"].append("/src/backlight/web/")
