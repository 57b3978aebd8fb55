#!/usr/bin/env python3
"""Everything one does in a checkout, with nothing but Python 3.11 installed:

    python3 do.py explain "(4*x + 1)^2" x=2     any word but `test` is a word of the `backlight` command
    python3 do.py studio                        the studio, in the browser; builds its page first
    python3 do.py test                          every check: ruff, mypy, pytest
    python3 do.py test tests/core -k sigmoid    pytest only, with these arguments

The first run makes a virtual environment in `.venv`, with a `uv` of its own in `.tools` unless one is on the PATH.
After that this file only looks whether `pyproject.toml` and the sources of the page are still those that were installed, and
hands over; no network is needed then, and nothing of ours is written to standard output, so that `… --json | jq` works.
The tools for testing are installed when somebody tests, not before.

Only the standard library is used, and no syntax newer than Python 3.7, so that an old one can say that it is too old.
"""

from __future__ import annotations

import os
import subprocess
import sys

import build_page

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
TOOLS = os.path.join(ROOT, ".tools")
BIN, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
PYTHON = os.path.join(VENV, BIN, "python" + EXE)
UV = "uv==0.13.8"
OLDEST_UV = (0, 8)  # the first with `pip install --group` as it is used here

CHECKS = [
    ("ruff", ["-m", "ruff", "check", "."]),
    ("mypy", ["-m", "mypy"]),
    # A file's tests stay together: they share a browser or a server.
    ("pytest", ["-m", "pytest", "--numprocesses", "auto", "--maxprocesses", "4", "--dist", "loadfile"]),
]

# What each kind of use installs, and which other kinds have that already.
INSTALLS = {"main": ["--editable", "."], "studio": ["--editable", ".[studio,png]"], "dev": ["--editable", ".", "--group", "dev"]}
ENOUGH = {"main": ["studio", "dev"], "studio": ["dev"], "dev": []}


class SetupError(Exception):
    """Why this checkout cannot be set up, and what to do about it."""


def main(words: list[str]) -> int:
    if sys.version_info < (3, 11):
        raise SetupError(
            "Backlight needs Python 3.11 or newer, and %s is Python %d.%d. "
            "Run this file with a newer one, for instance: python3.12 do.py" % (sys.executable, *sys.version_info[:2])
        )
    if words[:1] != ["test"]:
        make_ready("studio" if words[:1] == ["studio"] else "main")
        return hand_over([PYTHON, "-m", "backlight", *words])
    make_ready("dev")
    if words[1:]:
        return hand_over([PYTHON, "-m", "pytest", *words[1:]])
    failed = [name for name, command in CHECKS if subprocess.call([PYTHON, *command], cwd=ROOT) != 0]
    print("failed: " + ", ".join(failed) if failed else "all checks passed", file=sys.stderr)
    return 1 if failed else 0


def make_ready(kind: str) -> None:
    """Install the package with what this kind of use needs, unless that was done for this very `pyproject.toml`."""
    stamp = os.path.join(VENV, ".ready-" + kind)
    wanted = ROOT + "\n" + read(os.path.join(ROOT, "pyproject.toml"))
    if kind == "main":
        os.environ.setdefault(build_page.SKIP, "skip")  # a command that draws no page does not wait for one to be built
    else:
        wanted += "\n" + build_page.stamp(ROOT)
    enough = [stamp] + [os.path.join(VENV, ".ready-" + more) for more in ENOUGH[kind]]
    if os.path.exists(PYTHON) and any(read(done).startswith(wanted) for done in enough):
        return
    if not os.access(ROOT, os.W_OK):
        raise SetupError("cannot write in %s. Copy the checkout to a folder that is yours and run do.py there." % ROOT)
    say("setting up %s (only this once, needs the network)" % VENV)
    uv = find_uv()
    if not runs([PYTHON, "-c", ""]):  # none yet, or made by a Python that has since gone
        call([uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV])
    call([uv, "pip", "install", "--quiet", "--python", PYTHON, *INSTALLS[kind]])
    with open(stamp + ".new", "w", encoding="utf-8") as file:
        file.write(wanted)
    os.replace(stamp + ".new", stamp)  # in one step: a run beside this one sees no stamp or all of it


def find_uv() -> str:
    """A usable `uv`: the one on the PATH, the one in `.tools`, or one that pip puts there."""
    own = os.path.join(TOOLS, "bin", "uv" + EXE)
    for uv in ("uv", own):
        if uv_version(uv) >= OLDEST_UV:
            return uv
    os.makedirs(TOOLS, exist_ok=True)
    quietly = ["-qq", "--disable-pip-version-check", "--no-warn-script-location", "--root-user-action=ignore"]
    # --target is allowed even where a system Python refuses a plain `pip install`.
    call([*find_pip(), "install", *quietly, "--upgrade", "--target", TOOLS, UV])
    return own


def uv_version(uv: str) -> tuple[int, ...]:
    """The first two numbers of a uv's version, (0, 0) if there is no such program."""
    try:
        said = subprocess.run([uv, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
        return tuple(int(part) for part in said.split()[1].split(".")[:2])
    except (OSError, IndexError, ValueError):
        return (0, 0)


def find_pip() -> list[str]:
    """The command of a pip: this Python's own, or else one in a virtual environment made for it."""
    if runs([sys.executable, "-m", "pip", "--version"]):
        return [sys.executable, "-m", "pip"]
    folder = os.path.join(TOOLS, "pip")
    if runs([sys.executable, "-m", "venv", folder]):
        return [os.path.join(folder, BIN, "python" + EXE), "-m", "pip"]
    raise SetupError(
        "%s has neither pip nor venv. Install one of them (on Debian and Ubuntu: apt install python3-venv), "
        "or uv, and run do.py again." % sys.executable
    )


def runs(command: list[str]) -> bool:
    """Whether the command is there and succeeds; what it says is of no interest."""
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def call(command: list[str]) -> None:
    """Run a step of the set-up, its output on standard error; a step that fails ends the set-up."""
    environment = dict(os.environ, UV_PYTHON_DOWNLOADS="never")
    if has_certificates():  # uv brings some of its own, which know nothing of a company's or a school's
        environment.update(UV_SYSTEM_CERTS="1", UV_NATIVE_TLS="1")  # the second is what older ones call it
    if not os.access(os.path.expanduser("~"), os.W_OK):
        environment["UV_NO_CACHE"] = "1"  # it would be in the home folder
    code = subprocess.call(command, cwd=ROOT, env=environment, stdout=sys.stderr)
    if code != 0:
        raise SetupError("this step failed with status %d: %s" % (code, " ".join(command)))


def has_certificates() -> bool:
    """Whether this machine keeps certificates of its own; slim containers do not."""
    if os.name == "nt" or sys.platform == "darwin":
        return True
    import ssl  # here, because it is needed once and takes as long to load as all the rest

    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and os.listdir(paths.capath)))


def hand_over(command: list[str]) -> int:
    """Become the command, so that its output, its exit status and Ctrl-C are its own."""
    # Where this is set, every process would compile NumPy and us anew, which takes half a second. What we write stays
    # in folders that are ours or ignored by git.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.call(command)


def read(path: str) -> str:
    """The text of a file, empty if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return ""


def say(text: str) -> None:
    """Tell the person, on standard error: standard output belongs to the command."""
    print("backlight: " + text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
