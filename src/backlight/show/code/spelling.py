"""What a spelling is, and those that several libraries share.

`{0}`, `{1}`, … are the operands, `{all}` all of them between commas, settings go by their names and `{out}` is the shape of the
result. What is not a text is a function of a `Line`; it answers with nothing where the library has no word for that. A function
behind an `@` is one of the helpers, which is then written above.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Dialect", "joined", "Line", "Spelling", "arrays", "axis_words", "key_text", "reduced", "running", "sum_of", "summed_to"]


@dataclass(frozen=True, slots=True)
class Line:
    """What a spelling may look at: operands as they are called, settings, shapes of the operands and of the result."""

    xs: Sequence[str]
    attrs: Mapping[str, Any]
    shapes: Sequence[tuple[int, ...]]
    out: tuple[int, ...]


Spelling = str | Callable[[Line], str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One library: what stands above the code, how it writes an array, and its spellings."""

    name: str
    head: str
    array: str
    words: Mapping[str, Spelling]
    helpers: Mapping[str, str] = field(default_factory=dict)


def key_text(key: Any) -> str:
    """A key of `index` as it stands between brackets."""
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join("None" if part == "new" else part if isinstance(part, str) else repr(part) for part in parts) or "..."


def axis_words(line: Line, axis: str = "axis", keep: str = "keepdims") -> str:
    """The settings of a reduction, those that do nothing left out."""
    found = [] if line.attrs["axis"] is None else [f", {axis}={line.attrs['axis']!r}"]
    return "".join([*found, f", {keep}=True" if line.attrs.get("keepdims") else ""])


def reduced(function: str) -> Callable[[Line], str]:
    return lambda line: f"{function}({line.xs[0]}{axis_words(line)})"


def summed_to(module: str, axis: str) -> Callable[[Line], str]:
    """The axes along which a smaller array was stretched, summed up again."""

    def write(line: Line) -> str:
        have, want = line.shapes[0], line.out
        padded = (1,) * (len(have) - len(want)) + want
        axes = tuple(k for k, (n, m) in enumerate(zip(have, padded, strict=True)) if n != m or k < len(have) - len(want))
        if not axes:
            return line.xs[0]
        return f"{module}.sum({line.xs[0]}, {axis}={axes!r}).reshape({want!r})"

    return write


def sum_of(sign: str) -> Callable[[Line], str]:
    return lambda line: sign.join(line.xs)


def joined(module: str) -> Callable[[Line], str]:
    """Operands of fewer axes stretched to those of the result before they are set beside one another."""

    def write(line: Line) -> str:
        axis = line.attrs["axis"] % len(line.out)
        found = []
        for x, shape in zip(line.xs, line.shapes, strict=True):
            whole = (1,) * (len(line.out) - len(shape)) + tuple(shape)
            wanted = (*line.out[:axis], whole[axis], *line.out[axis + 1 :])
            found.append(x if tuple(shape) == wanted else f"{module}.broadcast_to({x}, {wanted!r})")
        return f"{module}.concatenate([{', '.join(found)}], axis={axis})"

    return write


def running(module: str, name: str) -> Callable[[Line], str]:
    """cumsum and cumprod, from behind or without their own number where asked for."""

    def write(line: Line) -> str:
        axis, x = line.attrs["axis"], line.xs[0]
        flipped = f"{module}.flip({x}, {axis})" if line.attrs["reverse"] else x
        made = f"{module}.{name}({flipped}, {axis})"
        if line.attrs["exclusive"]:
            made = f"@moved_on({made}, {axis}, {1.0 if name == 'cumprod' else 0.0})"
        return f"{module}.flip({made}, {axis})" if line.attrs["reverse"] else made

    return write


def arrays(module: str) -> dict[str, Spelling]:
    """What NumPy and JAX's NumPy have in common."""
    m = module
    unary = (
        "exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh abs sign floor ceil trunc isnan isinf isfinite conj"
    )
    named = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
             "round": "rint", "logical_not": "logical_not", "real": "real", "imag": "imag", "square": "square",
             "reciprocal": "reciprocal"}  # fmt: skip
    binary = "maximum minimum hypot logaddexp copysign logical_and logical_or logical_xor"
    words: dict[str, Spelling] = {name: f"{m}.{name}({{0}})" for name in unary.split()}
    words |= {name: f"{m}.{theirs}({{0}})" for name, theirs in named.items()}
    words |= {name: f"{m}.{name}({{0}}, {{1}})" for name in binary.split()}
    words |= {name: reduced(f"{m}.{name}") for name in "sum mean prod any all max min count_nonzero argmax argmin median".split()}
    return words | {
        "less": "({0} < {1})", "less_equal": "({0} <= {1})", "greater": "({0} > {1})", "greater_equal": "({0} >= {1})",
        "equal": "({0} == {1})", "not_equal": "({0} != {1})",
        "neg": "-{0}", "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "pow": "{0} ** {1}",
        "mod": f"{m}.mod({{0}}, {{1}})", "total": sum_of(" + "), "identity": "{0}", "stop_gradient": "{0}",
        "where": f"{m}.where({{0}}, {{1}}, {{2}})", "atan2": f"{m}.arctan2({{0}}, {{1}})", "sinc": f"{m}.sinc({{0}})",
        "relu": f"{m}.maximum({{0}}, 0.0)", "clip": f"{m}.clip({{0}}, {{1}}, {{2}})", "cast": "{0}.astype({dtype!r})",
        "matmul": "{0} @ {1}", "dot": f"{m}.dot({{0}}, {{1}})", "outer": f"{m}.outer({{0}}, {{1}})",
        "einsum": f"{m}.einsum({{spec!r}}, {{all}})", "trace": f"{m}.trace({{0}}, axis1=-2, axis2=-1)",
        "broadcast_to": f"{m}.broadcast_to({{0}}, {{shape}})", "sum_to": summed_to(m, "axis"),
        "reshape": f"{m}.reshape({{0}}, {{shape}})", "transpose": f"{m}.transpose({{0}})",
        "permute": f"{m}.transpose({{0}}, {{axes}})", "squeeze": f"{m}.squeeze({{0}}, axis={{axis}})",
        "expand_dims": f"{m}.expand_dims({{0}}, axis={{axis}})", "swapaxes": f"{m}.swapaxes({{0}}, {{first}}, {{second}})",
        "moveaxis": f"{m}.moveaxis({{0}}, {{source}}, {{destination}})", "flatten": f"{m}.reshape({{0}}, {{out}})",
        "index": lambda line: f"{line.xs[0]}[{key_text(line.attrs['key'])}]",
        "gather": f"{m}.take({{0}}, {{1}}, axis={{axis}})", "take_along_axis": f"{m}.take_along_axis({{0}}, {{1}}, axis={{axis}})",
        "cumsum": running(m, "cumsum"), "cumprod": running(m, "cumprod"),
        "inv": f"{m}.linalg.inv({{0}})", "det": f"{m}.linalg.det({{0}})", "solve": f"{m}.linalg.solve({{0}}, {{1}})",
        "cholesky": f"{m}.linalg.cholesky({{0}})", "flip": f"{m}.flip({{0}}, axis={{axis}})",
        "roll": f"{m}.roll({{0}}, {{shift}}, axis={{axis}})", "concat": joined(m),
        "stack": f"{m}.stack([{{all}}], axis={{axis}})", "tile": f"{m}.tile({{0}}, {{times}})",
        "repeat": f"{m}.repeat({{0}}, {{times}}, axis={{axis}})", "tril": f"{m}.tril({{0}}, {{k}})", "triu": f"{m}.triu({{0}}, {{k}})",
        "var": lambda line: f"{m}.var({line.xs[0]}{axis_words(line)}, ddof={line.attrs['correction']})",
        "std": lambda line: f"{m}.std({line.xs[0]}{axis_words(line)}, ddof={line.attrs['correction']})",
        "sigmoid": f"0.5 * (1.0 + {m}.tanh(0.5 * {{0}}))", "softplus": f"{m}.logaddexp({{0}}, 0.0)",
        "log_sigmoid": f"-{m}.logaddexp(-{{0}}, 0.0)", "embed": "@embedded({0}, {key!r}, {shape})",
    }  # fmt: skip
