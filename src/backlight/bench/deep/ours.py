"""W7 and W8 on our own native machine."""

from __future__ import annotations

import numpy as np

from ... import ops
from ...core.array import Array
from ...run.native.looped import compile_steps
from .. import data
from ..contest import Entry
from ..ours import adam, descent, looped, training, types_of


def cross_entropy(z: Array, y: Array) -> Array:
    """The mean over rows of log Σ e^z minus the z that y, a whole number a row, names."""
    chosen = ops.take_along_axis(z, ops.reshape(y, shape=(*y.shape, 1)), axis=1)
    return ops.sum(ops.logsumexp(z, axis=1, keepdims=True) - chosen) * (1 / z.shape[0])


def convnet() -> Entry:
    """W7: ten steps inside."""
    x, y, p = data.w7()

    def loss(x: Array, y: Array, **p: Array) -> Array:
        h = ops.relu(ops.conv2d(x, p["k1"], padding=2) + ops.reshape(p["c1"], shape=(6, 1, 1)))
        h = ops.relu(ops.conv2d(ops.max_pool2d(h), p["k2"]) + ops.reshape(p["c2"], shape=(16, 1, 1)))
        h = ops.reshape(ops.max_pool2d(h), shape=(64, 400))
        h = ops.relu(h @ p["w1"] + p["b1"])
        h = ops.relu(h @ p["w2"] + p["b2"])
        return cross_entropy(h @ p["w3"] + p["b3"], y)

    graph, becomes, out = training(loss, types_of(x=x, y=y, **p), list(p), descent(0.05))
    return looped(compile_steps(graph, becomes, results=[out]), 10, {"x": x, "y": y, **p}, 10)


def normed(x: Array, scale: Array, shift: Array) -> Array:
    """Each row with mean 0 and deviation 1, scaled and shifted."""
    off = x - ops.mean(x, axis=-1, keepdims=True)
    return off / ops.sqrt(ops.mean(ops.square(off), axis=-1, keepdims=True) + 1e-5) * scale + shift


def heads(x: Array) -> Array:
    """(texts · places, width) as (texts, heads, places, width of a head)."""
    shape = (data.BATCH, data.CONTEXT, data.HEADS, data.WIDTH // data.HEADS)
    return ops.permute(ops.reshape(x, shape=shape), axes=(0, 2, 1, 3))


def transformer_loss(x: Array, y: Array, **p: Array) -> Array:
    """The cross-entropy of what follows each token."""
    rows, n = data.BATCH * data.CONTEXT, data.WIDTH
    h = ops.reshape(ops.gather(p["token"], x, axis=0) + p["place"], shape=(rows, n))
    past = np.tril(np.ones((data.CONTEXT, data.CONTEXT), bool))
    for k in range(data.LAYERS):
        z = normed(h, p[f"first{k}_scale"], p[f"first{k}_shift"]) @ p[f"qkv{k}"] + p[f"qkv_bias{k}"]
        q, key, v = (heads(z[:, i * n : (i + 1) * n]) for i in range(3))
        scores = q @ ops.permute(key, axes=(0, 1, 3, 2)) * float((n // data.HEADS) ** -0.5)
        seen = ops.softmax(ops.where(past, scores, -np.inf), axis=-1) @ v
        h = h + ops.reshape(ops.permute(seen, axes=(0, 2, 1, 3)), shape=(rows, n)) @ p[f"out{k}"] + p[f"out_bias{k}"]
        z = normed(h, p[f"second{k}_scale"], p[f"second{k}_shift"]) @ p[f"up{k}"] + p[f"up_bias{k}"]
        h = h + ops.gelu(z, approximate="tanh") @ p[f"down{k}"] + p[f"down_bias{k}"]
    z = normed(h, p["last_scale"], p["last_shift"]) @ p["head"]
    return cross_entropy(z, ops.reshape(y, shape=(rows,)))


def transformer() -> Entry:
    """W8: five steps inside."""
    x, y, p = data.w8()
    state = {**{f"{k}_{name}": np.zeros(v.shape, v.dtype) for name, v in p.items() for k in "mv"},
             "c1": np.ones((), np.float32), "c2": np.ones((), np.float32)}
    graph, becomes, out = training(transformer_loss, types_of(x=x, y=y, **p, **state), list(p), adam)
    return looped(compile_steps(graph, becomes, results=[out]), 5, {"x": x, "y": y, **p, **state}, 5)


ENTRIES = {"W7": convnet, "W8": transformer}
