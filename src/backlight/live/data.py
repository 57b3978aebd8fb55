"""The classes of the wire as JSON, and back: strictly, since what comes in may come from anybody.

Both directions follow the fields and their types, so that there is nothing to write when a class is added. What does not
fit is refused with the path to it: `open.document.inputs.x.low is not a number, but a string`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from ..errors import InputError
from . import wire
from .plain import SHOWN, article, decode, shown

__all__ = ["encode", "fields_of", "from_data", "kind_of", "read_wish", "to_data", "wished"]

SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Reader = Callable[[Any, str], Any]


def kind_of(cls: type) -> str:
    """How a wish or a piece of news is called on the wire: the class in lower case."""
    return cls.__name__.lower()


KINDS: Final = {kind_of(cls): cls for cls in wire.WISHES}


FIELDS: Final[dict[type, dict[str, Any]]] = {}


def fields_of(cls: type) -> dict[str, Any]:
    """The fields of a class of the wire, with their types resolved."""
    if cls not in FIELDS:
        hints = get_type_hints(cls, include_extras=True)
        FIELDS[cls] = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    return FIELDS[cls]


def to_data(value: Any) -> Any:
    """A value of the wire as dictionaries, lists, numbers and words for `json.dumps(…, allow_nan=False)`."""
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, (tuple, list)):
        return [to_data(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_data(item) for key, item in value.items()}
    return {name: to_data(getattr(value, name)) for name in fields_of(type(value))}


def encode(news: Any) -> str:
    """A wish or a piece of news as one line of JSON, with its kind."""
    kind = kind_of(type(news))
    try:
        return QUICK.encode({"kind": kind, **parts(news)})
    except (TypeError, ValueError):                        # a number that JSON has no word for, or a kind that it does not know
        return QUICK.encode({"kind": kind, **to_data(news)})


def parts(value: Any) -> dict[str, Any]:
    """The fields of a value of the wire, as they are. Raises: TypeError where it is none."""
    return {name: getattr(value, name) for name in fields_of(type(value))}


QUICK: Final = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"), default=parts)


def read_wish(text: str) -> Any:
    """The wish that a text holds. Raises: InputError where it holds none, or one of another version."""
    data = decode(text)
    kind = wished(data)
    del data["kind"]
    return from_data(KINDS[kind], data, kind)


def wished(data: Mapping[str, Any]) -> str:
    """What kind of wish an object is. Raises: InputError where it is none."""
    kind = data.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"there is no wish {shown(kind)}; there is {', '.join(KINDS)}")
    return kind


def from_data(cls: Any, data: Any, path: str = "") -> Any:
    """A value of a class of the wire, made from plain data. Raises: InputError with the path to what does not fit."""
    return reader(cls)(data, path or kind_of(cls))


@functools.cache
def reader(hint: Any) -> Reader:
    """What checks and makes values of one type."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return number
    if hint in SIMPLE:
        return SIMPLE[hint]
    if origin is Literal:
        return functools.partial(one_of, args)
    if origin in (Union, types.UnionType):
        inner = reader(next(arg for arg in args if arg is not type(None)))
        return lambda data, path: None if data is None else inner(data, path)
    if origin is tuple:
        return functools.partial(several, reader(args[0]), None if args[1] is Ellipsis else len(args))
    if origin is not None and issubclass(origin, Mapping):
        return functools.partial(named, reader(args[1]))
    return functools.partial(filled, hint, {name: reader(kind) for name, kind in fields_of(hint).items()})


def filled(cls: type, readers: Mapping[str, Reader], data: Any, path: str) -> Any:
    if not isinstance(data, dict):
        raise InputError(f"{path} is not an object, but {article(data)}")
    strange = [name for name in data if name not in readers]
    if strange:
        raise InputError(f"{path} has no {shown(strange[0])}; it has {', '.join(readers)}")
    made = {name: readers[name](value, f"{path}.{name}") for name, value in data.items()}
    missing = [
        field.name for field in dataclasses.fields(cls)
        if field.name not in made and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]  # fmt: skip
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}")
    return cls(**made)


def text(data: Any, path: str) -> str:
    if not isinstance(data, str):
        raise InputError(f"{path} is not a string, but {article(data)}")
    if re.search("[\ud800-\udfff]", data):
        raise InputError(f"{path} holds half a character, which no text can be saved with")
    return data


def number(data: Any, path: str) -> float:
    if isinstance(data, str) and data in SPECIAL:
        return SPECIAL[data]
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        raise InputError(f"{path} is not a number, but {article(data)}")
    try:
        return float(data)
    except OverflowError:
        raise InputError(f"{path} is larger than any float64") from None


def whole(data: Any, path: str) -> int:
    if isinstance(data, bool) or not (isinstance(data, int) or (isinstance(data, float) and data.is_integer())):
        raise InputError(f"{path} is not a whole number, but {article(data)}")
    if abs(data) > 1 << 53:
        raise InputError(f"{path} is {shown(data)}, and whole numbers go up to 2^53")
    return int(data)


def truth(data: Any, path: str) -> bool:
    if not isinstance(data, bool):
        raise InputError(f"{path} is neither true nor false, but {article(data)}")
    return data


SIMPLE: Final[Mapping[Any, Reader]] = {str: text, float: number, int: whole, bool: truth}


def one_of(words: tuple[str, ...], data: Any, path: str) -> str:
    if not isinstance(data, str) or data not in words:
        raise InputError(f"{path} is one of {', '.join(words)}, and it is {shown(data)}")
    return data


def several(inner: Reader, count: int | None, data: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise InputError(f"{path} is not a list, but {article(data)}")
    if count is not None and len(data) != count:
        raise InputError(f"{path} has {count} items, and {len(data)} came")
    return tuple([inner(item, f"{path}[{place}]") for place, item in enumerate(data)])


def named(inner: Reader, data: Any, path: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise InputError(f"{path} is not an object, but {article(data)}")
    return {text(name, path): inner(value, f"{path}.{name[:SHOWN]}") for name, value in data.items()}
