"""Keeping Python's cycle collector out of the way while many small tuples are made.

Nodes point at nodes by number, so nothing that is written to a tape can form a cycle, and yet every few hundred new
tuples the collector would look through all of them again: half the time of writing a large graph.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_collection"]


@contextmanager
def no_collection() -> Iterator[None]:
    """Hold the cycle collector back inside the block; it is left as it was found."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
