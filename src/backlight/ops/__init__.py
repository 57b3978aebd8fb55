"""The table of operations, one row each, by family.

The families that nearly every program asks for are opened with this room. The others are opened one after another when a row
is asked for that is not there yet, those first that are asked for most: a process takes as long to begin as it has modules to
load, and who wants the slope of a polynomial should not wait for singular values.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..core.table import TABLE
from .arithmetic import *  # noqa: F403
from .compare import *  # noqa: F403
from .elementary import *  # noqa: F403
from .index import *  # noqa: F403
from .leaf import *  # noqa: F403
from .linear import *  # noqa: F403
from .reduce import *  # noqa: F403
from .running import *  # noqa: F403
from .shape import *  # noqa: F403

# The families that are opened when a row is asked for that is not there yet, in this order.
LATER = """mark piecewise elements slices activation hyperbolic trigonometric arrange shares convolution pooling assignment
    deviation complex rounding contraction diagonal random control order logsums special algebra factor spectrum fourier bits tails
    bessel""".split()
# Rooms without rows: Python asks this one for each before it imports it, which opens no family.
BESIDE = """axes batched bessel_values brackets coefficients curves gamma kernel normal_values pair samples special_points window""".split()


def opened(name: str | None = None) -> bool:
    """Whether there is a row of this name, once what has to be looked through for it is open; all of it where no name is given."""
    for room in LATER:
        if name is not None and TABLE.has(name):
            break
        import_module(f"{__name__}.{room}")
    return name is None or TABLE.has(name)


if TYPE_CHECKING:  # for those who read without running
    from .activation import *  # noqa: F403
    from .algebra import *  # noqa: F403
    from .arrange import *  # noqa: F403
    from .assignment import *  # noqa: F403
    from .bessel import *  # noqa: F403
    from .bits import *  # noqa: F403
    from .complex import *  # noqa: F403
    from .contraction import *  # noqa: F403
    from .control import *  # noqa: F403
    from .convolution import *  # noqa: F403
    from .deviation import *  # noqa: F403
    from .diagonal import *  # noqa: F403
    from .elements import *  # noqa: F403
    from .factor import *  # noqa: F403
    from .fourier import *  # noqa: F403
    from .hyperbolic import *  # noqa: F403
    from .logsums import *  # noqa: F403
    from .mark import *  # noqa: F403
    from .order import *  # noqa: F403
    from .piecewise import *  # noqa: F403
    from .pooling import *  # noqa: F403
    from .random import *  # noqa: F403
    from .rounding import *  # noqa: F403
    from .shares import *  # noqa: F403
    from .slices import *  # noqa: F403
    from .special import *  # noqa: F403
    from .spectrum import *  # noqa: F403
    from .tails import *  # noqa: F403
    from .trigonometric import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        if name == "__all__":
            return list(TABLE)
        if name.startswith("_") or name in LATER or name in BESIDE or name not in TABLE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return TABLE[name]

    def __dir__() -> list[str]:
        return list(TABLE)
