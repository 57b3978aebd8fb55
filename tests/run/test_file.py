"""A run as one file: the same bits back, and nothing but a FileError from anything else."""

import hashlib
import json
import os
import struct

import numpy as np
import pytest

import backlight as bl
from backlight.core.document import graph_to_json
from backlight.core.graph import At, Graph
from backlight.core.tape import Tape
from backlight.core.types import type_of
from backlight.diff.reverse import reverse
from backlight.errors import FileError
from backlight.ops import matmul, mul, sigmoid, square, sub, sum
from backlight.run.file import HEAD, MARK
from backlight.run.reference import run

SPECIAL = [np.nan, np.inf, -np.inf, -0.0, 5e-324, 0.1 + 0.2]


def example(dtype="float64"):
    """A run with arrays, scalars, constants of both kinds, gradients, a name, a scope and a place in a source."""
    tape = Tape()
    tape.at = At("<text>", 1, 2, 5, "σ(W @ x) − y # ünïcode")
    x = tape.input("x", type=type_of(np.zeros(6, dtype)))
    W = tape.input("W", type=type_of(np.zeros((3, 6), dtype)), attrs=(("role", "parameter"),))
    tape.scope = "layer/1"
    z = sigmoid(matmul(W, x))
    tape.scope, tape.at = "", None
    out = mul(sum(square(sub(z, np.array([1, 0, 1], dtype)))), 0.5)
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,), source="σ(W @ x)")
    values = {0: np.array(SPECIAL, dtype), 1: np.random.default_rng(0).normal(size=(3, 6)).astype(dtype)}
    return run(reverse(graph), values)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a run.bin"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_loaded_run_is_the_saved_one_to_the_last_bit(path, dtype):
    made = example(dtype)
    made.save(path)
    found = bl.load_run(str(path))
    assert found.block.tobytes() == made.block.tobytes()
    assert found.starts.tolist() == made.starts.tolist()
    assert found.seeded is False
    assert graph_to_json(found.graph) == graph_to_json(made.graph)
    assert found["x"].value.tobytes() == np.array(SPECIAL, dtype).tobytes()
    assert found.output.parts[0].downstream.tobytes() == made.output.parts[0].downstream.tobytes()
    assert [str(w.why) for w in found] == [str(w.why) for w in made]
    again = run(found.graph, {i: found.value(i) for i in found.graph.inputs})  # it is a graph that runs
    assert again.block.tobytes() == made.block.tobytes()


def test_saving_leaves_exactly_one_file_and_takes_the_place_of_an_older_one(path):
    path.write_text("older")
    example().save(path)
    assert os.listdir(path.parent) == [path.name]
    first = path.read_bytes()
    bl.load_run(path).save(path)
    assert path.read_bytes() == first
    assert os.listdir(path.parent) == [path.name]


def test_a_disk_that_refuses_leaves_what_was_there(tmp_path):
    made = example()
    with pytest.raises(FileError) as error:
        made.save(tmp_path / "no" / "such" / "folder")
    assert str(error.value) == f"cannot write {tmp_path}/no/such/folder: No such file or directory"
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileError) as error:
        made.save(tmp_path / "folder")
    assert str(error.value) == f"cannot write {tmp_path}/folder: Is a directory"
    assert os.listdir(tmp_path) == ["folder"]


def test_every_flipped_byte_and_every_cut_is_found(path):
    small = Tape()
    out = mul(small.input("x", type=type_of(1.0)), 3.0)
    run(reverse(Graph(tuple(small.nodes), (0,), (out.number,))), {0: np.float64(2)}).save(path)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        with pytest.raises(FileError):
            bl.load_run(path)
        path.write_bytes(whole[:place])
        with pytest.raises(FileError):
            bl.load_run(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(FileError):
        bl.load_run(path)
    path.write_bytes(whole)
    assert bl.load_run(path)["x"].gradient == 3.0


def forged(whole: bytes, change) -> bytes:
    """The file with its description changed and a check sum that fits."""
    _, version, spare, size, block = HEAD.unpack_from(whole)
    described = json.loads(whole[HEAD.size : HEAD.size + size])
    described = change(described) or described
    text = json.dumps(described).encode()
    start = -(-(HEAD.size + size) // 64) * 64
    body = HEAD.pack(MARK, version, spare, len(text), block) + text
    body += b"\0" * (-len(body) % 64) + whole[start : start + block]
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(order="big"), "its numbers are big-endian, and this machine is little-endian"),
        (lambda d: d["starts"].__delitem__(-1), "it has 26 nodes and says of 25 where they are"),
        (lambda d: d["starts"].__setitem__(0, 1 << 40), "node 0 lies outside its block"),
        (lambda d: d["graph"].update(version=2), "this graph is of version 2, and this program reads version 1"),
        (
            lambda d: d["graph"]["ops"].__setitem__(0, "teleport"),
            "this graph uses operations that this version does not have: teleport",
        ),
        (
            lambda d: d["graph"]["types"].__setitem__(0, ["object", 3]),
            "this is no description of a graph: ['object', 3] is no type",
        ),
        (lambda d: d["graph"]["grads"].__setitem__(0, 999), "this is no description of a graph: a number in it names no node"),
        (
            lambda d: d["graph"]["nodes"][2].__setitem__(1, [7, 0]),
            "this is no description of a graph: node 2 (matmul) uses node 7, which does not come before it",
        ),
        (
            lambda d: d["graph"]["whys"].__setitem__(0, ["boredom", "", -1, 0]),
            "this is no description of a graph: no node exists for the reason 'boredom'",
        ),
        (lambda d: d["graph"].__delitem__("nodes"), "this is no description of a graph: KeyError: 'nodes'"),
    ],
)
def test_a_description_that_does_not_hold_is_refused_though_its_check_sum_fits(path, change, message):
    example().save(path)
    path.write_bytes(forged(path.read_bytes(), change))
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"{path}: {message}"


@pytest.mark.parametrize("description", [[], 7, None, {"order": "little"}])
def test_a_description_of_something_else_is_refused(path, description):
    example().save(path)
    path.write_bytes(forged(path.read_bytes(), lambda d: description or [description]))
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value).startswith(f"{path} does not describe a run: ")


def test_other_files_are_told_apart(path):
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"cannot read {path}: No such file or directory"
    path.write_bytes(b"")
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"{path} is empty"
    path.write_bytes(b"PK\x03\x04 a zip archive")
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"{path} is not a saved run: it begins with b'PK\\x03\\x04 a z'"
    path.write_bytes(MARK + b"\1")
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"{path} is cut short: it has 9 bytes"
    example().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:8] + struct.pack("<I", 2) + whole[12:])
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"{path} is of version 2, and this program reads version 1: it may be of a newer one"
    path.write_bytes(whole[:-1])
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"{path} is damaged or cut short: it has {len(whole) - 1} bytes, and should have {len(whole)}"
    path.write_bytes(whole[:-40] + b"?" + whole[-39:])
    with pytest.raises(FileError) as error:
        bl.load_run(path)
    assert str(error.value) == f"{path} is damaged: its check sum is not that of its contents"
