"""Index arithmetic: where the numbers of a reshaped, transposed, sliced or broadcast array lie in the array it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class View:
    """The numbers of `root`: an offset into its row-major memory, and one stride for each axis shown."""

    root: int
    shape: Shape
    offset: int
    strides: tuple[int, ...]

    def is_whole(self, shape: Shape) -> bool:
        """Return whether this shows an array of that shape exactly as it lies."""
        return self.shape == shape and self.offset == 0 and self.is_contiguous()

    def is_contiguous(self) -> bool:
        """Return whether the numbers lie in row-major order without gaps."""
        pairs = zip(self.shape, self.strides, row_major(self.shape), strict=True)
        return all(size <= 1 or found == wanted for size, found, wanted in pairs) or 0 in self.shape

    def transposed(self, axes: Sequence[int]) -> View:
        """Return the view with its axes in another order."""
        return View(self.root, tuple(self.shape[a] for a in axes), self.offset, tuple(self.strides[a] for a in axes))

    def broadcast(self, shape: Shape) -> View:
        """Return the view stretched to a shape, by NumPy's rules."""
        lead = len(shape) - len(self.shape)
        pairs = zip(self.shape, self.strides, shape[lead:], strict=True)
        inner = tuple(0 if size == 1 and wanted != 1 else stride for size, stride, wanted in pairs)
        return View(self.root, shape, self.offset, (0,) * lead + inner)

    def sliced(self, starts: Sequence[int], sizes: Sequence[int], steps: Sequence[int]) -> View:
        """Return the part that begins at `starts`, with so many numbers along each axis, `steps` apart."""
        offset = self.offset + sum(s * stride for s, stride in zip(starts, self.strides, strict=True))
        strides = tuple(step * stride for step, stride in zip(steps, self.strides, strict=True))
        return View(self.root, tuple(sizes), offset, strides)

    def reshaped(self, shape: Shape) -> View | None:
        """Return the view in another shape, or None if that takes a copy."""
        if 0 in self.shape:
            return View(self.root, shape, self.offset, row_major(shape))
        strides: list[int] = []
        old = [(n, s) for n, s in zip(self.shape, self.strides, strict=True) if n != 1]
        at = 0  # the next old axis
        left, step = 1, 0  # what is left of the old axes taken so far, and the stride of the rest of them
        for size in shape:
            if size == 1:
                strides.append(0)
                continue
            if left == 1:
                taken = old[at : at + 1]
                at += 1
                left, step = taken[0][0], taken[0][1] * taken[0][0]
                while left % size or left < size:
                    if at >= len(old) or old[at - 1][1] != old[at][0] * old[at][1]:
                        return None
                    left, step = left * old[at][0], old[at][1] * left * old[at][0]
                    at += 1
            if left % size:
                return None
            left //= size
            step //= size
            strides.append(step)
        return View(self.root, shape, self.offset, tuple(strides))


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of an array that lies row after row."""
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= max(size, 1)
    return tuple(reversed(strides))


def whole(root: int, shape: Shape) -> View:
    """Return an array as it lies."""
    return View(root, shape, 0, row_major(shape))
