"""Predict, then reveal: marking an answer, and hints, which are the terms of the chain rule."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from ..core.types import Type
from ..errors import BacklightError, InputError
from ..explain.derive import differentiated
from ..explain.letters import lettered
from ..explain.story import downstream_letters, rule_of
from ..read.text import read_value
from ..run.record import Run
from ..show.figures import inline
from .news import Hint, Marked, Step
from .sheet import Sheet
from .told import downstream, forward, math, upstream, value, words

__all__ = ["answer", "ask"]

CLOSE: Final = 1e-3      # relative: right whatever digits were typed
ROUNDED: Final = 2e-2    # relative: a rounded answer may be off by half of its last digit, but by no more than this
MOST: Final = 10_000     # numbers in an answer
SIGNS: Final = {"+": 1, "positive": 1, "plus": 1, "1": 1, "-": -1, "−": -1, "negative": -1, "minus": -1, "-1": -1,
                "0": 0, "zero": 0, "none": 0}  # fmt: skip
SIGN_WORDS: Final = {1: "positive", -1: "negative", 0: "zero"}


def truth(run: Run, node: int, part: str) -> Any:
    """What the engine has. Raises: InputError where there is nothing."""
    graph = run.graph
    number = graph.number(node)
    kind = graph.nodes[number].type
    if part == "shape":
        if not isinstance(kind, Type):
            raise InputError(f"node {number} has several results, and no one shape")
        return kind.shape
    if part == "value":
        return np.asarray(run.value(number))
    found = graph.grads.get(number)
    if found is None:
        raise InputError(f"node {number} has no gradient here, so there is none to predict")
    return np.asarray(run.value(found))


def answer(sheet: Sheet, wish: Any) -> Marked:
    """Whether a prediction is right. Raises: InputError where it cannot be one at all."""
    true = truth(sheet.explained(), wish.node, wish.part)
    if wish.part == "shape":
        return marked_shape(true, wish)
    if wish.element:
        try:
            true = true[wish.element]
        except IndexError:
            raise InputError(f"there is no element {list(wish.element)} in shape {true.shape}") from None
    if wish.part == "sign":
        return marked_sign(true, wish)
    try:
        given = np.asarray(read_value(wish.text, most=MOST, files=False), float)
    except (BacklightError, ValueError, TypeError) as error:
        raise InputError(f"{wish.text[:40]!r} is no number: {str(error).splitlines()[0]}") from None
    if given.shape != np.shape(true):
        return Marked(False, f"your answer has shape {given.shape}, and this has {np.shape(true)}", "", wish.id)
    wrong = ~close(given, np.asarray(true, float), wish.text)
    if not wrong.any():
        return Marked(True, "right", inline(true, 6), wish.id)
    return Marked(False, off(given, np.asarray(true, float), wrong), "", wish.id)


def close(given: Any, true: Any, text: str) -> Any:
    """Where the numbers agree: to a thousandth, or as far as the digits that were typed."""
    step = last_digit(text) if given.ndim == 0 else 0.0
    with np.errstate(invalid="ignore"):
        far = np.abs(given - true)
        allowed = np.maximum(CLOSE * np.abs(true), np.minimum(0.5000001 * step, ROUNDED * np.abs(true)))
        return (given == true) | (far <= allowed) | (np.isnan(given) & np.isnan(true))


def last_digit(text: str) -> float:
    """What one unit of the last digit is worth that was typed; 0 for anything but a plain number."""
    found = re.fullmatch(r"\s*[-−+]?(\d*)(?:\.(\d*))?(?:[eE]([-−+]?\d{1,3}))?\s*", text)
    if found is None:
        return 0.0
    return float(10.0 ** (int((found[3] or "0").replace("−", "-")) - len(found[2] or "")))


def off(given: Any, true: Any, wrong: Any) -> str:
    """What is wrong, without giving the answer away."""
    if given.ndim:
        return f"{int(wrong.sum())} of {wrong.size} numbers are not right yet"
    g, t = float(given), float(true)
    if not np.isfinite(t):
        return "it is no finite number: look where the values go"
    if np.isfinite(g) and bool(close(np.asarray(-g), np.asarray(t), "")) and g:
        return "the size is right, and the sign is the other way round"
    if g * t < 0:
        return "the sign is the other way round"
    if t == 0:
        return "not zero? Look for a factor that is"
    if g == 0:
        return "it is not zero"
    return "too large" if abs(g) > abs(t) else "too small"


def marked_sign(true: Any, wish: Any) -> Marked:
    """A sign is + or −, or 0."""
    if np.ndim(true):
        raise InputError("this gradient is an array: ask for the sign of one element of it")
    given = SIGNS.get(wish.text.strip().lower())
    if given is None:
        raise InputError(f"{wish.text[:40]!r} is no sign: write +, − or 0")
    if np.isnan(true):
        return Marked(False, "it is no number, and has no sign", "NaN", wish.id)
    sign = int(np.sign(true))
    if given == sign:
        return Marked(True, "right", SIGN_WORDS[sign], wish.id)
    return Marked(False, "no: follow the signs along the path", "", wish.id)


def marked_shape(true: tuple[int, ...], wish: Any) -> Marked:
    """A shape is written (3, 4), 3×4, 3 4, or () for a single number."""
    text = wish.text.strip().strip("()[]")
    parts = [part for part in re.split(r"[\s,×x]+", text) if part]
    if not all(part.isdecimal() for part in parts):
        raise InputError(f"{wish.text[:40]!r} is no shape: write it as in (3, 4), or () for a single number")
    given = tuple(int(part) for part in parts)
    shown = str(true).replace(",)", ")")
    if given == true:
        return Marked(True, "right", shown, wish.id)
    if len(given) != len(true):
        return Marked(False, f"it has {len(true)} ax{'i' if len(true) == 1 else 'e'}s, and your answer {len(given)}", "", wish.id)
    return Marked(False, "the number of axes is right, and not all their sizes", "", wish.id)


def ask(sheet: Sheet, wish: Any) -> Hint:
    """The next hint. Raises: InputError where there is no other."""
    run = sheet.explained()
    truth(run, wish.node, wish.part)
    steps = hints(run, run.graph.number(wish.node), wish.part)
    if not 0 <= wish.given < len(steps):
        raise InputError(f"there are {len(steps)} hints for this, and all were given")
    return Hint(steps[wish.given], len(steps) - wish.given - 1, wish.id)


def hints(run: Run, node: int, part: str) -> list[Step]:
    """From the rule to the numbers, never the answer itself."""
    graph = run.graph
    called = lettered(graph)
    if part in ("value", "shape"):
        found = graph.nodes[node]
        if not found.inputs:
            return [Step("an input", ((words("its value was given, by nobody but you"),),), node)]
        lines = forward(run, node, called).lines
        rule = Step("the operation", lines[1:2], node)
        if part == "shape":
            shapes = [(math(called[j], j), words(f" has shape {str(graph.type(j).shape).replace(',)', ')')}"))
                      for j in dict.fromkeys(found.inputs) if isinstance(graph.nodes[j].type, Type)]  # fmt: skip
            return [rule, Step("the operands", tuple(shapes), node)]
        return [rule, Step("its operands", lines[2:-1], node)] if lines[2:-1] else [rule]
    arrived = [(i, k) for (i, k) in sorted(graph.parts) if i < graph.forward_count and graph.nodes[i].inputs[k - 1] == node]
    if not arrived:
        return [Step("upstream", upstream(run, node, called).lines, node)]
    steps = []
    if len(arrived) > 1:
        steps.append(Step("several", ((words(f"{len(arrived)} gradients arrive here, and they are added up"),),), node))
    for i, k in arrived:
        edge = run[i].edge(k)
        lines = downstream(run, edge, called).lines
        rule_line = (words("from "), math(called[i], i), words(f": {rule_of(graph.nodes[i])}"))
        letters = None if edge.part.local >= 0 else downstream_letters(graph, edge, called, differentiated(run))
        written = lines[1:2] if edge.part.local >= 0 else ((words("downstream = "), math(letters)),) if letters is not None else ()
        steps.append(Step("the rule", (rule_line, *written), i))
        given = (words("the gradient of "), math(called[i], i), words(" is "), value(edge.part.upstream, i))
        steps.append(Step("upstream", (given,), i))
        if edge.part.local >= 0:
            steps.append(Step("local", ((words("the local derivative is "), value(edge.part.local, node)),), i))
    return steps


