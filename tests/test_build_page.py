"""When the page of the studio is built, and what is said where it cannot be."""

import importlib.util
import json
import os
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    place = importlib.util.spec_from_file_location("build_page", ROOT / "build_page.py")
    assert place is not None
    assert place.loader is not None
    found = importlib.util.module_from_spec(place)
    place.loader.exec_module(found)
    monkeypatch.delenv(found.SKIP, raising=False)
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    web = tmp_path / "web" / "src"
    web.mkdir(parents=True)
    (web / "main.ts").write_text("export const one = 1;\n")
    (web.parent / "package.json").write_text("{}")
    (web.parent / "package-lock.json").write_text("{}")
    return tmp_path


def test_the_stamp_names_the_sources_and_nothing_else(page: ModuleType, checkout: Path) -> None:
    before = page.stamp(str(checkout))
    (checkout / "web" / "notes.txt").write_text("no source")
    assert page.stamp(str(checkout)) == before
    (checkout / "web" / "src" / "main.ts").write_text("export const one = 2;\n")
    changed = page.stamp(str(checkout))
    assert changed != before
    os.rename(checkout / "web" / "src" / "main.ts", checkout / "web" / "src" / "other.ts")
    assert page.stamp(str(checkout)) != changed


def test_the_page_is_built_only_where_its_sources_have_changed(page: ModuleType, checkout: Path) -> None:
    assert page.is_wanted(str(checkout))
    out = checkout / "src" / "backlight" / "web"
    out.mkdir(parents=True)
    (out / "stamp.txt").write_text(page.stamp(str(checkout)) + "\n")
    assert not page.is_wanted(str(checkout))
    (checkout / "web" / "package.json").write_text('{"name": "other"}')
    assert page.is_wanted(str(checkout))


def test_nothing_is_built_where_nobody_asks_for_it(page: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(page.SKIP, "skip")
    assert not page.is_wanted(str(checkout))
    monkeypatch.delenv(page.SKIP)
    (checkout / "web" / "package.json").unlink()
    assert not page.is_wanted(str(checkout))


def test_without_node_it_says_so(page: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "find_node", list)
    with pytest.raises(page.PageError) as caught:
        page.build(str(checkout))
    assert str(caught.value) == (
        "the page is built with Node 20.19 or newer, and there is none: install it, or build with the wheel's hook"
    )


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_what_npm_says_is_passed_on(
    page: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = checkout / "npm"
    npm.write_text("#!/bin/sh\necho no such package\nexit 7\n")
    npm.chmod(0o755)
    monkeypatch.setattr(page, "find_node", lambda: ["/usr/bin/node", str(npm)])
    with pytest.raises(page.PageError) as caught:
        page.build(str(checkout))
    web = checkout / "web"
    assert str(caught.value) == f"npm ci --no-audit failed with status 7 in {web}; what it said stands above"
    assert capsys.readouterr().err == "no such package\n"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a shell script")
def test_a_bundle_comes_with_its_stamp_and_replaces_the_old_one_at_once(
    page: ModuleType, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm = checkout / "npm"
    npm.write_text('#!/bin/sh\nmkdir -p node_modules\n[ "$1" = run ] && mkdir "$5" && echo made > "$5/backlight.js"\nexit 0\n')
    npm.chmod(0o755)
    monkeypatch.setattr(page, "find_node", lambda: ["/usr/bin/node", str(npm)])
    out = checkout / "src" / "backlight" / "web"
    out.mkdir(parents=True)
    (out / "old.js").write_text("old")
    page.build(str(checkout))
    assert sorted(path.name for path in out.iterdir()) == ["backlight.js", "stamp.txt"]
    assert not page.is_wanted(str(checkout))


@pytest.mark.skipif(not (ROOT / "web" / "package-lock.json").exists(), reason="an sdist may come without the page's sources")
def test_the_lock_file_names_no_host() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text(encoding="utf-8"))
    assert [name for name, package in lock["packages"].items() if "resolved" in package] == []
