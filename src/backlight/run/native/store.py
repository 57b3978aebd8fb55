"""Compiled code on disk: an object file for each module, named by everything that it depends on.

An entry is written beside its place and moved there, so that a reader sees all of it or nothing; it carries its own
digest, so that a damaged one is noticed and made again; now and then the oldest are removed, if there are too many. Nothing here
can make a compilation fail: a disk that is full or closed is a store that keeps nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
import zlib

from backlight.run.digest import sha256

MAGIC = b"backlight object 2\n"
LIMIT_BYTES = 256 * 2**20
BETWEEN_BYTES = LIMIT_BYTES // 32  # written between two looks through the folder, on the average
ABANDONED_S = 3600.0  # nobody writes an entry for an hour


def folder() -> str | None:
    """Return where entries lie, or None if nothing is to be kept: `BACKLIGHT_CACHE` names a folder, or `off`."""
    asked = os.environ.get("BACKLIGHT_CACHE")
    if asked == "off":
        return None
    if asked:
        return asked
    if sys.platform == "win32":
        root = os.environ.get("LOCALAPPDATA")
    else:
        root = os.environ.get("XDG_CACHE_HOME")
    home = os.path.expanduser("~")
    if not root and home == "~":  # there is none
        return None
    return os.path.join(root or os.path.join(home, ".cache"), "backlight")


def key(*parts: str) -> str:
    """Return the name of an entry: a digest of all it depends on."""
    digest = sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def load(name: str) -> bytes | None:
    """Return an entry, or None if it is not there or damaged."""
    where = folder()
    if where is None:
        return None
    path = os.path.join(where, f"{name}.o")
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return None
    head = len(MAGIC) + 32
    image = data[head:]
    if data[: len(MAGIC)] != MAGIC or seal(name, image) != data[len(MAGIC):head]:
        remove(name)
        return None
    with contextlib.suppress(OSError):
        os.utime(path)  # used just now: among the last to be removed
    return image


def seal(name: str, image: bytes) -> bytes:
    """Return the digest of an entry under this name: another's, put in its place, is not taken for it."""
    return sha256(name.encode() + b"\0" + image).digest()


def remove(name: str) -> None:
    """Remove an entry, if the disk lets us."""
    where = folder()
    if where is not None:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(where, f"{name}.o"))


def save(name: str, image: bytes) -> None:
    """Keep an entry, if the disk lets us."""
    where = folder()
    if where is None:
        return
    import tempfile  # half a megabyte, with what it brings along: not for those who only read

    try:
        os.makedirs(where, mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=where, suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(MAGIC + seal(name, image) + image)
        os.replace(temporary, os.path.join(where, f"{name}.o"))
    except BaseException as error:  # an interrupt leaves nothing behind either
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if not isinstance(error, OSError):
            raise
        return
    if due(name, len(image)):
        prune(where, LIMIT_BYTES)


def due(name: str, size: int) -> bool:
    """Return whether the folder is looked through after this entry: once in `BETWEEN_BYTES`, whichever processes wrote them.

    To look at every entry takes some tenths of a second where they are small and many. The names decide, which are as good as
    drawn by lot.
    """
    return zlib.crc32(name.encode()) / 2**32 < size / BETWEEN_BYTES


def prune(where: str, limit: int) -> None:
    """Remove the entries that were not used for longest, until the rest fits; and what a killed writer left."""
    found = []
    with contextlib.suppress(OSError), os.scandir(where) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                status = entry.stat()
                if entry.name.endswith(".o"):
                    found.append((status.st_mtime, status.st_size, entry.path))
                elif entry.name.endswith(".part") and time.time() - status.st_mtime > ABANDONED_S:
                    os.unlink(entry.path)
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= limit:
            return
        with contextlib.suppress(OSError):
            os.unlink(path)
        total -= size
