"""Write `web/src/wire.ts` from the classes of `backlight.live.wire`; with `--check`, only say whether it is fresh.

Run from the root: python tools/wire_types.py
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from backlight.live import wire
from backlight.live.data import fields_of, kind_of

TARGET = Path(__file__).resolve().parent.parent / "web" / "src" / "wire.ts"
HEAD = """\
// What a page and a session say to each other. Written by tools/wire_types.py from src/backlight/live: change it there.

export const VERSION = {version};

/** A float as JSON writes it. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";

/** The number behind a `Real`. */
export function real(x: Real): number {{
  return typeof x === "number" ? x : x === "NaN" ? NaN : x === "Infinity" ? Infinity : -Infinity;
}}
"""
SIMPLE = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


def typescript(hint: Any) -> str:
    """A type of Python in TypeScript."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return "Real"
    if hint in SIMPLE:
        return SIMPLE[hint]
    if origin is Literal:
        return " | ".join(f'"{word}"' for word in args)
    if origin in (Union, types.UnionType):
        return " | ".join(typescript(arg) for arg in args)
    if origin is tuple:
        if args[1] is not Ellipsis:
            return f"readonly [{', '.join(map(typescript, args))}]"
        inner = typescript(args[0])
        return f"readonly ({inner})[]" if " " in inner else f"readonly {inner}[]"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"Readonly<Record<string, {typescript(args[1])}>>"
    return str(hint.__name__)


def interface(cls: type) -> str:
    """One class as an interface, its docstring above it."""
    words = " ".join((inspect.getdoc(cls) or "").split()).replace("`", "")
    lines = [f"/** {words} */", f"export interface {cls.__name__} {{"]
    if cls in (*wire.WISHES, *wire.NEWS):
        lines.append(f'  readonly kind: "{kind_of(cls)}";')
    lines += [f"  readonly {name}: {typescript(hint)};" for name, hint in fields_of(cls).items()]
    return "\n".join([*lines, "}"])


def union(name: str, classes: tuple[type, ...]) -> str:
    words = " | ".join(cls.__name__ for cls in classes)
    return f"export type {name} =\n" + fill(words, 120, initial_indent="  | ", subsequent_indent="    ") + ";"


def default_document() -> str:
    """The fields that a new document, binding or look begins with, so that a page need not write them again."""
    import json

    from backlight.live.data import to_data

    found = []
    for cls, given in ((wire.Binding, {"value": "1"}), (wire.Look, {}), (wire.Document, {})):
        data = json.dumps(to_data(cls(**given)), ensure_ascii=False)
        found.append(f"export const NEW_{cls.__name__.upper()}: {cls.__name__} = {data};")
    return "\n".join(found)


def written() -> str:
    """The whole file."""
    classes = [c for c in vars(wire).values() if isinstance(c, type) and dataclasses.is_dataclass(c)]
    unions = [union("Wish", wire.WISHES), union("News", wire.NEWS)]
    return "\n\n".join([HEAD.format(version=wire.VERSION).rstrip(), *map(interface, classes), *unions, default_document()]) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if TARGET.exists() and TARGET.read_text(encoding="utf-8") == written() else 1)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(written(), encoding="utf-8")
