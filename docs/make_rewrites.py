"""Write `rewrites.md`, the reference of all rules that rewrite a graph, from the rules themselves.

    .venv/bin/python docs/make_rewrites.py
"""

from __future__ import annotations

from pathlib import Path

from backlight.rewrite.rules import FAMILIES, chosen

PAGE = Path(__file__).with_name("rewrites.md")

HEAD = """\
# Rewrites

A graph can be rewritten by named rules before it is run: `backlight explain TEXT --rewrite` takes the rules of the family
`stabilise`, and `--rewrite=simplify,share` or `--rewrite=log1p` those of other families or single ones. Every step is
shown, with its rule and its reason. Nothing is rewritten unless it is asked for. This page is written by
`docs/make_rewrites.py` from the rules.
"""
ABOUT = {
    "stabilise": "The same number in exact arithmetic, with the digits that the plain form loses.",
    "simplify": "Fewer operations, every value kept, infinities and NaN included.",
    "algebra": "What one does on paper: true of real numbers. Infinities, NaN and the last digits may come out otherwise.",
    "asked": "Only when asked for by name.",
    "share": "One node where several say the same.",
    "fold": "What is built on constants alone is computed once.",
}


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for family in FAMILIES:
        lines = [f"- `{r.name}`: {r.says}. Because {r.reason}." for r in chosen(family)]
        parts.append("\n".join([f"## {family}\n", f"{ABOUT[family]}\n", *lines]) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
