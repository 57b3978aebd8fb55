"""Everything that is wrong with a run: numbers that are none (`births`), and gradients that are zero (`lost`)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ..run.record import Run
from .births import births, mend, why_nan
from .finding import Finding
from .lost import blocks, why_zero, zero_findings

__all__ = ["Finding", "births", "blocks", "diagnose", "mend", "why_nan", "why_zero"]


def diagnose(run: Run) -> list[Finding]:
    """Births of NaN and ∞ and, for each input whose gradient is all zero, why."""
    kinds: tuple[Literal["nan", "inf"], ...] = ("nan", "inf")
    found = [f for backward in (False, True) for kind in kinds for f in births(run, kind, backward)]
    for i in run.graph.inputs:
        grad = run.graph.grads.get(i)
        if grad is not None and not np.asarray(run.value(grad)).any():
            found += zero_findings(run, i)
    return found
