"""Why is it zero? A gradient of zero has a reason, and the node says which.

`a` is used, `b` is not on the way to the output, and `c` stands in the branch that was not taken.
"""

import backlight as bl

run = bl.backprop("unused = b^2\nwhere(a > 0, a^2, sqrt(c))", a=3, b=5, c=0)

for name in ("a", "b", "c"):
    node = run[name]
    why = run.graph.nodes[run.graph.grads[node.number]].why
    print(f"gradient by {name}: {float(node.gradient):g} ({why.kind}: {why.rule})")

# sqrt has slope infinity at 0, and yet the branch not taken sends back 0, not 0·∞ = NaN.
assert run["c"].gradient == 0
