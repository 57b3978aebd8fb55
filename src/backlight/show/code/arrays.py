"""What NumPy and JAX's NumPy have in common, one line an operation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate
from typing import Final

from .spelling import Line, Spelling, axis_words, joined, key_text, reduced, reshaped, running, sum_of, summed_to

__all__ = ["PLAIN", "SLICES", "arrays"]

INFIX: Final = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "less": "<", "less_equal": "<=", "greater": ">",
    "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip
# What takes a Python number beside an array, and keeps the array's dtype.
PLAIN: Final = frozenset([*INFIX, "total", "where", "maximum", "minimum", "clip"])

SLICES: Final = '''\
def sliced(key):
    """A key as an index: whole numbers, and slices written as text."""
    words = {"...": ..., "new": None}
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(
        words[k] if k in words else slice(*[int(n) if n.strip() else None for n in k.split(":")]) if isinstance(k, str) else k
        for k in parts
    )
'''


def norm(m: str) -> Callable[[Line], str]:
    """Only the usual lengths are written; other orders go by a helper."""

    def write(line: Line) -> str:
        order, x = line.attrs["ord"], line.xs[0]
        if order == 2:
            return f"{m}.sqrt({m}.sum({m}.abs({x}) ** 2{axis_words(line)}))"
        if order == 1:
            return f"{m}.sum({m}.abs({x}){axis_words(line)})"
        if order == float("inf"):
            return f"{m}.max({m}.abs({x}), initial=0.0{axis_words(line)})"
        if order == -float("inf"):
            return f"{m}.min({m}.abs({x}){axis_words(line)})"
        if order == 0:
            return f"{m}.sum({x} != 0{axis_words(line)}).astype({line.type.dtype.name!r})"
        return f"{m}.sum({m}.abs({x}) ** {order!r}{axis_words(line)}) ** (1 / {order!r})"

    return write


def like_result(m: str) -> Callable[[Line], str]:
    """A sum or a product in the dtype of its result, which is wider where truth values are counted."""
    return lambda line: "" if line.types[0].dtype == line.type.dtype else f", dtype={line.type.dtype.name!r}"


def einsum(m: str) -> Callable[[Line], str]:
    return lambda line: f"{m}.einsum({line.attrs['spec']!r}, {', '.join(line.xs)})"


def deviation(m: str, name: str) -> Callable[[Line], str]:
    def write(line: Line) -> str:
        correction = line.attrs["correction"]
        return f"{m}.{name}({line.xs[0]}{axis_words(line)}{f', ddof={correction!r}' if correction else ''})"

    return write


def split_at(module: str) -> Spelling:
    """By the places where the parts begin."""
    def write(line: Line) -> str:
        axis = line.attrs["axis"]
        ends = list(accumulate(part.shape[axis] for part in line.type.types[:-1]))
        return f"{module}.split({line.xs[0]}, {ends}, axis={axis})"

    return write


def padded(module: str) -> Spelling:
    def write(line: Line) -> str:
        width, mode, value = (line.attrs[word] for word in ("width", "mode", "value"))
        more = "" if mode == "constant" and value == 0 else f", constant_values={value!r}" if mode == "constant" else f", mode={mode!r}"
        return f"{module}.pad({line.xs[0]}, {width!r}{more})" if line.out else line.xs[0]

    return write


def arrays(module: str) -> dict[str, Spelling]:
    """What NumPy and JAX's NumPy have in common."""
    m = module
    unary = "exp exp2 expm1 log log2 log10 log1p sqrt cbrt sin cos tan sinh cosh tanh abs sign floor ceil trunc isnan isinf isfinite conj"
    named = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
             "round": "rint", "logical_not": "logical_not", "real": "real", "imag": "imag", "square": "square",
             "reciprocal": "reciprocal"}  # fmt: skip
    binary = "maximum minimum hypot logaddexp copysign logical_and logical_or logical_xor"
    words: dict[str, Spelling] = {name: f"{m}.{name}({{0}})" for name in unary.split()}
    words |= {name: f"{m}.{theirs}({{0}})" for name, theirs in named.items()}
    words |= {name: f"{m}.{name}({{0}}, {{1}})" for name in binary.split()}
    words |= {"split": split_at(m), "pad": padded(m)}
    words |= {name: reduced(f"{m}.{name}") for name in "sum mean prod any all max min count_nonzero argmax argmin median".split()}
    words |= {name: f"{{0}} {sign} {{1}}" for name, sign in INFIX.items()}
    return words | {
        "neg": "-{0}", "mod": f"{m}.mod({{0}}, {{1}})", "floor_div": "{0} // {1}", "total": sum_of(" + "), "identity": "{0}",
        "bit_and": "{0} & {1}", "bit_or": "{0} | {1}", "bit_xor": "{0} ^ {1}", "bit_not": "~{0}",
        "shift_left": "{0} << {1}", "shift_right": "{0} >> {1}",
        "where": f"{m}.where({{0}}, {{1}}, {{2}})", "atan2": f"{m}.arctan2({{0}}, {{1}})", "sinc": f"{m}.sinc({{0}})",
        "stop_gradient": "{0}", "relu": f"{m}.maximum({{0}}, 0)", "clip": f"{m}.clip({{0}}, {{1}}, {{2}})", "cast": "{0}.astype({dtype!r})",
        "matmul": "{0} @ {1}", "dot": f"{m}.dot({{0}}, {{1}})", "outer": f"{m}.outer({{0}}, {{1}})",
        "einsum": einsum(m), "trace": f"{m}.trace({{0}}, axis1=-2, axis2=-1)",
        "broadcast_to": f"{m}.broadcast_to({{0}}, {{shape}})", "sum_to": summed_to(m, "axis"),
        "reshape": reshaped, "transpose": "{0}.T",
        "permute": f"{m}.transpose({{0}}, {{axes}})", "squeeze": f"{m}.squeeze({{0}}, axis={{axis}})",
        "expand_dims": f"{m}.expand_dims({{0}}, axis={{axis}})", "swapaxes": f"{m}.swapaxes({{0}}, {{first}}, {{second}})",
        "moveaxis": f"{m}.moveaxis({{0}}, {{source}}, {{destination}})", "flatten": reshaped,
        "index": lambda line: f"{line.xs[0]}[{key_text(line.attrs['key'])}]",
        "gather": f"{m}.take({{0}}, {{1}}, axis={{axis}})", "take_along_axis": f"{m}.take_along_axis({{0}}, {{1}}, axis={{axis}})",
        "cumsum": running(f"{m}.flip({{}}, {{}})", f"{m}.cumsum({{}}, {{}})", "cumsum"),
        "cumprod": running(f"{m}.flip({{}}, {{}})", f"{m}.cumprod({{}}, {{}})", "cumprod"),
        "inv": f"{m}.linalg.inv({{0}})", "det": f"{m}.linalg.det({{0}})",
        "cholesky": f"{m}.linalg.cholesky({{0}})", "flip": f"{m}.flip({{0}}, axis={{axis}})",
        "roll": f"{m}.roll({{0}}, {{shift}}, axis={{axis}})", "concat": joined(m),
        "stack": f"{m}.stack([{{all}}], axis={{axis}})", "tile": f"{m}.tile({{0}}, {{times}})",
        "repeat": f"{m}.repeat({{0}}, {{times}}, axis={{axis}})", "tril": f"{m}.tril({{0}}, {{k}})", "triu": f"{m}.triu({{0}}, {{k}})",
        "diag": f"{m}.diag({{0}}, {{k}})", "var": deviation(m, "var"), "std": deviation(m, "std"), "norm": norm(m),
        "sigmoid": f"0.5 * (1.0 + {m}.tanh(0.5 * {{0}}))", "softplus": f"{m}.logaddexp({{0}}, 0.0)",
        "log_sigmoid": f"-{m}.logaddexp(-{{0}}, 0.0)", "embed": "@embedded({0}, {key!r}, {shape})",
    }  # fmt: skip
