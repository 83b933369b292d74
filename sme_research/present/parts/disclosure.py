"""What keeps a single enterprise from being read off the report."""

from __future__ import annotations

from typing import Final

from sme_research.present.show import Text
from sme_research.present.words import count, text
from sme_research.results import Finding

FEWEST_SHOWN: Final = 5
"""The estimators leave out points of an event study that rest on fewer treated enterprises."""


def describe_disclosure(finding: Finding, lang: str) -> Text:
    """On how many enterprises the thinnest figure rests."""
    fewest = min((point.n_treated for point in finding.event_study.points), default=finding.effect.n_treated)
    facts = {
        "n_enterprises": count(finding.effect.n_enterprises),
        "n_treated": count(finding.effect.n_treated),
        "fewest": count(fewest),
        "limit": count(FEWEST_SHOWN),
    }
    return Text(text(lang, "disclosure.text", **facts))
