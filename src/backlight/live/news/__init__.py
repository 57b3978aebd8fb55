"""What a session says. `to` is the number of the wish that it answers, 0 where nobody asked."""

from __future__ import annotations

from .drawn import Absent, Address, Card, Carry, Code, Filling, Graph, Route, Slot, Sum, Update, Values
from .greeting import Lesson, Welcome, Word
from .measured import Contour, Descended, Growth, Landscape, Line, Way, Ways
from .told import File, Found, Hint, Marked, Note, Piece, Step, Told, Verdict, Verdicts
from .understood import Formula, Input, Mistake, Opened, Place, Span

__all__ = [
    "Absent", "Address", "Card", "Carry", "Code", "Contour", "Descended", "File", "Filling", "Formula", "Found",
    "Graph", "Growth", "Hint", "Input", "Landscape", "Lesson", "Line", "Marked", "Mistake", "Note", "Opened", "Piece",
    "Place", "Route", "Slot", "Span", "Step", "Sum", "Told", "Update", "Values", "Verdict", "Verdicts", "Way",
    "Ways", "Welcome", "Word",
]  # fmt: skip
