"""The view in real notebooks in a real browser: what is moved on the screen is moved in Python.

These need marimo and JupyterLab, which take 200 MB, so they are run by hand, and skipped where the two are missing:

    uv pip install --python .venv/bin/python --group notebooks && python3 do.py test tests/notebook
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from tests.browser import CHROMIUM

from backlight.live.recording import bundle

SHOW = "import backlight as bl\npicture = bl.show(bl.backprop('(4*x + 1)^2', x=2))\nview = picture.widget()\n"
SEEN = "print('python sees', view.values, view.run['x'].gradient)"
needs = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif(bundle() is None, reason="the page was not built into this copy"),
    pytest.mark.slow,
]
pytestmark = needs


def port() -> int:
    """A port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(command: list[str], address: str, **settings: str) -> Iterator[None]:
    """A server for the length of a block."""
    env: Mapping[str, str] = {**os.environ, **settings, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    try:
        end = time.monotonic() + 60
        while True:
            try:
                urlopen(address).close()
                break
            except OSError:
                assert time.monotonic() < end, f"{command[0]} does not answer"
                time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(20)


def move(page: Any, text: str) -> None:
    """Type another value for x, as a visitor does."""
    field = page.locator("#bl-value-x")
    field.fill(text)
    field.press("Enter")
    page.get_by_text("= 169", exact=False).first.wait_for()


def eventually(found: Callable[[], str], wanted: str) -> None:
    """Wait until a text is seen."""
    end = time.monotonic() + 20
    while wanted not in found():
        assert time.monotonic() < end, found()
        time.sleep(0.2)


def run_all(page: Any) -> None:
    """Run all cells; JupyterLab may first ask which kernel it should be, and then forgets what it was told."""
    for _ in range(6):
        page.get_by_role("menuitem", name="Run").first.click()
        page.get_by_text("Run All Cells", exact=True).first.click()
        try:
            page.locator("#bl-value-x").first.wait_for(timeout=10_000)
            return
        except Exception:  # Playwright's own, which is known only where it is installed
            page.keyboard.press("Escape")
    raise AssertionError("the view does not appear")


def test_jupyterlab_shows_the_view_and_python_follows(tmp_path: Path, browser: Any) -> None:
    if shutil.which("jupyter-lab", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("JupyterLab is not installed")
    cells = [{"cell_type": "code", "id": f"c{k}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
             for k, source in enumerate((f"{SHOW}view", SEEN))]  # fmt: skip
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "nb.ipynb").write_text(json.dumps(notebook))
    at = f"http://localhost:{port()}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={at.rpartition(':')[2]}",
               "--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path}"]  # fmt: skip
    own = {"JUPYTER_CONFIG_DIR": str(tmp_path / "config"), "JUPYTER_RUNTIME_DIR": str(tmp_path / "run")}
    with serving(command, f"{at}/api", **own):
        context = browser.new_context(viewport={"width": 1500, "height": 1000})
        page = context.new_page()
        page.goto(f"{at}/lab/tree/nb.ipynb?reset")
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
        page.add_locator_handler(page.locator(".jp-Dialog"), lambda dialog: dialog.locator(".jp-mod-accept").click())
        run_all(page)
        move(page, "3")
        page.locator(".jp-Notebook .jp-CodeCell").nth(1).click()
        page.keyboard.press("Control+Enter")
        eventually(lambda: "".join(page.locator(".jp-OutputArea-output").all_inner_texts()), "python sees {'x': '3'} 104.0")
        context.close()


def test_marimo_shows_the_view_and_python_follows(tmp_path: Path, browser: Any) -> None:
    pytest.importorskip("marimo", reason="marimo is not installed")
    (tmp_path / "nb.py").write_text(
        "import marimo\napp = marimo.App()\n\n@app.cell\ndef _():\n    import marimo as mo\n"
        + "".join(f"    {line}\n" for line in SHOW.splitlines())
        + "    shown = mo.ui.anywidget(view)\n    shown\n    return mo, shown, view\n\n"
        "@app.cell\ndef _(mo, shown, view):\n    shown.value\n"
        "    mo.md(f\"python sees {view.values} {view.run['x'].gradient}\")\n    return\n\n"
        'if __name__ == "__main__":\n    app.run()\n'
    )
    at = f"http://localhost:{port()}"
    command = [sys.executable, "-m", "marimo", "run", str(tmp_path / "nb.py"), "--headless", "--port", at.rpartition(":")[2],
               "--no-token"]  # fmt: skip
    with serving(command, f"{at}/health"):
        context = browser.new_context(viewport={"width": 1500, "height": 1000})
        page = context.new_page()
        page.goto(at)
        page.locator("#bl-value-x").wait_for(timeout=60_000)
        move(page, "3")
        eventually(lambda: str(page.locator("body").inner_text()), "python sees {'x': '3'} 104.0")
        context.close()


