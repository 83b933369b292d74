"""What the public edition shows of the checks: verdicts of all, and the numbers that give nobody away.

A number that is withheld is not among a check's values; its sentence then
leaves it out. Rows behind a verdict stay out but where the report draws them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sme_research.disclosure import Rule, coarse_share
from sme_research.results import Check, Finding

FLAGS: Final = frozenset(
    {"not_identified", "holds_zero", "by_growth", "disagree", "all_steady", "by_partners"}
)  # fmt: skip
"""Values of 1 that choose a sentence."""
_DUMMY: Final = re.compile(r"_\d+$")
"""Covariates that are 0 or 1, such as a prefecture: their mean is a count."""
Values = dict[str, float]


@dataclass(frozen=True, slots=True)
class Published:
    """The finding as it is, and what of it is published already: all but the checks."""

    finding: Finding
    shown: Finding
    rule: Rule

    @property
    def whole_event_study(self) -> bool:
        """Whether no point was left out."""
        return len(self.shown.event_study.points) == len(self.finding.event_study.points)

    def in_steps(self, *shares: float) -> list[float] | None:
        """Shares of an arm in steps that stand for more enterprises than the threshold; None where none would.

        A share's base is not known; it is taken for half of the smaller arm at least.
        """
        effect = self.finding.effect
        arm = min(effect.n_treated, effect.n_enterprises - effect.n_treated)
        told = [coarse_share(share, arm, self.rule) for share in shares]
        return [share for share in told if share is not None] if None not in told else None


def publish_check(check: Check, seam: Published) -> Check:
    """The check as the public edition may show it: of an unknown one the verdict alone."""
    if check.verdict == "not_applicable":
        return _keep(check, _some(check, "n_years_earlier"))
    if check.name in _OPEN:
        return _keep(check, dict(check.values), statistic=check.statistic)
    if check.name in _ALONE:
        return _ALONE[check.name](check)
    publish = _PUBLISHERS.get(check.name)
    return _keep(check, {}) if publish is None else publish(check, seam)


_OPEN: Final = frozenset({"spillovers", "few_clusters", "cohort_years", "power", "anticipation"})
"""Checks whose numbers are estimates on the whole sample, or count clusters, cells and years."""


def _keep(
    check: Check,
    values: Mapping[str, float],
    *,
    statistic: float | None = None,
    table: tuple[Mapping[str, Any], ...] = (),
) -> Check:
    flags = {name: value for name, value in check.values.items() if name in FLAGS}
    return Check(check.name, check.verdict, statistic, check.p_value, {**values, **flags}, table)


def _some(check: Check, *names: str) -> Values:
    return {name: check.values[name] for name in names if name in check.values}


def _pretrends(check: Check) -> Check:
    names = ("n_periods", "detectable_trend", "undetected_bias", "p_steady")
    return _keep(check, _some(check, *names), statistic=check.statistic)


def _honest_did(check: Check, seam: Published) -> Check:
    if not seam.whole_event_study:
        return _keep(check, {})
    return _keep(check, dict(check.values), statistic=check.statistic)


def _placebo_date(check: Check, seam: Published) -> Check:
    years = _some(check, "n_years_earlier")
    if check.values.get("n_treated", 0) < seam.rule.threshold:
        return _keep(check, years)
    estimate = _some(check, "estimate", "std_error", "ci_low", "ci_high")
    return _keep(check, years | estimate, statistic=check.statistic)


def _placebo_outcome(check: Check) -> Check:
    """Which outcome it was; how many could be compared is not known, so no estimate."""
    table = tuple({name: row[name] for name in ("outcome", "label")} for row in check.table[:1])
    return _keep(check, {}, table=table)


def _placebo_group(check: Check, seam: Published) -> Check:
    enough = check.values.get("n_treated", 0) >= seam.rule.threshold
    return _keep(check, _some(check, "detectable") if enough else {})


def _balance(check: Check) -> Check:
    """Means of characteristics that are no counts in disguise."""
    hidden = dict.fromkeys(("treated", "comparison", "standardised_difference"))
    table = tuple({**row, **hidden} if _DUMMY.search(row["covariate"]) else row for row in check.table)
    gaps = [abs(row["standardised_difference"]) for row in table if row["standardised_difference"] is not None]
    values = _some(check, "limit")
    if check.values["largest"] in gaps:
        return _keep(check, values | _some(check, "largest"), statistic=check.statistic, table=table)
    return _keep(check, values, table=table)


def _overlap(check: Check, seam: Published) -> Check:
    alone = check.values["n_alone"]
    told = None if 0 < alone < seam.rule.threshold else seam.in_steps(check.values["share_alone"])
    return _keep(check, {} if told is None else {"share_alone": told[0]}, statistic=told[0] if told else None)


def _manipulation(check: Check) -> Check:
    """Tests at each threshold without the enterprises on either side."""
    table = tuple({name: row[name] for name in row if not name.startswith("n_")} for row in check.table)
    return _keep(check, _some(check, "n_thresholds", "n_jumps"), statistic=check.statistic, table=table)


def _sample_flow(check: Check, seam: Published) -> Check:
    """Shares that the published flow gives anyway."""
    steps = {step.name: step for step in seam.shown.flow.steps}
    counts = [
        count
        for name in ("treated_inside_panel", "two_years")
        for count in (steps[name].n_enterprises, steps[name].n_treated)
    ]
    if None in counts:
        return _keep(check, {})
    return _keep(check, dict(check.values), statistic=check.statistic)


def _bundle(check: Check, seam: Published) -> Check:
    values = _some(check, "n_others", "n_together")
    told = seam.in_steps(check.values["share_treated"], check.values["share_comparison"])
    if told is None:
        return _keep(check, values)
    return _keep(check, values | {"share_treated": told[0], "share_comparison": told[1]})


def _attrition(check: Check, seam: Published) -> Check:
    """Shares in steps; bounds that trim fewer than the threshold would speak of the trimmed."""
    values = _some(check, "growth_gap", "p_growth")
    told = seam.in_steps(check.values["lost_treated"], check.values["lost_comparison"])
    if told is None:
        return _keep(check, values)
    gap = abs(told[0] - told[1])
    values |= {"lost_treated": told[0], "lost_comparison": told[1], "gap": gap}
    if check.values["gap"] * check.values["n_treated"] >= 2 * seam.rule.threshold:
        values |= _some(check, "lee_low", "lee_high")
    return _keep(check, values, statistic=gap)


def _above_scale(check: Check, seam: Published) -> Check:
    names = ("share_up_treated", "share_up_comparison", "share_down_treated", "share_down_comparison")
    told = seam.in_steps(*(check.values[name] for name in names))
    if told is None:
        return _keep(check, {})
    gap = max(abs(told[0] - told[1]), abs(told[2] - told[3]))
    return _keep(check, {**dict(zip(names, told, strict=True)), "gap": gap}, statistic=gap)


def _composition(check: Check, seam: Published) -> Check:
    """The estimate among those seen every year, where the specifications show it."""
    made = {entry.name: entry.effect for entry in seam.shown.specifications}
    if made.get("balanced_panel") is None:
        return _keep(check, {})
    names = ("shift", "shift_in_errors", "estimate", "steady_estimate", "steady_ci_low", "steady_ci_high")
    return _keep(check, _some(check, *names), statistic=check.statistic)


def _specification_curve(check: Check, seam: Published) -> Check:
    values = dict(check.values)
    asked, shown = (sum(entry.effect is not None for entry in f.specifications) for f in (seam.finding, seam.shown))
    if asked != shown:
        values = {name: value for name, value in values.items() if name.startswith(("n_", "share_"))}
    return _keep(check, values, statistic=check.statistic)


def _multiplicity(check: Check, seam: Published) -> Check:
    hidden = {entry.outcome for entry in seam.shown.family if entry.effect is None}
    table = tuple(row for row in check.table if row["outcome"] not in hidden)
    return _keep(check, dict(check.values), statistic=check.statistic, table=table)


_ALONE: Final[Mapping[str, Callable[[Check], Check]]] = {
    "pretrends": _pretrends,
    "placebo_outcome": _placebo_outcome,
    "balance": _balance,
    "manipulation": _manipulation,
}
_PUBLISHERS: Final[Mapping[str, Callable[[Check, Published], Check]]] = {
    "honest_did": _honest_did,
    "placebo_date": _placebo_date,
    "placebo_group": _placebo_group,
    "overlap": _overlap,
    "sample_flow": _sample_flow,
    "bundle": _bundle,
    "attrition": _attrition,
    "above_scale": _above_scale,
    "composition": _composition,
    "specification_curve": _specification_curve,
    "multiplicity": _multiplicity,
}
"""How each check is published; ``influence`` speaks of a handful of enterprises, so only its verdict is."""
