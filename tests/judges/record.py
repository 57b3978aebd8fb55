"""Samples and a judge's answers in one file: numbers side by side by dtype, and a text that says which belong to what.

Nothing in the file is ever executed: it is a plain .npz, read without pickle, and the text is JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np
from tests.judges.sample import Answer, Leaf, Sample

__all__ = ["Record", "load", "save"]


class Record(NamedTuple):
    """All entries that the judge has, and some questions with their answers by entry."""

    entries: list[str]
    questions: Mapping[str, list[tuple[Sample, Answer]]]


class Writer:
    """Arrays laid side by side; each is known by its dtype, where it begins and its shape."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {}
        self.sizes: dict[str, int] = {}

    def array(self, x: Any) -> list[Any]:
        x = np.asarray(x)
        name = x.dtype.name
        start = self.sizes.get(name, 0)
        self.parts.setdefault(name, []).append(x.reshape(-1))
        self.sizes[name] = start + x.size
        return [name, start, list(x.shape)]

    def written(self, nest: Any) -> Any:
        if nest is None or (isinstance(nest, (bool, int, str)) and not isinstance(nest, np.generic)):
            return nest
        if isinstance(nest, Leaf):
            return {"leaf": nest.number}
        if isinstance(nest, float) and not isinstance(nest, np.generic):
            return {"float": repr(nest)}
        if isinstance(nest, (np.ndarray, np.generic)):
            return {"array": self.array(nest)}
        if isinstance(nest, (list, tuple)):
            return {type(nest).__name__: [self.written(part) for part in nest]}
        if isinstance(nest, dict):
            return {"dict": {name: self.written(part) for name, part in nest.items()}}
        if isinstance(nest, slice):
            return {"slice": [nest.start, nest.stop, nest.step]}
        if isinstance(nest, EllipsisType):
            return {"...": 0}
        raise TypeError(f"a sample holds a {type(nest).__name__}, which has no place in the file: {nest!r:.80}")


def save(path: Path, record: Record) -> None:
    """Write the file, to a temporary name first."""
    writer = Writer()
    told = {}
    for name, pairs in record.questions.items():
        told[name] = [
            {
                "args": writer.written(sample.args), "named": writer.written(dict(sample.named)), "finish": sample.finish,
                "leaves": [writer.array(x) for x in sample.leaves], "results": [writer.array(x) for x in answer.results],
                "moving": list(answer.moving), "gradients": [writer.array(x) for x in answer.gradients],
                "moved": None if answer.moved is None else [writer.array(x) for x in answer.moved],
            }
            for sample, answer in pairs
        ]  # fmt: skip
    text = json.dumps({"entries": record.entries, "questions": told}, separators=(",", ":"), ensure_ascii=True)
    arrays = {name: np.concatenate(parts) for name, parts in writer.parts.items()}
    arrays["text"] = np.frombuffer(text.encode(), np.uint8)
    fresh = path.with_suffix(".new.npz")
    np.savez_compressed(fresh, allow_pickle=False, **arrays)
    fresh.replace(path)


def load(path: Path) -> Record:
    """Read the file again."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    told = json.loads(arrays.pop("text").tobytes())

    def array(place: Any) -> Any:
        name, start, shape = place
        return arrays[name][start : start + int(np.prod(shape))].reshape(shape)[()]

    def read(nest: Any) -> Any:
        if not isinstance(nest, dict):
            return nest
        ((kind, part),) = nest.items()
        found: dict[str, Any] = {
            "leaf": Leaf, "float": float, "array": array,
            "list": lambda p: list(map(read, p)), "tuple": lambda p: tuple(map(read, p)),
            "dict": lambda p: {name: read(v) for name, v in p.items()}, "slice": lambda p: slice(*p), "...": lambda p: ...,
        }  # fmt: skip
        return found[kind](part)

    def arrays_of(places: Iterable[Any]) -> list[Any]:
        return [array(place) for place in places]

    def pair(q: dict[str, Any]) -> tuple[Sample, Answer]:
        moved = None if q["moved"] is None else arrays_of(q["moved"])
        sample = Sample(read(q["args"]), read(q["named"]), arrays_of(q["leaves"]), q["finish"])
        return sample, Answer(arrays_of(q["results"]), q["moving"], arrays_of(q["gradients"]), moved)

    return Record(told["entries"], {name: [pair(q) for q in pairs] for name, pairs in told["questions"].items()})
