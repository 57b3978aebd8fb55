"""Every block of code on a page is run, in order, and where a page shows what comes out, that is what comes out.

A `python` block with `>>>` is a doctest. A `python` block without is run as it is, and a `text` block right after it
holds what it prints. A `text` block right after an `sh` block of one `backlight` command, or after a comment
`<!-- backlight … -->`, holds what that command prints. The blocks of a page share their names, so that a page can be
read, and typed, from top to bottom.
"""

import contextlib
import doctest
import io
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from backlight.core.table import TABLE

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md"]
PAGES += [path for room in ("docs", "decisions") for path in sorted((ROOT / room).rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))

OUTPUT = r"(?:\n*^```text\n(?P<output>.*?)^```$)?"
FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$" + OUTPUT, re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^<!-- (?P<text>backlight .*?) -->$" + OUTPUT, re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?:python3 do\.py|backlight) (.*)$")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)(?:#[^)]*)?\)")


class Block(NamedTuple):
    language: str
    text: str
    output: str | None
    where: str


def blocks(page: str, name: str) -> list[Block]:
    fences = [("", *hit.group("text", "output"), hit.start()) for hit in COMMENT.finditer(page)]
    fences += [(*hit.group("language", "text", "output"), hit.start()) for hit in FENCE.finditer(page)]
    fences.sort(key=lambda fence: fence[3])
    return [Block(*fence[:3], f"{name}, line {page.count(chr(10), 0, fence[3]) + 1}") for fence in fences]


def difference(shown: str, printed: str) -> str:
    """What a page shows beside what was printed, nothing if they agree; trailing blanks are no matter."""
    want, got = ("\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n" for text in (shown, printed))
    agree = doctest.OutputChecker().check_output(want, got, doctest.ELLIPSIS)
    return "" if agree else f"the page shows\n{want}and what comes is\n{got}"


def fault_in_doctest(block: Block, names: dict[str, object]) -> str:
    test = doctest.DocTestParser().get_doctest(block.text, names, block.where, None, 0)
    said = io.StringIO()
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.write, clear_globs=False)
    names.update(test.globs)
    return said.getvalue()


def fault_in_python(block: Block, names: dict[str, object]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(block.text, block.where, "exec"), names)  # noqa: S102 - our own pages, which are what is tested
    return "" if block.output is None else difference(block.output, said.getvalue())


def fault_in_command(block: Block) -> str:
    command = COMMAND.match(block.text)
    assert command, f"{block.where}: only a backlight command can be followed by what it prints, not {block.text!r}"
    words = [sys.executable, "-m", "backlight", *shlex.split(command[1])]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.stderr or difference(block.output or "", done.stdout)


def fault(block: Block, names: dict[str, object]) -> str:
    """What is wrong with a block; nothing if it does what the page says."""
    if block.language == "python":
        return (fault_in_doctest if block.text.lstrip().startswith(">>>") else fault_in_python)(block, names)
    if block.language in ("sh", "") and block.output is not None:
        return fault_in_command(block)
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_of_a_page_runs_and_prints_what_the_page_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a page may write files
    names: dict[str, object] = {"__name__": "__main__"}
    faults = {block.where: fault(block, names) for block in blocks(page.read_text(encoding="utf-8"), page.name)}
    assert {where: what for where, what in faults.items() if what} == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_between_files_leads_somewhere(page):
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_two_commands_are_the_first_code_of_the_readme():
    found = blocks((ROOT / "README.md").read_text(encoding="utf-8"), "README.md")
    first = next(block for block in found if block.language not in ("", "text"))
    assert first.text == 'python3 do.py explain "(4*x + 1)^2" x=2\npython3 do.py test\n'


def test_a_page_that_shows_what_is_not_printed_is_found():
    page = "```python\nx = 2 + 2\nprint(x)\n```\n\n```text\n5\n```\n\n```python\n>>> x\n5\n```\n"
    printed, doctested = blocks(page, "page.md")
    names: dict[str, object] = {}
    assert fault(printed, names) == "the page shows\n5\nand what comes is\n4\n"
    assert "in page.md, line 10\nFailed example:\n    x\nExpected:\n    5\nGot:\n    4" in fault(doctested, names)


def test_the_page_of_operations_is_what_the_rows_say():
    made = runpy.run_path(str(ROOT / "docs" / "make_operations.py"))
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert page == made["page"](), "run `.venv/bin/python docs/make_operations.py`"
    assert sorted(re.findall(r"^### `(\w+)\(", page, re.MULTILINE)) == sorted(TABLE)


def test_the_page_of_rewrites_is_what_the_rules_say():
    made = runpy.run_path(str(ROOT / "docs" / "make_rewrites.py"))
    page = (ROOT / "docs" / "rewrites.md").read_text(encoding="utf-8")
    assert page == made["page"](), "run `.venv/bin/python docs/make_rewrites.py`"


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_is_short_and_runs(example, tmp_path):
    assert len(example.read_text(encoding="utf-8").splitlines()) < 60
    words = [sys.executable, "-W", "error", str(example)]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
