"""A text cut into words, each with its place.

A word is a tuple (kind, start, end, text). Most kinds follow from the characters alone. Four need a look around: a name
before `(` is called where an operation or a definition has that name, and multiplied where it is a variable; a bar opens
where an operand is due and closes where one has ended; a name before `=` is assigned, begins a header, or is a keyword;
the end of a line ends nothing inside brackets or after an operator. Brackets are paired here, so that a missing one is
pointed at itself and not at the end of the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection
from typing import Final

from ...core.graph import At
from ...errors import BacklightError, LimitError, SyntaxError

__all__ = ["DEPTH", "LIMIT", "NAME_LENGTH", "Place", "Word", "near", "plain_name", "unquoted", "words"]

Word = tuple[str, int, int, str]

LIMIT: Final = 2_500  # words: what is read within 50 ms on a slow machine; a file may be read with a higher limit
CHARACTERS: Final = 16  # per word of the limit: comments and spaces count too
DEPTH: Final = 200  # brackets inside one another
NAME_LENGTH: Final = 100  # characters
SHOWN: Final = 100  # characters of a line that an error shows

SUPERSCRIPTS: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
SUBSCRIPTS: Final = "₀₁₂₃₄₅₆₇₈₉"

PATTERN: Final = re.compile(
    rf"""
      (?P<SPACE>[^\S\r\n]+|\#[^\r\n]*|\ufeff)
    | (?P<ELLIPSIS>\.\.\.|…)
    | (?P<NUMBER>(?:[0-9]+(?:\.(?!T(?![A-Za-z0-9_]))[0-9]*)?|\.[0-9]+)(?:[eE][+\-−]?[0-9]+)?|∞)
    | (?P<TRANSPOSED>ᵀ|\.T(?![A-Za-z0-9_]))
    | (?P<SUPERSCRIPT>⁻?[{SUPERSCRIPTS}]+)
    | (?P<NAME>[^\W\d{SUPERSCRIPTS}ᵀⁿⁱ∑](?:[^\W{SUPERSCRIPTS}ᵀⁿⁱ]|[\u0300-\u036f])*['′″‴’]*|∑)
    | (?P<QUOTED>`(?:[^`\\\r\n]|\\[^\r\n])*`)
    | (?P<STRING>'(?:[^'\\\r\n]|\\[^\r\n])*'|"(?:[^"\\\r\n]|\\[^\r\n])*")
    | (?P<POWER>\*\*|\^)
    | (?P<COMPARISON><=|>=|==|!=|[<>≤≥≠])
    | (?P<TIMES>[*/@%·×⋅∗⊙÷∕])
    | (?P<PLUS>\+)
    | (?P<MINUS>[-−–])
    | (?P<OPEN>\()
    | (?P<CLOSE>\))
    | (?P<OPEN_LIST>\[)
    | (?P<CLOSE_LIST>\])
    | (?P<COMMA>,)
    | (?P<EQUAL>=)
    | (?P<COLON>:)
    | (?P<BAR>\|)
    | (?P<ROOT>[√∛])
    | (?P<NOT>¬)
    | (?P<AND>∧)
    | (?P<OR>∨)
    | (?P<SEPARATOR>\r\n|[\r\n;])
    """,
    re.VERBOSE,
)

LOGIC: Final = {"and": "AND", "or": "OR", "not": "NOT"}
OPERAND_ENDS: Final = frozenset(
    ["NAME", "NUMBER", "STRING", "CLOSE", "CLOSE_LIST", "END_BAR", "TRANSPOSED", "SUPERSCRIPT"]
)
GOES_ON: Final = frozenset(["PLUS", "MINUS", "TIMES", "POWER", "COMPARISON", "EQUAL", "AND", "OR", "NOT", "COMMA", "ROOT"])
PAIRS: Final = {"CLOSE": "OPEN", "CLOSE_LIST": "OPEN_LIST", "END_BAR": "BAR"}
CLOSERS: Final = {"OPEN": ")", "OPEN_LIST": "]", "BAR": "|"}
HINTS: Final = {
    "!": "'not equal' is written ≠ or !=",
    "&": "'both' is written 'and'",
    "~": "'not' is written 'not'",
    "{": "brackets are ( and )",
    "}": "brackets are ( and )",
    "$": "write the formula without $",
    "\\": "write names plainly, as in sin(x) or α",
    ".": "a point belongs into a number, as in 0.5, or before T, as in x.T",
    "'": "a quotation mark is missing",
    '"': "a quotation mark is missing",
    "`": "a ` is missing",
    "—": "a minus sign is -",
}


class Place:
    """Lines and columns of one text, and the errors that point into it."""

    __slots__ = ("codes", "starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(m.end() for m in re.finditer(r"\r\n|[\r\n]", text))]
        ends = [*self.starts[1:], len(text)]
        shown = text.translate(dict.fromkeys((*range(10), 11, 12, *range(14, 32)), " "))  # one column each
        self.codes = [shown[a:b].rstrip("\r\n") for a, b in zip(self.starts, ends, strict=True)]

    def at(self, start: int, end: int) -> At:
        """The place from one offset to another; `end` is 0 where it lies on a later line."""
        line = bisect_right(self.starts, start)
        first = self.starts[line - 1]
        same = line == len(self.starts) or end <= self.starts[line]
        return At("<text>", line, start - first + 1, end - first + 1 if same else 0, self.codes[line - 1])

    def mistake(self, message: str, start: int, end: int, kind: type[BacklightError] = SyntaxError) -> BacklightError:
        """An error that names line and column and shows the line with a caret."""
        at = self.at(start, end)
        code, column = at.code, at.column
        width = max(1, min(at.end - column, len(code) - column + 1, SHOWN // 2))
        if len(code) > SHOWN:
            left = max(0, min(column - 1 - SHOWN // 4, len(code) - SHOWN))
            cut = code[left : left + SHOWN]
            code = ("…" if left else "") + cut + ("…" if left + SHOWN < len(code) else "")
            column -= left - (1 if left else 0)
        whole = f"line {at.line}, column {at.column}: {message}\n    {code}\n    {' ' * (column - 1)}{'^' * width}"
        error = SyntaxError(whole, ("<text>", at.line, at.column, at.code)) if kind is SyntaxError else kind(whole)
        error.at = at
        return error


def near(word: str, known: Collection[str]) -> str:
    """`; did you mean 'a' or 'b'?`, or nothing where no known word resembles this one."""
    import difflib

    if word.lower() in known:
        return f"; did you mean {word.lower()!r}?"
    close = difflib.get_close_matches(word, sorted(known), n=2, cutoff=0.6)
    return "; did you mean " + " or ".join(repr(w) for w in close) + "?" if close else ""


def plain_name(text: str) -> str:
    """A name as Python would spell it as a keyword, so that `µ` typed with either of two keys is one variable."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC" if text.isidentifier() else "NFC", text)


def unquoted(text: str) -> str:
    """What stands between quotation marks, with `\\n`, `\\r` and escaped marks resolved."""
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), text[1:-1])


def name_end(text: str) -> int:
    """How much of the text is a name: letters, digits 0 to 9 and ₀ to ₉, `_`, accents and primes."""
    for i, c in enumerate(text):
        if c in "_'′″‴’" or (c.isalpha() and c not in "ᵀⁿⁱ") or c in "Σ∑":
            continue
        if i and (c in "0123456789" or c in SUBSCRIPTS or "\u0300" <= c <= "\u036f"):
            continue
        return i
    return len(text)


def words(text: str, functions: Collection[str], limit: int = LIMIT) -> tuple[list[Word], Place]:
    """The words of a text, ending in one of kind `$END`. `functions` are the names that may be called."""
    if len(text) > CHARACTERS * limit:
        raise LimitError(f"the text has {len(text)} characters, and the limit is {CHARACTERS * limit}")
    place = Place(text)
    found = cut(text, place, limit)
    sort_names(found, functions, place)
    return found, place


def cut(text: str, place: Place, limit: int) -> list[Word]:
    """The words by their characters, brackets paired, ends of lines kept where they mean something."""
    found: list[Word] = []
    open_brackets: list[Word] = []
    match = PATTERN.match
    position, size, last = 0, len(text), "SEPARATOR"
    while position < size:
        m = match(text, position)
        if m is None:
            c = text[position]
            shown = repr(c) if c.isprintable() else f"U+{ord(c):04X}"
            raise place.mistake(
                f"{shown} is not part of the language" + (f": {HINTS[c]}" if c in HINTS else ""), position, position + 1
            )
        kind: str = m.lastgroup  # type: ignore[assignment]
        end = m.end()
        if kind == "SPACE":
            position = end
            continue
        piece = m[0]
        if kind == "NAME":
            if not piece.isascii():
                end = position + name_end(piece)
                if end == position:
                    raise place.mistake(f"{piece[0]!r} is not part of the language", position, position + 1)
                piece = text[position:end]
            if end - position > NAME_LENGTH:
                raise place.mistake(
                    f"a name has at most {NAME_LENGTH} characters, and this one has {end - position}", position, end, LimitError
                )
            kind = LOGIC.get(piece, kind)
        elif kind == "SEPARATOR":
            if open_brackets and piece == ";":
                b = open_brackets[-1]
                raise place.mistake(f"{b[3]!r} is not closed before ';'", b[1], b[2])
            if open_brackets or last == "SEPARATOR" or (last in GOES_ON and piece != ";"):
                position = end
                continue
        elif kind == "BAR" and last in OPERAND_ENDS and open_brackets and open_brackets[-1][0] == "BAR":
            kind = "END_BAR"
        elif kind == "QUOTED" and end - position > NAME_LENGTH + 2:
            raise place.mistake(
                f"a name has at most {NAME_LENGTH} characters, and this one has {end - position - 2}", position, end, LimitError
            )
        word = (kind, position, end, piece)
        if kind in CLOSERS:
            open_brackets.append(word)
            if len(open_brackets) > DEPTH:
                raise place.mistake(f"brackets are nested more than {DEPTH} deep", position, end, LimitError)
        elif kind in PAIRS:
            if not open_brackets:
                raise place.mistake(f"there is no bracket for this {piece!r} to close", position, end)
            opened = open_brackets.pop()
            if opened[0] != PAIRS[kind]:
                line = place.at(opened[1], opened[2])
                raise place.mistake(
                    f"{opened[3]!r} of line {line.line}, column {line.column} is closed by {piece!r}: "
                    f"expected {CLOSERS[opened[0]]!r}", position, end,
                )  # fmt: skip
        found.append(word)
        if len(found) > limit:
            raise LimitError(f"the text has more than {limit} words, which is the limit: parse(text, limit=…) sets another")
        last = "NAME" if kind == "QUOTED" else kind
        position = end
    if open_brackets:
        b = open_brackets[-1]
        raise place.mistake(f"{b[3]!r} is never closed: expected {CLOSERS[b[0]]!r}", b[1], b[2])
    while found and found[-1][0] == "SEPARATOR":
        found.pop()
    found.append(("$END", size, size, ""))
    return found


def sort_names(found: list[Word], functions: Collection[str], place: Place) -> None:
    """Tell the kinds of names apart, in place."""
    begin = 0  # of the statement
    depth = 0
    known = set(functions)
    bare: set[str] = set()  # names that stand somewhere without being called
    called: list[int] = []
    for i, (kind, start, end, piece) in enumerate(found):
        if kind in ("OPEN", "OPEN_LIST", "BAR"):
            depth += 1
        elif kind in PAIRS:
            depth -= 1
        elif kind == "SEPARATOR":
            begin = i + 1
        elif kind == "NAME":
            after = found[i + 1][0]
            if after == "OPEN":
                called.append(i)
            elif after == "EQUAL" and depth and found[i - 1][0] in ("COMMA", "OPEN"):
                found[i] = ("KEYWORD", start, end, piece)
            else:
                bare.add(piece)
        elif kind == "QUOTED":
            found[i] = ("NAME", start, end, piece)
        if kind == "EQUAL" and depth == 0:
            first = found[begin]
            if i == begin + 1 and first[0] == "NAME":
                found[begin] = ("TARGET", *first[1:])
            elif first[0] == "NAME" and found[begin + 1][0] == "OPEN" and closes(found, begin + 1) == i - 1:
                found[begin] = ("HEADER", *first[1:])
                known.add(first[3])
    for i in called:
        kind, start, end, piece = found[i]
        if kind != "NAME":
            continue
        if piece not in bare:
            found[i] = ("FUNCTION", start, end, piece)
        elif piece in known:
            raise place.mistake(
                f"{piece!r} is a variable elsewhere in this text and called here: "
                f"write {piece}*(…) for a product, or give the variable another name", start, end,
            )  # fmt: skip


def closes(found: list[Word], begin: int) -> int:
    """Where the bracket that opens at `begin` closes; only a header's, which holds no other brackets, is looked for."""
    i = begin + 1
    while found[i][0] in ("NAME", "COMMA"):
        i += 1
    return i if found[i][0] == "CLOSE" else -1

