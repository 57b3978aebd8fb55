"""Questions that Python asked of values while they were traced."""

from __future__ import annotations

from typing import Any, NamedTuple

from .graph import At

__all__ = ["Guard", "guard_words"]


class Guard(NamedTuple):
    """A question that Python asked of a value while it was traced: which node, how, the answer, and where."""

    node: int
    kind: str
    answer: Any
    at: At | None


def guard_words(guard: Guard) -> str:
    """A question and its answer in words, as in `asked: true, which took this branch (model.py, line 7)`."""
    answer = {True: "true", False: "false"}.get(guard.answer, guard.answer) if guard.kind == "bool" else guard.answer
    shown = "for its numbers" if guard.kind == "numbers" else str(answer)
    branch = ", which chose this branch" if guard.kind == "bool" else ""
    where = f" ({guard.at.file.rpartition('/')[2]}, line {guard.at.line})" if guard.at is not None else ""
    return f"asked: {shown}{branch}{where}"
