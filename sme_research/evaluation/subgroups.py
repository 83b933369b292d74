"""A few parts of the sample, named before any estimate, and whether the effect differs between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from sme_research.errors import SmeResearchError
from sme_research.estimators.callaway_santanna import covariates_of
from sme_research.evaluation.primary import make_refit
from sme_research.evaluation.workers import Ask
from sme_research.results import Effect, Interaction, SubgroupEffect
from sme_research.sample import first_rows
from sme_research.study import Study

Words = Mapping[str, str]

COASTAL_CENTRES: Final = ("350100", "350200", "350500")
"""Fuzhou, Xiamen and Quanzhou, where most recognised enterprises are."""


@dataclass(frozen=True, slots=True)
class Subgroup:
    """A variable that splits the enterprises in two.

    `split` takes first account rows with their register entries and gives True
    for the second part, missing where it is not known.
    """

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
        (
            ("smaller", {"zh": "较小的一半", "en": "smaller half"}),
            ("larger", {"zh": "较大的一半", "en": "larger half"}),
        ),
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
            (
                "centres",
                {
                    "zh": "沿海中心城市（福州、泉州；样本含厦门时也含厦门）",
                    "en": "coastal centres (Fuzhou, Quanzhou; Xiamen where in the sample)",
                },
            ),
        ),
        _centres,
    ),
)  # fmt: skip


PARTS: Final = tuple(f"{subgroup.name}.{part}" for subgroup in SUBGROUPS for part, _ in subgroup.parts)
"""Every part of every subgroup, in order, as ``variable.part``."""


def estimate_part(ask: Ask, name: str) -> SubgroupEffect:
    """The effect within one part, or the reason why it has none."""
    variable, _, wanted = name.partition(".")
    subgroup = next(subgroup for subgroup in SUBGROUPS if subgroup.name == variable)
    second = subgroup.parts[1][0] == wanted
    label = dict(subgroup.parts)[wanted]
    side = ask.sample["enterprise_id"].map(subgroup.split(first_rows(ask.tables, ask.sample)))
    effect, reason = estimate_within(ask.study, ask.sample[side == second])
    return SubgroupEffect(variable, subgroup.label, wanted, label, effect, reason)


def estimate_within(study: Study, part: pd.DataFrame) -> tuple[Effect | None, str]:
    """The effect on some of a sample's enterprises, or why there is none."""
    if part.empty:
        return None, "no enterprise of the sample is in this part"
    try:
        return make_refit(study)(drop_redundant(part))[0], ""
    except SmeResearchError as error:
        return None, str(error)


def drop_redundant(sample: pd.DataFrame) -> pd.DataFrame:
    """The sample without covariates that the others already tell, such as the last of all prefectures."""
    columns = list(covariates_of(sample))
    values = sample.drop_duplicates("enterprise_id")[columns].to_numpy(dtype="float64")
    kept: list[int] = []
    for at in range(len(columns)):
        if np.linalg.matrix_rank(np.column_stack([np.ones(len(values)), values[:, [*kept, at]]])) == len(kept) + 2:
            kept.append(at)
    return sample.drop(columns=[name for at, name in enumerate(columns) if at not in kept])


def compare_parts(found: Sequence[SubgroupEffect]) -> tuple[Interaction, ...]:
    """Whether the two parts of each variable differ.

    Parts hold different enterprises; where whole clusters are assigned they may share clusters, whose common luck
    makes the errors given here too large rather than too small.
    """
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
