"""Two moons: a network of 2, 8, 5 and 1 neurons learns to tell them apart, one point at a time.

800 points with noise 0.2, of which 600 are learnt from and 200 are kept to see whether it learnt or memorised.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

import backlight as bl
from backlight.show.curve import Curve, plotted
from backlight.show.drawing import Drawing
from backlight.show.surface import surface
from backlight.show.svg import svg

RATE, EPOCHS = 0.1, 20
random = np.random.default_rng(0)
angle = random.uniform(0, np.pi, 800)
label = np.arange(800) % 2
moon = np.where(label, [1 - np.cos(angle), 0.5 - np.sin(angle)], [np.cos(angle), np.sin(angle)]).T
points = moon + random.normal(0, 0.2, (800, 2))
learnt, kept = slice(0, 600), slice(600, 800)
sizes = [2, 8, 5, 1]
model = [(random.normal(0, np.sqrt(2 / n), (m, n)), np.zeros(m)) for n, m in pairwise(sizes)]


def predict(model, x):
    for w, b in model[:-1]:
        x = np.tanh(w @ x + b)
    w, b = model[-1]
    return 1 / (1 + np.exp(-(w @ x + b)))


def loss(model, x, y):
    return np.sum((predict(model, x) - y) ** 2)


def mean(part):
    return float(np.mean([loss(model, x, y) for x, y in zip(points[part], label[part], strict=True)]))


step, history = bl.compile(bl.value_and_grad(loss)), [(mean(learnt), mean(kept))]
for _ in range(EPOCHS):
    for i in random.permutation(600):
        _, slope = step(model, points[i], float(label[i]))
        model = [(w - RATE * dw, b - RATE * db) for (w, b), (dw, db) in zip(model, slope, strict=True)]
    history.append((mean(learnt), mean(kept)))

print(f"training {history[0][0]:.4f} -> {history[-1][0]:.4f}, validation {history[0][1]:.4f} -> {history[-1][1]:.4f}")
answers = surface(lambda xs: [predict(model, x)[0] for x in xs], points[kept], label[kept])
print(answers.twin)
if sys.argv[1:]:                                           # a folder for the pictures
    names = ["training", "validation"]
    curves = [Curve(name, tuple(enumerate(column))) for name, column in zip(names, zip(*history, strict=True), strict=True)]
    error = Drawing(560.0, 330.0, tuple(plotted(curves, "epoch", "mean squared error")), "The error, epoch by epoch")
    for name, drawing in (("curves", error), ("surface", answers)):
        (Path(sys.argv[1]) / f"{name}.svg").write_text(svg(drawing), encoding="utf-8")
