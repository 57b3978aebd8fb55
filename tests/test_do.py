"""The way in: what `do.py` says when it cannot go on, and that it is quiet when it can."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


def do(before: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run do.py with some circumstance changed beforehand, and report the error as a person would see it."""
    code = f"import sys, os; {before}; import do\n"
    code += f"try: do.main({list(words)!r})\nexcept do.SetupError as error: do.say(str(error))"
    return run(sys.executable, "-c", code)


def test_an_old_python_is_told_which_one_is_needed():
    said = do("sys.version_info = (3, 10, 4, 'final', 0); sys.executable = '/usr/bin/python3'", "explain", "x")
    assert said.stdout == ""
    assert said.stderr == (
        "backlight: Backlight needs Python 3.11 or newer, and /usr/bin/python3 is Python 3.10. "
        "Run this file with a newer one, for instance: python3.12 do.py\n"
    )


def test_a_checkout_that_cannot_be_written_says_so(tmp_path):
    there = f"os.access = lambda path, mode: False; import do; do.ROOT = {str(tmp_path)!r}"
    said = do(there, "explain", "x")
    assert said.stdout == ""
    assert said.stderr == (
        f"backlight: cannot write in {tmp_path}. Copy the checkout to a folder that is yours and run do.py there.\n"
    )


def test_a_python_without_pip_and_venv_is_told_what_to_install(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    bare = f"os.environ['PATH'] = ''; sys.executable = {str(broken)!r}"
    said = do(f"{bare}; import do; do.ROOT = do.TOOLS = {str(tmp_path)!r}", "explain", "x")
    assert said.stdout == ""
    assert said.stderr == (
        f"backlight: setting up {ROOT / '.venv'} (only this once, needs the network)\n"
        f"backlight: {broken} has neither pip nor venv. Install one of them (on Debian and Ubuntu: "
        "apt install python3-venv), or uv, and run do.py again.\n"
    )


def test_a_step_that_fails_ends_the_set_up_with_its_status():
    said = do("import do; do.call([sys.executable, '-c', 'raise SystemExit(3)'])")
    assert "do.SetupError: this step failed with status 3: " + sys.executable in said.stderr


def test_a_python_as_old_as_3_7_can_read_it():
    ast.parse((ROOT / "do.py").read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.skipif(Path(sys.prefix) != ROOT / ".venv", reason="these tests run in an environment of somebody's own")
def test_once_set_up_nothing_is_said_and_the_exit_status_is_that_of_the_tests():
    run(sys.executable, "do.py", "test", "--version")  # sets up anew if pyproject.toml has changed since
    done = run(sys.executable, "do.py", "test", "--version")
    assert (done.returncode, done.stdout.split()[0], done.stderr) == (0, "pytest", "")
    assert run(sys.executable, "do.py", "test", "--no-such-option").returncode == 4
