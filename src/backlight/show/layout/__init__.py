"""Where the boxes and edges of an operation graph go on paper: a layered layout, the same bytes for the same graph.

Outputs stand at the top, operands below what uses them, from left to right in the order in which they are taken. The
work is shared by four files: `ranks` (which layer), `order` (which place in the layer), `coordinates` (which x), and
`routes` (which y, and the way of every edge). `placement` puts the first three together and is what the terminal uses,
which counts in characters. Nothing here knows operations or values, only sizes and edges; nothing is recursive.
"""

from backlight.show.layout.placement import Edge, Placement, Size, placed
from backlight.show.layout.routes import Box, Layout, Route, layout

__all__ = ["Box", "Edge", "Layout", "Placement", "Route", "Size", "layout", "placed"]
