"""What a check says, and in which order checks are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sme_research.present.words import (
    amount,
    both_ways,
    count,
    fields,
    has_text,
    p_value,
    sentences,
    share,
    signed,
    size,
    text,
)
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
            "lee_low", "lee_high", "lowest", "median", "highest", "without_covariates",
        }
    ),
    "points": frozenset({"gap"}),
    "share": frozenset({"lost_treated", "lost_comparison"}),
    "p": frozenset({"q_primary", "holm_primary"}),
}  # fmt: skip
"""Numbers of checks by kind; others are told by how their name begins: ``n_``, ``p_``, ``share_``."""

_LESS_PRESSING: Final = frozenset({"manipulation", "balance", "honest_did"})
"""Doubts that every report of this kind has, or that do not speak against a comparison over time."""

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
    """The check that speaks most against the estimate: what set the grade, then a failure before a doubt.

    Within each, design comes before data.
    """
    ranked = [check for _, check in in_order(finding.checks) if check.name != "power"]
    graded = [
        check
        for kind in ("failed", "doubt", "untested")
        for check in ranked
        if f"{kind}_{check.name}" in finding.grade.reasons
    ]
    doubted = [check for verdict in ("fail", "warn") for check in ranked if check.verdict == verdict]
    pressing = [check for check in doubted if check.name not in _LESS_PRESSING]
    return next(iter([*graded, *pressing, *doubted]), None)


def check_sentence(check: Check, lang: str, unit: str, *, holds_zero: bool = False) -> str:
    """What one check says, with its numbers; ``unit`` is the outcome's.

    Where a value is 1 and names a variant of the verdict's sentence, such as
    ``by_partners``, the variant is told; so it is where the report's interval
    includes zero (``holds_zero``) and the sentence would speak of its sign.
    """
    values = {name: told(name, value, lang, unit) for name, value in check.values.items()}
    values |= {"p_value": p_value(check.p_value), **_labels(check, lang)}
    key = f"checks.{check.name}_{check.verdict}"
    marks = [name for name, value in check.values.items() if value == 1.0]
    marks += ["zero"] if holds_zero else []
    marks += ["same"] if "estimate" in values and values["estimate"] == values.get("trimmed_estimate") else []
    variant = next((f"{key}_{mark}" for mark in marks if has_text(lang, f"{key}_{mark}")), key)
    parts = [text(lang, _with_values(variant, check, values, lang), **values)]
    if "without_covariates" in values:
        parts.append(text(lang, f"checks.{check.name}_bare", **values))
    return sentences(lang, parts)


def _with_values(key: str, check: Check, values: Mapping[str, str], lang: str) -> str:
    """The sentence's key, or that of one without the numbers that the public edition withholds."""
    if fields(lang, key) <= set(values):
        return key
    short = f"checks.{check.name}_{check.verdict}_withheld"
    if has_text(lang, short) and fields(lang, short) <= set(values):
        return short
    return f"checks.withheld_{check.verdict}"


def reading_of(finding: Finding, check: Check, lang: str) -> str:
    """What one check says of this finding."""
    effect = finding.effect
    return check_sentence(check, lang, effect.unit, holds_zero=effect.ci_low <= 0 <= effect.ci_high)


def _labels(check: Check, lang: str) -> dict[str, str]:
    """The outcome that a check looked at, where its table names one."""
    named = [row["label"][lang] for row in check.table[:1] if "label" in row and "outcome" in row]
    return {"outcome": named[0]} if named else {}


def told(name: str, value: float, lang: str, unit: str) -> str:
    """A check's number as its sentence quotes it: its name says what kind of number it is."""
    kind = next((kind for kind, names in _KINDS.items() if name in names), name.split("_", maxsplit=1)[0])
    write = _WRITERS.get(kind)
    return write(value, unit, lang) if write else signed(value, 2).lstrip("+")
