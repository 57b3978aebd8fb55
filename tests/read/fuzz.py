"""Strings that nobody would type, for the text door: each must give a graph or one of our errors, soon.

    python -m tests.read.fuzz 1000000 7     so many strings, from this seed

Most are mutations of valid texts: characters and whole pieces dropped, doubled, swapped, repeated a thousand times, or
taken from another text. Prints what broke and the slowest ones; ends with status 1 if anything broke or took over 50 ms.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator

from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.errors import BacklightError
from backlight.read.text import parse

SLOW_S = 0.05

VALID = [
    "(4*x + 1)^2", "-x^2", "2^3^2", "5x+3", "2(x+1)(x-1)", "3sin(x)", "σ(w*x + b)", "|x - |y||", "x² + y⁻¹", "√x + ∛(y)",
    "f(x, y) = y - x", "f(x) = a*x^2\nf(3) + f(b)", "g(x) = x + x\nh(x) = g(g(x))\nh(h(y))", "e^x + pi - 2e",
    "x < 3 and not (y ≥ 2)",
    "[[1, 2], [3, 4]] @ x", "[x, 1, [2, y]]", "softmax(x, axis=0)", "sum(x, axis=(0, -1), keepdims=true)", "x[1:3, 0, ..., new]",
    "x[i] + x[:, j]", "Aᵀ@b + A.T", "reshape(x, [2, 3])", "cast(x, dtype='float32')", "w = input(role=parameter); w*2", "`a b`*2",
    "a = 1e-3\nb = a * .5  # half\nb / 1.", "max(a, b, c) − min(a, b)", "where(x > 0, x, 0)", "total([a, b, c])", "-inf < ∞",
    "z = w @ x + b\ny = sigmoid(z)\nloss = sum((y - t)^2) / 2", "x′ + x'' + x₁ + α_2", "_1 = sin(x)\n_1*_1",
    "einsum(a, b, spec='ij,jk->ik')",
    "x(x + 1)", "((((((((x))))))))", "1 - (2 - 3)", "a, b, a + b", "2x^-y^z", "--+-x", "true or false", "(x == y) != z",
    "x % y ÷ z · w",
]  # fmt: skip

PIECES = [
    *"+-*/^@|()[],;:=.'\"`_# \n\t\r%&!?$\\{}<>≤≠ᵀ²³⁻₁σΣπ√∛∞−×·÷½µ…∧¬\u0301\u200b\u0000\ud800😀",
    "**", "==", "...", ".T", "1e", "1e400", "1e-400", "0x1", "007", "9" * 30,
    "and", "or", "not", "e", "pi", "inf", "nan", "true", "none",
    "input()", "role=", "axis=", "f(x)=", "f(", "f(x)", "x", "y", "new", "`", "((", "))", "[[", "]]", "||",
    "\r\n", "item(", "const(",
    *TABLE,
]  # fmt: skip


def mutated(text: str, random: random.Random) -> str:
    """The text with one thing wrong."""
    n = len(text)
    a = random.randrange(n + 1)
    b = min(n, a + random.choice([1, 1, 1, 2, 3, 8, 40]))
    kind = random.randrange(9)
    if kind == 0:
        return text[:a] + text[b:]
    if kind == 1:
        return text[:b] + text[a:b] + text[b:]
    if kind == 2:
        return text[:a] + random.choice(PIECES) + text[a:]
    if kind == 3:
        return text[:a] + random.choice(PIECES) + text[b:]
    if kind == 4:
        c = random.randrange(n + 1)
        lo, hi = sorted((b, c)) if c >= b else (c, c)
        return text[:a] + text[b:hi] + text[a:b] + text[hi:] if c >= b else text[:lo] + text[a:b] + text[lo:a] + text[b:]
    if kind == 5:
        other = random.choice(VALID)
        return text[:a] + random.choice(["", "\n", ";", "*", "("]) + other[random.randrange(len(other)) :]
    if kind == 6:
        first, last = random.choice([(32, 127), (0x100, 0x2600), (0, 0x110000)])
        return text[:a] + chr(random.randrange(first, last)) + text[b:]
    if kind == 7:
        return text[:a] + "(" + text[a:b] + ")" + text[b:]
    return text[:a] + text[a:b] * random.choice([2, 3, 10, 100, 1000]) + text[b:]


def strings(count: int, seed: int) -> Iterator[str]:
    """So many strings: mutations mostly, the others made of pieces."""
    source = random.Random(seed)
    for _ in range(count):
        if source.random() < 0.1:
            yield "".join(source.choices(PIECES, k=source.choice([1, 3, 10, 60])))
            continue
        text = source.choice(VALID)
        for _ in range(source.choice([0, 1, 1, 1, 2, 2, 3, 5])):
            text = mutated(text, source)
        yield text[:200_000]


def outcome(text: str) -> str:
    """`graph`, or the kind of error; whatever else is raised goes through."""
    try:
        graph = parse(text)
    except BacklightError as error:
        if len(str(error)) < 10:
            raise AssertionError("an error without a message") from error
        return type(error).__name__
    assert type(graph) is Graph
    graph.check()
    return "graph"


def main(count: int, seed: int) -> int:
    counts: dict[str, int] = {}
    broken = 0
    slow: list[tuple[float, str]] = []
    for text in strings(count, seed):
        begin = time.process_time()
        try:
            kind = outcome(text)
        except Exception as error:
            kind = "BROKEN"
            broken += 1
            print(f"{type(error).__name__}: {error} for {text[:300]!r}", flush=True)
        taken = time.process_time() - begin
        counts[kind] = counts.get(kind, 0) + 1
        slow.append((taken, text[:100]))
        if len(slow) > 1000:
            slow = sorted(slow, reverse=True)[:5]
    slow = sorted(slow, reverse=True)[:5]
    print(counts)
    for taken, text in slow:
        print(f"{taken * 1000:.1f} ms {text!r}")
    return 1 if broken or slow[0][0] > SLOW_S else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 0))
