import re
import subprocess
from pathlib import Path

import pytest
from tests.run.wasm.node import NODE, needs_node

TEXT = (Path(__file__).parents[3] / "docs" / "page.md").read_text(encoding="utf-8")


@needs_node
def test_the_page_of_the_documentation_runs_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (python,), (script,) = (re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.M | re.S) for language in ("python", "js"))
    monkeypatch.chdir(tmp_path)
    exec(compile(python, "page.md", "exec"), {})  # noqa: S102 - our own page, which is what is tested
    Path("page.mjs").write_text(script, encoding="utf-8")
    done = subprocess.run([str(NODE), "page.mjs"], capture_output=True, text=True, check=False)
    assert done.stdout == "2 81 72\n-1 9 -24\n", done.stderr
    assert "prints `2 81 72` and `-1 9 -24`" in TEXT
