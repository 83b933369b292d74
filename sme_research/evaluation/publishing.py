"""What the public edition shows of a finding: protected once, before anything is shown or recorded.

Only the counts of the sample flow and of the main estimate are published, and
the sums that tie them to each other are protected together. Counts behind any
other estimate are withheld, so that nothing can be had by subtracting them; so
is what the records cannot show to be safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import floor, log1p, log10
from typing import Any, Final, Literal

import numpy as np

from sme_research.disclosure import (
    Cell,
    CellTable,
    Relation,
    Rule,
    coarse_count,
    protect,
    publishable,
    publishable_quantile,
)
from sme_research.errors import IdentificationError
from sme_research.evaluation.publishing_checks import Published, publish_check
from sme_research.present.words import has_text, texts
from sme_research.results import (
    Contrast,
    CostFigures,
    DosePoint,
    DoseResponse,
    Effect,
    EventStudy,
    Finding,
    FlowStep,
    Inference,
    NaturalUnits,
    OfficialFact,
    OutcomeEffect,
    SampleFlow,
    Specification,
    SubgroupEffect,
    ThresholdDensity,
)

Edition = Literal["internal", "public"]
DEFAULT_RULE: Final = Rule()

TOO_FEW: Final = "too few enterprises to publish"
"""Why an estimate is not there; the catalogue of texts knows this phrase."""
WITHHELD: Final = "withheld"
"""Why a whole part is not there, by its key among the texts on what is absent."""
FEWEST_CLUSTERS: Final = 3
"""Of one or two treated clusters the estimate would be a cluster's own."""
_SHARES_OF_DOSES: Final = tuple(tenth / 10 for tenth in range(1, 10))
_DOSE_DIGITS: Final = 2
_AMOUNT_DIGITS: Final = 3
_ENDS_WEIGHT: Final = 4.0
_REST: Final = "rest"
_SHARE_SHOWN: Final = 0.75
"""Of a histogram's bins: with fewer it would not show where reports gather."""
_PARTS: Final = ("triple_difference", "entry_margin")


def publish_finding(finding: Finding, rule: Rule = DEFAULT_RULE) -> Finding:
    """The finding as the public edition may show it; the one given stays as it is.

    A withheld count is None, a withheld estimate absent with its reason. The
    grade is that of the whole finding.

    Raises
    ------
    IdentificationError
        The estimate itself rests on too few enterprises or treated clusters.
    """
    _refuse_small(finding, rule)
    flow = _publish_flow(finding, rule)
    last = flow.steps[-1]
    effect = _publish_main(finding, last.n_enterprises, last.n_treated)
    event_study = _publish_event_study(finding, rule)
    whole = len(event_study.points) == len(finding.event_study.points)
    published = replace(
        finding,
        flow=flow,
        effect=effect,
        event_study=event_study,
        sensitivity=finding.sensitivity if whole else (),
        natural=_publish_natural(finding.natural, rule),
        inferences=tuple(_publish_inference(inference, effect) for inference in finding.inferences),
        specifications=tuple(_publish_specification(entry, rule) for entry in finding.specifications),
        family=tuple(_publish_outcome(entry, rule) for entry in finding.family),
        subgroups=_publish_subgroups(finding.subgroups, rule),
        cohorts=_publish_cohorts(finding.cohorts, rule),
        dose=_publish_dose(finding.dose, rule),
        contrast=_publish_contrast(finding.contrast, rule),
        triple_difference=_publish_effect(finding.triple_difference, rule),
        entry_margin=_publish_entry_margin(finding.entry_margin, rule),
        single_clusters={},
        threshold_jump=_publish_effect(finding.threshold_jump, rule),
        kinks={name: kept for name, effect in finding.kinks.items() if (kept := _publish_effect(effect, rule))},
        densities=_publish_densities(finding.densities, rule),
        cost=_publish_cost(finding, rule),
        facts=tuple(_publish_fact(fact, rule) for fact in finding.facts),
    )
    shown = {part.variable for part in published.subgroups if part.effect is not None}
    published = replace(
        published, interactions=tuple(test for test in finding.interactions if test.variable in shown)
    )
    seam = Published(finding, published, rule)
    published = replace(published, checks=tuple(publish_check(check, seam) for check in finding.checks))
    return replace(published, unanswered=_unanswered(finding, published))


def _refuse_small(finding: Finding, rule: Rule) -> None:
    effect = finding.effect
    enough = publishable(_smaller_arm(effect), rule=rule)
    if _by_cluster(finding):
        enough &= effect.n_treated_clusters >= FEWEST_CLUSTERS
    if not (enough and any(_seen(point.n_treated, rule) for point in _after(finding.event_study))):
        raise IdentificationError(
            f"{finding.instrument}, {finding.outcome}: the estimate rests on too few enterprises for the public "
            f"edition, which needs {rule.threshold} in either arm and in a year after treatment, and "
            f"{FEWEST_CLUSTERS} treated clusters; make this report for the internal edition only."
        )


def _after(study: EventStudy) -> Iterable[Any]:
    return (point for point in study.points if point.event_time >= 0)


def _seen(n: int, rule: Rule) -> bool:
    return publishable(n, rule=rule)


def _smaller_arm(effect: Effect) -> int:
    return int(min(effect.n_treated, effect.n_enterprises - effect.n_treated))


def _by_cluster(finding: Finding) -> bool:
    return any(check.name == "few_clusters" and check.verdict != "not_applicable" for check in finding.checks)


def _publish_flow(finding: Finding, rule: Rule) -> SampleFlow:
    """Counts of all steps, protected together; enterprise-years of the last one only.

    Lost enterprise-years would give the lost enterprises back. Where the
    estimate rests on others than the last step leaves, no step is shown before it.
    """
    steps, effect = finding.flow.steps, finding.effect
    last = steps[-1]
    if (last.n_enterprises, last.n_treated) != (effect.n_enterprises, effect.n_treated):
        own = replace(last, n_enterprises=effect.n_enterprises, n_treated=effect.n_treated)
        hidden = [replace(step, n_enterprises=None, n_treated=None, n_observations=None) for step in steps[:-1]]
        return SampleFlow((*hidden, replace(own, n_observations=None)))
    told = protect(flow_cells(steps), rule).counts
    shown = [
        replace(
            step,
            n_enterprises=told[f"enterprises {at}"],
            n_treated=told[f"treated {at}"],
            n_observations=None,
        )
        for at, step in enumerate(steps)
    ]
    if shown[-1].n_enterprises is not None and shown[-1].n_treated is not None:
        shown[-1] = replace(shown[-1], n_observations=last.n_observations)
    return SampleFlow(tuple(shown))


def flow_cells(steps: Sequence[FlowStep]) -> CellTable:
    """The flow's counts by arm, and what a reader gets by subtracting: the rest, and who leaves an arm at a step.

    A step may take enterprises from the treated and leave them among the rest.
    """
    cells, relations = [], []
    arms = [_arms(step) for step in steps]
    for at, step in enumerate(arms):
        # The ends are what the rest of the report speaks of.
        weight = _ENDS_WEIGHT if at in (0, len(arms) - 1) else 1.0
        cells += [Cell(name=f"{arm} {at}", n=n, weight=weight, shown=arm != _REST) for arm, n in step.items()]
        relations.append(Relation(f"enterprises {at}", (f"treated {at}", f"{_REST} {at}")))
    for at in range(1, len(arms)):
        for arm in arms[at]:
            moved = arms[at - 1][arm] - arms[at][arm]
            cells.append(Cell(name=f"{arm} moved {at}", n=abs(moved), shown=False))
            larger, smaller = (at - 1, at) if moved >= 0 else (at, at - 1)
            relations.append(Relation(f"{arm} {larger}", (f"{arm} {smaller}", f"{arm} moved {at}")))
    return CellTable(tuple(cells), tuple(relations))


def _arms(step: FlowStep) -> dict[str, int]:
    return {"enterprises": step.n_enterprises, "treated": step.n_treated, _REST: step.n_enterprises - step.n_treated}


def _publish_main(finding: Finding, n_enterprises: int | None, n_treated: int | None) -> Effect:
    """The main estimate with the counts of the flow's last step, and of clusters where they are no enterprises."""
    effect = finding.effect
    counted = n_enterprises is not None and n_treated is not None
    groups: tuple[int | None, int | None] = (n_enterprises, n_treated)
    if _by_cluster(finding):
        groups = effect.n_clusters, effect.n_treated_clusters
    elif (effect.n_clusters, effect.n_treated_clusters) != (effect.n_enterprises, effect.n_treated):
        groups = None, None
    return replace(
        effect,
        n_enterprises=n_enterprises,
        n_treated=n_treated,
        n_observations=effect.n_observations if counted else None,
        n_clusters=groups[0],
        n_treated_clusters=groups[1],
    )


def _publish_inference(inference: Inference, effect: Effect) -> Inference:
    return replace(inference, n_clusters=effect.n_clusters, n_treated_clusters=effect.n_treated_clusters)


def _publish_event_study(finding: Finding, rule: Rule) -> EventStudy:
    """Points of enough treated, without their counts: neighbouring years differ by a single cohort."""
    study = finding.event_study
    kept = [at for at, point in enumerate(study.points) if _seen(point.n_treated, rule)]
    points = tuple(replace(study.points[at], n_treated=None) for at in kept)
    return replace(study, points=points, covariance=study.covariance[np.ix_(kept, kept)])


def _publish_effect(effect: Effect | None, rule: Rule) -> Effect | None:
    """An estimate beside the main one: without its counts, and not at all where an arm is too small."""
    if effect is None or not publishable(_smaller_arm(effect), rule=rule):
        return None
    return replace(
        effect, n_enterprises=None, n_treated=None, n_observations=None, n_clusters=None, n_treated_clusters=None
    )


def _publish_entry_margin(effect: Effect | None, rule: Rule) -> Effect | None:
    """The same with its clusters, which are counties by industry."""
    published = _publish_effect(effect, rule)
    if effect is None or published is None or effect.n_treated_clusters < FEWEST_CLUSTERS:
        return None
    return replace(published, n_clusters=effect.n_clusters, n_treated_clusters=effect.n_treated_clusters)


def _reason(asked: Effect | None, shown: Effect | None, reason: str) -> str:
    """Why there is no estimate, as far as the catalogue knows it: reasons in free words may hold counts."""
    if asked is not None and shown is None:
        return TOO_FEW
    return reason if reason in texts("zh")["phrase"] else ""


def _publish_specification(entry: Specification, rule: Rule) -> Specification:
    shown = _publish_effect(entry.effect, rule)
    return replace(entry, effect=shown, reason=_reason(entry.effect, shown, entry.reason))


def _publish_outcome(entry: OutcomeEffect, rule: Rule) -> OutcomeEffect:
    shown = _publish_effect(entry.effect, rule)
    return replace(entry, effect=shown, reason=_reason(entry.effect, shown, entry.reason))


def _publish_subgroups(parts: Sequence[SubgroupEffect], rule: Rule) -> tuple[SubgroupEffect, ...]:
    """All parts of a variable or none: with the whole, one part would give the other."""
    by_part = [(part, _publish_effect(part.effect, rule)) for part in parts]
    small = {part.variable for part, shown in by_part if part.effect is not None and shown is None}
    told = [(part, None if part.variable in small else shown) for part, shown in by_part]
    return tuple(replace(part, effect=shown, reason=_reason(part.effect, shown, part.reason)) for part, shown in told)


def _publish_cohorts(cohorts: Sequence[tuple[int, Effect]], rule: Rule) -> tuple[tuple[int, Effect], ...]:
    """Cohorts of enough treated; where one is withheld the smallest of the others goes with it."""
    shown = {year: kept for year, effect in cohorts if (kept := _publish_effect(effect, rule))}
    if len(shown) < len(cohorts):
        sizes = {year: effect.n_treated for year, effect in cohorts if year in shown}
        shown.pop(min(sizes, key=lambda year: sizes[year]), None) if sizes else None
    return tuple(sorted(shown.items()))


def _publish_contrast(contrast: Contrast | None, rule: Rule) -> Contrast | None:
    effect = None if contrast is None else _publish_effect(contrast.effect, rule)
    if contrast is None or effect is None:
        return None
    parts = tuple({name: part[name] for name in ("kind", "weight", "estimate")} for part in contrast.parts)
    return Contrast(effect, parts)


def _publish_natural(told: NaturalUnits | None, rule: Rule) -> NaturalUnits | None:
    """Natural units where the mean that they start from has enough enterprises and none that dominates."""
    if told is None or told.n_base is None or not publishable(told.n_base, told.largest_share, rule):
        return None
    return replace(told, n_base=None, largest_share=None)


def _publish_cost(finding: Finding, rule: Rule) -> CostFigures | None:
    """The mean alone and rounded: with the total it would tell how many of the treated have no recorded cost."""
    cost = finding.cost
    if cost is None or cost.largest_share is None or not publishable(cost.n_enterprises, cost.largest_share, rule):
        return None
    each, natural, even = _rounded(cost.per_enterprise, _AMOUNT_DIGITS), finding.natural, None
    if cost.break_even is not None and _publish_natural(natural, rule) is not None and natural is not None:
        even = log1p(each / natural.base)
    return replace(cost, total=None, per_enterprise=each, n_enterprises=None, break_even=even, largest_share=None)


def _publish_fact(fact: OfficialFact, rule: Rule) -> OfficialFact:
    """Our recount: enterprises to the nearest ten, no money or percentage, of whose dominance nothing is known."""
    if fact.unit == "enterprises":
        return replace(fact, recount=coarse_count(fact.recount, rule))
    return fact if fact.unit in _NO_ENTERPRISES else replace(fact, recount=None)


_NO_ENTERPRISES: Final = frozenset({"editions", "clusters", "sessions", "events"})


def _publish_dose(dose: DoseResponse | None, rule: Rule) -> DoseResponse | None:
    """Inner points at rounded doses: those asked for are single enterprises' own."""
    slope = None if dose is None else _publish_effect(dose.slope, rule)
    if dose is None or slope is None:
        return None
    shares: Sequence[float] = _SHARES_OF_DOSES
    if len(dose.points) != len(shares):
        # Doses that many share are one point, and which shares of the treated they stand at is not known.
        shares = [_SHARES_OF_DOSES[0]] * len(dose.points)
    inner = [
        point
        for point, share in zip(dose.points, shares, strict=True)
        if publishable_quantile(share, dose.n_treated, rule)
    ]
    rounded = {point.dose: point for point in _move_along(dose.points, inner)}
    return replace(dose, points=tuple(rounded.values()), slope=slope, n_treated=None) if rounded else None


def _move_along(points: Sequence[DosePoint], inner: Sequence[DosePoint]) -> Iterable[DosePoint]:
    """The fitted line at rounded doses, where the exact estimate would give the exact dose."""
    span = points[-1].dose - points[0].dose
    slope = (points[-1].estimate - points[0].estimate) / span if span else 0.0
    for point in inner:
        dose = _rounded(point.dose, _DOSE_DIGITS)
        moved = slope * (dose - point.dose)
        yield DosePoint(
            dose,
            point.estimate + moved,
            _rounded(point.std_error, _DOSE_DIGITS),
            _rounded(point.ci_low + moved, _DOSE_DIGITS),
            _rounded(point.ci_high + moved, _DOSE_DIGITS),
        )


def _rounded(value: float, digits: int) -> float:
    """To so many significant digits."""
    return value if value == 0 else round(value, digits - 1 - floor(log10(abs(value))))


def _publish_densities(densities: Sequence[ThresholdDensity], rule: Rule) -> tuple[ThresholdDensity, ...]:
    """Bins of enough reports to the nearest ten, joined by equal numbers until they have them; no totals."""
    shown = [replace(density, n_below=None, n_above=None, bins=_bins(density, rule)) for density in densities]
    return tuple(density for density in shown if density.bins)


def _bins(density: ThresholdDensity, rule: Rule) -> tuple[Mapping[str, float], ...]:
    """Bins as wide as most of them need, alike on both sides; of those the ones that hold enough.

    None where a side has none next to the threshold.
    """
    below = [bar for bar in density.bins if bar["to"] <= density.threshold]
    above = [bar for bar in density.bins if bar["from"] >= density.threshold]
    if len(below) + len(above) < len(density.bins):
        return ()
    for width in range(1, max(len(below), len(above)) + 1):
        # From the threshold outwards, so that a bin edge stays on it.
        sides = [_join(side, width) for side in (below[::-1], above)]
        full = [[bar for bar in side if bar["count"] >= rule.threshold] for side in sides]
        enough = sum(map(len, full)) >= _SHARE_SHOWN * sum(map(len, sides))
        if enough and all(some and some[0] is side[0] for some, side in zip(full, sides, strict=True)):
            return tuple(_to_tens(bar, rule) for bar in (*full[0][::-1], *full[1]))
    return ()


def _join(outwards: Sequence[Mapping[str, float]], width: int) -> list[dict[str, float]]:
    """Every ``width`` neighbours as one bin; what is left over at the end stays out."""
    groups = [outwards[at : at + width] for at in range(0, len(outwards) - width + 1, width)]
    return [
        {
            "from": min(bar["from"] for bar in group),
            "to": max(bar["to"] for bar in group),
            "count": sum(bar["count"] for bar in group),
        }
        for group in groups
    ]


def _to_tens(bar: Mapping[str, float], rule: Rule) -> dict[str, float]:
    return {**bar, "count": float(coarse_count(bar["count"], rule) or 0)}


def _unanswered(finding: Finding, published: Finding) -> dict[str, str]:
    """Reasons that the catalogue knows, and which parts are withheld; free words may name enterprises."""
    told = {part: why for part, why in finding.unanswered.items() if has_text("zh", f"absent.{why}")}
    for part in ("sensitivity", "cohorts", "dose", "contrast", "densities", "cost", "single_clusters", *_PARTS):
        if getattr(finding, part) and not getattr(published, part):
            told[part] = WITHHELD
    if (finding.threshold_jump or finding.kinks) and not (published.threshold_jump or published.kinks):
        told["threshold"] = WITHHELD
    if any(part.effect for part in finding.subgroups) and not any(part.effect for part in published.subgroups):
        told |= {"subgroups": WITHHELD, "interactions": WITHHELD}
    elif finding.interactions and not published.interactions:
        told["interactions"] = WITHHELD
    tables = {check.name: check.table for check in finding.checks}
    if tables.get("overlap"):
        told["overlap"] = WITHHELD
    return told
