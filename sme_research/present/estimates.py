"""An effect as cells of a row, a line of a forest, numbers of a sentence."""

from __future__ import annotations

from sme_research.present.forest import ForestRow
from sme_research.present.words import (
    amount,
    amount_range,
    cell,
    count,
    has_text,
    interval,
    quoted,
    scale,
    text,
    texts,
)
from sme_research.results import Effect


def effect_cells(effect: Effect | None, lang: str, reason: str = "") -> tuple[str, str, str, str]:
    """Estimate, interval, treated, enterprises; the reason in the second place where there is no estimate."""
    if effect is None:
        return "–", reason_in(reason, lang), "–", "–"
    return (
        cell(effect.estimate, effect.unit),
        interval(effect.ci_low, effect.ci_high, effect.unit, lang),
        count(effect.n_treated),
        count(effect.n_enterprises),
    )


def reason_in(reason: str, lang: str) -> str:
    """Why something was not estimated: told where the catalogue knows it, else in general words; English as it is."""
    if reason in texts(lang)["phrase"]:
        return quoted(lang, reason)
    return reason if lang == "en" and reason else text(lang, "effect.none")


def forest_row(label: str, effect: Effect | None, kind: str = "part") -> ForestRow:
    """One line of a forest in the effect's own unit."""
    if effect is None:
        return ForestRow(label)
    low, middle, high = (scale(value, effect.unit) for value in (effect.ci_low, effect.estimate, effect.ci_high))
    return ForestRow(label, middle, low, high, kind)


def told_effect(effect: Effect, lang: str, digits: int | None = None) -> dict[str, str]:
    """Numbers of a sentence on one effect: ``estimate``, ``range``, ``level``, counts."""
    return {
        "estimate": amount(effect.estimate, effect.unit, lang, digits),
        "range": amount_range(effect.ci_low, effect.ci_high, effect.unit, lang, digits),
        "level": f"{effect.level:.0%}",
        "n_enterprises": count(effect.n_enterprises),
        "n_treated": count(effect.n_treated),
        "n_clusters": count(effect.n_clusters),
        "n_treated_clusters": count(effect.n_treated_clusters),
    }


def includes_zero(effect: Effect) -> bool:
    """Whether the interval includes zero."""
    return effect.ci_low <= 0 <= effect.ci_high


def label_of(key: str, name: str, lang: str) -> str:
    """The catalogue's label of a name, or the name itself where the data brought a new one."""
    return text(lang, f"{key}.{name}") if has_text(lang, f"{key}.{name}") else quoted(lang, name)
