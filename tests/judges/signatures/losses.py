"""Losses: what a prediction costs beside a target."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tests.judges.signatures.products import linear

from backlight import ops as o

__all__ = ["ENTRIES"]


def told(loss: Any, reduction: str = "mean") -> Any:
    return {"none": o.identity, "mean": np.mean, "sum": np.sum}[reduction](loss)


def pairwise(how: Any) -> Any:
    """A loss of two arrays that are stretched to one shape."""

    def call(x: Any, y: Any, *, reduction: str = "mean", weight: Any = None, **settings: Any) -> Any:
        loss = how(x, y, **settings)
        if weight is not None and reduction == "mean":
            return np.sum(loss * weight) / np.sum(np.broadcast_to(weight, np.shape(loss)))
        return told(loss if weight is None else loss * weight, reduction)

    return call


def smooth_l1(x: Any, y: Any, beta: float = 1.0) -> Any:
    d = np.abs(x - y)
    return d if beta == 0 else np.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)


def huber(x: Any, y: Any, delta: float = 1.0) -> Any:
    d = np.abs(x - y)
    return np.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta))


def binary_cross_entropy(x: Any, y: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    loss = -(y * np.maximum(np.log(x), -100.0) + (1 - y) * np.maximum(np.log1p(-x), -100.0))
    return told(loss if weight is None else loss * weight, reduction)


def with_logits(x: Any, y: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
                pos_weight: Any = None) -> Any:  # fmt: skip
    if pos_weight is None:
        loss = (1 - y) * x - o.log_sigmoid(x)
    else:
        loss = (1 - y) * x - ((pos_weight - 1) * y + 1) * o.log_sigmoid(x)
    return told(loss if weight is None else loss * weight, reduction)


def nll(x: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
        reduction: str = "mean", smoothing: float = 0.0) -> Any:  # fmt: skip
    """x holds log-probabilities, classes along axis 1, or 0 where there is no batch."""
    axis = 1 if np.ndim(x) > 1 else 0
    target = np.asarray(target)
    n = np.shape(x)[axis]
    used = target != ignore_index
    at = np.where(used, target, 0)
    w = np.ones(n) if weight is None else np.asarray(weight)
    weights = w[at] * used
    loss = -np.squeeze(o.take_along_axis(x, np.expand_dims(at, axis), axis=axis), axis) * weights
    if smoothing:
        shape = [1] * np.ndim(x)
        shape[axis] = n
        smooth = -np.sum(x * w.reshape(shape), axis=axis) * used
        loss = (1 - smoothing) * loss + smoothing / n * smooth
    return np.sum(loss) / np.sum(weights) if reduction == "mean" else told(loss, reduction)


def cross_entropy(x: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100, reduce: Any = None,
                  reduction: str = "mean", label_smoothing: float = 0.0) -> Any:  # fmt: skip
    axis = 1 if np.ndim(x) > 1 else 0
    logs = o.log_softmax(x, axis=axis)
    if np.shape(target) != np.shape(x) or np.asarray(getattr(target, "value", target)).dtype.kind != "f":
        return nll(logs, target, weight, None, ignore_index, None, reduction, label_smoothing)
    n = np.shape(x)[axis]
    y = target * (1 - label_smoothing) + label_smoothing / n if label_smoothing else target
    shape = [1] * np.ndim(x)
    shape[axis] = n
    loss = -np.sum(y * logs if weight is None else y * logs * np.reshape(weight, shape), axis=axis)
    return np.sum(loss) / max(1, math.prod(np.shape(loss))) if reduction == "mean" else told(loss, reduction)


def linear_cross_entropy(x: Any, w: Any, target: Any, *, linear_bias: Any = None, weight: Any = None, reduction: str = "mean",
                         ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None) -> Any:  # fmt: skip
    flat = np.reshape(w, (-1, np.shape(w)[-1])) if np.ndim(w) > 2 else w
    bias = None if linear_bias is None else np.reshape(linear_bias, (-1,))
    logits = np.reshape(linear(x, flat, bias), (*np.shape(x)[:-1], *np.shape(w)[:-1]))
    return cross_entropy(logits, target, weight, None, -100 if ignore_index is None else ignore_index, None, reduction, label_smoothing)


def kl_div(x: Any, y: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False) -> Any:
    loss = np.exp(y) * (y - x) if log_target else o.xlogy(y, y) - y * x
    return np.sum(loss) / np.shape(x)[0] if reduction == "batchmean" else told(loss, reduction)


def gaussian_nll(x: Any, y: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> Any:
    if np.ndim(var) and np.shape(var) != np.shape(x) and np.shape(x)[:-1] == np.shape(var):
        var = np.expand_dims(var, -1)
    held = var + (np.maximum(getattr(var, "value", var), eps) - getattr(var, "value", var))
    loss = 0.5 * (np.log(held) + np.square(x - y) / held)
    return told(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def poisson_nll(x: Any, y: Any, log_input: bool = True, full: bool = False, size_average: Any = None, eps: float = 1e-8,
                reduce: Any = None, reduction: str = "mean") -> Any:  # fmt: skip
    loss = np.exp(x) - y * x if log_input else x - y * np.log(x + eps)
    if full:
        inside = np.where(y > 1, y, 2.0)
        loss = loss + np.where(y > 1, inside * np.log(inside) - inside + 0.5 * np.log(2 * math.pi * inside), 0.0)
    return told(loss, reduction)


def hinge_embedding(x: Any, y: Any, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    target = np.asarray(getattr(y, "value", y))
    above = np.where(target == 1, 0.0, o.relu(margin - x))
    return told(above + np.where(target == -1, 0.0, x), reduction)


def margin_ranking(a: Any, b: Any, y: Any, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    return told(o.relu(-y * (a - b) + margin), reduction)


def soft_margin(x: Any, y: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    return told(np.log1p(np.exp(-y * x)), reduction)


def multi_margin(x: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, size_average: Any = None, reduce: Any = None,
                 reduction: str = "mean") -> Any:  # fmt: skip
    y = np.reshape(x, (1, -1)) if np.ndim(x) < 2 else x
    t = np.reshape(target, (-1,))
    c = np.shape(y)[1]
    own = o.take_along_axis(y, t[:, None], axis=1)
    loss = o.relu(margin - own + y) ** float(p)
    if weight is not None:
        loss = loss * np.asarray(weight)[t][:, None]
    loss = np.sum(np.where(np.arange(c) == t[:, None], 0.0, loss), axis=1) / c
    return told(loss if np.ndim(x) == 2 and np.ndim(target) else np.reshape(loss, np.shape(target)), reduction)


def multilabel_margin(x: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    y, t = np.reshape(x, (-1, np.shape(x)[-1] if np.ndim(x) else 1)), np.asarray(target)
    t = t.reshape(np.shape(y))
    n, c = np.shape(y)
    rows = []
    for k in range(n):
        ends = np.flatnonzero(t[k] < 0)
        own = t[k][: ends[0]] if ends.size else t[k]
        others = np.setdiff1d(np.arange(c), own)
        rows.append(np.sum(o.relu(1 - (np.reshape(y[k][own], (-1, 1)) - y[k][others]))) / c if own.size and others.size else np.sum(y[k]) * 0.0)
    loss = np.stack(rows, 0)
    return told(loss if np.ndim(x) == 2 else np.reshape(loss, ()), reduction)


def multilabel_soft_margin(x: Any, y: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    loss = -(y * o.log_sigmoid(x) + (1 - y) * o.log_sigmoid(-x))
    loss = np.mean(loss if weight is None else loss * weight, axis=-1)
    return told(loss, reduction)


def pairwise_distance(x: Any, y: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    return o.norm(x - y + eps, ord=p, axis=-1, keepdims=keepdim)


def triplet_margin(a: Any, b: Any, c: Any, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False,
                   size_average: Any = None, reduce: Any = None, reduction: str = "mean", distance_function: Any = None) -> Any:  # fmt: skip
    near, far = pairwise_distance(a, b, p, eps), pairwise_distance(a, c, p, eps)
    if swap:
        far = np.minimum(far, pairwise_distance(b, c, p, eps))
    return told(o.relu(near - far + margin), reduction)


def cosine_embedding(a: Any, b: Any, y: Any, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean") -> Any:
    target = np.asarray(getattr(y, "value", y))
    tiny = 1e-12
    likeness = np.sum(a * b, axis=-1) / np.sqrt((np.sum(a * a, axis=-1) + tiny) * (np.sum(b * b, axis=-1) + tiny))
    return told(np.where(target == 1, 1 - likeness, 0.0) + np.where(target == -1, o.relu(likeness - margin), 0.0), reduction)


ENTRIES: dict[str, Any] = {
    "nn.functional.l1_loss": pairwise(lambda x, y: np.abs(x - y)), "nn.functional.mse_loss": pairwise(lambda x, y: np.square(x - y)),
    "nn.functional.smooth_l1_loss": pairwise(smooth_l1), "nn.functional.huber_loss": pairwise(huber),
    "nn.functional.binary_cross_entropy": binary_cross_entropy, "nn.functional.binary_cross_entropy_with_logits": with_logits,
    "nn.functional.nll_loss": nll, "nn.functional.cross_entropy": cross_entropy,
    "nn.functional.linear_cross_entropy": linear_cross_entropy, "nn.functional.linear_cross_entropy.chunked": linear_cross_entropy,
    "nn.functional.linear_cross_entropy.chunked_none": linear_cross_entropy, "nn.functional.kl_div": kl_div,
    "nn.functional.gaussian_nll_loss": gaussian_nll, "nn.functional.poisson_nll_loss": poisson_nll,
    "nn.functional.hinge_embedding_loss": hinge_embedding, "nn.functional.margin_ranking_loss": margin_ranking,
    "nn.functional.soft_margin_loss": soft_margin, "nn.functional.multi_margin_loss": multi_margin,
    "nn.functional.multilabel_margin_loss": multilabel_margin, "nn.functional.multilabel_soft_margin_loss": multilabel_soft_margin,
    "nn.functional.pairwise_distance": pairwise_distance, "nn.functional.triplet_margin_loss": triplet_margin,
    "nn.functional.triplet_margin_with_distance_loss": triplet_margin, "nn.functional.cosine_embedding_loss": cosine_embedding,
}  # fmt: skip
