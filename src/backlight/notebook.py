"""The studio's view inside a notebook: `bl.show(run)` as a widget, both ways.

What a session says goes over the notebook's own line instead of a socket, to the same page. Python sees what the visitor does: the
values of the sliders, the node that is chosen; and what Python sets, the page shows. The widget needs the extra `notebook`
(anywidget); without it the same page comes as one self-contained piece of HTML, which answers by itself and tells nobody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

from .core.graph import Above, Graph
from .diff.reverse import is_float
from .errors import BacklightError, GraphError, InputError
from .explain.descent import forward_only
from .explain.form import text_form
from .live.data import from_data, kind_of, read_wish, to_data
from .live.descent import as_text
from .live.document import Binding, Document
from .live.export import page_of
from .live.news import Mistake
from .live.recording import bundle
from .live.session import Session
from .live.wishes import Open
from .read.text import parse
from .run.record import Run

if TYPE_CHECKING:
    from .show.picture import Picture

__all__ = ["document_of", "view"]

HEIGHT_PX: Final = 640


def document_of(subject: Graph | Run, title: str = "") -> Document:
    """A run or a graph as a document, with the values it has. Raises: GraphError where no text can say it.

    A text knows nothing of the questions that Python asked: its sliders would go on along the branch that was taken.
    """
    graph = subject.graph if isinstance(subject, Run) else subject
    if graph.guards:
        guard = graph.guards[0]
        where = f" at {guard.at.file}, line {guard.at.line}" if guard.at is not None else ""
        raise GraphError(
            f"view: Python asked {guard.kind}() of {graph.nodes[guard.node].name or graph.nodes[guard.node].op.name}{where}, "
            "and this graph holds for one answer, whatever the sliders say: use where(…) for what they may change, "
            "or bl.show for a picture"
        )
    plain = forward_only(graph)
    text = graph.source if graph.source and same_nodes(graph.source, plain) else text_form(plain)
    inputs = {}
    for i in graph.inputs:
        node = plain.nodes[i]
        if isinstance(subject, Run):
            inputs[node.name] = bound(subject.value(i), node.attr("role") == "parameter")
    small = any(is_float(plain.nodes[i]) and plain.type(i).dtype.itemsize == 4 for i in graph.inputs) if plain.typed else False
    return Document(text, inputs, title, dtype="float32" if small else "float64")


def same_nodes(text: str, graph: Graph) -> bool:
    """Whether a text still makes this graph: it may have been opened or rewritten since."""
    try:
        read = parse(text, limit=len(text) + 1)
    except BacklightError:
        return False
    return [(n.op.name, n.inputs, n.name) for n in read.nodes] == [(n.op.name, n.inputs, n.name) for n in graph.nodes]


def bound(value: Any, parameter: bool) -> Binding:
    """A value as a binding, the slider around it."""
    text = as_text(value)
    if getattr(value, "ndim", 0):
        return Binding(text, parameter)
    size = max(5.0, 2.0 * abs(float(value))) if float(value) == float(value) else 5.0
    return Binding(text, parameter, -size, size) if size < 1e300 else Binding(text, parameter)


class Talk:
    """What a widget does besides being one. `values`, `selected` and `run` follow what is done on the screen, and can be set."""

    document: Any            # plain data, as the page keeps it
    on_msg: Any
    send: Any

    def __init__(self, document: Document) -> None:
        self.session = Session(document)
        super().__init__(document=to_data(document))  # type: ignore[call-arg]
        self.on_msg(self.hear)

    def hear(self, _: Any, content: Any, buffers: Any) -> None:
        """A wish from the page."""
        for news, data in heard(self.session, content):
            said = {"news": {"kind": kind_of(type(news)), **to_data(news)}}
            self.send(said, [] if data is None else [data])

    def read(self) -> Document:
        """The document as it is on the screen."""
        return from_data(Document, dict(self.document))  # type: ignore[no-any-return]

    @property
    def values(self) -> dict[str, str]:
        """What every input is bound to, as it would be typed."""
        return {name: binding.value for name, binding in self.read().inputs.items()}

    @property
    def selected(self) -> int:
        """The number of the chosen node, -1 for none."""
        return self.read().look.selected

    @property
    def run(self) -> Run:
        """The run at the values on the screen. Raises: InputError where they make none."""
        for news, _ in self.session.answer(Open(self.read())):
            if isinstance(news, Mistake):
                raise InputError(news.message)
        return self.session.opened().explained()

    def set(self, **values: Any) -> None:
        """Give inputs other values, numbers or arrays: the page follows. Raises: InputError for a name that is no input."""
        before = self.read()
        strange = [name for name in values if name not in before.inputs]
        if strange:
            raise InputError(f"there is no input {strange[0]!r}; there is {', '.join(before.inputs)}")
        inputs = dict(before.inputs) | {name: replace(before.inputs[name], value=as_text(x)) for name, x in values.items()}
        self.document = to_data(replace(before, inputs=inputs))

    def select(self, node: int | str) -> None:
        """Choose a node by number or name. Raises: NameError for one that is not there."""
        number = self.run.graph.number(node)
        before = self.read()
        self.document = to_data(replace(before, look=replace(before.look, selected=number)))


@cache
def widget_class() -> Any:
    """The widget, as a class of anywidget's. Raises: InputError without the extra, or without a page."""
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError as error:
        raise InputError(f"the notebook view needs {error.name}: pip install 'backlight[notebook]' brings it") from None
    built = bundle()
    if built is None:
        raise InputError("the page was not built into this copy, so there is no notebook view: python3 do.py studio builds it")
    script, styles = built
    parts = {"_esm": script, "_css": styles, "document": traitlets.Dict().tag(sync=True), "__module__": __name__}
    return type("View", (Talk, anywidget.AnyWidget), parts)


def heard(session: Session, content: Mapping[str, Any]) -> Any:
    """The news that answer what came over the notebook's line."""
    try:
        wish = read_wish(json.dumps(content))
    except (InputError, TypeError, ValueError) as error:
        return [(Mistake(str(error), "wish"), None)]
    greeting = [(session.greet(), None)] if isinstance(wish, Open) and not wish.known else []
    return [*greeting, *session.answer(wish)]


def view(subject: Graph | Run, title: str = "") -> Any:
    """The widget of a run or a graph. Raises: InputError without the extra; GraphError where no text can say the graph."""
    return widget_class()(document_of(subject, title))


def bundle_of(picture: Picture) -> dict[str, Any]:
    """How a picture is shown in a notebook: the widget, else the page as HTML, else the drawing."""
    try:
        document = document_of(picture.subject, picture.title)
        page = None if has_widget() else page_of(document)
    except BacklightError:  # no text says this graph, or it is larger than a page may be
        return {"image/svg+xml": picture.svg(), "text/plain": str(picture)}
    if page is not None:
        return {"text/html": framed(page), "text/plain": str(picture)}
    found = widget_class()(document)._repr_mimebundle_()
    return dict(found[0] if isinstance(found, tuple) else found)


def has_widget() -> bool:
    """Whether there is a widget to show."""
    try:
        widget_class()
    except InputError:
        return False
    return True


def framed(page: str) -> str:
    """A page in a frame of its own, so that nothing of it meets the notebook."""
    style = f"width:100%;height:{HEIGHT_PX}px;border:0"
    return f'<iframe title="Backlight" sandbox="allow-scripts allow-downloads" style="{style}" srcdoc="{escape(page)}"></iframe>'


Above.bundle = bundle_of
Above.widget = lambda picture: view(picture.subject, picture.title)
