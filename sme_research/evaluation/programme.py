"""What the programme says of itself, what it cost, and what others found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import yaml

from sme_research.context import has_columns
from sme_research.disclosure import largest_share
from sme_research.results import CostFigures, Effect, NaturalUnits, OfficialFact, PublishedEffect
from sme_research.rules import load_rule_sets
from sme_research.study import Study
from sme_research.tables import reference_path

TablesLike = Mapping[str, pd.DataFrame]
LITERATURE: Final = "literature.yml"
HOME: Final = "Fujian"
TITLE_OF: Final = {"promotion": "little_giant"}
"""Outcomes that are themselves the grant of a title."""


def tell_in_natural_units(study: Study, sample: pd.DataFrame, effect: Effect) -> NaturalUnits | None:
    """The relative effect times the mean level of the treated in the year before treatment."""
    unit = study.outcome_declaration.level_unit
    if "level" not in sample or unit is None or study.unit != "log points":
        return None
    levels = sample.loc[sample["event_time"] == -1 - study.anticipation_years, "level"].dropna()
    base = float(levels.mean())
    if not base > 0:
        return None
    low, middle, high = (base * float(np.expm1(value)) for value in (effect.ci_low, effect.estimate, effect.ci_high))
    return NaturalUnits(base, middle, low, high, unit, len(levels), largest_share(levels))


def tell_cost(
    study: Study, tables: TablesLike, sample: pd.DataFrame, natural: NaturalUnits | None
) -> CostFigures | None:
    """What was spent on the treated of the sample; None where the tables do not say."""
    cost = study.instrument_declaration.cost
    if cost is None or not has_columns(cost.columns, tables):
        return None
    spent = cost.measure(tables).groupby("enterprise_id")["cost"].sum()
    treated = sample.loc[sample["cohort"].notna(), "enterprise_id"].unique()
    known = spent[spent.index.isin(treated)]
    if known.empty:
        return None
    each = float(known.mean())
    is_revenue = study.outcome == "log_revenue" and natural is not None
    even = float(np.log1p(each / natural.base)) if is_revenue and natural is not None else None
    return CostFigures(cost.label, float(known.sum()), each, len(known), even, largest_share(known))


def tell_rule_sets(study: Study, tables: TablesLike, ids: pd.Series[str]) -> tuple[str, ...]:
    """Rule sets on file that made the enterprises of the sample eligible by their titles, or that made their outcome.

    Grants without a rule set, or with one that is not on file, are left out.
    """
    tiers = set(study.instrument_declaration.eligible_tiers) if study.population == "eligible" else set()
    tiers |= {TITLE_OF[study.outcome]} if study.outcome in TITLE_OF else set()
    if not tiers or "recognitions" not in tables or "rule_set" not in tables["recognitions"]:
        return ()
    titles = tables["recognitions"]
    end = int(tables["accounts"]["year"].max())
    behind = titles["tier"].isin(tiers) & (titles["granted_on"].dt.year <= end) & titles["enterprise_id"].isin(ids)
    return tuple(sorted(set(titles.loc[behind, "rule_set"].dropna()) & set(load_rule_sets())))


def tell_facts(study: Study, tables: TablesLike) -> tuple[OfficialFact, ...]:
    """Official figures of the instrument, each the latest within the panel, beside our recount."""
    if "official_figures" not in tables:
        return ()
    figures = tables["official_figures"]
    end = pd.Timestamp(int(tables["accounts"]["year"].max()), 12, 31)
    current = figures[pd.to_datetime(figures["as_of"]) <= end].sort_values("as_of")
    found = []
    for fact in study.instrument_declaration.facts:
        rows = current[(current["indicator"] == fact.indicator) & current["perimeter"].str.startswith(HOME)]
        if rows.empty:
            continue
        row = rows.iloc[-1]
        found.append(
            OfficialFact(
                label=fact.label,
                value=float(row["value"]),
                bound=str(row["bound"]),
                unit=str(row["unit"]),
                as_of=pd.Timestamp(row["as_of"]).date().isoformat(),
                perimeter=str(row["perimeter"]),
                source=str(row["source"]),
                recount=float(fact.recount(tables)),
            )
        )
    return tuple(found)


def tell_literature(study: Study) -> tuple[PublishedEffect, ...]:
    """Published effects of instruments of the same kind."""
    content: list[dict[str, Any]] = yaml.safe_load(reference_path(LITERATURE).read_text(encoding="utf-8"))
    return tuple(
        PublishedEffect(
            reference=entry["ref"],
            place=entry.get("place", ""),
            design=entry.get("design", ""),
            text=entry["effect"],
            outcome=entry.get("outcome", ""),
            low=entry.get("low"),
            high=entry.get("high"),
            checked=entry["checked"] == "V",
        )
        for entry in content
        if study.instrument in entry["instruments"]
    )
