"""What a check says, and in which order checks are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sme_research.present.words import amount, both_ways, count, has_text, p_value, share, signed, size, text
from sme_research.results import Check, Finding, Verdict

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "design": (
        "pretrends",
        "honest_did",
        "anticipation",
        "placebo_date",
        "placebo_outcome",
        "placebo_group",
        "balance",
        "overlap",
        "manipulation",
        "bundle",
        "spillovers",
    ),
    "data": ("sample_flow", "attrition", "above_scale", "composition", "influence"),
    "inference": ("few_clusters", "cohort_years", "power"),
    "interpretation": ("specification_curve", "multiplicity"),
}
"""Checks in the order in which a reader should meet them."""

SYMBOLS: Final[Mapping[Verdict, str]] = {"pass": "✓", "warn": "!", "fail": "×", "not_applicable": "–"}
"""Verdicts that read without colour; the Chinese face has no ballot cross."""

_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "both_ways": frozenset({"mde"}),
    "size": frozenset({"detectable_trend", "undetected_bias", "detectable", "growth_gap"}),
    "amount": frozenset(
        {
            "estimate", "jump", "coefficient", "implied_bias", "steady_estimate", "trimmed_estimate",
            "lee_low", "lee_high", "lowest", "median", "highest",
        }
    ),
    "points": frozenset({"gap"}),
    "share": frozenset({"lost_treated", "lost_comparison"}),
    "p": frozenset({"q_primary", "holm_primary"}),
}  # fmt: skip
"""Numbers of checks by kind; others are told by how their name begins: ``n_``, ``p_``, ``share_``."""

_WRITERS: Final[Mapping[str, Callable[[float, str, str], str]]] = {
    "both_ways": both_ways,
    "size": size,
    "amount": amount,
    "points": lambda value, _, lang: text(lang, "unit.points", number=f"{value * 100:.1f}"),
    "share": lambda value, _, __: share(value),
    "p": lambda value, _, __: p_value(value),
    "n": lambda value, _, __: count(value),
}


def find_check(finding: Finding, name: str) -> Check | None:
    """The check of that name, None where it was not made."""
    return next((check for check in finding.checks if check.name == name), None)


def in_order(checks: tuple[Check, ...]) -> list[tuple[str, Check]]:
    """Checks with the name of their group, in the order in which they are read; unknown ones last."""
    known = {name: group for group, names in GROUPS.items() for name in names}
    order = {name: at for at, name in enumerate(known)}
    ranked = sorted(checks, key=lambda check: (order.get(check.name, len(order)), check.name))
    return [(known.get(check.name, "interpretation"), check) for check in ranked]


def worst_check(finding: Finding) -> Check | None:
    """The check that speaks most against the estimate: a failure before a doubt, design before data."""
    ranked = [check for _, check in in_order(finding.checks) if check.name != "power"]
    return next(
        (check for verdict in ("fail", "warn") for check in ranked if check.verdict == verdict),
        None,
    )


def check_sentence(check: Check, lang: str, unit: str) -> str:
    """What one check says, with its numbers; ``unit`` is the outcome's.

    Where a value is 1 and names a variant of the verdict's sentence, such as
    ``by_partners``, the variant is told.
    """
    values = {name: told(name, value, lang, unit) for name, value in check.values.items()}
    key = f"checks.{check.name}_{check.verdict}"
    marked = [f"{key}_{name}" for name, value in check.values.items() if value == 1.0]
    variant = next((name for name in marked if has_text(lang, name)), key)
    return text(lang, variant, **{"p_value": p_value(check.p_value), **values})


def told(name: str, value: float, lang: str, unit: str) -> str:
    """A check's number as its sentence quotes it: its name says what kind of number it is."""
    kind = next((kind for kind, names in _KINDS.items() if name in names), name.split("_", maxsplit=1)[0])
    write = _WRITERS.get(kind)
    return write(value, unit, lang) if write else signed(value, 2).lstrip("+")
