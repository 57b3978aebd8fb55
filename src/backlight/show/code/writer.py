"""A graph written as a program."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from ...core.guard import guard_words
from ...core.types import Type
from ...errors import InputError
from ...run.record import Run
from .conventions import CONVENTIONS, MASKED
from .dialects import DIALECTS
from .literal import literal
from .program import Program, Writing, indented
from .spelling import Dialect

__all__ = ["code"]

# What may leave out an operand when it runs, which then has no gradient in PyTorch.
FORGETFUL: Final = frozenset({"while_loop", "counted", "cond"})
ASKED: Final = 3  # questions that are told one by one
IMPORTS: Final = {
    "math.": "import math", "np.": "import numpy as np", "scipy.special.": "import scipy.special", "scipy.linalg.": "import scipy.linalg",
    "torch.utils.checkpoint.": "import torch.utils.checkpoint",
}  # fmt: skip


def code(run: Run, dialect: str) -> str:
    """A program that computes the output of a run and its gradients by the float inputs, with the values of this run.

    In NumPy the gradients are written out, as they are in the graph; PyTorch and JAX differentiate the function themselves.
    Raises: GraphError for an operation that the library has neither a word nor a definition for; InputError for another dialect.
    """
    if dialect not in DIALECTS:
        raise InputError(f"code is written for {', '.join(DIALECTS)}, and not for {dialect!r:.40}")
    words = DIALECTS[dialect]
    graph = run.graph
    wrt = [i for i in graph.inputs if i in graph.grads and i < graph.forward_count]
    written = [graph.grads[i] for i in wrt] if dialect == "numpy" else []
    program = Program(words)
    writing = Writing(program, graph, [graph.outputs[0], *written], noted(run, words))
    of = [writing.name(writing.places[i]) for i in wrt]

    def end(results: list[str]) -> str:
        grads = ", ".join(f"{name!r}: {text}" for name, text in zip(of, results[1:], strict=False))
        return f"{results[0]}, {{{grads}}}" if dialect == "numpy" else results[0]

    lines = [*branches(run), *masked(run, words), *writing.lines(end)]
    function = f"def f({', '.join(writing.given)}):\n" + indented(lines)
    values = {name: literal(run.value(i), words) for i, name in zip(graph.inputs, writing.given, strict=True)}
    ends = ENDS[dialect](run, wrt, values)
    body = "\n\n\n".join([*program.helpers(), *program.functions(), function, ends])
    more = [line for word, line in IMPORTS.items() if re.search(rf"\b{re.escape(word)}", body) and line not in words.head]
    imports, *rest = words.head.split("\n\n")
    standard = [line for line in more if line == "import math"]
    others = sorted([*[line for line in more if line not in standard], *imports.split("\n")])
    head = "\n\n".join([*standard, "\n".join(others), *rest])
    return "\n\n\n".join([head, body]) + "\n"


def noted(run: Run, words: Dialect) -> Callable[[int], Sequence[str]]:
    """What the library's own derivative makes of the numbers of this run, where it may be something else than what the graph holds."""
    if words.name == "numpy" or not run.graph.grads:
        return lambda i: ()

    def notes(i: int) -> Sequence[str]:
        if not 0 <= i < run.graph.forward_count:
            return ()
        node = run.graph.nodes[i]
        found = CONVENTIONS.get(node.op.name)
        if found is None:
            return ()
        asks, where, ours = found
        with np.errstate(all="ignore"):
            there = bool(asks(run.value(i), *[run.value(j) for j in node.inputs], **dict(node.attrs)))
        return (
            (f"The gradient of {node.op.name} {where}: {words.title} has its own convention; Backlight's is {ours}.",)
            if there
            else ()
        )

    return notes


def branches(run: Run) -> list[str]:
    """What Python asked of values while the function was traced: a program holds where the answers are the same."""
    asked = list(dict.fromkeys(guard_words(guard) for guard in run.graph.guards))
    more = [f"# and {len(asked) - ASKED} more questions like these"] if len(asked) > ASKED else []
    return [f"# This holds for one answer only. Python {words}." for words in asked[:ASKED]] + more


def masked(run: Run, words: Dialect) -> list[str]:
    """What is said of a run in which something was not chosen whose derivative is infinite."""
    if words.name == "numpy":
        return []
    graph, behind = run.graph, range(run.graph.forward_count, len(run.graph.nodes))
    chosen = [i for i in behind if graph.nodes[i].op.name == "where" and graph.nodes[i].why.kind == "downstream"]
    wild = any(np.any(np.isfinite(run.value(i)) & ~np.isfinite(run.value(graph.nodes[i].inputs[1]))) for i in chosen)
    return [f"# {MASKED.format(words.title)}"] if wild else []


def upstream(run: Run, words: Dialect) -> str:
    """The gradient that comes in from above where it was given; empty where it is ones."""
    graph = run.graph
    seed = run.value(graph.grads[graph.outputs[0]]) if run.seeded and graph.outputs[0] in graph.grads else None
    return "" if seed is None else literal(seed, words)


def reached(run: Run, wrt: Sequence[int]) -> list[int]:
    """The inputs that the output depends on by a path with a derivative."""
    return [i for i in wrt if run.graph.nodes[run.graph.grads[i]].why.kind != "unused"]


def numpy_end(run: Run, wrt: Sequence[int], values: Mapping[str, str]) -> str:
    given = "\n".join(f"{name} = {text}" for name, text in values.items())
    return f"{given}\nvalue, gradients = f({', '.join(values)})\nprint(value)\nprint(gradients)".lstrip("\n")


def torch_end(run: Run, wrt: Sequence[int], values: Mapping[str, str]) -> str:
    names = dict(zip(run.graph.inputs, values, strict=True))
    paths = reached(run, wrt)
    asked = {names[i] for i in paths}
    lines = [f"{name} = {text[:-1]}, requires_grad=True)" if name in asked else f"{name} = {text}" for name, text in values.items()]
    lines.append(f"value = f({', '.join(values)})")
    out, seed = run.output.type, upstream(run, DIALECTS["torch"])
    if not isinstance(out, Type):  # several results, which have no gradient together
        return "\n".join([*lines, "gradients = {}", "print(value)"])
    whole = "value" if seed or not out.shape else "value.sum()"
    whole += ".real" if out.dtype.kind == "c" and not seed else ""
    forgets = any(node.op.name in FORGETFUL for node in run.graph.nodes[: run.graph.forward_count])
    got = {i: f"g[{k}]" if forgets else f"{names[i]}.grad" for k, i in enumerate(paths)}
    if asked and forgets:
        of = ", ".join(names[i] for i in paths)
        lines.append(f"g = torch.autograd.grad({whole}, [{of}]{', ' * bool(seed)}{seed}, materialize_grads=True)")
    elif asked:
        lines.append(f"{whole}.backward({seed})")
    grads = ", ".join(f"{names[i]!r}: {got.get(i, f'torch.zeros_like({names[i]})')}" for i in wrt)
    return "\n".join([*lines, f"gradients = {{{grads}}}", "print(value)", "print(gradients)"])


def jax_end(run: Run, wrt: Sequence[int], values: Mapping[str, str]) -> str:
    names = dict(zip(run.graph.inputs, values, strict=True))
    given = ", ".join(values)
    lines = [f"{name} = {text}" for name, text in values.items()]
    paths = reached(run, wrt)
    places = tuple(run.graph.inputs.index(i) for i in paths)
    out, seed = run.output.type, upstream(run, DIALECTS["jax"])
    if not isinstance(out, Type):  # several results, which have no gradient together
        return "\n".join([*lines, f"value = f({given})", "gradients = {}", "print(value)"])
    which = "" if places == (0,) else f", {places if len(places) > 1 else places[0] if places else ()}"
    if not places:
        lines.append(f"value = f({given})")
    elif not out.shape and not seed and out.dtype.kind == "f":
        lines.append(f"value, g = jax.value_and_grad(f{which})({given})")
    else:
        each = "f(*x)" if not seed else f"f(*x) * jnp.conj({seed})" if out.dtype.kind == "c" else f"f(*x) * {seed}"
        whole = f"jnp.sum({each}){'.real' if out.dtype.kind == 'c' else ''}"
        lines += [f"value = f({given})", f"g = jax.grad(lambda *x: {whole}{which})({given})"]
    many = len(places) > 1
    grads = []
    for i in wrt:
        name = names[i]
        got = f"g[{paths.index(i)}]" if many and i in paths else "g" if i in paths else f"jnp.zeros_like({name})"
        turned = i in paths and run.graph.type(i).dtype.kind == "c"
        if turned and not any(line.startswith("#") for line in lines):
            lines.append("# JAX's gradient by a complex number is the conjugate of the direction of steepest ascent.")
        grads.append(f"{name!r}: {f'jnp.conj({got})' if turned else got}")
    return "\n".join([*lines, f"gradients = {{{', '.join(grads)}}}", "print(value)", "print(gradients)"])


ENDS: Final[Mapping[str, Callable[[Run, Sequence[int], Mapping[str, str]], str]]] = {
    "numpy": numpy_end,
    "torch": torch_end,
    "jax": jax_end,
}
