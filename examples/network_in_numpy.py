"""A network written in plain NumPy learns a sine: its gradients come from the code as it stands.

One input, a layer of twelve neurons, one output, fifty points, gradient descent.
"""

import numpy as np

import backlight as bl

random = np.random.default_rng(0)
x = np.linspace(-np.pi, np.pi, 50)[:, None]
y = np.sin(x)
model = {
    "hidden": {"w": random.normal(0, 1.0, (1, 12)), "b": random.normal(0, 1.0, 12)},
    "output": {"w": random.normal(0, 0.3, (12, 1)), "b": np.zeros(1)},
}


def loss(model, x, y):
    h = np.tanh(x @ model["hidden"]["w"] + model["hidden"]["b"])
    return np.mean((h @ model["output"]["w"] + model["output"]["b"] - y) ** 2)


step = bl.value_and_grad(loss)
for epoch in range(301):
    value, slope = step(model, x, y)
    if epoch % 100 == 0:
        print(f"epoch {epoch:3}  loss {float(value):.4f}")
    model = {layer: {p: model[layer][p] - 0.1 * slope[layer][p] for p in model[layer]} for layer in model}

assert value < 0.05
