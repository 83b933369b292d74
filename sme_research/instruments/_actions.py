"""What the three special actions have in common: one table, told apart by a column."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sme_research.instruments._shared import EVERY_DESIGN, OBSERVED, PEOPLE
from sme_research.instruments.declare import Cost, Dose, Instrument, TablesLike, Words


def declare_action(
    action: str, *, label: Words, treatment: Words, mechanism: Words, steps: Mapping[str, tuple[str, ...]]
) -> Instrument:
    """Declare the special action whose rows say ``action``.

    Parameters
    ----------
    action : str
        Word in the column of that name.
    label, treatment, mechanism, steps
        As an `Instrument` has them.
    """

    def rows(tables: TablesLike) -> pd.DataFrame:
        return tables["special_actions"][tables["special_actions"]["action"] == action]

    def first_treated(tables: TablesLike) -> pd.DataFrame:
        return rows(tables).groupby("enterprise_id")["started_on"].min().rename("first_on").reset_index()

    def total(tables: TablesLike, column: str, name: str) -> pd.DataFrame:
        sums = rows(tables).groupby("enterprise_id")[column].sum(min_count=1)
        return sums[sums > 0].rename(name).astype("float64").reset_index()

    return Instrument(
        name=f"{action}_action",
        label=label,
        tables=("special_actions",),
        timing="started_on",
        columns=(),
        first_treated=first_treated,
        assigned_by="enterprise",
        eligible_tiers=(),
        excluded_cities=(),
        covariates=OBSERVED,
        threats=EVERY_DESIGN,
        treatment=treatment,
        population=PEOPLE,
        comparison={
            "zh": "当年尚未参加该行动的企业",
            "en": "enterprises that had not yet joined the action",
        },
        selection={
            "zh": "企业自愿申报项目，由主管部门择优支持；规模较大、研发投入较高、增长较快的企业更常参加。",
            "en": "Enterprises propose projects and the department chooses; larger, more research-minded and "
            "faster-growing ones join more often.",
        },
        mechanism=mechanism,
        steps=steps,
        dose=Dose(
            {"zh": "项目投入", "en": "spending on the project"},
            {"zh": "万元", "en": "10,000 yuan"},
            lambda tables: total(tables, "spending", "dose"),
            ("special_actions.spending",),
        ),
        cost=Cost(
            {"zh": "财政补助", "en": "public subsidy"},
            lambda tables: total(tables, "subsidy", "cost"),
            ("special_actions.subsidy",),
        ),
    )
