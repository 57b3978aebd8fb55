"""What people call: a text or a graph, its run, its gradients.

Each function joins rooms that do not know one another: a door, a way to differentiate, a machine. What only some of them
need is imported when it is needed: a person who asks for a gradient should not wait for the reader of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Literal

from .core.graph import Above, Graph
from .diff.reverse import reverse
from .run.record import Run
from .run.reference import bind, named
from .run.reference import run as run_typed

if TYPE_CHECKING:
    from .explain.page import Page
    from .explain.questions import Question
    from .show.picture import Picture

__all__ = ["backprop", "explain", "run", "show"]


def bound_to(
    subject: Graph | str | Callable[..., Any], args: Sequence[Any], values: dict[str, Any], dtype: Any
) -> tuple[Graph, dict[int, Any]]:
    """A typed graph and the values of its inputs: from a graph or a text and values by position or name, or from a function."""
    if callable(subject) and not isinstance(subject, Graph):
        from .read.python import traced

        made = traced(subject, args, values)
        return made.graph, {i: made.values[i] for i in made.graph.inputs}
    if isinstance(subject, str):
        from .read.text import parse

        subject = parse(subject)
    return bind(subject, named(subject, args, values), dtype)


def run(subject: Graph | str | Callable[..., Any], /, *args: Any, dtype: Any = None, **values: Any) -> Run:
    """Run a graph, a text or a function: the value of every node.

    `args` and `values` are numbers, nested lists or arrays for the inputs, by position or by name; numbers and lists become
    float64 (or `dtype`), and a dict stands for the inputs that a trace named after its keys. Raises: InputError for a missing
    or an unknown name; ShapeError where shapes do not fit, with the place in the text.

    >>> run("x·y + 1", x=2, y=3).output.value
    np.float64(7.0)
    """
    return run_typed(*bound_to(subject, args, values, dtype))


def backprop(
    subject: Graph | str | Callable[..., Any],
    /,
    *args: Any,
    of: int | str | None = None,
    wrt: Any = None,
    upstream: Any = None,
    dtype: Any = None,
    **values: Any,
) -> Run:
    """Run a graph, a text or a function forward and backward: values for every node, gradients for every node on the way.

    `of` is the node to differentiate (default: the output), `wrt` the inputs to reach, by name or number (default: all).
    `upstream` is the gradient that arrives at `of`, of its shape (default: ones).
    Raises: as `run`; DifferentiationError where there is no derivative.

    >>> made = backprop(lambda x, y: x * y + 1.0, 2.0, 3.0)
    >>> made["x"].gradient, made["y"].gradient
    (np.float64(3.0), np.float64(2.0))
    """
    bound, found = bound_to(subject, args, values, dtype)
    reach = None if wrt is None else [bound.number(w) for w in ((wrt,) if isinstance(wrt, (str, int)) else wrt)]
    if bound.guards:
        from .read.taken import warn_of_constants

        warn_of_constants(bound.nodes, bound.guards, bound.inputs if reach is None else reach)
    written = reverse(bound, None if of is None else bound.number(of), reach, upstream)
    return run_typed(written, found, upstream is not None)


def explain(
    run: Run, of: int | str | None = None, wrt: int | str | None = None, *, ask: Question | None = None, learning_rate: float = 0.01
) -> Page:
    """A page that explains one number of a run: the gradient of `of` (default: the output) by `wrt` (default: the first input).

    With `of` alone it is the story of that node: upstream in, local derivatives, downstream out; of one number of an array,
    as in "h[2, 1]", the terms that its value and its gradient are the sums of. `ask` asks for another page:

    - `"derivation"` and `"story"`, where the arguments do not say it already;
    - `"zero"`: why the gradient of the node `of` is zero, and where it was lost; `"nan"`: where NaN and infinity are born, what
      they poison, what helps;
    - `"layers"`: backpropagation in matrix form, written for the layers of this network;
    - `"check"`: every rule beside small steps; `"descent"`: one step down by `learning_rate` along `wrt` (default: all
      gradients), with its forecast.

    `print` writes a page as text, `.latex()` and `.html()` for paper and browser. Raises: NameError for a node that is not
    there; InputError without gradients, for an element that is not there, without the node that a question is about, or for
    another question.

    >>> print(explain(backprop("x·y", x=2, y=3), wrt="x").steps[-1].lines[0][0].form)
    infix
    """
    from .explain.questions import answer

    return answer(run, ask or ("story" if of is not None and wrt is None else "derivation"), of, wrt, learning_rate)


def show(
    subject: Graph | Run,
    path: Any = None,
    *,
    parameters: Collection[str | int] = (),
    title: str = "",
    theme: Literal["auto", "light", "dark"] = "auto",
    detail: Literal["auto", "card", "chip", "dot"] = "auto",
    near: int | str | None = None,
    up: int = 1,
    down: int = 1,
    learning_rate: float | None = None,
    check: bool = False,
) -> Picture:
    """The picture of a graph or a run; `print` writes it to the terminal, a notebook shows it, `path` saves it.

    `path` ends in .svg, .html, .dot, .txt or .png. `parameters` names the inputs to be marked as learnable, besides those
    that say so themselves. `detail` is how much is said about each node: all of it on a card, its name, value and gradient on
    a chip, a dot; it goes by their number unless given. `near` shows one node alone with what stands at most `up` edges above
    and `down` edges below it. With a `learning_rate` the step of descent stands on every parameter as arithmetic, with
    `check` every edge says whether small steps agree with its rule. Raises: FileError for another ending, or where the file
    cannot be written; NameError for a node that is not there; ValueError for another detail.

    >>> show(backprop("x·y", x=2, y=3)).svg()[:5]
    '<svg '
    """
    from .show.picture import picture

    made = picture(
        subject, parameters=parameters, title=title, theme=theme, detail=detail, near=near, up=up, down=down,
        learning_rate=learning_rate, check=check,
    )  # fmt: skip
    if path is not None:
        made.save(path)
    return made


def printed(subject: Graph | Run) -> str:
    """What `print` shows: the picture, and where a NaN was born if there is one. Drawing is imported when it is needed."""
    from .show.terminal import text

    drawn = text(subject)
    if isinstance(subject, Run):
        from .explain.births import alarm

        page = alarm(subject)
        return drawn if page is None else f"{drawn}\n\n{page}"
    return drawn


def as_json(run: Run) -> str:
    """What `run.json()` gives."""
    from .show.report import report_text

    return report_text(run)


def as_code(run: Run, library: str) -> str:
    """What `run.code()` gives."""
    from .show.code import code

    return code(run, library)


Above.text = printed
Above.code = as_code
Above.json = as_json
Above.svg = lambda subject: show(subject).svg()
