"""What NumPy, PyTorch and JAX say of the thirty mistakes of docs/mistakes.py, written to docs/mistakes.json with versions and date.

Run by hand where the peers are installed (`uv pip install torch jax` into the environment of the checkout); the page of
mistakes is then written anew by docs/make_mistakes.py. NumPy differentiates nothing: there the function is just called.
"""

import datetime
import json
import runpy
import sys
import warnings
from pathlib import Path

import jax
import jax.numpy
import numpy
import torch

ROOT = Path(__file__).parents[1]
LONGEST = 200  # characters of a message that are kept

PEERS = {
    "NumPy": (numpy.__version__, numpy, lambda f: f, numpy.array),
    "PyTorch": (torch.__version__.partition("+")[0], torch, torch.func.grad, torch.tensor),
    "JAX": (jax.__version__, jax.numpy, jax.grad, lambda x: jax.numpy.array(x)),
}


def said(mistake, np, grad, array):
    """The error as Python prints its last lines, without what is said about internals; or that there is none."""
    try:
        mistake(np, grad, array)
    except Exception as error:
        lines = [line.rstrip() for line in str(error).splitlines() if line.strip()]
        text = " ".join(lines)
        return f"{type(error).__name__}: {text[:LONGEST]}{'…' if len(text) > LONGEST else ''}"
    return ""


def main():
    jax.config.update("jax_enable_x64", True)
    mistakes = runpy.run_path(str(ROOT / "docs" / "mistakes.py"))["MISTAKES"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {m.__name__: {peer: said(m, np, grad, array) for peer, (_, np, grad, array) in PEERS.items()} for m in mistakes}
    told = {
        "date": datetime.date.today().isoformat(),
        "versions": {peer: version for peer, (version, *_) in PEERS.items()},
        "mistakes": found,
    }
    path = ROOT / "docs" / "mistakes.json"
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{path}: {len(found)} mistakes", file=sys.stderr)


if __name__ == "__main__":
    main()
