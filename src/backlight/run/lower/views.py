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
        rows: list[tuple[int, int]] = []  # axes that lie in one row are one: how many numbers, how far apart
        for n, stride in zip(self.shape, self.strides, strict=True):
            if rows and rows[-1][1] == n * stride:
                rows[-1] = (rows[-1][0] * n, stride)
            elif n != 1:
                rows.append((n, stride))
        strides = [0] * len(shape)
        left, step = 1, 0  # of the row being cut, from its end
        for a in reversed(range(len(shape))):
            if shape[a] == 1:
                continue
            if left == 1:
                left, step = rows.pop()
            if left % shape[a]:
                return None
            strides[a] = step
            left, step = left // shape[a], step * shape[a]
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
