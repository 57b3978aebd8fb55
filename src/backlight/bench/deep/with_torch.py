"""W7 and W8 in PyTorch, eager: autograd where a person would use it, its fused optimiser, its own attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import data
from ..contest import Entry
from ..with_torch import library


def layout(torch: Any, x: Any) -> Any:
    """Return a picture's tensor with its channels last, where torch is quickest."""
    return x.to(memory_format=torch.channels_last) if x.ndim == 4 else x


def trained(loss: Callable[..., Any], start: dict[str, Any], batch: Sequence[Any], optimiser: Callable[[Any], Any],
            count: int) -> Entry:
    """Return an entry of eager training steps."""
    torch = library()

    def call() -> float:
        p = {k: layout(torch, torch.tensor(v)).requires_grad_() for k, v in start.items()}
        descend = optimiser(list(p.values()))
        for _ in range(count):
            descend.zero_grad()
            value = loss(p, *batch)
            value.backward()
            descend.step()
        return float(value.detach())

    return Entry(call, count)


def convnet_loss(p: Any, x: Any, y: Any) -> Any:
    """The cross-entropy of LeNet."""
    torch = library()
    f = torch.nn.functional
    h = f.max_pool2d(torch.relu(f.conv2d(x, p["k1"], p["c1"], padding=2)), 2)
    h = f.max_pool2d(torch.relu(f.conv2d(h, p["k2"], p["c2"])), 2).flatten(1)
    h = torch.relu(h @ p["w1"] + p["b1"])
    h = torch.relu(h @ p["w2"] + p["b2"])
    return f.cross_entropy(h @ p["w3"] + p["b3"], y)


def convnet() -> Entry:
    """W7."""
    torch = library()
    x, y, p = data.w7()
    batch = layout(torch, torch.tensor(x)), torch.tensor(y)
    return trained(convnet_loss, p, batch, lambda q: torch.optim.SGD(q, 0.05), 10)


def transformer_loss(p: Any, x: Any, y: Any) -> Any:
    """The cross-entropy of what follows each token."""
    torch = library()
    f = torch.nn.functional
    n, shape = data.WIDTH, (data.BATCH, data.CONTEXT, data.HEADS, data.WIDTH // data.HEADS)
    h = f.embedding(x, p["token"]) + p["place"]
    for k in range(data.LAYERS):
        z = f.layer_norm(h, (n,), p[f"first{k}_scale"], p[f"first{k}_shift"]) @ p[f"qkv{k}"] + p[f"qkv_bias{k}"]
        q, key, v = (part.reshape(shape).transpose(1, 2) for part in z.split(n, -1))
        seen = f.scaled_dot_product_attention(q, key, v, is_causal=True)
        h = h + seen.transpose(1, 2).reshape(x.shape[0], x.shape[1], n) @ p[f"out{k}"] + p[f"out_bias{k}"]
        z = f.layer_norm(h, (n,), p[f"second{k}_scale"], p[f"second{k}_shift"]) @ p[f"up{k}"] + p[f"up_bias{k}"]
        h = h + f.gelu(z, approximate="tanh") @ p[f"down{k}"] + p[f"down_bias{k}"]
    z = f.layer_norm(h, (n,), p["last_scale"], p["last_shift"]) @ p["head"]
    return f.cross_entropy(z.flatten(0, 1), y.flatten())


def transformer() -> Entry:
    """W8."""
    torch = library()
    x, y, p = data.w8()
    batch = torch.tensor(x), torch.tensor(y)
    return trained(transformer_loss, p, batch, lambda q: torch.optim.Adam(q, 1e-3, fused=True), 5)


ENTRIES = {"W7": convnet, "W8": transformer}
