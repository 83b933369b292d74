"""How each outcome is made."""

from __future__ import annotations

from sme_research.present.show import HtmlTable, Text
from sme_research.present.words import text, words
from sme_research.results import Finding

_PARTS = ("transformation", "zero", "missing")


def tabulate_outcomes(finding: Finding, lang: str) -> HtmlTable | Text:
    """Transformation of each outcome of the family, and what a zero and a blank mean."""
    rows = [
        (entry.label[lang], *(entry.definition[part][lang] for part in _PARTS))
        for entry in finding.family
        if entry.definition
    ]
    if not rows:
        return Text(text(lang, "absent.family"))
    return HtmlTable(text(lang, "outcomes.caption"), words(lang, "outcomes.head"), rows)
