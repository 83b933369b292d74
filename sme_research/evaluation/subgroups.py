"""A few parts of the sample, named before any estimate, and whether the effect differs between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sme_research.errors import SmeResearchError
from sme_research.evaluation.primary import make_refit
from sme_research.results import Effect, Interaction, SubgroupEffect
from sme_research.study import Study

TablesLike = Mapping[str, pd.DataFrame]
Words = Mapping[str, str]

COASTAL_CENTRES: Final = ("350100", "350200", "350500")
"""Fuzhou, Xiamen and Quanzhou, where most recognised enterprises are."""


@dataclass(frozen=True, slots=True)
class Subgroup:
    """A variable that splits the enterprises in two; `split` gives True for the second part, missing where unknown."""

    name: str
    label: Words
    parts: tuple[tuple[str, Words], tuple[str, Words]]
    split: Callable[[pd.DataFrame], pd.Series[bool]]


def _upper_half(values: pd.Series[float]) -> pd.Series[bool]:
    return (values > values.median()).where(values.notna())


def _larger(first: pd.DataFrame) -> pd.Series[bool]:
    return _upper_half(first["employees"].astype("float64"))


def _research(first: pd.DataFrame) -> pd.Series[bool]:
    revenue = first["revenue"].astype("float64")
    return _upper_half(first["rd_expense"].astype("float64") / revenue.where(revenue > 0))


def _centres(first: pd.DataFrame) -> pd.Series[bool]:
    return first["city_code"].isin(COASTAL_CENTRES).where(first["city_code"].notna())


SUBGROUPS: Final = (
    Subgroup(
        "size", {"zh": "规模（首年从业人数）", "en": "size (employees, first year)"},
        (("smaller", {"zh": "较小的一半", "en": "smaller half"}), ("larger", {"zh": "较大的一半", "en": "larger half"})),
        _larger,
    ),
    Subgroup(
        "research", {"zh": "研发强度（首年）", "en": "R&D intensity (first year)"},
        (("lower", {"zh": "较低的一半", "en": "lower half"}), ("higher", {"zh": "较高的一半", "en": "higher half"})),
        _research,
    ),
    Subgroup(
        "place", {"zh": "所在地", "en": "place"},
        (
            ("elsewhere", {"zh": "其他设区市", "en": "other prefectures"}),
            ("centres", {"zh": "福州、厦门、泉州", "en": "Fuzhou, Xiamen, Quanzhou"}),
        ),
        _centres,
    ),
)  # fmt: skip


def run_subgroups(
    study: Study, tables: TablesLike, sample: pd.DataFrame
) -> tuple[tuple[SubgroupEffect, ...], tuple[Interaction, ...]]:
    """Effects within each part, and tests that the two parts of a variable are alike."""
    refit = make_refit(study)
    first = _first_rows(tables, sample)
    found: list[SubgroupEffect] = []
    for subgroup in SUBGROUPS:
        side = sample["enterprise_id"].map(subgroup.split(first))
        for second, (part, label) in zip((False, True), subgroup.parts, strict=True):
            effect, reason = _estimate(refit, sample[side == second])
            found.append(SubgroupEffect(subgroup.name, subgroup.label, part, label, effect, reason))
    return tuple(found), _interactions(found)


def _first_rows(tables: TablesLike, sample: pd.DataFrame) -> pd.DataFrame:
    """First account row and register entry of each enterprise of the sample, by id."""
    accounts = tables["accounts"][tables["accounts"]["enterprise_id"].isin(sample["enterprise_id"].unique())]
    first = accounts.sort_values(["enterprise_id", "year"]).drop_duplicates("enterprise_id")
    return first.merge(tables["enterprises"], on="enterprise_id", how="left").set_index("enterprise_id")


def _estimate(refit: Callable[[pd.DataFrame], tuple[Effect, object]], part: pd.DataFrame) -> tuple[Effect | None, str]:
    if part.empty:
        return None, "no enterprise of the sample is in this part"
    try:
        return refit(part)[0], ""
    except SmeResearchError as error:
        return None, str(error)


def _interactions(found: list[SubgroupEffect]) -> tuple[Interaction, ...]:
    """Parts hold different enterprises, so their estimates are independent."""
    rows = []
    for first, second in zip(found[::2], found[1::2], strict=True):
        if first.effect is not None and second.effect is not None:
            difference = second.effect.estimate - first.effect.estimate
            error = float(np.hypot(first.effect.std_error, second.effect.std_error))
            rows.append((first, difference, error, float(2 * stats.norm.sf(abs(difference / error)))))
    q_values = multipletests([row[3] for row in rows], method="fdr_bh")[1] if rows else []
    return tuple(
        Interaction(part.variable, part.variable_label, difference, error, p_value, float(q_value))
        for (part, difference, error, p_value), q_value in zip(rows, q_values, strict=True)
    )
