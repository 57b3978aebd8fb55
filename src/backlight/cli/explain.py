"""`backlight explain`: a formula or a file of them, run and differentiated, shown whole."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import errors
from ..core.graph import Graph
from ..core.types import Type
from ..diff.reverse import reverse
from ..errors import FileError, InputError
from ..explain.formula import spelled
from ..read.text import parse, read_value
from ..run.record import Run
from ..run.reference import bind, run
from ..show.account import account, closeup, formula, stated, summary, tree
from ..show.report import report, value_data
from .draw import CHOICES, KINDS, draw, seen
from .options import Words
from .pages import PAGES, alarm, pages, wanted
from .plots import plot_growth, plot_landscape

__all__ = ["explain"]

DTYPES = ("float64", "float32")
LIKE_PATH = re.compile(r"[^\s()+*^=]+\.(txt|bl|run|eq|md|json|onnx|py)")
LARGEST_TEXT = 1 << 24  # bytes of a file that may be a text
WORDS = 1_000_000       # in a file; what is typed on the command line has the smaller limit of `parse`


def explain(words: Words) -> str:
    """What `backlight explain` prints."""
    options = words.options
    assert words.text is not None
    subject = read_subject(words.text)
    if isinstance(subject, Run):
        only_show = ("node", "full", "json", "code", "latex", "mathml", *CHOICES, *PAGES, *KINDS)
        given = [*words.values, *(f"--{name}" for name in options if name not in only_show)]
        if given:
            raise InputError(f"{words.text} is a saved run: its values are known, and {given[0]} cannot change them")
        return shown(subject, options, None, draw(subject, options))
    if "tree" in options:
        from ..explain.unshared import unshared

        subject = unshared(subject)
    notes: list[str] = []
    extra: dict[str, Any] = {}
    if "dtype" in options and options["dtype"] not in DTYPES:
        raise errors.ValueError(f"--dtype is one of {', '.join(DTYPES)}, and it is {options['dtype']!r:.40}")
    if not words.values and subject.inputs:
        return before_a_run(subject, options)
    values = {name: value_of(name, text) for name, text in words.values.items()}
    graph, found = bind(subject, values, options.get("dtype"))
    if "rewrite" in options:
        graph, found = rewritten(graph, found, options["rewrite"], notes, extra)
    wrt = named_inputs(graph, options["wrt"]) if "wrt" in options else None
    if "open" in options:
        graph, found, wrt = with_opened(graph, found, options["open"], wrt)
    made = run_both_ways(graph, found, options, wrt, notes)
    if "order" in options:
        add_derivatives(graph, found, options, wrt, notes, extra)
    if "ways" in options:
        compare_ways(graph, found, wrt, notes, extra)
    if "landscape" in options:
        notes.append(plot_landscape(graph, found, wrt, options))
    if "growth" in options:
        notes.append(plot_growth(graph, found, wrt, options["growth"]))
    if "save" in options:
        made.save(options["save"])
        notes.append(f"saved as {options['save']}")
    return shown(made, options, wrt, [*notes, *draw(made, options)], extra)


def read_subject(word: str) -> Graph | Run:
    """The graph of a text, of a text in a file, or a saved run."""
    if word == "-":
        return parse(sys.stdin.read(), limit=WORDS)
    path = Path(word)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # too long for a name, or a zero in it: a text
        is_file = False
    if not is_file:
        if LIKE_PATH.fullmatch(word):
            raise FileError(f"there is no file {word}")
        return parse(word)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_TEXT + 1)
    except OSError as error:
        raise FileError(f"cannot read {word}: {error.strerror}") from None
    from ..run.file import MARK, load_run

    if data.startswith(MARK):
        return load_run(path)
    if len(data) > LARGEST_TEXT:
        raise FileError(f"{word} is longer than {LARGEST_TEXT >> 20} MiB: it is not a text of formulas")
    try:
        return parse(data.decode("utf-8-sig"), limit=WORDS)
    except UnicodeDecodeError as error:
        raise FileError(f"{word} is not a text: byte {error.start} is not UTF-8") from None


def value_of(name: str, text: str) -> Any:
    """The value behind `name=`; a mistake in it says in which one."""
    try:
        return read_value(text)
    except errors.BacklightError as error:
        raise type(error)(f"{name}: {error}") from None


def named_inputs(graph: Graph, text: str) -> list[int]:
    """The nodes named in `--wrt x,y`."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError("--wrt needs names of inputs, as in --wrt x,y")
    return list(dict.fromkeys(graph.number(int(name) if name.isdigit() else name) for name in names))


def rewritten(
    graph: Graph, found: dict[int, Any], rules: str, notes: list[str], extra: dict[str, Any]
) -> tuple[Graph, dict[int, Any]]:
    """The graph rewritten by the rules asked for, its input values by their new numbers, and a record of the steps."""
    from ..rewrite.apply import apply

    made = apply(graph, [word.strip() for word in rules.split(",") if word.strip()] or "stabilise")
    extra["rewrites"] = [
        {
            "rule": step.rule.name, "node": step.node if step.node >= 0 else None, "before": spelled(step.before),
            "after": spelled(step.after), "reason": step.reason,
        }
        for step in made.steps
    ]  # fmt: skip
    count = "1 step" if len(made.steps) == 1 else f"{len(made.steps)} steps"
    lines = [f"rewritten in {count}:" if made.steps else "no rule fits: nothing was rewritten"]
    for step in made.steps:
        lines += [f"  {spelled(step.before)} → {spelled(step.after)}", f"      {step.rule.name}: {step.reason}"]
    notes.append("\n".join(lines))
    return made.graph, {made.numbers[i]: value for i, value in found.items()}


def with_opened(
    graph: Graph, found: dict[int, Any], word: str, wrt: list[int] | None
) -> tuple[Graph, dict[int, Any], list[int] | None]:
    """The graph with one operation in smaller ones, and the inputs by their new numbers."""
    from ..show.opened import opened

    made = opened(graph, int(word) if word.isdigit() else word)
    places = dict(zip(graph.inputs, made.inputs, strict=True))
    return made, {places[i]: value for i, value in found.items()}, None if wrt is None else [places.get(i, i) for i in wrt]


def run_both_ways(graph: Graph, found: dict[int, Any], options: Any, wrt: Sequence[int] | None, notes: list[str]) -> Run:
    """The run with gradients, or without where there is nothing to differentiate, and a note that says why."""
    out = graph.outputs[0]
    kind = graph.nodes[out].type
    if not isinstance(kind, Type) or not kind.is_float:
        if {"wrt", "upstream", "order"} & options.keys():
            return run(reverse(graph), found)  # which says what is wrong
        notes.append(f"the output is {kind}: only floats have a derivative")
        return run(graph, found)
    if wrt is None and not any(isinstance(t := graph.nodes[i].type, Type) and t.is_float for i in graph.inputs):
        notes.append("there is no input to differentiate by")
        return run(graph, found)
    upstream = value_of("--upstream", options["upstream"]) if "upstream" in options else None
    if len(graph.outputs) > 1:
        notes.append(f"of {len(graph.outputs)} outputs the first is differentiated")
    return run(reverse(graph, None, wrt, upstream), found, upstream is not None)


def add_derivatives(
    graph: Graph, found: dict[int, Any], options: Any, wrt: Sequence[int] | None, notes: list[str], extra: dict[str, Any]
) -> None:
    """Derivatives of higher order, for people and for programs."""
    from ..explain.orders import derivatives

    text = options["order"]
    if not text.isdigit():
        raise errors.ValueError(f"--order is a whole number from 1, and it is {text!r:.40}")
    by = [i for i in graph.inputs if graph.type(i).is_float] if wrt is None else list(wrt)
    order = int(text)
    made, _ = derivatives(graph, found, order, by)
    extra["order"] = order
    extra["derivatives"] = [
        {"by": [graph.nodes[i].name for i in one.by], "value": value_data(one.value)} for one in made
    ]
    scalars = all(graph.type(i).rank == 0 for i in by)
    lines = [f"derivatives of order {order}" + ("" if scalars else ", of the sum of each gradient")]
    for one in made:
        word = " ".join(f"∂{graph.nodes[i].name or i}" for i in one.by)
        lines += stated(f"  ∂{raised(order)} / {word}", one.value, "full" in options)
    notes.append("\n".join(lines))


def compare_ways(
    graph: Graph, found: dict[int, Any], wrt: Sequence[int] | None, notes: list[str], extra: dict[str, Any]
) -> None:
    """The same gradient by every way there is, for people and for programs."""
    from ..explain.ways import ways

    made = ways(graph, found, None, wrt)
    extra["ways"] = {
        "parameters": list(made.parameters),
        "total": made.total,
        "value": value_data(made.value),
        "reference": made.reference,
        "ways": [
            {
                "name": way.name,
                "gradients": None if way.gradients is None else [value_data(g) for g in way.gradients],
                "error": value_data(way.error),
                "operations": way.operations,
                "size": way.size,
                "seconds": way.time_s,
                "note": way.note,
            }
            for way in made.ways
        ],
    }
    notes.append(str(made))


def raised(n: int) -> str:
    return "" if n == 1 else str(n).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def before_a_run(graph: Graph, options: Any) -> str:
    """The graph alone, where no input got a value."""
    asked = [name for name in options if name not in ("full", "json", *CHOICES, *KINDS)]
    names = ", ".join(graph.input_names)
    if asked:
        raise InputError(f"--{asked[0]} needs a run: give values, as in {graph.input_names[0]}=1 (the inputs are {names})")
    notes = draw(graph, options)
    if "json" in options:
        return json.dumps(report(graph), allow_nan=False, ensure_ascii=False)
    note = f"not run: no values. Give one for each of {names}, as in {graph.input_names[0]}=1"
    return "\n\n".join([formula(graph), whole(graph, options), *notes, note])


def shown(
    made: Run, options: Any, wrt: Sequence[int] | None = None, notes: Sequence[str] = (), extra: Any = None
) -> str:
    """The run in the form that was asked for."""
    if "json" in options:
        return json.dumps({**report(made), **(extra or {})}, allow_nan=False, ensure_ascii=False)
    if "code" in options:
        return made.code(options["code"]).rstrip("\n")
    if wanted(options):
        return pages(made, options, wrt)
    full = "full" in options
    if "node" in options:
        word = options["node"]
        return closeup(made, made.graph.number(int(word) if word.isdigit() else word), full)
    parts = [formula(made.graph), whole(made, options), *notes, summary(made, full, wrt), alarm(made)]
    return "\n\n".join(part for part in parts if part)


def whole(subject: Graph | Run, options: Any) -> str:
    """The picture if it fits; if not, the account of every node, or the tree in lines."""
    from ..show.detail import detailed
    from ..show.terminal import MOST, fitting, picture, shows_colour

    graph = subject.graph if isinstance(subject, Run) else subject
    found, wish = "", options.get("detail", "auto")
    if any(name in options for name in ("near", "up", "down", "detail")) or ("full" not in options and graph.forward_count <= MOST):
        shown = detailed(seen(subject, options), wish)
        columns, colour = shutil.get_terminal_size((120, 40)).columns, shows_colour(sys.stdout)
        found = fitting(shown, columns, colour)
        if not found and "near" in options:
            return picture(shown, colour=colour)           # what was asked for by name is not replaced by everything else
    return found or (tree(subject) if "tree" in options else account(subject, "full" in options))
