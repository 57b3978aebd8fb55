"""Write `mistakes.md`: thirty mistakes, what is said of each here, and what NumPy, PyTorch and JAX say.

    .venv/bin/python docs/make_mistakes.py

Ours are made by making the mistakes of `mistakes.py`; the peers' were recorded by `tools/mistakes_of_peers.py`.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

import backlight as bl

HERE = Path(__file__).parent
PAGE = HERE / "mistakes.md"

HEAD = """\
# Mistakes

An error says who found it, what was found, where, and what to do next. One that comes out of a traced function shows the line, the
expression underlined, and what its names hold. Below are thirty mistakes with what is said of each here, beside what NumPy {NumPy},
PyTorch {PyTorch} and JAX {JAX} say of the same lines (recorded on {date} by `tools/mistakes_of_peers.py`; NumPy
differentiates nothing, so there the function is just called). *Nothing* means that no error came: the line went through,
whatever its result was worth.

This page is written by `docs/make_mistakes.py`, which makes the mistakes of `docs/mistakes.py`.

| | Backlight | NumPy | PyTorch | JAX |
| --- | --- | --- | --- | --- |
| mistakes of {count} that are noticed | {ours} | {numpy} | {torch} | {jax} |

Two things are no errors. An input that the output does not depend on has a gradient, a zero with a name:

```python
>>> import numpy as np
>>> import backlight as bl
>>> run = bl.backprop(lambda x, unused: np.sum(x * x), np.array([1.0, 2.0]), 3.0)
>>> float(run["unused"].gradient), run[run.graph.grads[run["unused"].number]].why.rule
(0.0, 'not on a path to the output')

```

And so has a function that is flat: the derivative of `np.floor` is 0, with its operation as the reason.
"""


def mistakes() -> list[Any]:
    """The mistakes of the file beside this one."""
    spec = importlib.util.spec_from_file_location("mistakes", HERE / "mistakes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return list(module.MISTAKES)


def said(mistake: Any) -> str:
    """What comes of it here, as Python prints it."""
    try:
        mistake(np, bl.grad, np.array)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def code(mistake: Any) -> str:
    """The lines of the mistake, without what is around them."""
    lines = inspect.getsource(mistake).splitlines()[1:]
    return textwrap.dedent("\n".join(lines)).strip("\n")


def cell(text: str) -> str:
    quoted = text.replace("|", "\\|").replace("`", "'")
    return f"`{quoted}`" if text else "*nothing*"


def page() -> str:
    """The whole page."""
    peers = json.loads((HERE / "mistakes.json").read_text(encoding="utf-8"))
    found = mistakes()
    ours = {m.__name__: said(m) for m in found}
    noticed = {peer: sum(bool(peers["mistakes"][name][peer]) for name in ours) for peer in peers["versions"]}
    parts = [
        HEAD.format(
            **peers["versions"], date=peers["date"], count=len(found), ours=sum(map(bool, ours.values())),
            numpy=noticed["NumPy"], torch=noticed["PyTorch"], jax=noticed["JAX"],
        )
    ]  # fmt: skip
    for mistake in found:
        name = mistake.__name__
        title = name.replace("_", " ")
        rows = [f"| {peer} | {cell(peers['mistakes'][name][peer])} |" for peer in peers["versions"]]
        table = "\n".join(["| | |", "| --- | --- |", *rows])
        shown = f"```py\n{code(mistake)}\n```\n\nBacklight:\n\n```text\n{ours[name]}\n```"
        parts.append(f"## {title[0].upper()}{title[1:]}\n\n{shown}\n\n{table}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
