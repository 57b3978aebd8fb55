"""W7 and W8 in JAX: steps in a scan, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import data
from ..contest import Entry
from ..with_jax import library, scanned, stepper


def cross_entropy(z: Any, y: Any) -> Any:
    """The mean of log Σ e^z minus the z that y names."""
    jax = library()
    chosen = jax.numpy.take_along_axis(z, y[:, None], axis=1)
    return (jax.nn.logsumexp(z, axis=1, keepdims=True) - chosen).mean()


def convnet() -> Entry:
    """W7."""
    jax = library()
    x, y, p = data.w7()

    def layer(x: Any, w: Any, b: Any, pad: int) -> Any:
        z = jax.lax.conv_general_dilated(x, w, (1, 1), [(pad, pad)] * 2) + b[:, None, None]
        return jax.lax.reduce_window(jax.nn.relu(z), -np.inf, jax.lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID")

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = layer(layer(x, p["k1"], p["c1"], 2), p["k2"], p["c2"], 0).reshape(64, 400)
        h = jax.nn.relu(h @ p["w1"] + p["b1"])
        h = jax.nn.relu(h @ p["w2"] + p["b2"])
        return cross_entropy(h @ p["w3"] + p["b3"], y)

    return scanned(stepper(loss, 0.05), 10, 10, p, x, y.astype(np.int32))


def transformer() -> Entry:
    """W8."""
    jax = library()
    numbers = jax.numpy
    x, y, start = data.w8()
    n, shape = data.WIDTH, (data.BATCH, data.CONTEXT, data.HEADS, data.WIDTH // data.HEADS)

    def normed(x: Any, scale: Any, shift: Any) -> Any:
        off = x - x.mean(-1, keepdims=True)
        return off / numbers.sqrt((off * off).mean(-1, keepdims=True) + 1e-5) * scale + shift

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = p["token"][x] + p["place"]
        past = np.tril(np.ones((data.CONTEXT, data.CONTEXT), bool))
        for k in range(data.LAYERS):
            z = normed(h, p[f"first{k}_scale"], p[f"first{k}_shift"]) @ p[f"qkv{k}"] + p[f"qkv_bias{k}"]
            q, key, v = (part.reshape(shape).transpose(0, 2, 1, 3) for part in numbers.split(z, 3, -1))
            scores = numbers.where(past, q @ key.transpose(0, 1, 3, 2) * (n // data.HEADS) ** -0.5, -np.inf)
            seen = jax.nn.softmax(scores) @ v
            h = h + seen.transpose(0, 2, 1, 3).reshape(*x.shape, n) @ p[f"out{k}"] + p[f"out_bias{k}"]
            z = normed(h, p[f"second{k}_scale"], p[f"second{k}_shift"]) @ p[f"up{k}"] + p[f"up_bias{k}"]
            h = h + jax.nn.gelu(z) @ p[f"down{k}"] + p[f"down_bias{k}"]
        z = normed(h, p["last_scale"], p["last_shift"]) @ p["head"]
        return cross_entropy(z.reshape(-1, data.VOCABULARY), y.reshape(-1))

    def step(state: Any, x: Any, y: Any) -> tuple[Any, Any]:
        p, m, v, c1, c2 = state
        value, g = jax.value_and_grad(loss)(p, x, y)
        c1, c2 = c1 * 0.9, c2 * 0.999
        m = jax.tree.map(lambda a, d: 0.9 * a + 0.1 * d, m, g)
        v = jax.tree.map(lambda a, d: 0.999 * a + 0.001 * d * d, v, g)
        rate, scale = 1e-3 / (1 - c1), 1 / numbers.sqrt(1 - c2)
        p = jax.tree.map(lambda w, a, b: w - a * rate / (numbers.sqrt(b) * scale + 1e-8), p, m, v)
        return (p, m, v, c1, c2), value

    zeros = {k: np.zeros_like(a) for k, a in start.items()}
    state = (start, zeros, zeros, np.float32(1), np.float32(1))
    return scanned(step, 5, 5, state, x.astype(np.int32), y.astype(np.int32))


ENTRIES = {"W7": convnet, "W8": transformer}
