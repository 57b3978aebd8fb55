"""W7 and W8 in NumPy, the derivatives written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import data
from ..contest import Entry

Array = np.ndarray[Any, Any]
F = np.float32


def columns(x: Array, k: int) -> Array:
    """The windows of k by k, each a row: (pictures · windows, channels · k · k)."""
    seen = np.lib.stride_tricks.sliding_window_view(x, (k, k), (2, 3)).transpose(0, 2, 3, 1, 4, 5)
    return np.ascontiguousarray(seen).reshape(-1, x.shape[1] * k * k)


def convolved(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """The convolution, and the windows that its gradient needs again."""
    n, side, k = x.shape[0], x.shape[2] - w.shape[2] + 1, w.shape[2]
    seen = columns(x, k)
    return (seen @ w.reshape(len(w), -1).T + b).reshape(n, side, side, len(w)).transpose(0, 3, 1, 2), seen


def pooled(x: Array) -> tuple[Array, Array]:
    """The largest of each 2 by 2, and which one it was, as a mask."""
    n, c, h, w = x.shape
    parts = x.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, h // 2, w // 2, 4)
    place = parts.argmax(-1)
    return parts.max(-1), place[..., None] == np.arange(4)


def spread(g: Array, mask: Array) -> Array:
    """The gradient of the largest, put where it came from."""
    n, c, h, w = g.shape
    parts = (g[..., None] * mask).reshape(n, c, h, w, 2, 2).transpose(0, 1, 2, 4, 3, 5)
    return parts.reshape(n, c, 2 * h, 2 * w)


def surprise(z: Array, y: Array) -> tuple[float, Array]:
    """The cross-entropy, and its gradient."""
    z = z - z.max(1, keepdims=True)
    e = np.exp(z)
    s = e.sum(1, keepdims=True)
    rows = np.arange(len(y))
    d = e / s
    d[rows, y] -= 1
    return float((np.log(s[:, 0]) - z[rows, y]).mean()), d * F(1 / len(y))


def convnet() -> Entry:
    """W7."""
    x, y, start = data.w7()
    wide = np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2)))

    def call() -> float:
        p = {k: v.copy() for k, v in start.items()}
        for _ in range(10):
            z1, seen1 = convolved(wide, p["k1"], p["c1"])
            h1, mask1 = pooled(np.maximum(z1, 0))
            z2, seen2 = convolved(h1, p["k2"], p["c2"])
            h2, mask2 = pooled(np.maximum(z2, 0))
            hs = [h2.reshape(64, 400)]
            for k in (1, 2):
                hs.append(np.maximum(hs[-1] @ p[f"w{k}"] + p[f"b{k}"], 0))
            loss, d = surprise(hs[2] @ p["w3"] + p["b3"], y)
            g: dict[str, Array] = {}
            for k in (3, 2, 1):
                g[f"w{k}"], g[f"b{k}"] = hs[k - 1].T @ d, d.sum(0)
                d = d @ p[f"w{k}"].T
                if k > 1:
                    d *= hs[k - 1] > 0
            d = spread(d.reshape(h2.shape), mask2) * (z2 > 0)
            rows = d.transpose(0, 2, 3, 1).reshape(-1, 16)
            g["k2"], g["c2"] = (rows.T @ seen2).reshape(16, 6, 5, 5), rows.sum(0)
            back = (rows @ p["k2"].reshape(16, -1)).reshape(64, 10, 10, 6, 5, 5).transpose(0, 3, 1, 2, 4, 5)
            below = np.zeros((64, 6, 14, 14), F)
            for i in range(5):
                for j in range(5):
                    below[:, :, i : i + 10, j : j + 10] += back[..., i, j]
            d = spread(below, mask1) * (z1 > 0)
            rows = d.transpose(0, 2, 3, 1).reshape(-1, 6)
            g["k1"], g["c1"] = (rows.T @ seen1).reshape(6, 1, 5, 5), rows.sum(0)
            for name in p:
                p[name] -= F(0.05) * g[name]
        return loss

    return Entry(call, 10)


def normed(x: Array, scale: Array, shift: Array) -> tuple[Array, tuple[Array, Array]]:
    """Rows of mean 0 and deviation 1, scaled and shifted; and what the gradient needs."""
    off = x - x.mean(-1, keepdims=True)
    by = 1 / np.sqrt((off * off).mean(-1, keepdims=True) + F(1e-5))
    return off * by * scale + shift, (off * by, by)


def unnormed(d: Array, scale: Array, kept: tuple[Array, Array]) -> tuple[Array, Array, Array]:
    """The gradients of the rows, the scale and the shift."""
    unit, by = kept
    e = d * scale
    back = (e - e.mean(-1, keepdims=True) - unit * (e * unit).mean(-1, keepdims=True)) * by
    return back, (d * unit).sum(0), d.sum(0)


def gelu(x: Array) -> tuple[Array, Array]:
    """The curve by its tanh, and its slope."""
    a, b = F(0.7978845608), F(0.044715)
    t = np.tanh(a * (x + b * x * x * x))
    return F(0.5) * x * (1 + t), F(0.5) * (1 + t) + F(0.5) * x * (1 - t * t) * a * (1 + 3 * b * x * x)


def heads(x: Array) -> Array:
    """(texts · places, width) as (texts, heads, places, width of a head)."""
    return x.reshape(data.BATCH, data.CONTEXT, data.HEADS, -1).transpose(0, 2, 1, 3)


def flat(x: Array) -> Array:
    """Heads put side by side again."""
    return x.transpose(0, 2, 1, 3).reshape(data.BATCH * data.CONTEXT, -1)


def transformer_step(p: dict[str, Array], x: Array, y: Array) -> tuple[float, dict[str, Array]]:
    """The loss, and the gradients of all parameters."""
    n, size = data.WIDTH, F((data.WIDTH // data.HEADS) ** -0.5)
    past = np.tril(np.ones((data.CONTEXT, data.CONTEXT), bool))
    g: dict[str, Array] = {}
    h = (p["token"][x] + p["place"]).reshape(-1, n)
    kept = []
    for k in range(data.LAYERS):
        a, norm_a = normed(h, p[f"first{k}_scale"], p[f"first{k}_shift"])
        z = a @ p[f"qkv{k}"] + p[f"qkv_bias{k}"]
        q, key, v = (heads(z[:, i * n : (i + 1) * n]) for i in range(3))
        scores = np.where(past, q @ key.transpose(0, 1, 3, 2) * size, F(-np.inf))
        e = np.exp(scores - scores.max(-1, keepdims=True))
        s = e / e.sum(-1, keepdims=True)
        seen = flat(s @ v)
        h = h + seen @ p[f"out{k}"] + p[f"out_bias{k}"]
        b, norm_b = normed(h, p[f"second{k}_scale"], p[f"second{k}_shift"])
        up, slope = gelu(b @ p[f"up{k}"] + p[f"up_bias{k}"])
        h = h + up @ p[f"down{k}"] + p[f"down_bias{k}"]
        kept.append((a, norm_a, q, key, v, s, seen, b, norm_b, up, slope))
    last, norm = normed(h, p["last_scale"], p["last_shift"])
    loss, d = surprise(last @ p["head"], y.reshape(-1))
    g["head"] = last.T @ d
    d, g["last_scale"], g["last_shift"] = unnormed(d @ p["head"].T, p["last_scale"], norm)
    for k in reversed(range(data.LAYERS)):
        a, norm_a, q, key, v, s, seen, b, norm_b, up, slope = kept[k]
        g[f"down{k}"], g[f"down_bias{k}"] = up.T @ d, d.sum(0)
        e = (d @ p[f"down{k}"].T) * slope
        g[f"up{k}"], g[f"up_bias{k}"] = b.T @ e, e.sum(0)
        back, g[f"second{k}_scale"], g[f"second{k}_shift"] = unnormed(e @ p[f"up{k}"].T, p[f"second{k}_scale"], norm_b)
        d = d + back
        g[f"out{k}"], g[f"out_bias{k}"] = seen.T @ d, d.sum(0)
        e = heads(d @ p[f"out{k}"].T)
        weights = e @ v.transpose(0, 1, 3, 2)
        weights = s * (weights - (weights * s).sum(-1, keepdims=True)) * size
        e = np.concatenate([flat(weights @ key), flat(weights.transpose(0, 1, 3, 2) @ q), flat(s.transpose(0, 1, 3, 2) @ e)], 1)
        g[f"qkv{k}"], g[f"qkv_bias{k}"] = a.T @ e, e.sum(0)
        back, g[f"first{k}_scale"], g[f"first{k}_shift"] = unnormed(e @ p[f"qkv{k}"].T, p[f"first{k}_scale"], norm_a)
        d = d + back
    g["token"] = np.zeros_like(p["token"])
    np.add.at(g["token"], x.reshape(-1), d)
    g["place"] = d.reshape(data.BATCH, data.CONTEXT, n).sum(0)
    return loss, g


def transformer() -> Entry:
    """W8."""
    x, y, start = data.w8()

    def call() -> float:
        p = {k: v.copy() for k, v in start.items()}
        m, v = ({k: np.zeros_like(a) for k, a in p.items()} for _ in range(2))
        c1 = c2 = F(1)
        for _ in range(5):
            loss, g = transformer_step(p, x, y)
            c1, c2 = c1 * F(0.9), c2 * F(0.999)
            for name in p:
                m[name] = F(0.9) * m[name] + F(0.1) * g[name]
                v[name] = F(0.999) * v[name] + F(0.001) * g[name] * g[name]
                p[name] -= m[name] * (F(1e-3) / (1 - c1)) / (np.sqrt(v[name]) * (1 / np.sqrt(1 - c2)) + F(1e-8))
        return loss

    return Entry(call, 5)


ENTRIES = {"W7": convnet, "W8": transformer}
