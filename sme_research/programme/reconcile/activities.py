"""Recounts of training, finance matching, contests, appeals, coaching and the special actions."""

from __future__ import annotations

from typing import Final

import pandas as pd

from sme_research.programme.reconcile.asking import Asked, TablesLike, count_firms, count_ids, of_place, sum_amount
from sme_research.programme.reconcile.records import Counted

_STAGES: Final = {"matched": "matched_amount", "contracted": "contracted_amount", "drawn": "drawn_amount"}
_ANSWERS: Final = {"handled": "handled_on", "resolved": "resolved_on", "raised": "raised_on"}


def rows_of(name: str, day: str, tables: TablesLike, asked: Asked) -> pd.DataFrame:
    """Rows of one table within time and place asked for."""
    rows = tables[name]
    return of_place(rows[asked.is_within(rows[day])], tables, asked)


def recount_sessions(tables: TablesLike, asked: Asked) -> Counted:
    """Training sessions held."""
    return count_ids(rows_of("training", "held_on", tables, asked), "session_id")


def recount_person_times(tables: TablesLike, asked: Asked) -> Counted:
    """Person-times trained."""
    rows = rows_of("training", "held_on", tables, asked)
    return Counted(float(rows["participants"].sum()), int(rows["enterprise_id"].nunique()))


def recount_trained(tables: TablesLike, asked: Asked) -> Counted:
    """Distinct enterprises that sent anybody."""
    return count_firms(rows_of("training", "held_on", tables, asked))


def recount_events(tables: TablesLike, asked: Asked) -> Counted:
    """Finance-matching events held."""
    return count_ids(rows_of("matching_events", "held_on", tables, asked), "event_id")


def recount_matched_firms(tables: TablesLike, asked: Asked) -> Counted:
    """Distinct enterprises at matching events."""
    return count_firms(rows_of("matching_events", "held_on", tables, asked))


def recount_matching(default: str, tables: TablesLike, asked: Asked) -> Counted | None:
    """Amount matched, contracted or drawn."""
    column = _STAGES[asked.reading.get("stage", default)]
    return sum_amount(rows_of("matching_events", "held_on", tables, asked), column)


def recount_editions(tables: TablesLike, asked: Asked) -> Counted:
    """Editions of the contest held."""
    rows = tables["contests"]
    # An edition is a public event, not an enterprise to protect.
    return Counted(float(rows.loc[asked.is_within(rows["held_on"]), "contest"].nunique()), 0)


def recount_appeals(tables: TablesLike, asked: Asked) -> Counted:
    """Appeals handled, resolved or raised."""
    column = _ANSWERS[asked.reading.get("answer", "handled")]
    return count_ids(rows_of("appeals", column, tables, asked), "appeal_id")


def recount_coached(tables: TablesLike, asked: Asked) -> Counted:
    """Distinct enterprises coached."""
    return count_firms(rows_of("coaching", "started_on", tables, asked))


def recount_action(action: str, tables: TablesLike, asked: Asked) -> Counted:
    """Distinct enterprises with a project of a special action."""
    rows = rows_of("special_actions", "started_on", tables, asked)
    return count_firms(rows[rows["action"] == action])
