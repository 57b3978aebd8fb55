"""What holds for the project as a whole: its rooms, its weight, its files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import backlight

ROOT = Path(__file__).parents[1]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)


def python(code: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, "-c", code)


def test_every_room_looks_down_only_and_heavy_packages_are_fenced_in():
    checked = python("import sys; from importlinter import cli; sys.exit(cli.lint_imports_command())")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "Contracts: 2 kept, 0 broken." in checked.stdout


def test_importing_the_package_loads_numpy_and_nothing_heavier():
    # With the names that everybody uses, because a name is loaded when it is first asked for.
    words = "from backlight import backprop, run"
    said = python(f"import numpy, sys; n = set(sys.modules); {words}; print(*(set(sys.modules) - n))")
    assert said.returncode == 0, said.stderr
    packages = {name.partition(".")[0] for name in said.stdout.split()}
    assert packages - sys.stdlib_module_names == {"backlight"}


# What a first gradient does without: modules of Python that take long to load, and rooms of ours for what it does not ask.
UNUSED = [
    "json", "pathlib", "urllib", "backlight.core.use", "backlight.core.asker", "backlight.read.trouble",
    "backlight.read.numpy.door", "backlight.read.numpy.held",
]  # fmt: skip
GRADIENT = "import backlight as bl; bl.grad(lambda x: (4.0 * x + 1.0) ** 2)(2.0)"


def test_a_first_gradient_loads_what_it_needs_and_no_more():
    # A process takes as long as it has modules to load, whatever the machine: what stands here is what the benchmark W10 measures.
    said = python(f"import numpy, sys; n = set(sys.modules); {GRADIENT}; print(*(set(sys.modules) - n))")
    assert said.returncode == 0, said.stderr
    loaded = set(said.stdout.split())
    assert "backlight.diff.reverse" in loaded
    assert sorted(loaded & {*UNUSED, *(f"backlight.ops.{room}" for room in backlight.ops.LATER)}) == []


def test_a_first_compiled_gradient_loads_no_rooms_for_what_it_does_not_compute():
    pytest.importorskip("llvmlite")
    anew = "import os, sys; os.environ['BACKLIGHT_CACHE'] = 'off'"
    compiled = GRADIENT.replace("bl.grad(", "bl.compile(bl.grad(").replace(")(2.0)", "))(2.0)")
    said = python(f"{anew}; {compiled}; print(*sys.modules)")
    assert said.returncode == 0, said.stderr
    loaded = set(said.stdout.split())
    assert "backlight.run.emit.scalar" in loaded
    unused = "emit.bessel emit.gamma emit.normal emit.special lower.windows lower.pools lower.draws".split()
    assert sorted(loaded & {f"backlight.run.{room}" for room in unused}) == []


# What people may rely on. A name added here is a promise; one removed breaks somebody's code.
PUBLIC = [
    "array", "backprop", "check_grads", "checkpoint", "compile", "cond", "errors", "explain", "grad", "gradients", "hessian",
    "hvp", "jacobian", "jvp", "linearize", "load_run", "numpy", "ops", "parse", "record", "rule", "run", "scan", "scipy", "show",
    "stop_gradient", "trace", "value_and_grad", "vjp", "vmap", "while_loop",
]  # fmt: skip


def test_the_public_surface_is_the_one_that_was_promised():
    assert sorted(backlight.__all__) == PUBLIC == dir(backlight)
    assert [name for name in PUBLIC if not getattr(backlight, name).__doc__] == []


def test_run_is_the_function_also_after_the_room_of_that_name_was_imported():
    said = python("import backlight.run.reference, backlight; print(backlight.run.__name__, callable(backlight.run))")
    assert said.stdout == "run True\n", said.stderr


def test_a_name_that_is_not_public_is_an_ordinary_missing_attribute():
    with pytest.raises(AttributeError) as error:
        backlight.backprob  # noqa: B018 - asking is the point
    assert str(error.value) == "module 'backlight' has no attribute 'backprob'"


SOURCES = sorted((ROOT / "src").rglob("*.py"))


def test_no_file_has_outgrown_its_idea():
    lengths = {path.relative_to(ROOT): len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path: length for path, length in lengths.items() if length > 600} == {}


def test_modules_are_named_after_things():
    vague = {"base", "common", "helpers", "manager", "misc", "service", "tools", "utils"}
    assert [path for path in SOURCES if vague & {path.stem.strip("_"), path.parent.name}] == []


def tracked_files() -> list[Path]:
    listed = run("git", "ls-files", "-z")
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


# Spelled in pieces, so that this file does not hold what it looks for.
HOSTS = ["pypi" + ".org", "python" + "hosted.org", "registry.npm" + "js.org", "deb.debian" + ".org"]
MACHINE = ["/" + "work/", "/root" + "/", "/tmp/" + "wt", "/opt/" + "wheels"]


def test_no_tracked_file_names_a_registry_host_or_a_path_of_one_machine():
    forbidden = re.compile("|".join(re.escape(word) for word in HOSTS + MACHINE).encode())
    found = {
        str(path.relative_to(ROOT)): sorted({hit.decode() for hit in forbidden.findall(path.read_bytes())})
        for path in tracked_files()
        if path.is_file() and not path.is_symlink() and forbidden.search(path.read_bytes())
    }
    assert found == {}


def test_no_lock_file_of_python_packages_is_tracked():
    assert [path.name for path in tracked_files() if path.name == "uv.lock" or path.match("pylock*.toml")] == []
