"""PyTorch, one line an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .arrays import INFIX, SLICES
from .draws import drawing, draws
from .linear import TORCH_LINEAR, TORCH_LINEAR_HELPERS
from .numpy import SLOPES
from .spelling import Dialect, Line, Spelling, axis_words, key_text, promoted, reshaped, running, sum_of, summed_to, whole_axes
from .windows import TORCH_WINDOWS, TORCH_WINDOWS_HELPERS

__all__ = ["TORCH"]


def reduced(name: str, all_of_it: str = "") -> Callable[[Line], str]:
    """A reduction, which PyTorch calls differently along an axis (amax) and over everything (max)."""

    def write(line: Line) -> str:
        if line.attrs["axis"] is None and not line.attrs.get("keepdims"):
            return f"torch.{all_of_it or name}({line.xs[0]})"
        if line.attrs["axis"] is None:
            return f"torch.{all_of_it or name}({line.xs[0]}).reshape({line.out!r})"
        if line.attrs["axis"] == ():  # PyTorch takes no axes for all of them
            return f"{line.xs[0]}"
        return f"torch.{name}({line.xs[0]}{axis_words(line, 'dim', 'keepdim')})"

    return write


def product(line: Line) -> str:
    """Along one axis after the other: PyTorch takes one at a time."""
    x = line.xs[0]
    if line.attrs["axis"] is None and not line.attrs["keepdims"]:
        return f"torch.prod({x})"
    for axis in sorted(whole_axes(line, line.attrs["axis"]), reverse=True):
        x = f"torch.prod({x}, {axis}{', keepdim=True' if line.attrs['keepdims'] else ''})"
    return x


def counted(line: Line) -> str:
    x = f"({line.xs[0]} != 0)"
    axis = line.attrs["axis"]
    made = f"{x}.sum({'' if axis is None else f'dim={axis!r}'})"
    return f"{made}.reshape({line.out!r})" if line.attrs["keepdims"] else made


def along_one(name: str) -> Callable[[Line], str]:
    """What PyTorch has along one axis only."""
    return lambda line: f"torch.{name}({line.xs[0]}, dim={line.attrs['axis']})" if isinstance(line.attrs["axis"], int) else ""


def place(name: str) -> Callable[[Line], str]:
    """argmax and argmin: of several the first."""

    def write(line: Line) -> str:
        axis = line.attrs["axis"]
        made = f"torch.{name}({line.xs[0]}{'' if axis is None else f', {axis}'})"
        return f"{made}.reshape({line.out!r})" if line.attrs["keepdims"] else made

    return write


def median(line: Line) -> str:
    """The mean of the two middle ones, of which PyTorch's median takes the lower."""
    axes = whole_axes(line, line.attrs["axis"])
    rank, n = len(line.shapes[0]), 1
    for a in axes:
        n *= line.shapes[0][a]
    rest = tuple(a for a in range(rank) if a not in axes)
    moved = line.xs[0] if (*rest, *axes) == tuple(range(rank)) else f"{line.xs[0]}.permute({(*rest, *axes)!r})"
    flat = f"{moved}.reshape({(*[line.shapes[0][a] for a in rest], n)!r})"
    return f"@median({flat}).reshape({line.out!r})"


def torch_norm(line: Line) -> str:
    order, x, axes = line.attrs["ord"], line.xs[0], axis_words(line, "dim", "keepdim")
    if order == 2:
        return f"torch.linalg.vector_norm({x}{axes})"
    if order == 0:
        return f"torch.sum(({x} != 0) + 0 * {x}{axes})"
    return (
        f"torch.linalg.vector_norm({x}, {'float(' + repr(str(order)) + ')' if abs(order) == float('inf') else repr(order)}{axes})"
    )


def deviation(name: str) -> Callable[[Line], str]:
    def write(line: Line) -> str:
        return f"torch.{name}({line.xs[0]}{axis_words(line, 'dim', 'keepdim')}, correction={line.attrs['correction']!r})"

    return write


def index(line: Line) -> str:
    """A key in brackets; with a step back, which PyTorch has none of, the places are written out."""
    key = line.attrs["key"]
    parts = key if isinstance(key, tuple) else (key,)
    back = [
        part for part in parts if isinstance(part, str) and part.count(":") == 2 and part.rsplit(":", 1)[1].strip().startswith("-")
    ]
    return f"@part({line.xs[0]}, {key!r})" if back else f"{line.xs[0]}[{key_text(key)}]"


def padded(line: Line) -> str:
    width, mode, value = (line.attrs[word] for word in ("width", "mode", "value"))
    pairs = [(a, b) for (a, b) in pairs_of(width, len(line.out))]
    if not pairs:
        return line.xs[0]
    if mode != "constant":
        return f"@padded({line.xs[0]}, {pairs!r}, {mode!r})"
    flat = tuple(n for pair in reversed(pairs) for n in pair)
    return f"torch.nn.functional.pad({line.xs[0]}, {flat!r}{'' if value == 0 else f', value={value!r}'})"


def pairs_of(width: object, rank: int) -> list[tuple[int, int]]:
    """What goes before and after each axis."""
    if isinstance(width, int):
        return [(width, width)] * rank
    assert isinstance(width, tuple)
    return [width] * rank if all(isinstance(n, int) for n in width) else list(width)


def gather(line: Line) -> str:
    x, i = line.xs
    axis = line.attrs["axis"] % len(line.shapes[0])
    return f"{x}[{', '.join([':'] * axis + [i])}]"


def clip(line: Line) -> str:
    """Both bounds as numbers or both as tensors are one call; PyTorch mixes them in none."""
    x, low, high = line.xs
    plain = [bound[:1].isdigit() or bound[:1] == "(" for bound in (low, high)]
    if all(plain):
        return f"torch.clamp({x}, {low}, {high})"
    return (
        f"torch.minimum(torch.maximum({x}, {low}), {high})"
        if not any(plain)
        else f"torch.clamp(torch.clamp({x}, min={low}), max={high})"
    )


def concat(line: Line) -> str:
    return f"torch.cat([{', '.join(promoted(line, '{}.to(torch.{})'))}], dim={line.attrs['axis']})"


UNARY: Final = (
    "exp exp2 expm1 log log2 log10 log1p sqrt rsqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh abs sign floor ceil "
    "trunc round isnan isinf isfinite conj erf erfc erfinv lgamma digamma sigmoid relu reciprocal square logical_not sinc selu"
)
BINARY: Final = "maximum minimum hypot logaddexp copysign logical_and logical_or logical_xor atan2 outer xlogy"
BITS: Final = {"bit_and": "&", "bit_or": "|", "bit_xor": "^", "shift_left": "<<", "shift_right": ">>"}
WORDS: Final[dict[str, Spelling]] = {
    **{name: f"torch.{name}({{0}})" for name in UNARY.split()},
    **{name: f"torch.{name}({{0}}, {{1}})" for name in BINARY.split()},
    **{name: f"{{0}} {sign} {{1}}" for name, sign in (INFIX | BITS).items()},
    "bit_not": "~{0}", "neg": "-{0}", "identity": "{0}", "mod": "torch.remainder({0}, {1})", "total": sum_of(" + "),
    "real": lambda line: f"torch.real({line.xs[0]})" if line.types[0].dtype.kind == "c" else line.xs[0],
    "imag": lambda line: f"torch.imag({line.xs[0]})" if line.types[0].dtype.kind == "c" else f"0 * {line.xs[0]}",
    "cbrt": "torch.sign({0}) * torch.abs({0}) ** (1 / 3)", "floor_div": "torch.div({0}, {1}, rounding_mode='floor')",
    "where": "torch.where({0}, {1}, {2})", "cast": "{0}.to(torch.{dtype})", "clip": clip, "stop_gradient": "{0}.detach()",
    "ndtr": "0.5 * torch.erfc(-0.7071067811865476 * {0})", "celu": "torch.where({0} > 0, {0}, {alpha} * torch.expm1(torch.clamp({0}, max=0) / {alpha}))", "polygamma": "torch.polygamma({order}, {0})", "i0": "torch.special.i0({0})",
    "i1": "torch.special.i1({0})", "i0e": "torch.special.i0e({0})", "i1e": "torch.special.i1e({0})",
    "i0e_slope": "@i0e_slope({0})", "i1e_slope": "@i1e_slope({0})", "mish_slope": "@mish_slope({0})",
    "erfcx": "torch.special.erfcx({0})", "erfcx_slope": "@erfcx_slope({0})", "log_ndtr": "torch.special.log_ndtr({0})",
    "log_ndtr_slope": "0.7978845608028654 / torch.special.erfcx(-0.7071067811865476 * {0})", "ndtri": "torch.special.ndtri({0})",
    "softplus": "torch.logaddexp({0}, torch.zeros_like({0}))", "log_sigmoid": "torch.nn.functional.logsigmoid({0})",
    "silu": "torch.nn.functional.silu({0})", "gelu": "torch.nn.functional.gelu({0}, approximate={approximate!r})",
    "leaky_relu": "torch.nn.functional.leaky_relu({0}, {slope})", "elu": "torch.nn.functional.elu({0}, {alpha})",
    "softmax": along_one("softmax"), "log_softmax": along_one("log_softmax"),
    # products
    "matmul": "{0} @ {1}", "einsum": lambda line: f"torch.einsum({line.attrs['spec']!r}, {', '.join(line.xs)})",
    "inv": "torch.linalg.inv({0})", "det": "torch.linalg.det({0})", "cholesky": "torch.linalg.cholesky({0})",
    "trace": "torch.diagonal({0}, dim1=-2, dim2=-1).sum(-1)", "tril": "torch.tril({0}, {k})", "triu": "torch.triu({0}, {k})",
    "diag": "torch.diag({0}, {k})", **TORCH_LINEAR, **TORCH_WINDOWS,
    # shapes
    "broadcast_to": "torch.broadcast_to({0}, {shape})", "sum_to": summed_to("torch", "dim"), "reshape": reshaped,
    "flatten": reshaped, "expand_dims": reshaped, "squeeze": reshaped,
    "transpose": lambda line: f"{line.xs[0]}.T" if len(line.out) == 2 else f"{line.xs[0]}.permute({tuple(reversed(range(len(line.out))))!r})",
    "permute": "{0}.permute({axes})", "swapaxes": "torch.swapaxes({0}, {first}, {second})",
    "moveaxis": "torch.moveaxis({0}, {source}, {destination})", "flip": lambda line: f"torch.flip({line.xs[0]}, {whole_axes(line, line.attrs['axis'])!r})",
    "roll": lambda line: f"torch.roll({line.xs[0]}, {line.attrs['shift']!r}{'' if line.attrs['axis'] is None else ', ' + repr(line.attrs['axis'])})",
    "concat": concat, "stack": lambda line: f"torch.stack([{', '.join(promoted(line, '{}.to(torch.{})'))}], dim={line.attrs['axis']})",
    "tile": lambda line: f"torch.tile({line.xs[0]}, {line.attrs['times'] if isinstance(line.attrs['times'], tuple) else (line.attrs['times'],)!r})",
    "repeat": lambda line: f"torch.repeat_interleave({line.xs[0]}, {line.attrs['times']}{'' if line.attrs['axis'] is None else ', ' + repr(line.attrs['axis'])})",
    "split": lambda line: f"torch.split({line.xs[0]}, {[t.shape[line.attrs['axis']] for t in line.type.types]}, {line.attrs['axis']})",
    "pad": padded,
    # places
    "index": index, "embed": "@embedded({0}, {key!r}, {shape})", "gather": gather,
    "take_along_axis": "torch.take_along_dim({0}, {1} % {0}.shape[{axis}], {axis})",
    "scatter": "@written({0}, {1}, {2}, {axis}, {mode!r})", "scatter_add": "@added({0}, {1}, {size}, {axis})",
    "add_along_axis": "@added_along({0}, {1}, {size}, {axis})",
    "argsort": lambda line: f"torch.argsort({line.xs[0]}, dim={line.attrs['axis']}{', descending=True' if line.attrs['descending'] else ''}, stable=True)",
    # along axes
    "sum": reduced("sum"), "mean": reduced("mean"), "max": reduced("amax", "amax"), "min": reduced("amin", "amin"),
    "any": reduced("any"), "all": reduced("all"), "prod": product, "count_nonzero": counted, "median": median,
    "argmax": place("argmax"), "argmin": place("argmin"), "var": deviation("var"), "std": deviation("std"), "norm": torch_norm,
    "cumsum": running("torch.flip({}, ({},))", "torch.cumsum({}, {})", "cumsum"),
    "cumprod": running("torch.flip({}, ({},))", "torch.cumprod({}, {})", "cumprod"),
    "logcumsumexp": "torch.logcumsumexp({0}, {axis})", "recurrence": "@recurrence({0}, {1}, {axis}, {reverse})",
    **draws("torch.as_tensor({}, dtype=torch.{})", "int({})"),
}  # fmt: skip
HELPERS: Final = {
    "sliced": SLICES,
    "part": '''\
def part(x, key):
    """x[key] where a slice goes backwards, by the places that it takes."""
    places = torch.arange(x.numel()).reshape(x.shape).numpy()[@sliced(key)]
    return x.reshape(-1)[torch.from_numpy(places.copy())]
''',
    "embedded": '''\
def embedded(x, key, shape):
    """Zeros with an array in the place that a key names."""
    places = torch.arange(math.prod(shape)).reshape(shape).numpy()[@sliced(key)]
    z = torch.zeros(math.prod(shape), dtype=x.dtype)
    return z.index_put((torch.as_tensor(places.copy()),), x).reshape(shape)
''',
    "moved_on": '''\
def moved_on(z, axis, first):
    """Every number one place further along an axis, another one in the first place."""
    start = torch.full_like(z.narrow(axis, 0, min(1, z.shape[axis])), first)
    return torch.cat([start, z.narrow(axis, 0, max(0, z.shape[axis] - 1))], axis)
''',
    "padded": '''\
def padded(x, pads, mode):
    """x surrounded by copies of its edge, of its mirror image or of itself: the places along each axis are taken."""
    for axis, (before, after) in enumerate(pads):
        n = x.shape[axis]
        i = torch.arange(-before, n + after)
        if mode == "edge":
            i = i.clamp(0, n - 1)
        elif mode == "wrap":
            i = i % n
        else:
            i = i % max(1, 2 * n - 2)
            i = torch.minimum(i, 2 * n - 2 - i)
        x = x.index_select(axis, i)
    return x
''',
    "median": '''\
def median(x):
    """The middle number along the last axis, the mean of the two middle ones where their count is even."""
    n = x.shape[-1]
    z = torch.sort(x, stable=True).values[..., (n - 1) // 2: n // 2 + 1].mean(-1)
    return torch.where(x.isnan().any(-1), float("nan"), z)
''',
    "mish_slope": '''\
def mish_slope(x):
    """The derivative of mish(x) = x * tanh(softplus(x))."""
    t = torch.tanh(torch.logaddexp(x, torch.zeros_like(x)))
    return t + x * (1 - t * t) * torch.sigmoid(x)
''',
    "recurrence": '''\
def recurrence(a, b, axis, reverse):
    """z with z[k] = a[k] z[k - 1] + b[k] along an axis, or from its end."""
    a, b = torch.moveaxis(a, axis, 0), torch.moveaxis(b, axis, 0)
    z, n = [], len(b)
    for k in reversed(range(n)) if reverse else range(n):
        z.append(a[k] * z[-1] + b[k] if z else b[k])
    return torch.moveaxis(torch.stack(z[::-1] if reverse else z), 0, axis) if z else a * b
''',
    "written": '''\
def written(x, i, y, axis, mode):
    """x with slices of y set or added at their places i along an axis; of several at one place the last is set."""
    axis = axis % x.ndim
    z = torch.moveaxis(x, axis, 0).to(torch.result_type(x, y)).clone()
    y = torch.moveaxis(y.reshape(*x.shape[:axis], -1, *x.shape[axis + 1:]), axis, 0)
    for k, place in enumerate(i.reshape(-1).tolist()):
        z[place] = z[place] + y[k] if mode == "add" else y[k]
    return torch.moveaxis(z, 0, axis)
''',
    "added": '''\
def added(y, i, size, axis):
    """Each part of y added up at its place i along an axis."""
    z = torch.zeros((*y.shape[:axis], size, *y.shape[axis + i.ndim:]), dtype=y.dtype)
    y = y.reshape(*y.shape[:axis], i.numel(), *y.shape[axis + i.ndim:])
    return z.index_add(axis, i.reshape(-1) % size, y)
''',
    "added_along": '''\
def added_along(y, i, size, axis):
    """Each number of y added up at its place i along an axis."""
    z = torch.zeros((*y.shape[:axis % y.ndim], size, *y.shape[axis % y.ndim + 1:]), dtype=y.dtype)
    return z.scatter_add(axis, i % size, y)
''',
    **TORCH_WINDOWS_HELPERS, **TORCH_LINEAR_HELPERS, **drawing("np", "torch.special.ndtri"),
    "normal": '''\
def normal(seed, shape):
    """Normal numbers of mean 0 and standard deviation 1: the quantiles of numbers in (0, 1)."""
    p = ((@words(seed, 3, math.prod(shape)) >> np.uint64(12)).astype(float) + 0.5) * 2.0**-52
    return torch.special.ndtri(torch.from_numpy(p)).reshape(shape)
''',
    **{name: text.replace("MODULE", "torch").replace("SPECIAL", "torch.special").replace("ERFCX", "torch.special.erfcx(x)").replace(".astype(x.dtype)", ".to(x.dtype)")
       for name, text in SLOPES.items()},
}  # fmt: skip
TORCH: Final = Dialect(
    "torch",
    "PyTorch",
    "torch",
    "import torch",
    "torch.tensor({})",
    "torch.{}",
    WORDS,
    HELPERS,
    frozenset([*INFIX, "total", "where", "clip"]),
)
