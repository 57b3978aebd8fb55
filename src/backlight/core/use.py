"""What becomes of a plain number that Python was given: shown to a person, told to others, compared, kept, or computed with.

`print(float(x))` and a line of a log change nothing that is computed, so a trace need not hold for that number alone. `x *
float(x)` does: the number is a constant there, and whoever differentiates should hear of it. The instructions after the one that
asked say which it is. They are followed to the one that takes the number off the stack, through local names, texts and containers,
and out of the function where it is returned. Told is what a call gets whose result is dropped, as a list from outside that keeps a
history: the trace holds for `float(x)` then, and nobody is warned. So it is where an instruction leads nowhere that is known.
"""

from __future__ import annotations

import builtins
import dis
import json
from bisect import bisect_right
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any, Final, Literal, NamedTuple

from .asker import asks, loaded, meant, room_of
from .place import caller

__all__ = ["Use", "use_of"]

Use = Literal["shown", "told", "asked", "kept", "used"]

ORDER: Final[tuple[Use, ...]] = ("shown", "told", "asked", "kept", "used")  # of several uses the last one counts
# Rooms whose functions show what they are given to a person, or write it where nothing is computed.
SHOWING: Final = frozenset({"logging", "warnings", "pprint", "rich", "tqdm", "traceback", "pdb", "reprlib", "loguru", "click"})
TEXTS: Final = (str, repr, format, ascii, json.dumps)  # a text of the number
NUMBERS: Final = (float, int, complex, round, abs, bool)  # the number again, or one made of it
READERS: Final = frozenset({"decimal", "fractions", "numpy", "ast"})  # rooms that make a number of a text
COMPREHENSIONS: Final = ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
DEEPEST: Final = 40  # steps that are followed


class Step(NamedTuple):
    """One instruction: how many values it takes off the stack, and what that does to the height of it."""

    name: str
    arg: Any
    takes: int
    effect: int
    offset: int
    span: Any


TAKES: Final = {
    "POP_TOP": 1, "RETURN_VALUE": 1, "YIELD_VALUE": 1, "PRINT_EXPR": 1, "CALL_INTRINSIC_1": 1, "PRECALL": 0, "GET_ITER": 1,
    "BINARY_OP": 2, "BINARY_SUBSCR": 2, "BINARY_SLICE": 3, "COMPARE_OP": 2, "IS_OP": 2, "CONTAINS_OP": 2, "TO_BOOL": 1,
    "UNARY_NEGATIVE": 1, "UNARY_NOT": 1, "UNARY_INVERT": 1, "UNARY_POSITIVE": 1, "UNPACK_SEQUENCE": 1,
    "FORMAT_SIMPLE": 1, "FORMAT_WITH_SPEC": 2, "CONVERT_VALUE": 1, "LOAD_ATTR": 1, "LOAD_METHOD": 1,
    "STORE_ATTR": 2, "STORE_SUBSCR": 3, "LIST_APPEND": 1, "LIST_EXTEND": 1, "SET_ADD": 1, "MAP_ADD": 2,
}  # fmt: skip
COUNTED: Final = {"BUILD_LIST": 1, "BUILD_TUPLE": 1, "BUILD_SET": 1, "BUILD_STRING": 1, "BUILD_MAP": 2}
QUESTIONS: Final = ("COMPARE_OP", "CONTAINS_OP", "IS_OP", "UNARY_NOT", "TO_BOOL", "POP_JUMP", "JUMP_IF")
ELSEWHERE: Final = ("STORE_ATTR", "STORE_SUBSCR", "STORE_GLOBAL", "STORE_DEREF", "STORE_NAME")


def takes(step: dis.Instruction, effect: int) -> int:
    """How many values an instruction takes off the stack."""
    name, arg = step.opname, step.arg or 0
    if name in COUNTED:
        return COUNTED[name] * arg
    if name in ("CALL", "CALL_KW"):
        return arg + 2 + (name == "CALL_KW")
    if name == "BUILD_CONST_KEY_MAP":
        return arg + 1
    if name == "FORMAT_VALUE":
        return 2 if arg & 4 else 1
    return TAKES[name] if name in TAKES else max(0, -effect)


@lru_cache(maxsize=256)
def steps_of(code: CodeType) -> tuple[tuple[Step, ...], list[int]]:
    """The instructions of a function, and their offsets."""
    found = []
    for step in dis.get_instructions(code):
        effect = dis.stack_effect(step.opcode, step.arg, jump=False)
        where = step.positions
        span = ((where.lineno, where.col_offset), (where.end_lineno, where.end_col_offset)) if where is not None else None
        found.append(Step(step.opname, step.argval, takes(step, effect), effect, step.offset, span))
    return tuple(found), [step.offset for step in found]


def place_of(code: CodeType, offset: int) -> int:
    """Where in the list the instruction at an offset is, or the one whose cache lies there; of a call in two parts the second."""
    steps, offsets = steps_of(code)
    at = max(bisect_right(offsets, offset) - 1, 0)
    return at + (steps[at].name == "PRECALL")


@lru_cache(maxsize=4096)
def taker(code: CodeType, at: int) -> int:
    """The place of the instruction that takes what the one at `at` left on top of the stack; -1 where that cannot be told."""
    steps, _ = steps_of(code)
    above, k = 0, at + 1
    for _ in range(len(steps)):
        if k >= len(steps):
            return -1
        step = steps[k]
        if step.name == "PRECALL":  # counted with the CALL that follows
            k += 1
            continue
        if step.name in ("SWAP", "COPY") and not (step.name == "COPY" and above):
            return -1
        if step.takes > above:
            return k
        made = step.effect if step.name != "CALL" else 1 - step.takes
        above += made
        k = place_of(code, step.arg) if step.name == "JUMP_FORWARD" else k + 1
    return -1


class Follower:
    """Follows one number, or a text of it, through the frames in which it lives."""

    def __init__(self) -> None:
        self.left = DEEPEST
        self.seen: set[tuple[int, int]] = set()

    def result(self, frame: Any, at: int, text: bool) -> Use:
        """What becomes of what the instruction at `at` made."""
        code = frame.f_code
        self.left -= 1
        if self.left < 0 or (id(code), at) in self.seen:
            return "shown"
        self.seen.add((id(code), at))
        steps, _ = steps_of(code)
        k = taker(code, at)
        if k < 0:
            return "kept"
        step = steps[k]
        name = step.name
        if name in ("POP_TOP", "PRINT_EXPR", "CALL_INTRINSIC_1"):
            return "shown"
        if name.startswith(QUESTIONS):
            return "asked"
        if name.startswith(("FORMAT", "CONVERT_VALUE")) or name == "BUILD_STRING":
            return self.result(frame, k, True)
        if name.startswith("BUILD_"):
            return self.result(frame, k, text)
        if name == "STORE_FAST":
            return self.stored(frame, step.arg, text)
        if name in ELSEWHERE:
            return "kept"
        if name.startswith("CALL"):
            return self.called(frame, k, text)
        if name == "RETURN_VALUE":
            return self.returned(frame, text)
        if name in ("LIST_APPEND", "SET_ADD", "MAP_ADD", "YIELD_VALUE"):
            return self.returned(frame, text) if code.co_name in COMPREHENSIONS else "kept"
        if text:  # joined to another text, cut or asked for a method
            return self.result(frame, k, True)
        return "used"

    def stored(self, frame: Any, name: str, text: bool) -> Use:
        """What becomes of a local name: the most that any place makes of it that reads it."""
        steps, _ = steps_of(frame.f_code)
        found: list[Use] = ["shown"]
        for k, step in enumerate(steps):
            names = step.arg if isinstance(step.arg, tuple) else (step.arg,)
            if step.name.startswith("LOAD_FAST") and name in names:
                found.append(self.result(frame, k, text))
        return max(found, key=ORDER.index)

    def called(self, frame: Any, k: int, text: bool) -> Use:
        """What a function makes of it that it is handed to."""
        steps, _ = steps_of(frame.f_code)
        names = self.names(frame, steps[k].span)
        value = meant(frame, names) if names else None
        if value is print or (value is not None and shows(value)):
            return "shown"
        if any(value is maker for maker in TEXTS):
            return self.result(frame, k, True)
        if text:
            if (isinstance(value, type) and issubclass(value, (float, int, complex))) or reads(value):
                return "used"
            return self.result(frame, k, True)
        if any(value is maker for maker in NUMBERS):
            return self.result(frame, k, False)
        if asks(value):
            return "asked"
        if self.result(frame, k, False) != "shown":
            return "used"
        code = frame.f_code  # the result is dropped: kept in what the method belongs to, or shown in a way of the person's own
        local = names[:1] and names[0] in code.co_varnames[code.co_argcount + code.co_kwonlyargcount :]
        return "used" if local and len(names) > 1 and isinstance(meant(frame, names[:1]), (list, dict, set)) else "told"

    def names(self, frame: Any, span: Any) -> tuple[str, ...]:
        """The names that lead to what a call calls."""
        if span is None or None in span[0] or None in span[1]:
            return ()
        return tuple([name for last, name in loaded(frame.f_code, span).get(span[0], ()) if last < span[1]])

    def returned(self, frame: Any, text: bool) -> Use:
        """What becomes of it in the function that is returned to."""
        outer = frame.f_back
        if outer is None or (room := outer.f_globals.get("__name__", "").partition(".")[0]) == __name__.partition(".")[0]:
            return "kept"  # what a traced function returns is looked at as a whole
        if room in SHOWING:
            return "shown"
        return self.result(outer, place_of(outer.f_code, outer.f_lasti), text)


def shows(value: Any) -> bool:
    """Whether a function shows, logs or writes what it is given."""
    owner = getattr(value, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType) and room_of(type(owner)) in ("_io", "io", "sys", *SHOWING):
        return True
    return room_of(value) in SHOWING


def reads(value: Any) -> bool:
    """Whether a function makes a number of a text."""
    return value is builtins.eval or value is json.loads or room_of(value) in READERS


def use_of(text: bool = False, depth: int = 3) -> Use:
    """What becomes of the number, or the text, that is being handed to the nearest caller outside the package."""
    frame = caller(depth)
    if frame is None:
        return "kept"
    if frame.f_globals.get("__name__", "").partition(".")[0] in SHOWING:
        return "shown"
    steps, _ = steps_of(frame.f_code)
    at = place_of(frame.f_code, frame.f_lasti)
    follower, step = Follower(), steps[at]
    if step.name == "UNPACK_SEQUENCE":
        uses = [follower.stored(frame, s.arg, text) for s in steps[at + 1 : at + 1 + int(step.arg)] if s.name == "STORE_FAST"]
        return max(uses, key=ORDER.index) if uses else "kept"
    if step.name.startswith("CALL") and not text and asks(meant(frame, follower.names(frame, step.span) or ("",))):
        return "asked"  # math.floor and its kin, whose answer has no slope
    if step.name == "BINARY_OP" and not text:  # the % of a text: nothing else asks for a number there
        text = True
    return follower.result(frame, at, text)
