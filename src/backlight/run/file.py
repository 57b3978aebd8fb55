"""A run as one file, exactly: the same bits come back, on any machine, without running anything.

    8 bytes    the mark of such a file; a copy in text mode would break it
    4 + 4      version; zero
    8 + 8      bytes of the description, bytes of the block
    …          the description: the graph in JSON, where each value starts in the block
    …          the block, from the next multiple of 64 bytes on
    32         SHA-256 of all that comes before

The block is written as it is in memory; the values of constants are read from it. A file is written under another name
and renamed when it is whole and on the disk, so under its own name there is either the old file or all of the new one.
Reading believes nothing: whatever is not such a file, whole and undamaged, is a FileError. No pickle, so a file from a
stranger can say wrong numbers and do nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core.document import graph_from_json, graph_to_json
from ..core.types import Type
from ..errors import FileError
from .digest import sha256
from .record import ALIGN, Run

__all__ = ["MARK", "load_run", "save_run", "write_whole"]

MARK = b"\x89BKL\r\n\x1a\n"
VERSION = 1
HEAD = struct.Struct("<8sIIQQ")
CHECK = 32  # bytes of SHA-256


def save_run(run: Run, path: str | os.PathLike[str]) -> None:
    """Write the run as one file, in place of what had that name.

    Raises: FileError where the disk does not take it; nothing is changed then.
    """
    graph = graph_to_json(run.graph, constants=False)
    starts = [int(start) for start in run.starts]
    described = {"order": sys.byteorder, "seeded": run.seeded, "starts": starts, "graph": graph}
    text = json.dumps(described, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    block = np.ascontiguousarray(run.block).view(np.uint8).reshape(-1)
    head = HEAD.pack(MARK, VERSION, 0, len(text), block.size)
    pieces: list[Any] = [head, text, b"\0" * (-(len(head) + len(text)) % ALIGN), block.data]
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    write_whole(Path(path), [*pieces, digest.digest()])


def write_whole(path: Path, pieces: Sequence[Any]) -> None:
    """The pieces as one file, all or nothing; a link is followed. What is there and is no file, such as a pipe, gets them as
    they come.

    Raises: FileError where that cannot be done.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as stream:
                stream.writelines(pieces)
            return
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from None
    _replace(Path(os.path.realpath(path)), path, pieces)


def _replace(target: Path, path: Path, pieces: Sequence[Any]) -> None:
    """Write under another name and give the file its own when all of it is on the disk; `path` is what people call it."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}.new")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
        try:
            with open(handle, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(fresh)
            raise
        _settle(target.parent)
    except OSError as error:
        raise FileError(f"cannot write {path}: {error.strerror or error}") from None


def _settle(folder: Path) -> None:
    """Have the disk remember the new name too, where a system can do that with folders."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def load_run(path: str | os.PathLike[str]) -> Run:
    """The run that was saved in a file: the same graph, the same bits.

    Raises: FileError for a file that is missing, damaged, cut short, of another kind or of a newer version.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"cannot read {path}: {error.strerror or error}") from None
    if data[: len(MARK)] != MARK:
        raise FileError(f"{path} is not a saved run: it begins with {data[: len(MARK)]!r}" if data else f"{path} is empty")
    if len(data) < HEAD.size + CHECK:
        raise FileError(f"{path} is cut short: it has {len(data)} bytes")
    _, version, spare, text_size, block_size = HEAD.unpack_from(data)
    block_start = -(-(HEAD.size + text_size) // ALIGN) * ALIGN
    size = block_start + block_size + CHECK
    if version > VERSION and spare == 0:
        raise FileError(f"{path} is of version {version}, and this program reads version {VERSION}: it may be of a newer one")
    if len(data) != size:
        raise FileError(f"{path} is damaged or cut short: it has {len(data)} bytes, and should have {size}")
    if sha256(memoryview(data)[:-CHECK]).digest() != data[-CHECK:] or version != VERSION:
        raise FileError(f"{path} is damaged: its check sum is not that of its contents")
    try:
        return _read(data[HEAD.size : HEAD.size + text_size], bytearray(data[block_start : block_start + block_size]))
    except FileError as error:
        raise FileError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise FileError(f"{path} does not describe a run: {type(error).__name__}: {error!s:.80}") from None


def _read(text: bytes, memory: bytearray) -> Run:
    described = json.loads(text.decode("utf-8", "surrogatepass"))
    if described["order"] != sys.byteorder:
        raise FileError(f"its numbers are {described['order']}-endian, and this machine is {sys.byteorder}-endian")
    block = np.frombuffer(memory, np.uint8)
    starts = np.array(described["starts"], np.int64)

    def constant(number: int, type_: Type) -> Any:
        start = starts[number]
        view = block[start : start + type_.nbytes].view(type_.dtype).reshape(type_.shape)
        return view.copy() if view.ndim else view[()]

    graph = graph_from_json(described["graph"], constant)
    if starts.shape != (len(graph.nodes),):
        raise FileError(f"it has {len(graph.nodes)} nodes and says of {starts.size} where they are")
    for number, node in enumerate(graph.nodes):
        if isinstance(node.type, Type) and not 0 <= starts[number] <= block.size - node.type.nbytes:
            raise FileError(f"node {number} lies outside its block")
    return Run(graph, block, starts, bool(described["seeded"]))
