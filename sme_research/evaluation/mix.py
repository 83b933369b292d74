"""From tables to the effects of combinations: panels, cells, interactions, their grade and their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any, Final, Literal

import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sme_research.context import first_years
from sme_research.disclosure import coarse_count, publishable
from sme_research.errors import IdentificationError, StudyError
from sme_research.estimators.interaction import (
    FIRST_PREFIX,
    detectable_interaction,
    estimate_cells,
    estimate_interaction,
)
from sme_research.evaluation.numbered import NumberedTables
from sme_research.instruments import INSTRUMENTS
from sme_research.outcomes import OUTCOMES
from sme_research.policy.mix import CellEffect, MixFinding, MixInteraction
from sme_research.present.parts.mix import interaction_sentence
from sme_research.present.show import Record
from sme_research.present.words import LANGUAGES, text
from sme_research.quality import Edition
from sme_research.results import Check, Effect, Grade, judge
from sme_research.sample import load_sample
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]

MIX: Final = ("loan_subsidy", "training", "cluster_membership")
DOUBT: Final = 0.05
CERTAIN: Final = 0.01
TOO_FEW: Final = "fewer than ten enterprises hold them"
_KEYS: Final = ["enterprise_id", "year"]


def load_mix_panel(
    tables: TablesLike, together: Sequence[str], *, instruments: Sequence[str] = MIX, outcome: str = "log_revenue"
) -> pd.DataFrame:
    """Enterprise-years that could have had each of ``together``, with the first years of all ``instruments``.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    together : sequence of str
        Instruments whose populations (each one's own sample: its rules, its
        comparable places, its complete rows) are intersected.
    instruments : sequence of str
        Those whose timing is known and held fixed.

    Returns
    -------
    DataFrame, one row an enterprise and year
        ``enterprise_id``, ``year``, ``outcome``, ``first_NAME`` each, covariates ``x_…`` as
        the first of ``together`` declares them, and ``cluster_id`` where one of ``together``
        is assigned by cluster.

    Raises
    ------
    DataError, IdentificationError, StudyError
        As `load_sample`; or nobody is in all populations.
    """
    samples = [load_sample(Study(instrument=name, outcome=outcome), tables) for name in together]
    panel = samples[0].drop(columns=["cohort", "event_time", "cluster_id"], errors="ignore")
    for sample in samples[1:]:
        panel = panel.merge(sample[_KEYS], on=_KEYS)
    for sample in samples:
        if "cluster_id" in sample and "cluster_id" not in panel:
            panel = panel.merge(sample[[*_KEYS, "cluster_id"]], on=_KEYS)
    if panel.empty:
        raise IdentificationError(
            f"nobody could have had {' and '.join(together)}: their populations have no enterprise in common."
        )
    for name in instruments:
        first = first_years(INSTRUMENTS[name], tables)
        panel[FIRST_PREFIX + name] = panel["enterprise_id"].map(first).astype("float64")
    return panel


def evaluate_mix(
    tables: TablesLike,
    *,
    outcome: str = "log_revenue",
    instruments: Sequence[str] = MIX,
    level: float = 0.95,
    edition: Edition = "internal",
) -> MixFinding:
    """Every combination of two or three instruments: its difference from none, the sum, what goes beyond it.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    outcome : str
        Name of an outcome.
    instruments : sequence of str
        Two or three names of instruments.
    level : float
        Coverage of the intervals.
    edition : {"internal", "public"}
        The public one tells counts in tens and nothing that rests on fewer than ten.

    Raises
    ------
    DataError, StudyError
        Tables or names that the question needs are not there.
    IdentificationError
        Nobody could have had all instruments, or nobody without any is left.
    """
    if not 2 <= len(instruments) <= 3 or len(set(instruments)) < len(instruments):
        raise StudyError(f"instruments are {list(instruments)}, must be two or three different ones.")
    unit = Study(instrument=instruments[0], outcome=outcome).unit
    tables = NumberedTables(tables)
    panel = load_mix_panel(tables, instruments, instruments=instruments, outcome=outcome)
    cells = tuple(
        CellEffect(held, *found) for held, found in estimate_cells(panel, instruments, unit=unit, level=level).items()
    )
    several = [names for size in range(2, len(instruments) + 1) for names in combinations(instruments, size)]
    interactions = [
        _interaction(panel if len(names) == len(instruments) else None, names, tables, instruments, outcome, level)
        for names in several
    ]
    finding = MixFinding(
        outcome=outcome,
        outcome_label=OUTCOMES[outcome].label,
        instruments=tuple(instruments),
        labels={name: INSTRUMENTS[name].label for name in instruments},
        unit=unit,
        level=level,
        years=(int(panel["year"].min()), int(panel["year"].max())),
        n_population=int(panel["enterprise_id"].nunique()),
        cells=cells,
        interactions=_adjusted(interactions),
    )
    return publish_mix(finding) if edition == "public" else finding


def _interaction(
    panel: pd.DataFrame | None,
    together: tuple[str, ...],
    tables: TablesLike,
    instruments: Sequence[str],
    outcome: str,
    level: float,
) -> MixInteraction:
    unit = OUTCOMES[outcome].unit
    try:
        if panel is None:
            panel = load_mix_panel(tables, together, instruments=instruments, outcome=outcome)
        effect = estimate_interaction(panel, together, unit=unit, level=level)
    except IdentificationError as error:
        return MixInteraction(together, None, reason=str(error))
    check = _earlier(panel, together, unit, level)
    return MixInteraction(
        together,
        effect,
        detectable=detectable_interaction(effect),
        p_value=interaction_p_value(effect, by_cluster="cluster_id" in panel),
        checks=(check,),
        grade=grade_interaction(check),
    )


def interaction_p_value(effect: Effect, *, by_cluster: bool) -> float:
    """P-value of none: normal by enterprise, Student's t by cluster, as the interval has it."""
    distance = abs(effect.estimate) / effect.std_error
    if by_cluster:
        return float(2 * stats.t.sf(distance, max(effect.n_treated_clusters - 1, 1)))
    return float(2 * stats.norm.sf(distance))


def _earlier(panel: pd.DataFrame, together: tuple[str, ...], unit: str, level: float) -> Check:
    """The same interaction between the two years before the second instrument came: there should be none."""
    try:
        before = estimate_interaction(panel, together, unit=unit, level=level, placebo=True)
    except IdentificationError:
        return Check("pretrends", "not_applicable", None, None)
    p_value = interaction_p_value(before, by_cluster="cluster_id" in panel)
    verdict = judge(1 - p_value, warn_over=1 - DOUBT, fail_over=1 - CERTAIN)
    values = {name: getattr(before, name) for name in ("estimate", "std_error", "ci_low", "ci_high")}
    return Check("pretrends", verdict, before.estimate, p_value, values=values)


def grade_interaction(check: Check) -> Grade:
    """Level and wording of an interaction: a difference at most, as nobody was assigned combinations.

    ``reasons`` are keys of the catalogue's ``mix.reason``. Level 3 of the
    Maryland scale where the year before shows none, else 2. The word effect is
    never used: enterprises choose the second instrument knowing what the first
    did for them, and one look at the year before is all that is checked.
    """
    level = 3 if check.verdict == "pass" else 2
    against = {"warn": ["doubt"], "fail": ["failed"], "not_applicable": ["untested"]}
    reasons = ("design", *against.get(check.verdict, []), "chosen")
    return Grade(level, "association", reasons)


def _adjusted(found: Sequence[MixInteraction]) -> tuple[MixInteraction, ...]:
    p_values = [each.p_value for each in found if each.p_value is not None]
    adjusted = iter(multipletests(p_values, method="holm")[1] if p_values else [])
    return tuple(each if each.p_value is None else replace(each, p_adjusted=float(next(adjusted))) for each in found)


def publish_mix(finding: MixFinding) -> MixFinding:
    """The finding for the public edition: counts in tens, no number of fewer than ten enterprises."""
    cells = tuple(CellEffect(each.instruments, _told(each.effect), _told(each.additive)) for each in finding.cells)
    interactions = []
    for each in finding.interactions:
        effect = _told(each.effect)
        if effect is None:
            interactions.append(MixInteraction(each.instruments, None, reason=TOO_FEW))
        else:
            interactions.append(replace(each, effect=effect))
    population = None if finding.n_population is None else coarse_count(finding.n_population)
    return replace(finding, cells=cells, interactions=tuple(interactions), n_population=population)


def _told(effect: Effect | None) -> Effect | None:
    if effect is None or not publishable(effect.n_treated):
        return None
    return replace(
        effect,
        n_enterprises=coarse_count(effect.n_enterprises),
        n_treated=coarse_count(effect.n_treated),
        n_observations=coarse_count(effect.n_observations),
        n_clusters=coarse_count(effect.n_clusters),
        n_treated_clusters=coarse_count(effect.n_treated_clusters),
    )


def mix_records(finding: MixFinding) -> list[Record]:
    """One finding for machines an interaction that was estimated, as the factory collects them."""
    return [
        Record(
            {
                "kind": "finding",
                "instrument": "+".join(each.instruments),
                "instrument_label": {lang: finding.label(each.instruments, lang) for lang in LANGUAGES},
                "outcome": finding.outcome,
                "outcome_label": dict(finding.outcome_label),
                **asdict(each.effect),
                "checks": [_check_json(check) for check in (*each.checks, *_power_checks(each))],
                "grade": {
                    "sms_level": each.grade.sms_level,
                    "wording": each.grade.wording,
                    "reasons": [text("en", f"mix.reason.{reason}") for reason in each.grade.reasons],
                },
                "headline": {lang: interaction_sentence(finding, each, lang).replace("**", "") for lang in LANGUAGES},
            }
        )
        for each in finding.interactions
        if each.effect is not None and each.grade is not None
    ]


def _power_checks(each: MixInteraction) -> tuple[Check, ...]:
    """What could have been found, and the p-value among all interactions, as checks for machines."""
    assert each.detectable is not None
    found = each.verdict == "detected"
    power = Check("power", "pass" if found else "warn", each.detectable, None, values={"mde": each.detectable})
    kept: Literal["pass", "warn"] = "warn" if each.verdict == "doubtful" else "pass"
    return power, Check("multiplicity", kept, each.p_value, each.p_adjusted)


def _check_json(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "verdict": check.verdict,
        "statistic": check.statistic,
        "p_value": check.p_value,
        "values": dict(check.values),
    }
