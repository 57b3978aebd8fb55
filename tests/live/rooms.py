"""A session to talk to, and what it says."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlight.live import wire as w
from backlight.live.session import Session


def document(text: str, parameters: str = "", **values: Any) -> w.Document:
    """A document from a text and values as they are typed; `parameters` are names between blanks."""
    learnt = parameters.split()
    return w.Document(text, {k: w.Binding(str(v), parameter=k in learnt) for k, v in values.items()})


def said(session: Session, wish: Any) -> dict[str, Any]:
    """All that a wish is answered with, by kind; bytes as (news, bytes)."""
    found: dict[str, Any] = {}
    for news, data in session.answer(wish):
        found[type(news).__name__] = news if data is None else (news, data)
    return found


def opened(text: str, parameters: str = "", **values: Any) -> tuple[Session, dict[str, Any]]:
    """A session with an open document."""
    session = Session()
    found = said(session, w.Open(document(text, parameters, **values), id=1))
    assert "Mistake" not in found, found
    return session, found


def number(graph: w.Graph, block: bytes, node: int) -> Any:
    """The value of a node in a block, read as a page reads it."""
    slot = graph.slots[node]
    count = int(np.prod(slot.shape))
    return np.frombuffer(block, slot.dtype, count, slot.start).reshape(slot.shape)[()]


def card(graph: w.Graph, name: str) -> w.Card:
    return next(card for card in graph.cards if card.name == name)
