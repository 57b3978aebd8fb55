"""The table of operations, one row each, by family. Importing this room fills the table."""

from ..core.table import TABLE
from .activation import *  # noqa: F403
from .algebra import *  # noqa: F403
from .arithmetic import *  # noqa: F403
from .arrange import *  # noqa: F403
from .bessel import *  # noqa: F403
from .bits import *  # noqa: F403
from .compare import *  # noqa: F403
from .complex import *  # noqa: F403
from .control import *  # noqa: F403
from .convolution import *  # noqa: F403
from .deviation import *  # noqa: F403
from .diagonal import *  # noqa: F403
from .einsum import *  # noqa: F403
from .elementary import *  # noqa: F403
from .elements import *  # noqa: F403
from .factor import *  # noqa: F403
from .fourier import *  # noqa: F403
from .hyperbolic import *  # noqa: F403
from .index import *  # noqa: F403
from .leaf import *  # noqa: F403
from .linear import *  # noqa: F403
from .logcumsumexp import *  # noqa: F403
from .mark import *  # noqa: F403
from .normal import *  # noqa: F403
from .order import *  # noqa: F403
from .piecewise import *  # noqa: F403
from .pooling import *  # noqa: F403
from .put import *  # noqa: F403
from .random import *  # noqa: F403
from .reduce import *  # noqa: F403
from .rounding import *  # noqa: F403
from .scan import *  # noqa: F403
from .shape import *  # noqa: F403
from .slices import *  # noqa: F403
from .softmax import *  # noqa: F403
from .special import *  # noqa: F403
from .spectrum import *  # noqa: F403
from .subscript import subscript  # noqa: F401
from .trigonometric import *  # noqa: F403

__all__ = list(TABLE)
