"""Ask PyTorch's database of operations, all of it, and record a part of it for the tests that run without torch.

    python tools/operator_database.py                      every sample of every entry that is mapped: what differs
    python tools/operator_database.py --only linalg fft    those whose name holds one of these words
    python tools/operator_database.py --record             write tests/judges/recorded.npz anew

Needs torch 2.13 (the build for the CPU) and expecttest; run it in the folder of the checkout. All of it takes some minutes.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.judges.database import entries, questions  # noqa: E402 - the checkout is no package
from tests.judges.differences import CONTRADICTED  # noqa: E402
from tests.judges.record import Record, save  # noqa: E402
from tests.judges.sample import Answer, Sample, differences, ours  # noqa: E402
from tests.judges.signatures import ENTRIES  # noqa: E402

RECORDED = ROOT / "tests" / "judges" / "recorded.npz"
MANY = 3  # samples of an entry that are recorded, of as many kinds as there are
SMALL = 120  # numbers in a sample, answers included: larger ones are recorded only where there is no smaller


def told(name: str, sample: Sample, wanted: Answer) -> list[str]:
    """What differs between us and the database, or what was raised."""
    try:
        return differences(ours(ENTRIES[name], sample, wanted.moving), wanted, sample, name in CONTRADICTED)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]


def ask(words: list[str]) -> int:
    """Compare every sample and print what differs; how many entries did."""
    every = entries()
    wrong, samples, start = 0, 0, time.perf_counter()
    asked = [name for name in ENTRIES if not words or any(word in name for word in words)]
    for name in asked:
        failed: list[str] = []
        count = 0
        for sample, wanted in questions(every[name]):
            count += 1
            failed += [f"  sample {count}: {word}" for word in told(name, sample, wanted)]
        samples += count
        if failed or not count:
            wrong += 1
            print(f"{name}: {len(failed)} differences in {count} samples", *failed[:5], sep="\n", flush=True)
    print(f"{len(asked) - wrong} of {len(asked)} entries agree, {samples} samples, {time.perf_counter() - start:.0f} s; "
          f"the database has {len(every)} entries that can be differentiated")  # fmt: skip
    return wrong


def size(sample: Sample, wanted: Answer) -> int:
    arrays: list[Any] = [*sample.leaves, *wanted.results, *wanted.gradients, *(wanted.moved or ())]
    return sum(int(np.size(x)) for x in arrays)


def kind(sample: Sample) -> str:
    """What a sample is about: its settings, and how many arrays of which rank it has."""
    settings = {name: value for name, value in sample.named.items() if not isinstance(value, np.ndarray)}
    return f"{settings}{[np.ndim(x) for x in sample.leaves]}{len(sample.args)}{sample.finish}"


def contradicts(sample: Sample, answer: Answer) -> bool:
    """Whether the database's tangent is not the one that its gradient stands for."""
    return bool(differences(answer, answer._replace(moved=None), sample))


def chosen(name: str, found: Iterator[tuple[Sample, Answer]]) -> list[tuple[Sample, Answer]]:
    """Small samples of different kinds; where the database contradicts itself, one that shows it too."""
    by_size = sorted((pair for pair in found if size(*pair) > 0), key=lambda pair: size(*pair))
    small = [pair for pair in by_size if size(*pair) <= SMALL] or by_size[:1]
    kinds: dict[str, tuple[Sample, Answer]] = {}
    for pair in reversed(small):
        kinds.setdefault(kind(pair[0]), pair)
    picked = sorted(kinds.values(), key=lambda pair: size(*pair))[-MANY:]
    if name in CONTRADICTED:
        picked += [pair for pair in by_size if contradicts(*pair)][:1]
    return picked


def record() -> None:
    every = entries()
    save(RECORDED, Record(list(every), {name: chosen(name, questions(every[name])) for name in ENTRIES}))
    print(f"{RECORDED}: {RECORDED.stat().st_size} bytes")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD", help="entries whose name holds one of these")
    parser.add_argument("--record", action="store_true", help="write the file for the tests anew")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.record:
        record()
        return 0
    return 1 if ask(given.only) else 0


if __name__ == "__main__":
    sys.exit(main())
