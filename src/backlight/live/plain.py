"""JSON as it comes and goes, for those who pass it on: what computes need not be loaded to look at an envelope."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ..errors import InputError

__all__ = ["SHOWN", "article", "decode", "kind_in", "mistaken", "shown"]

SHOWN: Final = 40        # characters of what was found, in a message


def decode(text: str) -> dict[str, Any]:
    """JSON as a dictionary. Raises: InputError for anything else, too."""
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f", at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputError(f"a wish is one JSON object, and this is none{where}") from None
    except ValueError:  # a whole number of thousands of digits
        raise InputError("a wish is one JSON object, and this one has a number that is too long") from None
    if not isinstance(found, dict):
        raise InputError(f"a wish is one JSON object, and this is {article(found)}")
    return found


def kind_in(data: Mapping[str, Any]) -> str:
    """The kind that a wish says it has; empty where it says none."""
    kind = data.get("kind")
    return kind if isinstance(kind, str) else ""


def mistaken(message: str, about: str, to: int = 0) -> str:
    """A `Mistake` as it goes to a page."""
    said = {"kind": "mistake", "message": message, "about": about, "place": None, "to": to}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def article(data: Any) -> str:
    """What kind of JSON something is."""
    names = {dict: "an object", list: "a list", str: "a string", bool: "a truth value", int: "a number", float: "a number"}
    return names.get(type(data), "null")


def shown(data: Any) -> str:
    """Something found, as JSON, shortened."""
    try:
        said = json.dumps(data, ensure_ascii=False)
    except ValueError:
        said = article(data)
    said = said.encode("utf-8", "backslashreplace").decode()
    return said if len(said) <= SHOWN else said[:SHOWN] + "…"
