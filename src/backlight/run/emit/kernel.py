"""The steps of a tile of a product, and a square turned, written as the assembler reads them: one instruction to the compiler.

A tile of 28 vectors is ten lines a step that the compiler has nothing to decide about, and several hundred that it must read, put
in order and find registers for, in each of the dozen tiles of a network. So on a processor whose instructions we know the loop over
k is one piece: the vectors of a row of B, then for each number of A that number in every lane and its products. Which registers
they take, the compiler says. The 64 exchanges that turn a square are such a piece too.
"""

from __future__ import annotations

from collections.abc import Sequence

from backlight.run.emit.code import Code
from backlight.run.emit.parts import Part
from backlight.run.emit.selected import REGISTERS, WIDTH
from backlight.run.emit.value import SIZES, Target, Value

LEAST = 6  # sums from which a tile is written so: smaller ones wait for their products, and carry more of them
WORDS = {"float": ("vmovups", "vbroadcastss", "vfmadd231ps"), "double": ("vmovupd", "vbroadcastsd", "vfmadd231pd")}
LINE = 64  # bytes
LONGEST = 1 << 31  # bytes, less than which an instruction can reach from an address; rows and steps are no more than registers


def possible(target: Target, kind: str, rows: int, parts: Sequence[Part], steps: Sequence[int]) -> bool:
    """Return whether the steps of a tile can be written so: whole vectors of a processor that is known, and how far apart its
    numbers lie, from row to row of A, column to column, and row to row of B, is not more than an instruction can hold."""
    known = target.scalef and target.width == WIDTH and kind in WORDS
    if not known or not all(part.used == part.lanes == target.lanes(kind) for part in parts):
        return False
    near = all(abs(step) * REGISTERS * SIZES[kind] < LONGEST for step in steps)
    return near and LEAST <= rows * len(parts) <= REGISTERS - len(parts) - 1


def write_steps(c: Code, kind: str, parts: Sequence[Part], sums: Sequence[Value], a: tuple[Value, int, int], b: tuple[Value, int],
                steps: Value, ahead: int) -> list[Value]:
    """Write the loop over so many steps of k, or none; return the sums.

    `a` is where the first column begins, how far apart its numbers lie and how far the next column; `b` where the first row begins
    and how far the next one; numbers of the kind, as `ahead` is, from where on B is asked for (0: not at all).
    """
    size, count = SIZES[kind], len(sums)
    move, spread, fused = WORDS[kind]
    rows = count // len(parts)
    names = [f"${k}" for k in range(count)]  # the sums, then a vector of B for each part, then one number of A in every lane
    vectors = [f"${count + k}" for k in range(len(parts))]
    one, at_a, at_b, left = (f"${count + len(parts) + k}" for k in range(4))
    lines = [f"testq {left}, {left}", "jz 2f", "1:"]
    lines += [f"{move} {part.at * size}({at_b}), {x}" for part, x in zip(parts, vectors, strict=True)]
    if ahead:
        used = (parts[-1].at + parts[-1].used) * size
        lines += [f"prefetcht1 {ahead * size + line}({at_b})" for line in range(0, used, LINE)]
    for i in range(rows):
        lines.append(f"{spread} {i * a[1] * size}({at_a}), {one}")
        lines += [f"{fused} {x}, {one}, {names[i * len(parts) + j]}" for j, x in enumerate(vectors)]
    lines += [f"addq $${a[2] * size}, {at_a}", f"addq $${b[1] * size}, {at_b}", f"decq {left}", "jnz 1b", "2:"]
    results = [*["=&v"] * (count + len(parts) + 1), *["=&r"] * 3]
    tied = [str(k) for k in (*range(count), *range(count + len(parts) + 1, count + len(parts) + 4))]
    operands = [*sums, a[0], b[0], steps]
    constraints = ",".join([*results, *tied, "~{memory}", "~{flags}"])
    types = [*(x.type for x in sums), *[sums[0].type] * (len(parts) + 1), "ptr", "ptr", "i64"]
    every = f"{{ {', '.join(types)} }}"
    text, given = "\\0A".join(lines), ", ".join(x.typed for x in operands)
    found = c.put(f'call {every} asm sideeffect "{text}", "{constraints}"({given})', "bundle")
    return [c.put(f"extractvalue {every} {found.text}, {k}", x.kind, x.lanes) for k, x in enumerate(sums)]


def write_listed(c: Code, kind: str, sums: Sequence[Value], places: tuple[Value, Value], a: Value, b: Value,
                 width: int) -> list[Value]:
    """Write the loop over a list of places in a row of A, bytes from the first up to the last, if there are any; return the sums.

    Each number in every lane is multiplied by the row of B that stands at its place; those lie so many numbers apart.
    """
    count = len(sums)
    _, spread, fused = WORDS[kind]
    one, at, place = f"${count}", f"${count + 1}", count + 2
    end, row, rows = (f"${2 * count + 4 + k}" for k in range(3))
    lines = [f"cmpq {end}, {at}", "jae 2f", "1:", f"movzbl ({at}), ${{{place}:k}}",
             f"{spread} ({row},${place},{SIZES[kind]}), {one}", f"imulq $${width * SIZES[kind]}, ${place}, ${place}"]
    lines += [f"{fused} {k * WIDTH}({rows},${place}), {one}, ${k}" for k in range(count)]
    lines += [f"incq {at}", f"cmpq {end}, {at}", "jb 1b", "2:"]
    results = [*["=&v"] * (count + 1), "=&r", "=&r"]
    tied = [*map(str, range(count)), str(count + 1)]
    types = [*(x.type for x in sums), sums[0].type, "ptr", "i64"]
    every, text = f"{{ {', '.join(types)} }}", "\\0A".join(lines)
    constraints = ",".join([*results, *tied, "r", "r", "r", "~{memory}", "~{flags}"])
    given = ", ".join(x.typed for x in (*sums, places[0], places[1], a, b))
    found = c.put(f'call {every} asm sideeffect "{text}", "{constraints}"({given})', "bundle")
    return [c.put(f"extractvalue {every} {found.text}, {k}", x.kind, x.lanes) for k, x in enumerate(sums)]


def turns(target: Target, rows: Sequence[Value]) -> bool:
    """Return whether a square can be turned so: whole vectors of a processor that is known."""
    return target.scalef and target.width == WIDTH and rows[0].kind in WORDS and len(rows) == target.lanes(rows[0].kind)


def transpose(c: Code, rows: Sequence[Value]) -> list[Value]:
    """Write what turns a square of vectors, and return its columns.

    Pairs of rows are joined number by number, pairs of those by twos; what is then left is to put quarters of vectors together.
    """
    n, kind = len(rows), rows[0].type
    here, there = [f"${k}" for k in range(n)], [f"${n + k}" for k in range(n)]
    lines: list[str] = []

    def joined(word: str, apart: int) -> None:
        """Join each vector with the one so far behind it: low halves of each quarter, then high ones."""
        nonlocal here, there
        for block in range(0, n, 2 * apart):
            for k in range(apart):
                a, b = here[block + k], here[block + k + apart]
                lines.extend(f"{word.format(half)} {b}, {a}, {there[block + 2 * k + high]}" for high, half in enumerate("lh"))
        here, there = there, here

    def gathered(apart: int) -> None:
        """Put even quarters of two vectors that are so far apart into one, odd ones into another."""
        nonlocal here, there
        for block in range(0, n, 2 * apart):
            for k in range(apart):
                a, b = here[block + k], here[block + k + apart]
                for high, quarters in enumerate(("88", "dd")):
                    lines.append(f"{word} $$0x{quarters}, {b}, {a}, {there[block + k + apart * high]}")
        here, there = there, here

    single = n == WIDTH // 4
    word = "vshuff32x4" if single else "vshuff64x2"
    if single:
        joined("vunpck{}ps", 1)
    joined("vunpck{}pd", 2 if single else 1)
    gathered(n // 4)
    gathered(n // 2)
    results = ",".join(["=&v"] * (2 * n) + [str(k) for k in range(n)])
    every = f"{{ {', '.join([kind] * (2 * n))} }}"
    text, given = "\\0A".join(lines), ", ".join(x.typed for x in rows)
    found = c.put(f'call {every} asm "{text}", "{results}"({given})', "bundle")
    return [c.put(f"extractvalue {every} {found.text}, {int(x[1:])}", rows[0].kind, n) for x in here]
