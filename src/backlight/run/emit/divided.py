"""A module in parts that can be compiled side by side.

What a piece of code calls by way of the pool of threads, a step, is a function of its own with all that it needs: it can as well
stand in another module, and be found by name. Steps are dealt out so that the parts take the compiler about as long; what several
of them need, each part has for itself. How many parts there are depends on the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from backlight.run.emit.code import Module

STEP = "bl.step."
NAME = re.compile(r"@([-\w.]+)")  # a stride may be negative
LEAST = 1500  # lines from which a module is divided: some 60 ms
LOOP = 20  # lines that a loop counts for


def divided(module: Module, attributes: str) -> list[str]:
    """Return the texts of the parts; `#0` are the attributes that every function has."""
    functions = module.functions
    whole = module.text(attributes)
    if whole.count("\n") < LEAST:
        return [whole]
    needs = {symbol: dict.fromkeys(NAME.findall(text)).keys() - {symbol} for symbol, text in functions.items()}
    costs = {symbol: text.count("\n") + LOOP * text.count(" = phi i64 ") for symbol, text in functions.items()}
    roots = [symbol for symbol, text in functions.items() if not text.startswith("define internal ")]
    parts, totals = [reached(roots, needs), set[str]()], [0, 0]
    totals[0] = sum(costs[x] for x in parts[0])
    steps = [symbol for symbol in functions if symbol.startswith(STEP)]
    own = {symbol: reached([symbol], needs) for symbol in steps}
    home: dict[str, int] = {}
    for symbol in sorted(steps, key=lambda symbol: -sum(costs[x] for x in own[symbol])):
        found = [total + sum(costs[x] for x in own[symbol] - part) for total, part in zip(totals, parts, strict=True)]
        k = home[symbol] = found.index(min(found))
        totals[k] = found[k]
        parts[k] |= own[symbol]
    wanted = [{x for symbol in part for x in needs[symbol]} for part in parts]
    shared = {symbol for symbol, k in home.items() if symbol in wanted[1 - k]}
    return [text_of(module, part, asked, shared, attributes) for part, asked in zip(parts, wanted, strict=True) if part]


def reached(roots: Iterable[str], needs: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the functions that some need, and themselves; steps are elsewhere."""
    found, waiting = set[str](), list(roots)
    while waiting:
        symbol = waiting.pop()
        if symbol not in found:
            found.add(symbol)
            waiting += [x for x in needs[symbol] if x in needs and not x.startswith(STEP)]
    return found


def text_of(module: Module, part: set[str], wanted: set[str], shared: set[str], attributes: str) -> str:
    """Return the text of one part: its functions, and of what they want the declarations and the constants."""
    functions, elsewhere = {}, {}
    for symbol, text in module.functions.items():
        if symbol in part:
            functions[symbol] = text.replace("define internal ", "define hidden ", 1) if symbol in shared else text
        elif symbol in wanted:
            elsewhere[symbol] = declaration(text.partition(" {\n")[0])
    constants = {symbol: text for symbol, text in module.constants.items() if symbol in wanted}
    declarations = {symbol: text for symbol, text in module.declarations.items() if symbol in wanted}
    return Module(module.target, functions, {**declarations, **elsewhere}, constants).text(attributes)


def declaration(head: str) -> str:
    """Return the declaration of a function that is defined elsewhere, made from the head of its definition."""
    found = re.fullmatch(r"define internal (\S+) @([-\w.]+)\((.*)\) .*", head)
    assert found is not None, head
    types = ", ".join(x.rsplit(" %", 1)[0] for x in found[3].split(", "))
    return f"declare hidden {found[1]} @{found[2]}({types})"
