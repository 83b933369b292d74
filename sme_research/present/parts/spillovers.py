"""Whether the treated move those they are compared with, and who leaves sight in either arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sme_research.present.checking import find_check, reading_of
from sme_research.present.sentences import absent
from sme_research.present.show import HtmlTable, Text
from sme_research.present.words import MARK, amount, share, signed, text, words
from sme_research.results import Check, Finding

_LOSSES: Final[Mapping[str, tuple[str, str, str]]] = {
    "lost": ("attrition", "lost_treated", "lost_comparison"),
    "up": ("above_scale", "share_up_treated", "share_up_comparison"),
    "down": ("above_scale", "share_down_treated", "share_down_comparison"),
}
"""Rows of the table of losses: the check and its two shares."""


def describe_spillovers(finding: Finding, lang: str) -> Text:
    """What was measured of spillovers, with the sign of the bias that they imply."""
    check = _made(finding, "spillovers")
    if check is None:
        return absent(finding, "spillovers", lang)
    reading = reading_of(finding, check, lang)
    return Text(text(lang, "spillovers.reading", reading=reading), finding.grade.wording)


def tabulate_attrition(finding: Finding, lang: str) -> HtmlTable | Text:
    """Shares of each arm that stopped reporting or crossed the official scale, with bounds on the estimate."""
    found = {row: (_made(finding, check), ours, theirs) for row, (check, ours, theirs) in _LOSSES.items()}
    rows = [
        _row(text(lang, f"attrition.{row}"), check.values.get(ours), check.values.get(theirs), lang)
        for row, (check, ours, theirs) in found.items()
        if check is not None
    ]
    if not rows:
        return absent(finding, "attrition", lang)
    caption, note = text(lang, "attrition.caption"), _bounds(finding, lang)
    return HtmlTable(caption, words(lang, "attrition.head"), rows, note, finding.grade.wording)


def _made(finding: Finding, name: str) -> Check | None:
    check = find_check(finding, name)
    return None if check is None or check.verdict == "not_applicable" else check


def _row(label: str, treated: float | None, comparison: float | None, lang: str) -> tuple[str, ...]:
    if treated is None or comparison is None:
        return (label, MARK, MARK, MARK)
    gap = text(lang, "unit.points", number=signed((treated - comparison) * 100))
    return (label, share(treated), share(comparison), gap)


def _bounds(finding: Finding, lang: str) -> str:
    """Where the estimate lies whichever of those who stayed in excess are taken off (Lee 2009)."""
    check = _made(finding, "attrition")
    if check is None or "lee_low" not in check.values:
        return ""
    low, high = (amount(check.values[end], finding.effect.unit, lang) for end in ("lee_low", "lee_high"))
    return text(lang, "attrition.bounds", low=low, high=high)
