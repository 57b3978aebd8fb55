"""PyTorch, one line an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .spelling import Dialect, Line, arrays, axis_words, key_text, sum_of, summed_to
from .windows import TORCH_WINDOWS

__all__ = ["TORCH"]


def torch_reduced(name: str, all_of_it: str = "") -> Callable[[Line], str]:
    """A reduction, which PyTorch calls differently along an axis (amax) and over everything (max)."""

    def write(line: Line) -> str:
        if line.attrs["axis"] is None and not line.attrs.get("keepdims"):
            return f"torch.{all_of_it or name}({line.xs[0]})"
        if line.attrs["axis"] is None:
            return f"torch.{all_of_it or name}({line.xs[0]}).reshape({line.out!r})"
        return f"torch.{name}({line.xs[0]}{axis_words(line, 'dim', 'keepdim')})"

    return write


def inclusive(name: str) -> Callable[[Line], str]:
    """A running sum or product; PyTorch has none that leaves out its own number."""


    def write(line: Line) -> str:
        if line.attrs["exclusive"]:
            return ""
        axis, x = line.attrs["axis"], line.xs[0]
        flipped = f"torch.flip({x}, ({axis},))"
        made = f"torch.{name}({flipped if line.attrs['reverse'] else x}, {axis})"
        return f"torch.flip({made}, ({axis},))" if line.attrs["reverse"] else made

    return write


def torch_norm(line: Line) -> str:
    return f"torch.sqrt(torch.sum({line.xs[0]} ** 2{axis_words(line, 'dim', 'keepdim')}))" if line.attrs["ord"] == 2 else ""


def axes_of(line: Line) -> tuple[int, ...]:
    """The axes of a setting that may be none (all), one or several."""
    axis = line.attrs["axis"]
    return tuple(range(len(line.out))) if axis is None else axis if isinstance(axis, tuple) else (axis,)


TORCH_UNARY: Final = (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh abs sign floor ceil "
    "trunc round isnan isinf isfinite conj erf erfc erfinv lgamma digamma sigmoid relu reciprocal square logical_not sinc selu real imag"
)
TORCH: Final = Dialect(
    "torch", "import torch", "torch.tensor({}, dtype=torch.{})",
    {name: f"torch.{name}({{0}})" for name in TORCH_UNARY.split()}
    | {name: f"torch.{name}({{0}}, {{1}})" for name in
       "maximum minimum hypot logaddexp copysign logical_and logical_or logical_xor atan2 matmul outer xlogy".split()}
    | {name: spelling for name, spelling in arrays("torch").items() if isinstance(spelling, str) and "torch" not in spelling and "@" not in spelling}
    | {
        **TORCH_WINDOWS,
        "polygamma": "torch.polygamma({order}, {0})", "i0": "torch.special.i0({0})", "i1": "torch.special.i1({0})",
        "i0e": "torch.special.i0e({0})", "erfcx": "torch.special.erfcx({0})",
        "log_ndtr": "torch.special.log_ndtr({0})", "ndtri": "torch.special.ndtri({0})", "i1e": "torch.special.i1e({0})", "floor_div": "torch.floor_divide({0}, {1})",
        "gather": "torch.index_select({0}, {axis}, {1}.reshape(-1)).reshape({out})",
        "matmul": "{0} @ {1}", "mod": "torch.remainder({0}, {1})", "total": sum_of(" + "), "stop_gradient": "{0}.detach()",
        "where": "torch.where({0}, {1}, {2})", "cast": "{0}.to(torch.{dtype})",
        "einsum": "torch.einsum({spec!r}, {all})", "broadcast_to": "torch.broadcast_to({0}, {shape})",
        "sum_to": summed_to("torch", "dim"), "reshape": "torch.reshape({0}, {shape})", "flatten": "torch.reshape({0}, {out})",
        "transpose": lambda line: f"torch.permute({line.xs[0]}, {tuple(reversed(range(len(line.out))))!r})", "permute": "torch.permute({0}, {axes})",
        "expand_dims": lambda line: f"torch.reshape({line.xs[0]}, {line.out!r})",
        "squeeze": lambda line: f"torch.reshape({line.xs[0]}, {line.out!r})",
        "swapaxes": "torch.swapaxes({0}, {first}, {second})", "moveaxis": "torch.moveaxis({0}, {source}, {destination})",
        "index": lambda line: f"{line.xs[0]}[{key_text(line.attrs['key'])}]" if "-" not in key_text(line.attrs["key"]) else "",
        "cumsum": inclusive("cumsum"), "cumprod": inclusive("cumprod"),
        "inv": "torch.linalg.inv({0})", "det": "torch.linalg.det({0})", "solve": "torch.linalg.solve({0}, {1})",
        "cholesky": "torch.linalg.cholesky({0})", "concat": "torch.cat([{all}], dim={axis})", "stack": "torch.stack([{all}], dim={axis})",
        "flip": lambda line: f"torch.flip({line.xs[0]}, {axes_of(line)!r})", "tril": "torch.tril({0}, {k})", "triu": "torch.triu({0}, {k})",
        "sum": torch_reduced("sum"), "mean": torch_reduced("mean"), "max": torch_reduced("amax", "amax"), "min": torch_reduced("amin", "amin"),
        "softmax": "torch.softmax({0}, dim={axis})", "log_softmax": "torch.log_softmax({0}, dim={axis})", "norm": torch_norm,
        "softplus": "torch.logaddexp({0}, torch.zeros_like({0}))", "log_sigmoid": "torch.nn.functional.logsigmoid({0})",
        "silu": "torch.nn.functional.silu({0})", "gelu": "torch.nn.functional.gelu({0}, approximate={approximate!r})",
        "leaky_relu": "torch.nn.functional.leaky_relu({0}, {slope})", "elu": "torch.nn.functional.elu({0}, {alpha})",
    },
)  # fmt: skip
