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
from scipy.stats import mannwhitneyu
from statsmodels.stats.proportion import proportion_confint

from sme_research.programme.inputs import load_inputs
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


@dataclass(frozen=True, slots=True, eq=False)
class ChanceModel:
    """A logit of recognition within two years, and how it did on a time it had not seen.

    ``auc`` with its 95 % interval; ``precision`` is the share recognised among
    as many as the plain rule listed, best chances first, ``rule_precision``
    that of the rule itself, ``lift`` their quotient.
    """

    weights: pd.Series[float]
    centre: pd.Series[float]
    spread: pd.Series[float]
    tested_at: date
    n_learned: int
    n_events_learned: int
    n_tested: int
    n_events_tested: int
    auc: float
    auc_low: float
    auc_high: float
    brier: float
    expected_by_observed: float
    precision: float
    rule_precision: float
    n_listed: int
    lift: float | None
    calibration: tuple[Calibration, ...]

    def chances(self, values: pd.DataFrame) -> pd.Series[float]:
        """Chance of each enterprise, 0 to 1; an unknown feature counts as the average one."""
        shown = (_features(values) - self.centre) / self.spread
        linear = self.weights["const"] + shown.fillna(0.0) @ self.weights.drop("const")
        return pd.Series(1 / (1 + np.exp(-linear)), index=values.index)


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    values: pd.DataFrame
    recognised: pd.Series[bool]


def fit_chance(tables: Tables, on: date) -> ChanceModel | None:
    """Learn from recognitions before the day; None where there were too few to learn or test by.

    Those at risk hold the SRDI title and not yet that of a little giant. The
    tested model has seen nothing that became known after the testing time began;
    the returned weights are then learned anew with the testing time included. Either way the constant
    is set by the newest time known, since the share recognised differs by year.
    """
    learned = [_past(tables, _back(on, years)) for years in LEARN_FROM]
    tested = _past(tables, _back(on, TEST_AT))
    if min(sum(int(part.recognised.sum()) for part in learned), int(tested.recognised.sum())) < FEWEST_EVENTS:
        return None
    weights, centre, spread = _fit(learned)
    trial = (weights, centre, spread)
    chance = _chances(tested.values, *trial)
    final = _fit([*learned, tested])
    return _judged(final, learned, tested, chance, _back(on, TEST_AT))


def _back(on: date, years: int) -> date:
    return (pd.Timestamp(on) - pd.DateOffset(years=years)).date()


def _past(tables: Tables, cut: date) -> _Past:
    """Who was at risk on a day, as the tables knew them then, and whether the title came within two years."""
    titles = tables["recognitions"]
    giants = titles[titles["tier"] == "little_giant"].groupby("enterprise_id")["granted_on"].min()
    inputs = load_inputs(tables, cut)
    values = inputs.values  # noqa: PD011  a frame of ours
    day = pd.Timestamp(cut)
    first = giants.reindex(values.index)
    at_risk = (values["srdi_valid"] == 1) & ~(first <= day)
    within = (first > day) & (first <= day + pd.DateOffset(years=HORIZON_YEARS))
    return _Past(values[at_risk], within[at_risk])


def _features(values: pd.DataFrame) -> pd.DataFrame:
    logged = pd.DataFrame(np.log1p(values[list(LOGGED)].clip(lower=0)), columns=list(LOGGED))
    plain: pd.DataFrame = values[list(PLAIN)].clip(-MOST_SHARE, MOST_SHARE)
    return pd.concat([logged, plain], axis=1)


def _fit(parts: Sequence[_Past]) -> tuple[pd.Series[float], pd.Series[float], pd.Series[float]]:
    features = pd.concat([_features(part.values) for part in parts], ignore_index=True)
    outcome = pd.concat([part.recognised for part in parts], ignore_index=True).astype("float64")
    centre, spread = features.mean().fillna(0.0), features.std().fillna(0.0).replace(0.0, 1.0)
    design = sm.add_constant(((features - centre) / spread).fillna(0.0), has_constant="add")
    penalty = np.r_[0.0, np.full(features.shape[1], PENALTY)]
    model = sm.GLM(outcome, design, family=sm.families.Binomial())
    weights = pd.Series(model.fit_regularized(alpha=penalty, L1_wt=0.0).params, index=design.columns)
    weights["const"] += _shift(parts[-1], weights, centre, spread)
    return weights, centre, spread


def _shift(newest: _Past, weights: pd.Series[float], centre: pd.Series[float], spread: pd.Series[float]) -> float:
    """What to add to the constant so that the newest time's mean chance is the share that was recognised then."""
    share = float(newest.recognised.mean())
    if not 0 < share < 1:
        return 0.0
    chance = _chances(newest.values, weights, centre, spread)
    odds = logit(np.clip(chance, CERTAIN, 1 - CERTAIN))
    return float(brentq(lambda shift: float(expit(odds + shift).mean()) - share, -MOST_SHIFT, MOST_SHIFT))


def _chances(
    values: pd.DataFrame, weights: pd.Series[float], centre: pd.Series[float], spread: pd.Series[float]
) -> NDArray[np.float64]:
    shown = ((_features(values) - centre) / spread).fillna(0.0)
    return np.asarray(1 / (1 + np.exp(-(weights["const"] + shown @ weights.drop("const")))), dtype=np.float64)


def _judged(
    final: tuple[pd.Series[float], pd.Series[float], pd.Series[float]],
    learned: Sequence[_Past],
    tested: _Past,
    chance: NDArray[np.float64],
    cut: date,
) -> ChanceModel:
    came = tested.recognised.to_numpy(dtype=bool)
    low, high = _interval(chance, came)
    rule = evaluate(tested.values, load_rule_sets()["reserve-pool-2024"].tiers["reserve_pool"]).verdict == MET
    n_listed = int(rule.sum())
    best = np.argsort(-chance, kind="stable")[:n_listed]
    precision = float(came[best].mean()) if n_listed else 0.0
    by_rule = float(came[rule.to_numpy()].mean()) if n_listed else 0.0
    return ChanceModel(
        *final,
        tested_at=cut,
        n_learned=sum(len(part.values) for part in learned),
        n_events_learned=sum(int(part.recognised.sum()) for part in learned),
        n_tested=len(came),
        n_events_tested=int(came.sum()),
        auc=_auc(chance, came),
        auc_low=low,
        auc_high=high,
        brier=float(np.mean((chance - came) ** 2)),
        expected_by_observed=float(chance.sum() / came.sum()),
        precision=precision,
        rule_precision=by_rule,
        n_listed=n_listed,
        lift=precision / by_rule if by_rule else None,
        calibration=_calibration(chance, came),
    )


def _auc(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> float:
    """Chance that one who was recognised stands above one who was not."""
    pairs = int(came.sum()) * int((~came).sum())
    return float(mannwhitneyu(chance[came], chance[~came]).statistic / pairs)


def _interval(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> tuple[float, float]:
    """95 % interval by drawing enterprises anew."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(came), len(came)) for _ in range(DRAWS)]
    found = [_auc(chance[draw], came[draw]) for draw in draws if 0 < came[draw].sum() < len(came)]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _calibration(chance: NDArray[np.float64], came: NDArray[np.bool_]) -> tuple[Calibration, ...]:
    fifths = np.array_split(np.argsort(chance, kind="stable"), BINS)
    rows = []
    for part in fifths:
        low, high = proportion_confint(int(came[part].sum()), len(part), method="wilson")
        rows.append(
            Calibration(len(part), float(chance[part].mean()), float(came[part].mean()), float(low), float(high))
        )
    return tuple(rows)
