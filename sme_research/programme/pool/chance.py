"""Chance of becoming a little giant within two years, learned from the past and tested on a later time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
import statsmodels.api as sm
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import rankdata
from statsmodels.stats.proportion import proportion_confint

from sme_research.programme.inputs import in_force, load_inputs
from sme_research.results import Span
from sme_research.rules import MET, evaluate, load_rule_sets
from sme_research.tables import Tables

HORIZON_YEARS: Final = 2
FEWEST_EVENTS: Final = 20
"""Recognitions in the learning and in the testing time, each: with fewer, chances would be made up."""
LEARN_FROM: Final = (6, 5, 4)
"""Years before the day: what followed these was known when the testing time began."""
TEST_AT: Final = 2
BINS: Final = 5
PENALTY: Final = 0.001
DRAWS: Final = 200
CERTAIN: Final = 1e-9
MOST_SHIFT: Final = 30.0  # on the scale of log odds
LOGGED: Final = ("revenue", "rd_expense", "class_1", "class_1_high_value")
PLAIN: Final = (
    "revenue_growth_mean_2y",
    "rd_ratio",
    "rd_staff_share",
    "profit_margin",
    "debt_ratio",
    "main_revenue_share",
    "high_tech_valid",
    "ip_advantage_valid",
    "tech_sme_valid",
)
"""Features, all from accounts, rights and titles: neither place nor ownership is among them."""
MOST_SHARE: Final = 2.0  # growth and margins beyond 200 % say no more


@dataclass(frozen=True, slots=True)
class Calibration:
    """One fifth of the tested by chance: mean chance, share recognised with its 95 % interval (fractions)."""

    n: int
    expected: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Logit:
    """Weights by feature, the constant named ``const``, over features centred and scaled."""

    weights: pd.Series[float]
    centre: pd.Series[float]
    spread: pd.Series[float]

    def chances(self, values: pd.DataFrame) -> NDArray[np.float64]:
        shown = ((_features(values) - self.centre) / self.spread).fillna(0.0)
        linear = self.weights["const"] + shown @ self.weights.drop("const")
        return np.asarray(expit(linear), dtype=np.float64)

    def for_titles(self, values: pd.DataFrame, n_titles: int) -> _Logit:
        """The same ranking with the constant at which so many titles are expected among the enterprises."""
        share = n_titles / len(values) if len(values) else 0.0
        if not 0 < share < 1:
            return self
        odds = logit(np.clip(self.chances(values), CERTAIN, 1 - CERTAIN))
        shift = float(brentq(lambda by: float(expit(odds + by).mean()) - share, -MOST_SHIFT, MOST_SHIFT))
        moved = self.weights.copy()
        moved["const"] += shift
        return _Logit(moved, self.centre, self.spread)


@dataclass(frozen=True, slots=True, eq=False)
class ChanceModel:
    """A logit of recognition within two years, and how it did on a time it had not seen.

    ``auc`` is the chance that one who was recognised stands above one who was
    not; ``expected_by_observed`` the recognitions expected over those that came;
    ``slope`` the calibration slope (1 where chances spread as they should, below
    1 where they are too far apart; None where they cannot be told);
    ``precision`` the share recognised among as many as the plain rule listed,
    best chances first, ``rule_precision`` that of the rule itself, ``lift`` their
    quotient (None where the rule found nobody). ``n_expected`` is the number of
    titles that today's chances add up to.
    """

    logit: _Logit
    tested_at: date
    n_expected: int
    n_learned: int
    n_events_learned: int
    n_tested: int
    n_events_tested: int
    auc: Span
    brier: float
    expected_by_observed: Span
    slope: Span | None
    precision: float
    rule_precision: float
    n_listed: int
    lift: Span | None
    calibration: tuple[Calibration, ...]

    def chances(self, values: pd.DataFrame) -> pd.Series[float]:
        """Chance of each enterprise, 0 to 1; an unknown feature counts as the average one."""
        return pd.Series(self.logit.chances(values), index=values.index)


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    values: pd.DataFrame
    recognised: pd.Series[bool]

    @property
    def n_titles(self) -> int:
        return int(self.recognised.sum())


def fit_chance(tables: Tables, on: date) -> ChanceModel | None:
    """Learn from recognitions before the day; None where there were too few to learn or test by.

    Those at risk hold the SRDI title and not yet that of a little giant. The
    tested model has seen nothing that became known after the testing time began;
    the returned one is then learned anew with the testing time included. Titles
    are given by the round, about as many in one as in the last, while those at
    risk grow in number. So the constant of either is set for the number of titles
    that the newest two years known to it brought: what is tested is what is used.
    """
    learned = [_past(tables, _back(on, years)) for years in LEARN_FROM]
    tested = _past(tables, _back(on, TEST_AT))
    if min(sum(part.n_titles for part in learned), tested.n_titles) < FEWEST_EVENTS:
        return None
    trial = _fit(learned).for_titles(tested.values, learned[-1].n_titles)
    final = _fit([*learned, tested]).for_titles(_at_risk(tables, on), tested.n_titles)
    return _judged(final, learned, tested, trial.chances(tested.values), _back(on, TEST_AT))


def _back(on: date, years: int) -> date:
    return (pd.Timestamp(on) - pd.DateOffset(years=years)).date()


def first_giant(tables: Tables) -> pd.Series[pd.Timestamp]:
    """Day on which each enterprise that ever was a little giant became one."""
    titles = tables["recognitions"]
    return titles[titles["tier"] == "little_giant"].groupby("enterprise_id", sort=False)["granted_on"].min()


def _at_risk(tables: Tables, cut: date) -> pd.DataFrame:
    """What was known on a day of those who held the SRDI title and had never been little giants."""
    holders = in_force(tables["recognitions"], "tier", "srdi", cut)["enterprise_id"].drop_duplicates()
    first = first_giant(tables)
    giants = first.index[first <= pd.Timestamp(cut)]
    known = tables["enterprises"]["enterprise_id"]
    ids = pd.Index(holders).difference(giants).intersection(pd.Index(known))
    return load_inputs(tables, cut, ids.to_series()).values  # noqa: PD011  a frame of ours


def _past(tables: Tables, cut: date) -> _Past:
    """Who was at risk on a day, as the tables knew them then, and whether the title came within two years."""
    values = _at_risk(tables, cut)
    first = first_giant(tables).reindex(values.index)
    return _Past(values, first <= pd.Timestamp(cut) + pd.DateOffset(years=HORIZON_YEARS))


def _features(values: pd.DataFrame) -> pd.DataFrame:
    logged = pd.DataFrame(np.log1p(values[list(LOGGED)].clip(lower=0)), columns=list(LOGGED))
    plain: pd.DataFrame = values[list(PLAIN)].clip(-MOST_SHARE, MOST_SHARE)
    return pd.concat([logged, plain], axis=1)


def _fit(parts: Sequence[_Past]) -> _Logit:
    features = pd.concat([_features(part.values) for part in parts], ignore_index=True)
    outcome = pd.concat([part.recognised for part in parts], ignore_index=True).astype("float64")
    centre, spread = features.mean().fillna(0.0), features.std().fillna(0.0).replace(0.0, 1.0)
    design = sm.add_constant(((features - centre) / spread).fillna(0.0), has_constant="add")
    penalty = np.r_[0.0, np.full(features.shape[1], PENALTY)]
    model = sm.GLM(outcome, design, family=sm.families.Binomial())
    return _Logit(
        pd.Series(model.fit_regularized(alpha=penalty, L1_wt=0.0).params, index=design.columns), centre, spread
    )


def _judged(
    final: _Logit, learned: Sequence[_Past], tested: _Past, chance: NDArray[np.float64], cut: date
) -> ChanceModel:
    came = tested.recognised.to_numpy(dtype=bool)
    plain = evaluate(tested.values, load_rule_sets()["reserve-pool-2024"].tiers["reserve_pool"]).verdict == MET
    rule = plain.to_numpy()
    precision, by_rule = _precisions(chance, came, rule)
    auc, expected, lift = _spans(chance, came, rule)
    return ChanceModel(
        final,
        tested_at=cut,
        n_expected=tested.n_titles,
        n_learned=sum(len(part.values) for part in learned),
        n_events_learned=sum(part.n_titles for part in learned),
        n_tested=len(came),
        n_events_tested=int(came.sum()),
        auc=auc,
        brier=float(np.mean((chance - came) ** 2)),
        expected_by_observed=expected,
        slope=_slope(chance, came),
        precision=precision,
        rule_precision=by_rule,
        n_listed=int(rule.sum()),
        lift=lift,
        calibration=_calibration(chance, came),
    )


def _auc(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> float:
    """Share of pairs of one who was recognised and one who was not in which the former stands above."""
    n_came, n_not = int(came.sum()), int((~came).sum())
    return float((rankdata(chance)[came].sum() - n_came * (n_came + 1) / 2) / (n_came * n_not))


def _precisions(chance: NDArray[np.float64], came: NDArray[np.bool_], rule: NDArray[np.bool_]) -> tuple[float, float]:
    """Share recognised among the best as many as the rule lists, and among those that the rule lists."""
    n_listed = int(rule.sum())
    if not n_listed:
        return 0.0, 0.0
    best = np.argsort(-chance, kind="stable")[:n_listed]
    return float(came[best].mean()), float(came[rule].mean())


def _spans(
    chance: NDArray[np.float64], came: NDArray[np.bool_], rule: NDArray[np.bool_]
) -> tuple[Span, Span, Span | None]:
    """Discrimination, expected over observed and lift, their intervals by drawing enterprises anew."""

    def measures(rows: NDArray[np.int64]) -> tuple[float, float, float]:
        drawn, outcome, listed = chance[rows], came[rows], rule[rows]
        precision, by_rule = _precisions(drawn, outcome, listed)
        lift = precision / by_rule if by_rule else np.nan
        return _auc(drawn, outcome), float(drawn.sum() / outcome.sum()), lift

    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(came), len(came)) for _ in range(DRAWS)]
    found = np.array([measures(draw) for draw in draws if 0 < came[draw].sum() < len(came)])
    values = measures(np.arange(len(came)))
    spans = []
    for value, drawn in zip(values, found.T, strict=True):
        low, high = np.quantile(drawn[~np.isnan(drawn)], [0.025, 0.975]) if not np.isnan(value) else (np.nan, np.nan)
        spans.append(Span(value, float(low), float(high)))
    auc, expected, lift = spans
    return auc, expected, None if np.isnan(lift.estimate) else lift


def _slope(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> Span | None:
    """Slope of a logit of what came on the log odds told (Cox 1958)."""
    odds = logit(np.clip(chance, CERTAIN, 1 - CERTAIN))
    if np.ptp(odds) == 0:
        return None
    found = sm.GLM(came.astype(float), sm.add_constant(odds), family=sm.families.Binomial()).fit()
    low, high = found.conf_int()[1]
    return Span(float(found.params[1]), float(low), float(high))


def _calibration(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> tuple[Calibration, ...]:
    fifths = np.array_split(np.argsort(chance, kind="stable"), BINS)
    rows = []
    for part in fifths:
        low, high = proportion_confint(int(came[part].sum()), len(part), method="wilson")
        rows.append(
            Calibration(len(part), float(chance[part].mean()), float(came[part].mean()), float(low), float(high))
        )
    return tuple(rows)
