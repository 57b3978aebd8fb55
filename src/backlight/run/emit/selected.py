"""Instructions of vectors of 512 bits for the lines of a loop's body: what each is called, what it reads, what it costs.

Every line that a pipeline may hold is one instruction here or none at all; a body with any other line is no pipeline. The costs are
those of one vector on a processor that begins one product and one sum of them a cycle (measured on Zen 4; where two begin, an order
made with them is as good and the plan merely too slow).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backlight.run.emit.value import SIZES, constant_text

WIDTH = 64  # bytes of a vector
REGISTERS = 32  # for vectors
A = r"(splat \([^)]*\)|%[\w.]+|zeroinitializer)"
VECTOR = r"<(\d+) x (\w+)>"
BINARY = re.compile(rf"(\w+) {VECTOR} {A}, {A}")
COMPARISON = re.compile(rf"([fi])cmp (\w+) {VECTOR} {A}, {A}")
CHOICE = re.compile(rf"select <\d+ x i1> (%[\w.]+), {VECTOR} {A}, <[^>]*> {A}")
CALL = re.compile(rf"call {VECTOR} @([\w.]+)\((.*)\)")
ALIAS = re.compile(rf'(?:bitcast|call) {VECTOR}(?: asm "", "=v,0"\(<[^>]*>)? (%[\w.]+)(?:\)| to <[^>]*>)')
LOAD = re.compile(rf"load {VECTOR}, ptr (%[\w.]+), align \d+")
STORE = re.compile(rf"store {VECTOR} {A}, ptr (%[\w.]+), align \d+")
NEGATION = re.compile(rf"fneg {VECTOR} {A}")
SPLAT = re.compile(r"splat \((\w+) ([\w-]+)\)")
ARGUMENT = re.compile(r"<\d+ x \w+> (splat \([^)]*\)|%[\w.]+|zeroinitializer|<[^>]*>)|i\d+ (-?\d+)")


@dataclass(frozen=True, slots=True)
class Cost:
    """What an instruction takes: cycles until its result is there, and of the units for products and for sums."""

    latency: int
    products: float = 0.0
    sums: float = 0.0


@dataclass(frozen=True, slots=True)
class Mask:
    """Truth values, a bit each: a comparison of two sources, or what an instruction makes of one or two others."""

    word: str
    setting: str = ""
    sources: tuple[str, ...] = ()
    masks: tuple[Mask, ...] = ()

    def compared(self) -> list[str]:
        """Return what is compared, in the order of the comparisons."""
        return [*self.sources, *(x for mask in self.masks for x in mask.compared())]

    def every(self) -> list[Mask]:
        """Return itself and all that it is made of."""
        return [self, *(x for mask in self.masks for x in mask.every())]


@dataclass(slots=True)
class Op:
    """One instruction: what it makes of its sources, each the name of a value or a constant as LLVM writes it.

    Of the form "fused" it is a product and a sum, of the form "choice" comparisons of its sources and a choice from the last two,
    of the form "joined" bits of one source where the first one has some and of the other where it has none, of the form "looked up"
    entries of a table whose halves are its first source and its last; else it has one source or two.
    """

    word: str
    form: str
    result: str
    sources: list[str]
    cost: Cost
    setting: str = ""
    where: str = ""  # the pointer, of what is loaded or stored
    mask: Mask | None = None  # by what is chosen


PRODUCT, SUM, EITHER = Cost(4, 1), Cost(3, 0, 1), Cost(1, 0.5, 0.5)
LOADED, STORED = Cost(8), Cost(0, 0.5)
MASKS = {"and": "kandw", "or": "korw", "xor": "kxorw"}
MASK_REGISTERS = 7  # which a choice can name, and so how many masks one is made of at most
PLAIN = {
    "fadd": ("vadd", SUM), "fmul": ("vmul", PRODUCT), "and": ("vand", EITHER), "or": ("vor", EITHER), "xor": ("vxor", EITHER),
    "add": ("vpadd", EITHER), "fsub": ("vsub", SUM), "fdiv": ("vdiv", Cost(13, 2)), "sub": ("vpsub", EITHER),
    "shl": ("vpsll", Cost(1, 0, 1)), "lshr": ("vpsrl", Cost(1, 0, 1)), "ashr": ("vpsra", Cost(1, 0, 1)),
}
EITHER_WAY = {"vadd", "vmul", "vand", "vor", "vxor", "vpadd"}
ONE = {"sqrt": ("vsqrt", "", Cost(19, 4)), "rint": ("vrndscale", "$4", SUM), "floor": ("vrndscale", "$9", SUM)}
WHERE = {"oeq": 0, "une": 4, "uno": 3, "olt": 17, "ole": 18, "ogt": 30, "oge": 29, "eq": 0, "ne": 4, "slt": 1, "sle": 2, "sge": 5,
         "sgt": 6}  # the processor's number of each comparison
OTHERWISE = {0: 4, 4: 0, 3: 7, 7: 3, 17: 21, 18: 22, 30: 26, 29: 25, 25: 29, 26: 30, 22: 18, 21: 17, 1: 5, 2: 6, 5: 1, 6: 2}
ALIKE = {0, 4, 3, 7}  # the same whichever side is which
TURNED = {"olt": "ogt", "ogt": "olt", "ole": "oge", "oge": "ole", "slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle"}


def is_value(source: str) -> bool:
    """Return whether a source is a value that was made, and no constant."""
    return source.startswith("%")


def whole(lanes: str, kind: str) -> bool:
    """Return whether a vector is one register."""
    return kind in {"float", "double", "i32", "i64"} and int(lanes) * SIZES[kind] == WIDTH


def tail(kind: str, *, bits: bool = False) -> str:
    """Return how an instruction's name ends for a kind of number; instructions for whole numbers are named by their size."""
    wide = SIZES[kind] == 8
    return ("q" if wide else "d") if bits else ("pd" if wide else "ps")


def constant(kind: str, number: int | str) -> str:
    """Return a constant vector."""
    return f"splat ({kind} {number})"


def sign_of(kind: str) -> tuple[str, str]:
    """Return the constants that have the sign's bit alone, and all others."""
    whole_kind, bits = ("i64", 63) if SIZES[kind] == 8 else ("i32", 31)
    return constant(whole_kind, -(1 << bits)), constant(whole_kind, (1 << bits) - 1)


def selected(lines: Iterable[tuple[str, str]]) -> tuple[list[Op], dict[str, str]] | None:
    """Return the instructions for these lines (result and text), and which names are others'; nothing if a line has none."""
    ops: list[Op] = []
    same: dict[str, str] = {}
    masks: dict[str, Mask] = {}
    seen: set[Mask] = set()
    negated: dict[str, str] = {}
    for result, text in lines:
        if alias := ALIAS.fullmatch(text):
            same[result] = same.get(alias[3], alias[3])
            continue
        if mask := masked(text, same, masks):
            masks[result] = mask
            continue
        op = one(result, text, same, masks, negated)
        if op is None:
            return None
        if op.mask is not None:  # what is compared is so once, if the register of the mask is not needed for another one
            fresh = set(op.mask.every()) - seen
            seen |= fresh
            op.cost = Cost(6 if fresh else 2, 0.5 + len(fresh), 0.5)
        ops.append(op)
    return ops, same


def masked(text: str, same: dict[str, str], masks: dict[str, Mask]) -> Mask | None:
    """Return the truth values of a line; nothing if it makes none."""
    if (found := COMPARISON.fullmatch(text)) and whole(found[3], found[4]) and found[2] in WHERE:
        x, y = (named(x, same, found[4]) for x in (found[5], found[6]))
        number = WHERE[found[2]]
        if not is_value(x) and is_value(y) and (found[2] in TURNED or number in ALIKE):
            x, y, number = y, x, WHERE[TURNED.get(found[2], found[2])]
        word = "vpcmp" + tail(found[4], bits=True) if found[1] == "i" else "vcmp" + tail(found[4])
        return Mask(word, f"${number}", (x, y)) if is_value(x) else None
    if (found := BINARY.fullmatch(text)) and found[3] == "i1" and found[1] in MASKS and found[4] in masks:
        if found[1] == "xor" and found[5] == "splat (i1 true)":
            mask = opposite(masks[found[4]])
        elif found[5] in masks:
            mask = Mask(MASKS[found[1]], masks=(masks[found[4]], masks[found[5]]))
        else:
            return None
        return mask if len(mask.every()) <= MASK_REGISTERS else None
    return None


def opposite(mask: Mask) -> Mask:
    """Return which truth values are false."""
    if mask.sources:
        return Mask(mask.word, f"${OTHERWISE[int(mask.setting[1:])]}", mask.sources)
    return mask.masks[0] if mask.word == "knotw" else Mask("knotw", masks=(mask,))


def named(source: str, same: dict[str, str], kind: str) -> str:
    """Return a source by the one name that it has."""
    if source == "zeroinitializer":
        return constant(kind, constant_text(0, kind))
    return same.get(source, source)


def one(result: str, text: str, same: dict[str, str], masks: dict[str, Mask], negated: dict[str, str]) -> Op | None:
    """Return the instruction of one line."""
    if (found := BINARY.fullmatch(text)) and found[1] in PLAIN and whole(found[2], found[3]):
        kind, (word, cost) = found[3], PLAIN[found[1]]
        a, b = (named(x, same, kind) for x in (found[4], found[5]))
        if not is_value(a) and word in EITHER_WAY:
            a, b = b, a
        if not is_value(a) and not is_value(b):
            return None
        if found[1] in {"shl", "lshr", "ashr"}:
            return shift(word, result, a, b, kind, cost)
        return Op(word + tail(kind, bits=word.startswith("vp")), "two", result, [a, b], cost)
    if (found := NEGATION.fullmatch(text)) and whole(found[1], found[2]):
        x = named(found[3], same, found[2])
        negated[result] = x
        return Op("vxor" + tail(found[2]), "two", result, [x, sign_of(found[2])[0]], EITHER)
    if (found := CHOICE.fullmatch(text)) and whole(found[2], found[3]) and found[1] in masks:
        return choice(result, masks[found[1]], [named(x, same, found[3]) for x in (found[4], found[5])], found[3])
    if (found := LOAD.fullmatch(text)) and whole(found[1], found[2]):
        return Op("vmovup" + tail(found[2])[1], "load", result, [], LOADED, where=found[3])
    if (found := STORE.fullmatch(text)) and whole(found[1], found[2]):
        x = named(found[3], same, found[2])
        return Op("vmovup" + tail(found[2])[1], "store", "", [x], STORED, where=found[4]) if is_value(x) else None
    if (found := CALL.fullmatch(text)) and whole(found[1], found[2]):
        return call(result, found[3], found[2], found[4], same, negated)
    return None


def shift(word: str, result: str, a: str, b: str, kind: str, cost: Cost) -> Op | None:
    """Return a shift, all lanes by the same amount or each by its own."""
    amount = SPLAT.fullmatch(b)
    if not is_value(a):
        return None
    if amount:
        return Op(word + tail(kind, bits=True), "one", result, [a], cost, f"${amount[2]}")
    return Op(word + "v" + tail(kind, bits=True), "two", result, [a, b], cost)


def choice(result: str, mask: Mask, arms: Sequence[str], kind: str) -> Op:
    """Return the larger or smaller of two numbers, or comparisons and what they choose."""
    if mask.word == "vcmp" + tail(kind) and sorted(mask.sources) == sorted(arms):
        less = {"$17": True, "$30": False}.get(mask.setting)
        if less is not None:  # the instruction too returns its second source of two that are equal, or of which one is NaN
            smaller = less == (mask.sources[0] == arms[0])
            return Op(("vmin" if smaller else "vmax") + tail(kind), "two", result, list(arms), Cost(2, 0, 1))
    return Op("vblendm" + tail(kind), "choice", result, [*mask.compared(), *arms], Cost(6, 0.5, 0.5), mask=mask)


def call(result: str, symbol: str, kind: str, arguments: str, same: dict[str, str], negated: dict[str, str]) -> Op | None:
    """Return the instruction that a function of LLVM's is."""
    found = ARGUMENT.findall(arguments)
    values = [named(x, same, kind) if not x.startswith("<") else x for x, _ in found if x]
    end = tail(kind)
    base = symbol.removeprefix("llvm.")
    name = base.removeprefix("x86.avx512.").removeprefix("mask.").split(".", 1)[0]
    sign, rest = sign_of(kind)
    if name == "fma":
        turned = [x in negated for x in values]
        a, b, c = (negated.get(x, x) for x in values)
        word = "vf" + ("n" if turned[0] != turned[1] else "") + ("msub" if turned[2] else "madd")
        return Op(word + end, "fused", result, [a, b, c], PRODUCT) if is_value(a) or is_value(b) else None
    if name == "fabs":
        return Op("vand" + end, "two", result, [values[0], rest], EITHER)
    if name == "copysign":
        size, signed = values
        word = "vpternlog" + tail(kind, bits=True)
        if is_value(size):
            return Op(word, "joined", result, [sign, size, signed], EITHER, "$172")
        return Op(word, "joined", result, [sign, signed, size], EITHER, "$202") if is_value(signed) else None
    if name in ONE:
        word, setting, cost = ONE[name]
        return Op(word + end, "one", result, values[:1], cost, setting) if is_value(values[0]) else None
    if name == "permvar" and kind == "float":
        return Op("vperm" + end, "two", result, [values[1], values[0]], Cost(6, 0.5, 0.5))
    if name == "vpermi2var" and kind == "float":
        return Op("vpermt2" + end, "looked up", result, values, Cost(6, 0.7, 0.5))
    if name == "scalef":
        return Op("vscalef" + end, "two", result, values[:2], Cost(6, 0, 2))
    if name == "range":
        return Op("vrange" + end, "two", result, values[:2], Cost(4, 0, 1), "$" + next(n for _, n in found if n))
    return None


def alive(ops: Sequence[Op], results: Iterable[str]) -> list[Op]:
    """Return the instructions that store something, and those whose results are read by one of them or asked for."""
    wanted, kept = set(results), list[Op]()
    for op in reversed(ops):
        if not op.result or op.result in wanted:
            wanted.update(filter(is_value, op.sources))
            kept.append(op)
    return kept[::-1]
