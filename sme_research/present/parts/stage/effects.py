"""The effects that the plan rests on: whole, by part before and after shrinkage, and what a learned rule adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from sme_research.disclosure import coarse_count
from sme_research.policy.shrinkage import ShrunkPart
from sme_research.policy.stage import Stage
from sme_research.present.parts.stage.telling import REVENUE, measure_name
from sme_research.present.show import HtmlTable, Text
from sme_research.present.words import (
    amount,
    amount_range,
    cell,
    count,
    join,
    p_value,
    sentences,
    signed,
    text,
    words,
)
from sme_research.quality import Edition


class Learned(Protocol):
    """What a learned rule came to, as `estimators.policy_learning` tells it."""

    @property
    def n_enterprises(self) -> int:
        """Enterprises learned from and judged by."""

    @property
    def against_random(self) -> Any:
        """Gain over lots."""

    @property
    def against_today(self) -> Any:
        """Gain over today's choice."""

    @property
    def is_better(self) -> bool:
        """Whether both gains are shown."""


def tabulate_beliefs(stage: Stage, lang: str) -> HtmlTable:
    """The effects on revenue that the plan rests on, and how each was drawn."""
    rows = []
    for one in stage.verdicts:
        belief = one.belief
        low, high = belief.span()
        own = (belief.estimate - 1.96 * belief.std_error, belief.estimate + 1.96 * belief.std_error)
        drawn = {"low": amount(low, belief.unit, lang), "high": amount(high, belief.unit, lang)}
        rows.append(
            (
                measure_name(one.instrument, lang),
                amount(belief.estimate, belief.unit, lang),
                amount_range(*own, belief.unit, lang),
                text(lang, f"wording.{belief.wording}"),
                text(lang, f"stage.drawn.{belief.wording}", **drawn),
            )
        )
    return HtmlTable(
        text(lang, "stage.effects_caption"), words(lang, "stage.effects_head"), rows, text(lang, "stage.effects_note")
    )


def tabulate_shrunk(stage: Stage, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Effects by part, before and after shrinkage."""
    parts = [part for part in stage.beliefs.parts if part.raw.outcome == REVENUE]
    if not parts:
        return Text(text(lang, "stage.no_parts"))
    units = {one.instrument: one.belief.unit for one in stage.verdicts}
    rows = [_part_row(part, units[part.raw.instrument], lang, public=edition == "public") for part in parts]
    return HtmlTable(
        text(lang, "stage.parts_caption"), words(lang, "stage.parts_head"), rows, text(lang, "stage.parts_note")
    )


def _part_row(part: ShrunkPart, unit: str, lang: str, *, public: bool) -> tuple[str, ...]:
    raw = part.raw
    shrunk, error = part.common + part.deviation, float(np.hypot(part.common_error, part.std_error))
    return (
        measure_name(raw.instrument, lang),
        text(lang, f"stage.variable.{raw.variable}"),
        text(lang, f"stage.part.{raw.part}"),
        count(coarse_count(raw.n_treated) if public else raw.n_treated),
        text(
            lang,
            "stage.with_range",
            mean=amount(raw.estimate, unit, lang),
            low=cell(raw.estimate - 1.96 * raw.std_error, unit),
            high=cell(raw.estimate + 1.96 * raw.std_error, unit),
        ),
        text(
            lang,
            "stage.with_range",
            mean=amount(shrunk, unit, lang),
            low=cell(shrunk - 1.96 * error, unit),
            high=cell(shrunk + 1.96 * error, unit),
        ),
        p_value(part.p_value),
    )


def tabulate_learning(found: Mapping[str, Learned | None], lang: str) -> HtmlTable:
    """Whether a learned rule beats lots and today's choice, by measure; None where too few were supported."""
    rows: list[tuple[str, ...]] = []
    for name, value in found.items():
        if value is None:
            rows.append((measure_name(name, lang), "–", "–", "–", text(lang, "stage.not_learned")))
            continue
        gains = [
            text(
                lang,
                "stage.with_range",
                mean=signed(100 * gain.estimate, 2),
                low=signed(100 * gain.ci_low, 2),
                high=signed(100 * gain.ci_high, 2),
            )
            for gain in (value.against_random, value.against_today)
        ]
        usable = text(lang, "stage.usable" if value.is_better else "stage.not_usable")
        rows.append((measure_name(name, lang), count(value.n_enterprises), *gains, usable))
    better = [measure_name(name, lang) for name, value in found.items() if value is not None and value.is_better]
    said = text(lang, "stage.some_better", names=join(lang, better)) if better else text(lang, "stage.not_better")
    return HtmlTable(
        text(lang, "stage.learning_caption"),
        words(lang, "stage.learning_head"),
        rows,
        sentences(lang, [text(lang, "stage.learning_note"), said]),
    )
