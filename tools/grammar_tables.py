"""Make `src/backlight/read/text/tables.json` from `grammar.lark`: run this after changing the grammar.

Lark turns the grammar into an LALR table. That takes a fifth of a second, most of it for loading Lark, which is too long
for every start of the command; so the table is kept as a file (decisions/011), and a test compares the two. States are
numbered in the order in which a walk from the first one meets them, so that the file depends on the grammar alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "src" / "backlight" / "read" / "text"


def tables(grammar: str) -> dict[str, Any]:
    """Rules and states. A state maps a word to the next state, or to ~rule to reduce; `$END` maps to 0 at the end."""
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Shift

    class NoWords(Lexer):
        """Stands for the lexer while the table is made: words.py makes the words."""

        def __init__(self, _: Any) -> None:
            pass

        def lex(self, *_: Any) -> Any:
            raise AssertionError("the table is made without reading any text")

    parser = Lark(grammar, parser="lalr", lexer=NoWords, strict=True)
    table = parser.parser.parser._parse_table
    rules: list[list[Any]] = []
    numbers: dict[Any, int] = {}
    for rule in parser.rules:
        numbers[rule] = len(rules)
        rules.append([rule.origin.name, len(rule.expansion), rule.alias or ""])
    begin, end = table.start_states["start"], table.end_states["start"]
    order = {begin: 0}
    queue = [begin]
    states = []
    for state in queue:
        row: dict[str, int] = {}
        for word, (action, to) in sorted(table.states[state].items()):
            if action is not Shift:
                row[word] = ~numbers[to]
            elif word != "$END":
                if to not in order:
                    order[to] = len(order)
                    queue.append(to)
                row[word] = order[to]
        if state == end:
            row["$END"] = 0  # nothing ever goes back to the first state, so its number can say that all is read
        states.append(row)
    return {"rules": rules, "states": states}


def written(made: dict[str, Any]) -> str:
    """The file's text: one rule or state a line, so that a change can be read."""
    lines = ['{"rules": [', ",\n".join(json.dumps(rule) for rule in made["rules"]), '],\n"states": [']
    return "\n".join([*lines, ",\n".join(json.dumps(state, separators=(",", ":")) for state in made["states"]), "]}"]) + "\n"


if __name__ == "__main__":
    (FOLDER / "tables.json").write_text(written(tables((FOLDER / "grammar.lark").read_text("utf-8"))), "utf-8")
