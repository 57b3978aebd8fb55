"""One neuron, one sample, one step of gradient descent, with every number that a textbook would print.

The prediction is w·x + b, the loss its squared distance from y.
"""

import backlight as bl

RATE = 0.01
loss = bl.parse("(w*x + b - y)^2")
data = {"x": 2.1, "y": 4.0}
w, b = 1.0, 0.0

before = bl.backprop(loss, w=w, b=b, **data)
print(f"forward    loss = {before.output.value:.4f}")
print(f"backward   dw = {before['w'].gradient:.4f}, db = {before['b'].gradient:.4f}")

w -= RATE * before["w"].gradient  # minus: downhill; the rate: how far
b -= RATE * before["b"].gradient
print(f"update     w = {w:.4f}, b = {b:.4f}")

after = bl.run(loss, w=w, b=b, **data)
print(f"new loss   {after.output.value:.4f}, less by {before.output.value - after.output.value:.4f}")
