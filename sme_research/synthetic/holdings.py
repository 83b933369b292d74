"""What enterprises hold and report besides their accounts: rights, chain links, self-assessments, qualifications."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.synthetic import calibration as cal
from sme_research.synthetic.effects import Planted
from sme_research.synthetic.population import FICTIONAL_AREA, Floats, Population, days_of
from sme_research.synthetic.recognition import NEVER, Ladder
from sme_research.synthetic.world import WorldSpec, stream
from sme_research.tables import make_codes


def expected_rights(population: Population, spec: WorldSpec) -> Floats:
    """Class I rights expected in a year without any instrument, n_enterprises x n_years."""
    log_mean = np.log(cal.RIGHTS_MEAN) + cal.RIGHTS_BY_SIZE * population.size_score
    log_mean = log_mean + cal.RIGHTS_BY_RD * np.minimum(population.rd_score, 4.0)
    trend = cal.RIGHTS_TREND * (np.array(spec.years) - spec.first_year)
    return np.asarray(np.exp(log_mean[:, None] + trend), dtype=np.float64)


def rights_table(population: Population, planted: Planted, spec: WorldSpec) -> pd.DataFrame:
    """The table `intellectual_property`: rows of enterprises that were granted anything in a year."""
    rng = stream(spec.seed, "intellectual_property")
    years = np.array(spec.years)
    expected = expected_rights(population, spec)
    class_1 = rng.poisson(expected * np.exp(planted.total("patents")))
    class_2 = rng.poisson(expected * cal.RIGHTS_CLASS_2)
    alive = (population.entry[:, None] <= years) & (years < population.exit[:, None])
    row, column = np.nonzero(alive & (class_1 + class_2 > 0))
    granted = class_1[row, column]
    return pd.DataFrame(
        {
            "enterprise_id": population.ids[row],
            "year": years[column],
            "class_1": granted,
            "class_1_high_value": rng.binomial(granted, cal.RIGHTS_HIGH_VALUE),
            "class_2": class_2[row, column],
        }
    )


def links_table(population: Population, spec: WorldSpec) -> pd.DataFrame:
    """The table `chain_links`: the largest enterprises lead, others supply, mostly in the leader's industry."""
    rng = stream(spec.seed, "chain_links")
    leaders = np.argsort(-population.scale, kind="stable")[: spec.scaled(cal.CHAIN_LEADERS)]
    others = np.setdiff1d(np.arange(len(population)), leaders)
    suppliers = np.sort(rng.choice(others, min(spec.scaled(cal.CHAIN_LINKS), len(others)), replace=False))
    division = pd.Series(population.industry).str[:2].to_numpy()
    leader = rng.choice(leaders, len(suppliers))
    # A leader of the supplier's own division is found by trying: the first of some draws that fits.
    for _ in range(8):
        strange = (division[leader] != division[suppliers]) & (rng.random(len(suppliers)) < cal.CHAIN_SAME_DIVISION)
        leader[strange] = rng.choice(leaders, int(strange.sum()))
    first = np.maximum(population.entry[suppliers], population.entry[leader])
    year = first + rng.integers(0, 6, len(suppliers))
    kept = (year <= spec.last_year) & (year < population.exit[suppliers])
    suppliers, leader, year = suppliers[kept], leader[kept], year[kept]
    ended = rng.random(len(suppliers)) < cal.CHAIN_ENDED
    until = days_of(year + 1, rng.integers(0, 360, len(suppliers)))
    return pd.DataFrame(
        {
            "link_id": [f"K{number:06d}" for number in range(1, len(suppliers) + 1)],
            "leader_id": population.ids[leader],
            "enterprise_id": population.ids[suppliers],
            "since": days_of(year, rng.integers(0, 330, len(suppliers))),
            "until": np.where(ended, until, np.datetime64("NaT", "s")),
        }
    )


def self_reports_table(population: Population, ladder: Ladder, spec: WorldSpec) -> pd.DataFrame:
    """The table `self_reports`: one assessment a candidate for the SRDI title, before the grants of its year.

    The score is 60 exactly at the bar of the title, but for the candidates
    whom a direct condition or a failed gate decided: theirs is noisy.
    """
    rng = stream(spec.seed, "self_reports")
    who = np.flatnonzero(ladder.candidate < NEVER)
    n = len(who)
    passed = ladder.srdi[who] < NEVER
    year = np.where(passed, ladder.srdi[who], ladder.candidate[who])
    score = 60 + cal.SCORE_BY_MERIT * ladder.margin[who]
    # Lapsed titles were granted under the bar, on other terms.
    decided = (rng.random(n) < cal.SCORE_DECIDES) & (passed == (ladder.margin[who] >= 0))
    score = np.where(decided, score, score + rng.normal(0, cal.SCORE_OTHER_SD, n))
    strength = population.size_score[who] + 0.5 * rng.normal(size=n)
    equity = np.where(rng.random(n) < 0.08, rng.lognormal(7.3, 0.8, n), 0.0)
    table = pd.DataFrame(
        {
            "enterprise_id": population.ids[who],
            "reported_on": days_of(year, rng.integers(3, 55, n)),
            "niche_years": np.minimum(year - population.entry[who] + rng.integers(1, 14, n), 40).astype(float),
            "market_share": np.round(rng.beta(1.5, 12.0, n), 3),
            "brand": rng.random(n) < 0.6,
            "digital_level": np.clip(np.round(2 + 0.5 * strength), 0, 4).astype(np.int64),
            "equity_financing": equity.round(1),
            "platform_score": np.clip(52 + 6 * strength + rng.normal(0, 8, n), 0, 100).round(1),
            "local_points": rng.integers(0, 16, n).astype(float),
            # Cut, not rounded: 59.96 is a fail and must not be shown as 60.
            "score": np.floor(np.clip(score, 0, 100) * 10) / 10,
        }
    )
    return pd.concat([table, _further_answers(strength, equity, spec)], axis=1)


def _further_answers(strength: Floats, equity: Floats, spec: WorldSpec) -> pd.DataFrame:
    """What else the rules ask, likelier met the stronger the enterprise; some leave it blank."""
    rng = stream(spec.seed, "self_reports: further answers")
    n = len(strength)

    def yes(odds: float) -> NDArray[np.bool_]:
        return np.asarray(rng.random(n) < 1 / (1 + np.exp(-odds - 0.6 * strength)))

    answers: dict[str, NDArray[Any]] = {
        "equity_financing_3y": (equity * np.where(rng.random(n) < 0.2, 1.5, 1.0)).round(1),
        "strategic_emerging": yes(-0.3),
        "key_field": np.clip(yes(0.0).astype(np.int64) + yes(-1.5), 0, 2),
        "fills_gap": yes(-1.5),
        "chain_supplier": yes(0.6),
        "product_field": yes(1.0),
        "quality_award": yes(-2.5),
        "management_certificate": yes(1.5),
        "standards_joined": yes(-0.5),
        "product_certified": yes(-1.2),
        "information_systems": rng.poisson(np.exp(0.5 + 0.2 * strength)),
        "domestic_rank": 1 + rng.poisson(np.exp(2.0 - 0.4 * strength)),
        "class_1_in_use": rng.poisson(np.exp(0.6 + 0.4 * strength)),
        "rd_institution": np.clip(np.round(1.2 + 0.8 * strength + rng.normal(0, 0.8, n)), 0, 4).astype(np.int64),
        "science_award": np.where(rng.random(n) < 0.03, rng.integers(1, 5, n), 0),
        "contest_award": np.where(rng.random(n) < 0.02, rng.integers(1, 3, n), 0),
    }
    return pd.DataFrame({name: pd.Series(given).mask(rng.random(n) < 0.04) for name, given in answers.items()})


def qualifications_table(population: Population, spec: WorldSpec) -> pd.DataFrame:
    """The table `qualifications`: titles of other departments, likelier the more research is done."""
    rng = stream(spec.seed, "qualifications")
    kinds = (("tech_sme", 0.2, None, 1), ("high_tech", -0.2, "national", 3), ("ip_advantage", -2.5, "national", 3))
    parts = []
    for kind, odds, level, valid in kinds:
        chance = 1 / (1 + np.exp(-odds - 0.5 * population.rd_score - 0.3 * population.size_score))
        year = population.entry + rng.integers(1, 8, len(population))
        holds = (rng.random(len(population)) < chance) & (year < population.exit) & (year <= spec.last_year)
        index = np.flatnonzero(holds)
        day = rng.integers(0, 330, len(index))
        parts.append(
            pd.DataFrame(
                {
                    "enterprise_id": population.ids[index],
                    "kind": kind,
                    "granted_on": days_of(year[index], day),
                    "level": level,
                    "expires_on": days_of(year[index] + valid, day),
                }
            )
        )
    parts.append(_listed_outside(pd.concat(parts, ignore_index=True), len(population), spec))
    return pd.concat(parts, ignore_index=True).sort_values(["enterprise_id", "kind"], ignore_index=True)


def _listed_outside(listed: pd.DataFrame, n_known: int, spec: WorldSpec) -> pd.DataFrame:
    """Rows of enterprises that other departments list and the register does not know."""
    rng = stream(spec.seed, "qualifications: outside the register")
    rows = listed[rng.random(len(listed)) < cal.LISTED_OUTSIDE]
    return rows.assign(enterprise_id=make_codes(FICTIONAL_AREA, n_known + np.arange(len(rows))))
