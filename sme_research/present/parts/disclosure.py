"""What keeps a single enterprise from being read off the report."""

from __future__ import annotations

from typing import Final

from sme_research.disclosure import Rule
from sme_research.present.show import Text
from sme_research.present.words import MARK, count, text
from sme_research.results import Finding

FEWEST_SHOWN: Final = 5
"""The estimators leave out points of an event study that rest on fewer treated enterprises."""


def describe_disclosure(finding: Finding, lang: str) -> Text:
    """On how many enterprises the thinnest figure rests; in the public edition what is withheld and why."""
    if any(point.n_treated is None for point in finding.event_study.points):
        return Text(_public(finding, lang))
    fewest = min((point.n_treated for point in finding.event_study.points), default=finding.effect.n_treated)
    facts = {
        "n_enterprises": count(finding.effect.n_enterprises),
        "n_treated": count(finding.effect.n_treated),
        "fewest": count(fewest),
        "limit": count(FEWEST_SHOWN),
    }
    return Text(text(lang, "disclosure.text", **facts))


def _public(finding: Finding, lang: str) -> str:
    rule = Rule()
    facts = {
        "n_enterprises": count(finding.effect.n_enterprises),
        "n_treated": count(finding.effect.n_treated),
        "least": count(rule.threshold - 1),
        "threshold": count(rule.threshold),
        "dominance": f"{rule.dominance:.0%}",
        "mark": MARK,
    }
    return text(lang, "disclosure.public", **facts)
