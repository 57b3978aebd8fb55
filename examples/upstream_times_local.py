"""The one sentence behind backpropagation, read off a graph: upstream times local is downstream.

L = (x + y)·z at x = −2, y = 5, z = −4.
"""

import backlight as bl

run = bl.backprop("L = (x + y) * z", x=-2, y=5, z=-4)

for node in reversed(list(run)):
    for edge in node.parts:
        to = run[edge.to]
        print(f"{node.signature:24} to {to.name or 'x + y':5} : {edge.upstream:g} × {edge.local:g} = {edge.downstream:g}")

# y reaches L along one path, so its gradient is the product of the local derivatives on that path.
assert run["y"].gradient == run["z"].value * 1.0
print("gradients:", {name: float(run[name].gradient) for name in ("x", "y", "z")})
