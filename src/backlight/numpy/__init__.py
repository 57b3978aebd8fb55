"""NumPy, with arrays that remember: `import backlight.numpy as np` in the place of `import numpy as np`.

The functions are NumPy's own, by their own names, and those of the Python array API standard 2025.12. Outside a trace
NumPy computes and the results are arrays without a tape; inside one, on traced arrays, what is called is written down, so
that it can be differentiated. `np.zeros(n)` can be filled inside a traced function, which NumPy's own array cannot.

>>> import backlight, backlight.numpy as np
>>> def f(x):
...     z = np.zeros(3)
...     z[1:] = np.sin(x)
...     return np.sum(z * z)
>>> backlight.grad(f)(np.asarray([0.0, 1.0]))
array([0.        , 0.90929743])
"""

from __future__ import annotations

import numpy as _numpy

from ..core.array import Array as ndarray
from ..scipy import special
from . import fft, linalg, random, testing
from .creation import (
    arange,
    array,
    asanyarray,
    asarray,
    ascontiguousarray,
    asfortranarray,
    copy,
    from_dlpack,
    frombuffer,
    fromfunction,
    fromiter,
)
from .dtypes import astype, can_cast, finfo, iinfo, isdtype, result_type
from .info import info as __array_namespace_info__
from .joining import c_, r_
from .lifted import lifted
from .sorting import argsort, clip, diff, repeat, sort, unique_values

__array_api_version__ = "2025.12"
__version__ = _numpy.__version__

CONSTANTS = "e euler_gamma inf nan newaxis pi".split()

DTYPES = """bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128 intp
    uintp single double csingle cdouble byte ubyte short ushort intc uintc long ulong longlong ulonglong half longdouble
    clongdouble int_ dtype
    generic number integer signedinteger unsignedinteger inexact floating complexfloating""".split()

ELEMENTWISE = """abs absolute acos acosh add arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin asinh atan atan2
    atanh bitwise_and bitwise_count bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor
    cbrt ceil conj conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs float_power floor
    floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite isinf isnan lcm ldexp
    left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and logical_not logical_or logical_xor
    matmul matvec maximum minimum mod modf multiply negative nextafter not_equal positive pow power rad2deg radians
    reciprocal remainder right_shift rint sign signbit sin sinh spacing sqrt square subtract tan tanh true_divide trunc
    vecdot vecmat""".split()

FUNCTIONS = """all allclose amax amin angle any append apply_along_axis apply_over_axes argmax argmin argpartition argwhere around
    array2string array_equal array_equiv array_repr array_split array_str astype atleast_1d atleast_2d atleast_3d
    average bartlett bincount blackman block broadcast_arrays broadcast_shapes broadcast_to choose column_stack
    common_type compress concat concatenate convolve copyto corrcoef correlate count_nonzero cov cross cumprod cumsum
    cumulative_prod cumulative_sum delete diag diag_indices diag_indices_from diagflat diagonal diff digitize dot dsplit
    dstack ediff1d einsum einsum_path empty empty_like expand_dims extract eye fill_diagonal fix flatnonzero flip fliplr
    flipud full full_like geomspace gradient hamming hanning histogram histogram2d histogram_bin_edges
    hsplit hstack i0 identity imag indices inner insert interp intersect1d isclose iscomplex iscomplexobj isfortran isin
    isneginf isposinf isreal isrealobj isscalar iterable ix_ kaiser kron lexsort linspace logspace mask_indices
    matrix_transpose max may_share_memory mean median meshgrid min min_scalar_type moveaxis nan_to_num nanargmax
    nanargmin nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile nanstd nansum
    nanvar ndim nonzero ones ones_like outer packbits pad partition percentile permute_dims piecewise place poly polyadd
    polyder polydiv polyfit polyint polymul polysub polyval prod promote_types ptp put put_along_axis putmask quantile
    ravel ravel_multi_index real real_if_close reshape resize roll rollaxis roots rot90 round searchsorted select
    setdiff1d setxor1d shape shares_memory sinc size sort_complex split squeeze stack std sum swapaxes take
    take_along_axis tensordot tile trace transpose trapezoid tri tril tril_indices tril_indices_from trim_zeros triu
    triu_indices triu_indices_from union1d unique unique_all unique_counts unique_inverse unique_values unpackbits
    unravel_index unstack unwrap vander var vdot vsplit vstack where zeros zeros_like""".split()

OWN = """arange array asanyarray ascontiguousarray asarray asfortranarray copy from_dlpack frombuffer fromfunction fromiter astype
    can_cast finfo iinfo isdtype result_type argsort clip diff repeat sort unique_values""".split()

# What is NumPy's and nothing else: settings, kinds, texts, iterators over places.
NUMPYS = """True_ False_ errstate exceptions format_float_positional format_float_scientific get_printoptions geterr index_exp
    issubdtype mgrid ndenumerate ndindex object_ ogrid printoptions s_ set_printoptions seterr typecodes ufunc
    uint vectorize""".split()

for _name in (*CONSTANTS, *DTYPES, *NUMPYS):
    globals()[_name] = getattr(_numpy, _name)
for _name in (*ELEMENTWISE, *FUNCTIONS):
    if _name not in OWN:
        globals()[_name] = lifted(getattr(_numpy, _name), _name)
trapz, row_stack = lifted(_numpy.trapezoid, "trapz"), lifted(_numpy.vstack, "row_stack")

ROOMS = ["c_", "fft", "linalg", "ndarray", "r_", "random", "special", "testing"]
__all__ = sorted({*CONSTANTS, *DTYPES, *ELEMENTWISE, *FUNCTIONS, *OWN, *NUMPYS, *ROOMS})


def __dir__() -> list[str]:
    return sorted([*__all__, "__array_api_version__", "__array_namespace_info__"])
