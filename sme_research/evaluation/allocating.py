"""From tables, effects and a scenario to an allocation: who is eligible, what support costs, what it may gain."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.evaluation.beliefs import (
    TIERS,
    VARIABLES,
    gather_beliefs,
    highest_tier,
    split_enterprises,
)
from sme_research.evaluation.compose import Evaluation
from sme_research.evaluation.compose import evaluate as evaluate_study
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.allocation import Allocation, allocate, plan_gains
from sme_research.policy.beliefs import CAUSAL, SEED, Belief, draw_paths
from sme_research.policy.scenario import Scenario
from sme_research.policy.segments import Segments, make_segments
from sme_research.policy.shrinkage import ShrunkPart
from sme_research.policy.stage import Beliefs, Stage
from sme_research.policy.targeting import on_designated_ground
from sme_research.policy.verdicts import find_stopped, judge_measures
from sme_research.programme.inputs import load_inputs
from sme_research.rules import UNMET, choose_rules, evaluate, load_rule_sets
from sme_research.study import Study
from sme_research.tables import Tables

Floats = NDArray[np.float64]

BY: Final = ("city_code", *VARIABLES)
REVENUE, JOBS, PROMOTIONS = "log_revenue", "log_employees", "promotion"
TODAY_YEARS: Final = 3
"""Years whose mean is today's practice."""
LARGEST: Final = 0.95
"""Quantile of the supported up to which an enterprise's revenue and employment count."""
OUTCOMES: Final = (REVENUE, JOBS, PROMOTIONS)
"""Outcomes that a goal may weigh, in the order of its weights."""
MOST_YEARS_AHEAD: Final = 5
"""Years after the last of the data by which a plan begins: later, who is eligible and how large is not known."""
ABOVE: Final = {"below_srdi": ("none", "innovative"), "srdi": ("srdi",), "little_giant": ("little_giant", "champion")}


def allocate_stage(scenario: Scenario, tables: Tables, beliefs: Beliefs, *, seed: int = SEED) -> Stage:
    """Allocate the next stage.

    Parameters
    ----------
    scenario : Scenario
    tables : mapping of str to DataFrame
        ``enterprises``, ``accounts``, ``recognitions`` and the tables of the scenario's instruments.
    beliefs : Beliefs
        Effects of every instrument of the scenario on every outcome that its goal weighs.
    seed : int

    Raises
    ------
    StudyError
        The plan begins before the data end or long after, an effect that the goal needs is not known, a cost is not
        known, or no allocation keeps to the limits.
    """
    on = _last_day(tables)
    _refuse_other_times(scenario, on)
    instruments = tuple(scenario.measures)
    enterprises, n_failing = gather_enterprises(scenario, tables, on)
    segments = make_segments(enterprises, BY, instruments)
    by_outcome = draw_gains(scenario, segments, beliefs, tables, seed=seed)
    weights = (scenario.goal.revenue, scenario.goal.jobs, scenario.goal.promotions)
    total = sum((weight * by_outcome[name] for weight, name in zip(weights, OUTCOMES, strict=True)), start=0.0)
    on_revenue = {name: beliefs.of(name, REVENUE) for name in instruments}
    known = {name: belief for name, belief in on_revenue.items() if belief is not None}
    if len(known) < len(instruments):
        raise StudyError(f"the effect of {', '.join(sorted(set(instruments) - set(known)))} on revenue is not known.")
    untested = {name for name, belief in known.items() if not belief.is_shown}
    worth = scenario.value_added_share
    stopped = find_stopped(segments, known, by_outcome[REVENUE], value_added_share=worth)
    found = allocate(scenario, segments, np.asarray(total), untested=untested, stopped=stopped)
    chosen = _by_outcome(by_outcome, found.solution.enterprises)
    today = _by_outcome(by_outcome, found.today_enterprises)
    revenue = by_outcome[REVENUE]
    verdicts = judge_measures(found, known, revenue, value_added_share=worth)
    return Stage(
        scenario, beliefs, found, chosen, today, verdicts, _break_even(scenario, found, revenue), n_failing, on
    )


def plan_next_stage(
    scenario: Scenario,
    tables: Tables,
    *,
    evaluations: Sequence[Evaluation] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Stage:
    """Evaluate every measure of a scenario and allocate its budget.

    Parameters
    ----------
    scenario : Scenario
    tables : Tables
    evaluations : sequence of Evaluation
        Those already made; measures without one on revenue are evaluated here.
    progress : callable
        Told what begins.

    Raises
    ------
    DataError, IdentificationError, StudyError
        An instrument cannot be evaluated on these tables, or the scenario cannot be kept to.
    """
    _refuse_other_times(scenario, _last_day(tables))  # before the minutes that evaluations take
    made = {evaluation.study.instrument for evaluation in evaluations if evaluation.study.outcome == REVENUE}
    found = list(evaluations)
    for name in scenario.measures:
        if name not in made:
            progress(f"evaluate {name}")
            found.append(evaluate_study(Study(instrument=name, outcome=REVENUE), tables))
    progress("joint errors and parts")
    beliefs = gather_beliefs(found, tables, further=(JOBS, PROMOTIONS))
    progress("allocate")
    return allocate_stage(scenario, tables, beliefs)


def _last_day(tables: Tables) -> date:
    return date(int(tables["accounts"]["year"].max()), 12, 31)


def _refuse_other_times(scenario: Scenario, on: date) -> None:
    first, last = on.year + 1, on.year + MOST_YEARS_AHEAD
    if not first <= scenario.first_year <= last:
        raise StudyError(
            f"scenario {scenario.name!r}: first_year is {scenario.first_year}, must be {first} to {last}, since the "
            f"accounts end with {on.year}. Correct it in the scenario, or give the tables of other years."
        )


def gather_enterprises(scenario: Scenario, tables: Tables, on: date) -> tuple[pd.DataFrame, int]:
    """One row an enterprise that reported in the last year: part, base, eligibility, cost and today's support.

    An enterprise is eligible for an instrument that it never had, if it holds one
    of the tiers asked for, is not in an excluded prefecture and, for clusters, lies
    on the ground of a designated one: new clusters are not foreseen. Today's
    support is the mean of the last `TODAY_YEARS` years. Revenue and employment count
    up to the `LARGEST` quantile of those ever supported, since the effects were not
    found on larger enterprises. Where the scenario's rules are not those of today,
    a title counts as lost that they are known not to give at a review. Returned
    with how many titles those are.
    """
    accounts = tables["accounts"]
    last = accounts[accounts["year"] == on.year].set_index("enterprise_id")
    ids = pd.Index(last.index)
    register = tables["enterprises"].set_index("enterprise_id").reindex(ids)
    days = pd.Series(pd.Timestamp(on), index=ids)
    held = highest_tier(tables, ids, days)
    tier, n_failing = _under(scenario.rules, held, tables, on)
    found = pd.DataFrame(
        {
            "city_code": register["city_code"],
            "tier": pd.Categorical(tier, categories=TIERS),
            "revenue": last["revenue"].astype("float64"),
            "employees": last["employees"].astype("float64"),
        },
        index=ids,
    ).join(split_enterprises(tables))
    for name, measure in scenario.measures.items():
        first = INSTRUMENTS[name].first_treated(tables).set_index("enterprise_id")["first_on"]
        treated = pd.to_datetime(first).reindex(ids)
        allowed = {part for part, tiers in ABOVE.items() if not measure.tiers or set(tiers) & set(measure.tiers)}
        found[f"eligible.{name}"] = (
            found["tier"].isin(allowed) & ~found["city_code"].isin(measure.excluded_cities) & treated.isna()
        )
        if INSTRUMENTS[name].assigned_by == "cluster":
            found[f"eligible.{name}"] &= on_designated_ground(tables, ids, on)
        # The mean of some years: drawdowns and designations come in batches.
        found[f"today.{name}"] = treated.dt.year.between(on.year - TODAY_YEARS + 1, on.year) / TODAY_YEARS
        found[f"supported.{name}"] = treated.notna()
        found[f"cost.{name}"] = _costs(scenario, name, found["tier"].astype(str), tables)
    supported = found.filter(like="supported.").any(axis=1)
    for name in ("revenue", "employees"):
        found[name] = found[name].clip(upper=float(found.loc[supported, name].quantile(LARGEST)))
    # An enterprise of which a part is not known belongs to no segment, and to nobody's allocation.
    return found.dropna(subset=list(BY)), n_failing


def _under(rules: str, held: pd.Series[str], tables: Tables, on: date) -> tuple[pd.Series[str], int]:
    """Tier of each enterprise; with other rules than today's, titles that they are known to refuse are gone."""
    if choose_rules("srdi", on).rule_set == rules:  # titles were given by the rules asked for, and stand
        return held, 0
    rule_set = load_rule_sets()[rules]
    holders = held[held.isin(("srdi", "little_giant"))]
    if holders.empty:
        return held, 0
    values = load_inputs(tables, on, holders.index.to_series()).values  # noqa: PD011  a frame of ours
    tier, n_failing = held.copy(), 0
    for at in (2, 1):  # a little giant that fails may still be SRDI
        name = TIERS[at]
        now = tier.index[tier == name]
        if len(now) and name in rule_set.tiers:
            failing = evaluate(values.loc[now], rule_set.tiers[name], "renewal").verdict == UNMET
            tier[now[failing.to_numpy()]] = TIERS[at - 1]
            n_failing += int(failing.sum())
    return tier, n_failing


def _costs(scenario: Scenario, name: str, tier: pd.Series[str], tables: Tables) -> pd.Series[float]:
    """What an enterprise costs once, 万元, by its tier."""
    measure = scenario.measures[name]
    if measure.cost is not None:
        return pd.Series(measure.cost, index=tier.index)
    if name == "loan_subsidy" and measure.points is not None:
        return tier.map(_loan_costs(measure.points, measure.caps, tables)).astype("float64")
    cost = INSTRUMENTS[name].cost
    if cost is None:
        raise StudyError(f"{name} has no cost in the tables; give measures.{name}.cost in the scenario.")
    paid = cost.measure(tables).groupby("enterprise_id")["cost"].sum()
    return pd.Series(float(paid.mean()) if len(paid) else float("nan"), index=tier.index)


def _loan_costs(points: float, caps: Mapping[Any, float], tables: Tables) -> dict[str, float]:
    """A year's subsidy on the mean borrower's loans, cut at the cap of its tier."""
    borrowed = tables["loans"].groupby("enterprise_id")["amount"].sum()
    drawn = pd.to_datetime(tables["loans"].groupby("enterprise_id")["drawn_on"].min())
    tier = highest_tier(tables, pd.Index(borrowed.index), drawn)
    means = {}
    for part, tiers in ABOVE.items():
        own = borrowed[tier.reindex(borrowed.index) == part]
        cap = max((caps[name] for name in tiers if name in caps), default=np.inf)
        # Nobody of the tier has borrowed yet: as all borrowers did.
        known = own if len(own) else borrowed
        means[part] = float(known.clip(upper=cap).mean()) * points / 100
    return means


def draw_gains(
    scenario: Scenario, segments: Segments, beliefs: Beliefs, tables: Tables, *, seed: int = SEED
) -> dict[str, Floats]:
    """Gain of an enterprise by draw, segment, instrument and year of the start, in each outcome's own unit.

    Summed over the plan's years from the start on, each with the effect of so many
    years since. An effect in log points moves the segment's mean revenue or
    employment. Parts' deviations are added to effects graded causal; each part's is
    drawn once a draw.
    """
    weights = dict(zip(OUTCOMES, (scenario.goal.revenue, scenario.goal.jobs, scenario.goal.promotions), strict=True))
    for name in segments.instruments:
        for outcome, weight in weights.items():
            if weight > 0 and beliefs.of(name, outcome) is None:
                raise StudyError(f"the goal weighs {outcome}, and the effect of {name} on it is not known.")
    n_years = len(scenario.budget)
    names = [effect.name for effect in beliefs.effects]
    paths = draw_paths(beliefs.effects, scenario.draws, n_years, correlation=beliefs.correlation, seed=seed)
    base = {REVENUE: segments.table["revenue"].to_numpy(), JOBS: segments.table["employees"].to_numpy()}
    rng = np.random.default_rng([seed, 1])
    found = {name: np.zeros((scenario.draws, len(segments), len(segments.instruments), n_years)) for name in OUTCOMES}
    for outcome, gains in found.items():
        for at, name in enumerate(segments.instruments):
            effect = beliefs.of(name, outcome)
            if effect is None:
                continue
            deviations = _deviations(effect, beliefs.parts, segments, scenario.draws, rng)
            scale = _relative_points(scenario, name, tables)
            kept = 1 - scenario.displaced(name)
            for since in range(n_years):
                moved = scale * (paths[:, names.index(effect.name), since, None] + deviations)
                gained = np.expm1(moved) * base[outcome] if outcome in base else moved
                # Who starts in year t sees this many years since the start only if the plan runs so long.
                gains[:, :, at, : n_years - since] += kept * gained[:, :, None]
    return found


def _deviations(
    effect: Belief, parts: Sequence[ShrunkPart], segments: Segments, n_draws: int, rng: np.random.Generator
) -> Floats:
    """What the segments' parts add to the common effect, n_draws x n_segments."""
    total = np.zeros((n_draws, len(segments)))
    if effect.wording != CAUSAL:
        return total
    own = [part for part in parts if (part.raw.instrument, part.raw.outcome) == effect.name]
    for variable in dict.fromkeys(part.raw.variable for part in own):
        split = [part for part in own if part.raw.variable == variable]
        drawn = np.column_stack([rng.normal(part.deviation, part.std_error, n_draws) for part in split])
        # Parts make up the common effect: what one gains more than it, the others gain less.
        supported = np.array([part.raw.n_treated for part in split], dtype=np.float64)
        drawn -= (drawn @ supported / supported.sum())[:, None]
        for at, part in enumerate(split):
            inside = (segments.table[variable].astype(str) == part.raw.part).to_numpy()
            total[:, inside] += drawn[:, at, None]
    return total


def _relative_points(scenario: Scenario, name: str, tables: Tables) -> float:
    """The scenario's subsidy points over those that the effect was found with."""
    points = scenario.measures[name].points
    if points is None:
        return 1.0
    paid = tables["loans"]["subsidy_points"].dropna()
    paid = paid[paid > 0]
    return points / float(paid.mean()) if len(paid) else 1.0


def _by_outcome(gains: Mapping[str, Floats], enterprises: Floats) -> pd.DataFrame:
    return pd.DataFrame({name: plan_gains(enterprises, gain).sum(axis=1) for name, gain in gains.items()})


def _break_even(scenario: Scenario, found: Allocation, revenue: Floats) -> float | None:
    """Displacement at which the value added gained no longer covers what is spent.

    Every instrument's gain is taken to lose the same share; what the scenario already takes off is put back first.
    """
    kept = np.array([1 - scenario.displaced(name) for name in found.problem.segments.instruments])
    by_instrument = plan_gains(found.solution.enterprises, revenue).mean(axis=0)
    gross = float((by_instrument / np.where(kept > 0, kept, np.inf)).sum()) * scenario.value_added_share
    return None if gross <= found.spent else 1 - found.spent / gross
