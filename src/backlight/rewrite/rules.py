"""What a rule is, and which families of them there are.

A rule says what it looks for, what it puts there, when, why, and how far the value may move: `exact` rules keep every
bit that is looked at with ==, the others say in their reason what changes. The families:

    stabilise   the same number in exact arithmetic, with fewer digits lost, or none, where the first form loses them
    simplify    fewer operations, every value kept
    algebra     what one does on paper: true of real numbers; infinities, NaN and the last digits may come out otherwise
    asked       only when asked for by its own name
    share       one node where several say the same (no patterns: see `apply`)
    fold        the value of what is built on constants alone (no patterns either)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..core.graph import nearest
from ..errors import NameError

__all__ = ["FAMILIES", "RULES", "Family", "Rule", "chosen", "rule"]

Family = Literal["stabilise", "simplify", "algebra", "asked", "share", "fold"]
FAMILIES: Final[tuple[Family, ...]] = ("stabilise", "simplify", "algebra", "asked", "share", "fold")


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rewrite. `before` and `after` write little graphs; `says` is the rule as one reads it.

    `when` gets what the letters stand for, as arrays, and says whether the rule holds there. `cases` are operands for
    `before`, on which the law "same value" is tried; with `exact` the values are equal.
    """

    name: str
    families: tuple[Family, ...]
    says: str
    reason: str
    before: Callable[..., Any] | None = None
    after: Callable[..., Any] | None = None
    when: Callable[..., bool] | None = None
    exact: bool = False
    cases: Sequence[tuple[Any, ...]] = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.says}"


RULES: dict[str, Rule] = {}


def rule(
    name: str,
    families: Family | tuple[Family, ...],
    says: str,
    before: Callable[..., Any] | None = None,
    after: Callable[..., Any] | None = None,
    *,
    reason: str,
    when: Callable[..., bool] | None = None,
    exact: bool = False,
    cases: Sequence[tuple[Any, ...]] = (),
) -> Rule:
    """Put a rule among those there are."""
    assert name not in RULES, f"two rules are called {name}"
    made = RULES[name] = Rule(
        name, (families,) if isinstance(families, str) else families, says, reason, before, after, when, exact, cases
    )
    return made


def chosen(rules: str | Sequence[str]) -> tuple[Rule, ...]:
    """The rules of a family, of several, or of given names; a NameError suggests the nearest."""
    from . import algebra, stabilise  # noqa: F401  # filled when first asked for: a rule stands on the table of operations

    found: list[Rule] = []
    for name in (rules,) if isinstance(rules, str) else rules:
        some = [RULES[name]] if name in RULES else [r for r in RULES.values() if name in r.families]
        if not some:
            raise NameError(f"there is no rule or family {name!r}{nearest(name, [*FAMILIES, *RULES])}")
        found += [r for r in some if r not in found]
    return tuple(found)
