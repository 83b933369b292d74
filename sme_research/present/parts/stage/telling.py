"""How the stage's pages write a measure, a price and, by edition, numbers and sums."""

from __future__ import annotations

from typing import Final

from sme_research.disclosure import coarse_count
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.verdicts import Price
from sme_research.present.words import count, money, text

REVENUE: Final = "log_revenue"
WAN: Final = 10_000.0


def measure_name(instrument: str, lang: str) -> str:
    """An instrument by its label."""
    return INSTRUMENTS[instrument].label[lang]


def told_number(n: float, *, public: bool) -> str:
    """A number of enterprises; in the public edition in steps of ten, 1 to 9 not told."""
    return count(coarse_count(round(n)) if public else n)


def told_sum(wan: float, lang: str, *, public: bool) -> str:
    """An amount; in the public edition to three digits, from which no number of enterprises can be told."""
    return money(float(f"{wan:.3g}") if public else wan, lang)


def told_price(price: Price, lang: str, *, spent: float) -> str:
    """What 万元 of revenue costs in yuan, with its range, or why that cannot be said."""
    if spent == 0:
        return text(lang, "stage.no_price")
    if price.low is None:
        return text(lang, "stage.no_gain")
    if price.high is None or price.estimate is None:
        return text(lang, "stage.price_no_upper", low=_yuan(price.low))
    return text(
        lang, "stage.price_range", estimate=_yuan(price.estimate), low=_yuan(price.low), high=_yuan(price.high)
    )


def _yuan(value: float) -> str:
    """A price in yuan for 万元 of revenue: two digits that say something."""
    yuan = value * WAN
    return f"{yuan:,.0f}" if yuan >= 10 else f"{yuan:.2g}"
