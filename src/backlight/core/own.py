"""Operations of people's own, by name and by where they were made, so that a file can say which one it means.

A file holds no code: it names the operation, the function that computes it, and what it takes. Whoever reads the file must
have made the same operation before, by importing the module that makes it, and it must take the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import FileError
from .graph import lent
from .table import TABLE

if TYPE_CHECKING:
    from .op import Op

__all__ = ["described", "found", "remember"]

OWN: dict[str, dict[str, list[Op]]] = {}  # by name, and by where the function is: several where the same line made several


def remember(op: Op, function: Any) -> None:
    """Keep an operation for files that name it; one that is made anew takes the place of the old one."""
    before = OWN.setdefault(op.name, {}).get(op.source, [])
    again = getattr(function, "__closure__", None) and before and code_of(before[0]) is function.__code__  # about other values
    OWN[op.name][op.source] = [before[0], op] if again else [op]


def code_of(op: Op) -> Any:
    """The code of the function that an operation of one's own computes."""
    return getattr(getattr(getattr(op.value, "__self__", None), "value", None), "__code__", None)


def described(op: Op, pack: Callable[[Any, str], Any]) -> Any:
    """What a file says of an operation: its name, and of one that is not in the table also where it is from and what it takes."""
    if TABLE.get(op.name) is op:
        return op.name
    settings = []
    for name, value in op.attrs.items():
        try:
            settings.append([name, pack(value, name)])
        except FileError:  # nothing that a file can hold: then no node can be given another one either
            settings.append([name, {"other": type(value).__name__}])
    return {"own": op.name, "source": op.source, "args": list(op.args), "settings": settings}


def found(data: Mapping[str, Any], pack: Callable[[Any, str], Any]) -> Op:
    """The operation that a file names.

    Raises: FileError where nobody made it, where it is not clear which one is meant, or where it takes something else.
    """
    name, source = str(data["own"]), str(data["source"])
    if source not in OWN.get(name, {}):
        lent("maker")(source)  # of functions that another library has
    known = OWN.get(name, {})
    here = known.get(source) or [op for ops in known.values() for op in ops]
    if not here:
        raise FileError(
            f"this graph uses {name}, an operation of one's own made of {source}, and nothing here has made it: import the module "
            f"that does, or make it with bl.rule(…, name={name!r}), and read the file again"
        )
    if len(here) > 1:
        places = " and ".join(op.source for op in here)
        raise FileError(
            f"this graph uses {name}, made of {source}, and here there are several: of {places}: give each operation a name of its "
            "own, as in bl.rule(…, name='…')"
        )
    (op,) = here
    mine, wanted = described(op, pack), {**data, "source": op.source}
    if mine != wanted:
        raise FileError(
            f"this graph uses {name}({takes(wanted)}), and here it is {name}({takes(mine)}): make it as it was when the file was "
            "written"
        )
    return op


def takes(data: Mapping[str, Any]) -> str:
    return ", ".join([*map(str, data["args"]), *[f"{name}={value!r:.40}" for name, value in data["settings"]]])
