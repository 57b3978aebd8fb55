"""Words to a tree, by the table that Lark made of the grammar.

A tree is a tuple (kind, start, end, parts): the kind is the name after the arrow in `grammar.lark`, and parts are words,
trees, or lists of them. The table is walked with a stack of our own, so depth costs memory and nothing else. Rules that
only pass their one part on make up most of a grammar's depth; where such a chain ends is remembered, so that it costs one
step.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from .words import Place, Word

__all__ = ["Tree", "tree"]

Tree = tuple[str, int, int, tuple[Any, ...]]


@cache
def tables() -> tuple[list[tuple[str, int, str]], list[dict[str, int]], dict[Any, int]]:
    """Rules, states, and the memory of where chains end."""
    made = json.loads(Path(__file__).with_name("tables.json").read_text("utf-8"))
    return [tuple(rule) for rule in made["rules"]], made["states"], {}


def tree(words: list[Word], place: Place) -> list[Any]:
    """The statements of a text. Raises: SyntaxError with the place of the first word that does not fit."""
    rules, states, chains = tables()
    stack = [0]
    values: list[Any] = []
    for i, word in enumerate(words):
        kind = word[0]
        while True:
            action = states[stack[-1]].get(kind)
            if action is None:
                raise mistake(words, i, states[stack[-1]], place)
            if action >= 0:
                break
            origin, size, alias = rules[~action]
            if size == 1 and not alias:  # passed on: only the state changes
                key = (stack[-2], stack[-1], kind)
                state = chains.get(key)
                if state is None:
                    state = chains[key] = chain_end(stack[-2], stack[-1], kind, rules, states)
                stack[-1] = state
                continue
            parts = tuple(values[-size:])
            del stack[-size:], values[-size:]
            stack.append(states[stack[-1]][origin])
            if alias == "first":
                values.append([parts[0]])
            elif alias == "more":
                parts[0].append(parts[-1])
                values.append(parts[0])
            elif alias == "result":
                values.append((alias, 0, 0, parts))
            else:
                values.append((alias, parts[0][1], parts[-1][2], parts))
        if kind == "$END":
            break
        stack.append(action)
        values.append(word)
    return values[0]  # type: ignore[no-any-return]


def chain_end(below: int, state: int, kind: str, rules: list[tuple[str, int, str]], states: list[dict[str, int]]) -> int:
    """The state after all the rules that pass one part on."""
    while True:
        action = states[state].get(kind)
        if action is None or action >= 0:
            return state
        origin, size, alias = rules[~action]
        if size != 1 or alias:
            return state
        state = states[below][origin]


ACTS = {"+": "add", "*": "multiply", "/": "divide by", "@": "multiply", "%": "divide by", "^": "raise to", "=": "assign"}
SAME = {"·": "*", "×": "*", "⋅": "*", "∗": "*", "⊙": "*", "÷": "/", "∕": "/", "**": "^"}


def shown(word: Word) -> str:
    """A word in a message."""
    if word[0] == "$END":
        return "the end of the text"
    if word[0] == "SEPARATOR":
        return "';'" if word[3] == ";" else "the end of the line"
    return repr(word[3] if len(word[3]) <= 30 else word[3][:30] + "…")


def mistake(words: list[Word], i: int, expected: dict[str, int], place: Place) -> Exception:
    """The error for word i, which is none of those expected."""
    word, before = words[i], words[i - 1] if i else ("SEPARATOR", 0, 0, "")
    kind, start, end, piece = word
    if kind == "$END" and before[0] != "SEPARATOR":
        start, end = before[2], before[2] + 1
    if kind == "$END" and i == 0:
        return place.mistake("the text is empty: expected a formula, as in 4*x + 1", 0, 1)
    if "NUMBER" in expected:
        wanted = "a number, a name or an opening bracket"
        if before[0] in ("SEPARATOR", "TARGET"):
            return place.mistake(f"nothing before {shown(word)}: expected {wanted}", start, end)
        act = "compare with" if before[0] == "COMPARISON" else ACTS.get(SAME.get(before[3], before[3]))
        if before[0] == "MINUS":
            act = "subtract"
        if act:
            return place.mistake(f"nothing to {act} after {before[3]!r}: expected {wanted}, found {shown(word)}", start, end)
        return place.mistake(f"expected {wanted} after {shown(before)}, found {shown(word)}", start, end)
    if kind == "COMPARISON":
        return place.mistake(
            f"comparisons do not chain: before {piece!r} write the first one in brackets, or join two by 'and'", start, end
        )
    if kind == "EQUAL":
        return place.mistake(
            "'=' follows a name, as in y = 2*x, a header, as in f(x) = 2*x, or a setting, as in axis=0; a comparison is '=='",
            start, end,
        )  # fmt: skip
    if kind == "COLON":
        return place.mistake("':' belongs between square brackets, as in x[1:3]", start, end)
    if kind == "KEYWORD" or (kind == "NAME" and words[i + 1][0] == "EQUAL"):
        return place.mistake(f"a setting like {piece}=… belongs into the brackets of a call", start, end)
    if kind in ("NUMBER", "NAME", "FUNCTION", "STRING", "OPEN", "OPEN_LIST", "BAR", "ROOT", "NOT", "HEADER", "TARGET"):
        return place.mistake(f"expected an operator between {shown(before)} and {shown(word)}", start, end)
    return place.mistake(f"did not expect {shown(word)} after {shown(before)}", start, end)
