"""Draws as code: the same numbers from the same seed, in a few lines of plain integer arithmetic.

A draw of ours is a hash of its seed, so it is written as that hash and not as a call of the library's own generator, which
would draw other numbers. It needs 64-bit words without a sign; PyTorch computes with few of those, so there NumPy draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...ops.random import TAGS
from .spelling import Line, Spelling

__all__ = ["draws", "drawing"]

WORDS: Final = '''\
def words(seed, tag, count):
    """So many 64-bit words of a seed: SplitMix64 (Steele, Lea, Flood 2014)."""
    gamma, first, second = MODULE.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], MODULE.uint64)

    def mixed(x):
        x = (x ^ (x >> MODULE.uint64(30))) * first
        x = (x ^ (x >> MODULE.uint64(27))) * second
        return x ^ (x >> MODULE.uint64(31))

    key = mixed(mixed(MODULE.array([seed]).astype(MODULE.uint64) + gamma) ^ MODULE.array([tag], MODULE.uint64))
    return mixed(key + MODULE.arange(1, count + 1, dtype=MODULE.uint64) * gamma)
'''
FRACTIONS: Final = '''\
def fractions(seed, tag, shape, bits=53):
    """Numbers in [0, 1), all equally likely."""
    return ((@words(seed, tag, math.prod(shape)) >> MODULE.uint64(64 - bits)).astype(float) * 2.0**-bits).reshape(shape)
'''
NORMAL: Final = '''\
def normal(seed, shape):
    """Normal numbers of mean 0 and standard deviation 1: the quantiles of numbers in (0, 1)."""
    p = ((@words(seed, 3, math.prod(shape)) >> MODULE.uint64(12)).astype(float) + 0.5) * 2.0**-52
    return QUANTILE(p).reshape(shape)
'''
SUBSEED: Final = '''\
def subseed(seed, k):
    """A new seed from a seed and a number."""
    return @words(@words(seed, 1, 1)[0] ^ MODULE.array(k).astype(MODULE.uint64), 1, 1).astype(MODULE.int64)[0]
'''


def drawing(module: str, quantile: str) -> Mapping[str, str]:
    """The helpers, over one library's arrays."""
    texts = {"words": WORDS, "fractions": FRACTIONS, "normal": NORMAL, "subseed": SUBSEED}
    return {name: text.replace("MODULE", module).replace("QUANTILE", quantile) for name, text in texts.items()}


def shape_of(line: Line) -> str:
    return repr(line.out)


def draws(wrapped: str, seed: str = "{}") -> Mapping[str, Spelling]:
    """The words; `wrapped` turns what is drawn into an array of the library, in a dtype, and `seed` a seed into one that is hashed."""

    def made(text: str, line: Line) -> str:
        return wrapped.format(text, line.type.dtype.name)

    def uniform(line: Line) -> str:
        low, high, bits = line.attrs["low"], line.attrs["high"], "" if line.type.dtype.itemsize == 8 else ", 24"
        drawn = f"@fractions({seed.format(line.xs[0])}, {TAGS['uniform']}, {shape_of(line)}{bits})"
        return made(drawn if (low, high) == (0, 1) else f"({low!r} + {drawn} * {high - low!r})", line)

    def normal(line: Line) -> str:
        mean, std, drawn = line.attrs["mean"], line.attrs["std"], f"@normal({seed.format(line.xs[0])}, {shape_of(line)})"
        return made(drawn if (mean, std) == (0, 1) else f"({mean!r} + {std!r} * {drawn})", line)

    def randint(line: Line) -> str:
        low, high = line.attrs["low"], line.attrs["high"]
        drawn = f"@fractions({seed.format(line.xs[0])}, {TAGS['randint']}, {shape_of(line)})"
        return made(f"({low} + {drawn} * {high - low} // 1)", line)

    return {
        "uniform": uniform, "normal": normal, "randint": randint,
        "bernoulli": lambda line: made(f"(@fractions({seed.format(line.xs[0])}, {TAGS['bernoulli']}, {shape_of(line)}) < {line.attrs['p']!r})", line),
        "permutation": lambda line: made(f"@words({seed.format(line.xs[0])}, {TAGS['permutation']}, {line.out[0]}).argsort(stable=True)", line),
        "subseed": lambda line: made(f"@subseed({seed.format(line.xs[0])}, {seed.format(line.xs[1])})", line),
    }  # fmt: skip
