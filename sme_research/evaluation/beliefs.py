"""What evaluations say of effects, gathered for decisions: with grade, joint errors and a few pre-named parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from itertools import count, groupby, takewhile
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.cache import recall
from sme_research.errors import IdentificationError, StudyError
from sme_research.evaluation.compose import Evaluation
from sme_research.evaluation.primary import make_refit
from sme_research.evaluation.subgroups import SUBGROUPS, drop_redundant, estimate_within
from sme_research.policy.beliefs import CAUSAL, Belief
from sme_research.policy.shrinkage import PartEffect, ShrunkPart, shrink_parts
from sme_research.policy.stage import Beliefs
from sme_research.sample import load_sample
from sme_research.study import Study
from sme_research.tables import are_in_force

TablesLike = Mapping[str, pd.DataFrame]
Floats = NDArray[np.float64]

GROUPS: Final = 40
"""Groups of enterprises that are left out in turn for the joint errors."""
FEWEST_TREATED: Final = 20
"""A part with fewer treated enterprises has no estimate of its own."""
TIERS: Final = ("below_srdi", "srdi", "little_giant")
TIER_OF: Final = {
    "innovative": "below_srdi",
    "srdi": "srdi",
    "little_giant": "little_giant",
    "champion": "little_giant",
}
VARIABLES: Final = ("tier", *(subgroup.name for subgroup in SUBGROUPS))
"""Variables whose parts may differ, named before any estimate: tier, size, R&D and place."""


def gather_beliefs(
    evaluations: Sequence[Evaluation],
    tables: TablesLike,
    *,
    further: Sequence[str] = (),
    find_parts: bool = True,
    seed: int = 0,
) -> Beliefs:
    """Gather effects to decide by.

    Parameters
    ----------
    evaluations : sequence of Evaluation
        Each instrument and outcome once; their grades decide how effects are drawn.
    tables : mapping of str to DataFrame
        What the evaluations were made from.
    further : sequence of str
        Outcomes that the evaluations estimated besides their own, such as
        ``"promotion"``. They were not checked each by itself, so that they never
        count as causally graded.
    find_parts : bool
        Whether to estimate the parts of `VARIABLES`.
    seed : int
        Of the groups that the joint errors are found by.

    Raises
    ------
    StudyError
        No evaluation, or one instrument and outcome twice.
    """
    if not evaluations:
        raise StudyError("no evaluation is given, so there is no effect to decide by.")
    effects = [_own(evaluation) for evaluation in evaluations]
    for evaluation in evaluations:
        known = {effect.name for effect in effects}
        effects += [effect for effect in _family(evaluation, further) if effect.name not in known]
    studies = {
        effect.name: evaluation.study.model_copy(update={"outcome": effect.outcome})
        for effect in effects
        for evaluation in evaluations
        if evaluation.study.instrument == effect.instrument
    }
    asked = [studies[effect.name] for effect in effects]
    split = [studies[effect.name] for effect in effects if effect.wording == CAUSAL] if find_parts else []
    question = {
        "joint": [study.settled() for study in asked],
        "parts": [study.settled() for study in split],
        "seed": seed,
    }
    correlation, raw = recall(
        "beliefs",
        question,
        tables,
        lambda: (_joint_errors(asked, tables, seed), [list(astuple(part)) for part in _parts(split, tables)]),
        module=__name__,
    )
    return Beliefs(tuple(effects), np.asarray(correlation), tuple(_shrink([PartEffect(*part) for part in raw])))


def _shrink(parts: Sequence[PartEffect]) -> Iterator[ShrunkPart]:
    for _, own in groupby(parts, key=lambda part: (part.instrument, part.outcome, part.variable)):
        yield from shrink_parts(tuple(own))


def _own(evaluation: Evaluation) -> Belief:
    finding, study = evaluation.finding, evaluation.study
    effect, events = finding.effect, finding.event_study
    at_time = {point.event_time: at for at, point in enumerate(events.points)}
    # As far as every year since the start is known.
    after = [at_time[since] for since in takewhile(at_time.__contains__, count())]
    return Belief(
        study.instrument,
        study.outcome,
        effect.estimate,
        effect.std_error,
        effect.unit,
        finding.grade.wording,
        tuple(events.points[at].estimate for at in after),
        events.covariance[np.ix_(after, after)],
    )


def _family(evaluation: Evaluation, outcomes: Sequence[str]) -> Iterator[Belief]:
    own = evaluation.finding.grade.wording
    for member in evaluation.finding.family:
        if member.outcome in outcomes and member.effect is not None:
            effect = member.effect
            wording = "association" if own == CAUSAL else own
            yield Belief(
                evaluation.study.instrument, member.outcome, effect.estimate, effect.std_error, effect.unit, wording
            )


def split_enterprises(tables: TablesLike) -> pd.DataFrame:
    """The part of every pre-named variable but the tier, by enterprise; missing where it is not known.

    Splits are by each enterprise's first account row, and by the median of all.
    """
    accounts = tables["accounts"]
    first = accounts.loc[accounts.groupby("enterprise_id", sort=False)["year"].idxmin()].set_index("enterprise_id")
    first = first.join(tables["enterprises"].set_index("enterprise_id"))
    found = {}
    for subgroup in SUBGROUPS:
        second = subgroup.split(first)
        names = [part for part, _ in subgroup.parts]
        found[subgroup.name] = second.map({False: names[0], True: names[1]}, na_action="ignore")
    return pd.DataFrame(found, index=first.index)


def highest_tier(tables: TablesLike, ids: pd.Index[str], days: pd.Series[pd.Timestamp]) -> pd.Series[str]:
    """The part of the variable tier on a day of each enterprise's own, by enterprise."""
    titles = tables["recognitions"]
    titles = titles[titles["enterprise_id"].isin(ids)]
    day = titles["enterprise_id"].map(days)
    held = titles[are_in_force(titles, day)]
    rank = held["tier"].map(TIER_OF).map(TIERS.index).groupby(held["enterprise_id"]).max()
    return rank.reindex(ids).fillna(0).astype(int).map(dict(enumerate(TIERS)))


def _parts(studies: Sequence[Study], tables: TablesLike) -> Iterator[PartEffect]:
    """The estimate of every part that has enough treated enterprises, variable by variable."""
    sides = split_enterprises(tables)
    for study in studies:
        sample = load_sample(study, tables)
        for variable in VARIABLES:
            split = _tier_samples(sample, tables) if variable == "tier" else _side_samples(sample, sides[variable])
            for part, rows in split:
                n_treated = int(rows.loc[rows["cohort"].notna(), "enterprise_id"].nunique())
                effect = estimate_within(study, rows)[0] if n_treated >= FEWEST_TREATED else None
                if effect is not None:
                    named = (study.instrument, study.outcome, variable, part)
                    yield PartEffect(*named, effect.estimate, effect.std_error, n_treated)


def _side_samples(sample: pd.DataFrame, side: pd.Series[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    own = sample["enterprise_id"].map(side)
    for part in sorted(own.dropna().unique()):
        yield part, sample[own == part]


def _tier_samples(sample: pd.DataFrame, tables: TablesLike) -> Iterator[tuple[str, pd.DataFrame]]:
    """Treated enterprises of one tier at the start of their first treated year, with all comparison enterprises.

    A later title may be the treatment's doing, so that comparison enterprises are not split by it.
    """
    cohort = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")["cohort"].dropna()
    days = pd.to_datetime(cohort.astype(int).astype(str) + "-01-01")
    tier = sample["enterprise_id"].map(highest_tier(tables, cohort.index, days))
    for part in TIERS:
        if (tier == part).any():
            yield part, sample[sample["cohort"].isna() | (tier == part)]


def _joint_errors(studies: Sequence[Study], tables: TablesLike, seed: int) -> Floats:
    """Correlation of estimates, by leaving out groups of enterprises in turn (delete-a-group jackknife).

    Members of a cluster leave together. Standard errors stay each evaluation's
    own; only how they move together is taken from here.
    """
    samples = [load_sample(study, tables) for study in studies]
    ids = pd.Index(sorted(set().union(*(sample["enterprise_id"] for sample in samples))))
    together = pd.Series(ids, index=ids)
    for sample in samples:
        if "cluster_id" in sample:
            own = sample.drop_duplicates("enterprise_id").set_index("enterprise_id")["cluster_id"].dropna()
            together = together.where(~together.index.isin(own.index), own.reindex(together.index))
    codes = pd.factorize(together)[0]
    group = pd.Series(np.random.default_rng(seed).permutation(codes.max() + 1)[codes] % GROUPS, index=ids)
    estimates = np.array(
        [
            [_without(study, sample, group, at) for at in range(GROUPS)]
            for study, sample in zip(studies, samples, strict=True)
        ]
    )
    usable = ~np.isnan(estimates).any(axis=0)
    if usable.sum() < 2 or len(studies) == 1:
        return np.eye(len(studies))
    return np.atleast_2d(np.corrcoef(estimates[:, usable]))


def _without(study: Study, sample: pd.DataFrame, group: pd.Series[int], at: int) -> float:
    kept = sample[sample["enterprise_id"].map(group) != at]
    try:
        return make_refit(study)(drop_redundant(kept))[0].estimate
    except IdentificationError:
        return float("nan")
