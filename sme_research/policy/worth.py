"""What an added yuan, job or promotion cost, and how much of the growth would have come anyway, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import StudyError
from sme_research.outcomes import OUTCOMES
from sme_research.policy.beliefs import CAUSAL, SEED, Belief, Wording, draw_effects
from sme_research.policy.fiscal import Costs, Spent, spend_on, to_real
from sme_research.results import Finding, Span

TablesLike = Mapping[str, pd.DataFrame]
Measure = Literal["revenue", "job", "promotion"]
Prices = Literal["nominal", "real"]
Kind = Literal["bounded", "no_upper_limit", "no_gain"]

MEASURES: Final[dict[str, Measure]] = {"log_revenue": "revenue", "log_employees": "job", "promotion": "promotion"}
"""Outcomes whose gain can be counted, and what one unit of it is."""
N_DRAWS: Final = 10_000
LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Base:
    """Mean level of the treated in the year before treatment, in natural units (万元, persons).

    ``prices`` says whether money is of each enterprise's own year or of ``base_year``.
    """

    value: float
    prices: Prices
    base_year: int | None
    n_enterprises: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What one added unit of an outcome cost.

    ``gain`` is what was added for each treated enterprise (万元 of revenue a year,
    jobs, promotions), ``spent`` what was paid for each, 万元, over all years.
    ``cost`` is spent over gain: 万元 a job or a promotion, yuan a yuan of yearly revenue.
    ``kind`` says what its interval means: ``bounded`` has both limits;
    ``no_upper_limit`` where the gain's interval holds zero, so that only "at least
    ``cost.low``" can be said and there is no estimate (NaN); ``no_gain`` where the
    gain's interval lies at or below zero, so that no cost can be told at all.
    ``chance_of_gain`` is the share of draws in which something was added.
    """

    instrument: str
    outcome: str
    measure: Measure
    prices: Prices
    base_year: int | None
    wording: Wording
    spent: float
    gain: Span
    cost: Span
    kind: Kind
    chance_of_gain: float
    level: float
    n_enterprises: int
    n_unknown: int
    largest_share: float


@dataclass(frozen=True, slots=True)
class Additionality:
    """Part of what the supported gained that the support added; the rest is deadweight.

    ``gross`` is the mean change of the treated since the year before treatment, in
    ``unit``, with its standard error; ``share`` the estimated effect over it, as
    a fraction, whose interval is unbounded where ``gross`` is not clear of zero.
    ``deadweight`` is one less ``share``, held between 0 and 1: the part of the
    money that went to what would have happened anyway, if money follows growth.
    Both are None where the treated did not grow: then there is nothing to share out.
    """

    instrument: str
    outcome: str
    wording: Wording
    unit: str
    gross: float
    gross_std_error: float
    share: Span | None
    deadweight: Span | None
    level: float
    n_enterprises: int


@dataclass(frozen=True, slots=True)
class Value:
    """What one finding is worth, in nominal and real money, and how much would have come anyway.

    ``real`` is None where prices of a year are not on file.
    """

    nominal: Worth
    real: Worth | None
    additionality: Additionality


def weigh_finding(
    finding: Finding,
    sample: pd.DataFrame,
    tables: TablesLike,
    costs: Costs,
    *,
    anticipation_years: int = 0,
    base_year: int | None = None,
) -> Value | None:
    """Set a finding beside what was paid for the treated of its sample; None where no cost is known.

    Parameters
    ----------
    finding : Finding
        On an outcome in `MEASURES`.
    sample : DataFrame
        The evaluation's own.
    tables : mapping of str to DataFrame
        Of the same run; levels of the outcome are read from them.
    costs : Costs
        Outlays after the sample's last year do not count.
    anticipation_years : int
        As the study has it.
    base_year : int, optional
        Of real money; the last year whose prices are on file where not given.

    Raises
    ------
    StudyError
        As `weigh_worth` and `measure_base`.
    """
    treated = sample.loc[sample["cohort"].notna(), "enterprise_id"].astype(str).unique()
    until = int(sample["year"].max())
    spent = spend_on(costs, finding.instrument, treated, until=until, base_year=base_year)
    if spent is None:
        return None
    belief = believe(finding)
    counted = MEASURES.get(finding.outcome)
    told = add_levels(sample, finding.outcome, tables)
    base = None if counted in (None, "promotion") else measure_base(told, anticipation_years=anticipation_years)
    nominal = weigh_worth(belief, spent, base)
    real = None
    if spent.per_enterprise_real is not None and nominal.measure == "revenue":
        in_real = measure_base(told, anticipation_years=anticipation_years, base_year=spent.base_year)
        real = weigh_worth(belief, spent, in_real)
    elif spent.per_enterprise_real is not None:
        real = weigh_in_real(nominal, spent)
    gross = measure_gross(sample, anticipation_years=anticipation_years)
    return Value(nominal, real, split_additional(belief, gross))


def add_levels(sample: pd.DataFrame, outcome: str, tables: TablesLike) -> pd.DataFrame:
    """The sample with ``level``: the outcome's item in natural units, nominal; without one where it has none."""
    level = OUTCOMES[outcome].level
    if level is None:
        return sample
    accounts = tables["accounts"]
    keys = pd.MultiIndex.from_arrays([accounts["enterprise_id"].astype(str), accounts["year"].astype("int64")])
    levels = pd.Series(level(tables).to_numpy(dtype="float64", na_value=np.nan), index=keys)
    own = pd.MultiIndex.from_arrays([sample["enterprise_id"].astype(str), sample["year"].astype("int64")])
    return sample.assign(level=levels.reindex(own).to_numpy())


def measure_base(
    sample: pd.DataFrame, *, anticipation_years: int = 0, money: bool = True, base_year: int | None = None
) -> Base:
    """Mean level of the treated in the year before treatment.

    Parameters
    ----------
    sample : DataFrame
        With ``enterprise_id``, ``year``, ``event_time`` and ``level`` (natural units, nominal).
    anticipation_years : int
        As the study has it: the base year lies before them.
    money : bool
        Whether the level is money, which a ``base_year`` puts into its prices.
    base_year : int, optional
        Real money of this year; nominal where not given.

    Raises
    ------
    StudyError
        There is no level before treatment, or it is not above zero.
    """
    rows = sample[(sample["event_time"] == -1 - anticipation_years) & sample["level"].notna()]
    levels = rows["level"].astype("float64")
    if money and base_year is not None:
        levels = to_real(levels, rows["year"].astype("int64"), base_year).dropna()
    mean = float(levels.mean()) if len(levels) else float("nan")
    if not mean > 0:
        raise StudyError(
            f"the treated have a mean level of {mean} in the year before treatment, must be above zero; "
            "ask with an outcome that has a level, and a sample in which somebody was treated."
        )
    return Base(mean, "nominal" if base_year is None else "real", base_year, len(levels))


def believe(finding: Finding) -> Belief:
    """What a finding lets one believe: its estimate in the words that its grade permits."""
    effect, wording = finding.effect, finding.grade.wording
    return Belief(finding.instrument, finding.outcome, effect.estimate, effect.std_error, effect.unit, wording)


def weigh_worth(
    belief: Belief,
    spent: Spent,
    base: Base | None,
    *,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = SEED,
) -> Worth:
    """What one added unit cost: outlays for each treated enterprise over what each gained.

    The interval is Fieller's by draws: that of the gain, turned over. Where the
    gain's interval holds zero, the cost's runs from its lower limit through
    infinity, and that is said instead of a number. Outlays and the base
    are taken as known. An effect that may not be called one counts with its
    interval widened to include zero.

    Parameters
    ----------
    belief : Belief
        Of an outcome in `MEASURES`; a year's average effect.
    spent : Spent
        Of the same instrument.
    base : Base, optional
        Of the outcome's level; none for promotions, whose effect is a share of
        enterprises. With real prices the outlays must be of the same year.
    level : float
        Of the interval, 0 to 1.
    n_draws, seed : int

    Raises
    ------
    StudyError
        The outcome's gain cannot be counted, the instruments differ, a base is
        missing, or outlays in prices of its year are not known.

    References
    ----------
    Fieller (1954), Journal of the Royal Statistical Society B 16(2).
    """
    measure = _measure_of(belief, spent, base)
    prices: Prices = "nominal" if base is None else base.prices
    paid = _paid(spent, base)
    draws = draw_effects([belief], n_draws, seed=seed)[belief.name].to_numpy()
    scale = 1.0 if base is None else base.value
    gains = _gain(draws, scale, measure)
    low, high = _limits(gains, _gain(np.array(belief.span(level)), scale, measure), belief.wording, level)
    gain = Span(float(_gain(np.array([belief.estimate]), scale, measure)[0]), low, high)
    kind: Kind = "bounded" if low > 0 else "no_gain" if high <= 0 else "no_upper_limit"
    return Worth(
        instrument=belief.instrument,
        outcome=belief.outcome,
        measure=measure,
        prices=prices,
        base_year=None if base is None else base.base_year,
        wording=belief.wording,
        spent=paid,
        gain=gain,
        cost=_cost(paid, gain, kind),
        kind=kind,
        chance_of_gain=float((gains > 0).mean()),
        level=level,
        n_enterprises=spent.n_enterprises,
        n_unknown=spent.n_unknown,
        largest_share=spent.largest_share,
    )


def weigh_in_real(worth: Worth, spent: Spent) -> Worth:
    """The same for outlays in prices of their base year, of an outcome that is not money.

    Raises
    ------
    StudyError
        The outcome is money, or prices of a year are not on file.
    """
    if worth.measure == "revenue":
        raise StudyError("revenue in real money needs a base in real money; give `measure_base` a base_year.")
    paid = _in_real(spent)
    return replace(
        worth, prices="real", base_year=spent.base_year, spent=paid, cost=_cost(paid, worth.gain, worth.kind)
    )


def _measure_of(belief: Belief, spent: Spent, base: Base | None) -> Measure:
    if belief.outcome not in MEASURES:
        known = ", ".join(MEASURES)
        raise StudyError(
            f"the gain in {belief.outcome} cannot be counted in yuan, jobs or promotions; choose one of {known}."
        )
    if belief.instrument != spent.instrument:
        raise StudyError(
            f"the effect is of {belief.instrument}, the outlays of {spent.instrument}; give both of one."
        )
    measure = MEASURES[belief.outcome]
    if base is None and measure != "promotion":
        raise StudyError(
            f"{belief.outcome} is a relative change; give the base that it is relative to (`measure_base`)."
        )
    return measure


def _paid(spent: Spent, base: Base | None) -> float:
    if base is None or base.prices == "nominal":
        return spent.per_enterprise
    if base.base_year != spent.base_year:
        raise StudyError(
            f"the base is in prices of {base.base_year}, the outlays of {spent.base_year}; take one year."
        )
    return _in_real(spent)


def _in_real(spent: Spent) -> float:
    if spent.per_enterprise_real is None:
        raise StudyError(
            f"outlays of {spent.instrument} fall into years whose prices are not on file; append them to "
            "data/reference/deflators.csv, or count outlays until the last year on file."
        )
    return spent.per_enterprise_real


def _gain(effects: NDArray[np.float64], scale: float, measure: Measure) -> NDArray[np.float64]:
    """Added units for each treated enterprise."""
    return effects if measure == "promotion" else scale * np.expm1(effects)


def _limits(
    draws: NDArray[np.float64], widest: NDArray[np.float64], wording: Wording, level: float
) -> tuple[float, float]:
    """Interval of what was drawn; below the causal grade the whole range that may be the case."""
    if wording != CAUSAL:
        return float(widest[0]), float(widest[1])
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _cost(paid: float, gain: Span, kind: Kind) -> Span:
    """Outlays over the gain, as far as its interval lets one say."""
    nan, inf = float("nan"), float("inf")
    if kind == "no_gain":
        return Span(nan, inf, inf)
    least = paid / gain.high
    return Span(paid / gain.estimate, least, paid / gain.low) if kind == "bounded" else Span(nan, least, inf)


def measure_gross(sample: pd.DataFrame, *, anticipation_years: int = 0) -> tuple[float, float, int]:
    """Mean change of the treated since the year before treatment, before anything is compared.

    Parameters
    ----------
    sample : DataFrame
        With ``enterprise_id``, ``event_time`` and ``outcome``.

    Returns
    -------
    tuple of float, float, int
        Mean over enterprise-years from treatment on, in the outcome's unit; its
        standard error, clustered by enterprise; the enterprises behind it.

    Raises
    ------
    StudyError
        Fewer than two treated enterprises were seen before and after.
    """
    before = sample[sample["event_time"] == -1 - anticipation_years].set_index("enterprise_id")["outcome"]
    after = sample[sample["event_time"] >= 0]
    change = (after["outcome"] - after["enterprise_id"].map(before)).astype("float64")
    known = change.dropna()
    n = int(after.loc[known.index, "enterprise_id"].nunique())
    if n < 2:
        raise StudyError(f"{n} treated enterprises were seen before and after treatment, must be 2 or more.")
    sums = (known - known.mean()).groupby(after.loc[known.index, "enterprise_id"]).sum()
    error = float(np.sqrt((sums**2).sum() * n / (n - 1)) / len(known))
    return float(known.mean()), error, n


def split_additional(
    belief: Belief,
    gross: tuple[float, float, int],
    *,
    level: float = LEVEL,
    n_draws: int = N_DRAWS,
    seed: int = SEED,
) -> Additionality:
    """Share of the treated's change that the instrument added, and the rest, which is deadweight.

    Additionality is net over gross: the estimated effect over the mean change of
    the supported since the year before. Effect and gross change are drawn together:
    the effect is the gross change less what would have happened anyway, so their
    errors go together as far as the gross change's own error reaches.

    Parameters
    ----------
    belief : Belief
    gross : tuple of float, float, int
        As `measure_gross` gives it, in the belief's unit.

    References
    ----------
    HM Treasury (2022), The Green Book, on additionality and deadweight; Homes
    and Communities Agency (2014), Additionality Guide, fourth edition. The
    interval of a ratio: Fieller (1954).
    """
    mean, error, n = gross
    told = Belief(belief.instrument, "gross change", mean, error, belief.unit, CAUSAL)
    together = min(1.0, error / belief.std_error) if belief.std_error > 0 else 0.0
    correlation = np.array([[1.0, together], [together, 1.0]])
    draws = draw_effects([belief, told], n_draws, correlation=correlation, seed=seed)
    effects, changes = draws[belief.name].to_numpy(), draws[told.name].to_numpy()
    share = _share(belief, mean, effects, changes, level)
    dead = None
    if share is not None:
        dead = Span(*(float(np.clip(1 - value, 0, 1)) for value in (share.estimate, share.high, share.low)))
    return Additionality(
        instrument=belief.instrument,
        outcome=belief.outcome,
        wording=belief.wording,
        unit=belief.unit,
        gross=mean,
        gross_std_error=error,
        share=share,
        deadweight=dead,
        level=level,
        n_enterprises=n,
    )


def _share(
    belief: Belief, gross: float, effects: NDArray[np.float64], changes: NDArray[np.float64], level: float
) -> Span | None:
    """Effect over gross change; unbounded where the gross change is not clear of zero, None where it is no rise."""
    if gross <= 0:
        return None
    tail = (1 - level) / 2
    if (changes <= 0).mean() > tail:
        return Span(belief.estimate / gross, float("-inf"), float("inf"))
    low, high = np.quantile(effects / changes, [tail, 1 - tail])
    if belief.wording != CAUSAL:
        low, high = min(float(low), 0.0), max(float(high), 0.0)
    return Span(belief.estimate / gross, float(low), float(high))
