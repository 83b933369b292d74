"""The diagnosis of one enterprise, out of the tables or out of values given."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from sme_research.errors import StudyError
from sme_research.programme.diagnosis.form import Answers
from sme_research.programme.diagnosis.peers import Population, choose_peers, rank_among
from sme_research.programme.diagnosis.records import Diagnosis, Subject
from sme_research.programme.diagnosis.search import find_changes
from sme_research.programme.diagnosis.sizes import MEASURES, classify_sizes
from sme_research.programme.diagnosis.statuses import assess_tier
from sme_research.programme.inputs import Inputs, load_inputs
from sme_research.quality import parse_day
from sme_research.rules import TierRules, choose_rules, load_rule_sets
from sme_research.rules.conditions import Occasion
from sme_research.tables import Tables, are_in_force, legible

TITLES: Final = {"innovative": "innovative_valid", "srdi": "srdi_valid"}
MISTYPED: Final = 3
"""Letters of a code that a typing error may change."""
TIERS: Final = ("innovative", "srdi", "little_giant")


def diagnose(
    tables: Tables,
    enterprise_id: str,
    *,
    on: date,
    occasion: Occasion = "first",
    tiers: Sequence[str] = TIERS,
    population: Population | None = None,
) -> Diagnosis:
    """The self-assessment of one enterprise of the tables on a day.

    Parameters
    ----------
    tables : Tables
        ``enterprises`` and ``accounts``, and whatever else tells of inputs.
    enterprise_id : str
    on : date
        Day of the assessment: the last account year is the full year before, and the
        rules of the day are marked.
    occasion : {"first", "renewal"}
    tiers : sequence of str
    population : Population, optional
        What `load_population` gave for the day, where several are diagnosed.

    Raises
    ------
    StudyError
        The tables hold no such enterprise, whose nearest id is named; or the day is out of reach.
    """
    on = parse_day(on)
    _refuse_unknown(enterprise_id, tables)
    peers = population or load_population(tables, on)
    inputs = load_inputs(tables, on, pd.Series([enterprise_id]))
    subject = Subject(
        enterprise_id=enterprise_id,
        industry=str(peers.industry.get(enterprise_id, "")),
        size=str(peers.size.get(enterprise_id, "")),
        held=titles_held(tables, on).get(enterprise_id, ()),
        origins=_origins(inputs),
    )
    row = inputs.values.iloc[0]  # noqa: PD011  a record's field
    values = {str(name): float(value) for name, value in row.items()}
    return diagnose_inputs(values, peers, subject, on=on, occasion=occasion, tiers=tiers)


def diagnose_inputs(
    values: Mapping[str, float],
    peers: Population,
    subject: Subject,
    *,
    on: date,
    occasion: Occasion = "first",
    tiers: Sequence[str] = TIERS,
) -> Diagnosis:
    """The same of values given, such as those of a form.

    Parameters
    ----------
    values : mapping of metric to value
        In the metric's unit; NaN or absent where not known.
    peers : Population
        Those to compare with.
    subject : Subject

    Raises
    ------
    StudyError
        A tier has no rules.
    """
    rows, group = choose_peers(peers, subject)
    assessed = tuple(
        assess_tier(
            values,
            rules,
            applies=applies,
            occasion=occasion,
            origins=subject.origins,
            outcome=find_changes(values, rules, occasion),
        )
        for tier in tiers
        for rules, applies in rules_of(tier, on, occasion)
    )
    return Diagnosis(subject, on, occasion, rank_among(values, rows, subject.origins), group, assessed)


def diagnose_form(
    answers: Answers, tables: Tables | None, *, on: date | None = None, tiers: Sequence[str] = TIERS
) -> Diagnosis:
    """The diagnosis of a filled form, among the enterprises of the tables where there are such.

    Parameters
    ----------
    answers : Answers
    tables : Tables, optional
        Whose enterprises are the peers; without, there are none.
    on : date, optional
        Day of the assessment; the form's where not given, else the year's usual day.

    Raises
    ------
    StudyError
        Neither the form nor the call says the day, and there are no tables to tell it; or it is out of reach.
    """
    day = on or answers.on or (assessment_day(tables) if tables is not None else None)
    if day is None:
        raise StudyError("the form gives no day of the assessment; fill it in or give --on YYYY-MM-DD.")
    day = parse_day(day)
    values = answers.values  # noqa: PD011  a record's field
    measures = {
        "industry_code": answers.industry_code or None,
        "employees": answers.employees,
        "revenue": values["revenue"],
        "assets": answers.assets,
    }
    size = str(classify_sizes(pd.DataFrame([measures])).iloc[0])
    held = tuple(tier for tier, name in TITLES.items() if values[name] == 1.0)
    subject = Subject(answers.enterprise_id, answers.industry_code, size, held)
    peers = Population.empty() if tables is None else load_population(tables, day)
    return diagnose_inputs(values, peers, subject, on=day, tiers=tiers)


def rules_of(tier: str, on: date, occasion: Occasion) -> Iterator[tuple[TierRules, bool]]:
    """Every rule set's rules of a tier, and whether they are those of the day.

    Raises
    ------
    StudyError
        No rule set has the tier.
    """
    sets = [rules.tiers[tier] for rules in load_rule_sets().values() if tier in rules.tiers]
    if not sets:
        raise StudyError(f"no rule set has the tier {tier!r}; choose one of {', '.join(TIERS)}.")
    try:
        applied = choose_rules(tier, on, occasion).rule_set
    except StudyError:  # before the first rules: each is shown, none as the day's
        applied = ""
    yield from ((rules, rules.rule_set == applied) for rules in sets)


def load_population(tables: Tables, on: date) -> Population:
    """Inputs, industry and size class of every enterprise of the tables, on a day."""
    inputs = load_inputs(tables, on)
    enterprises = tables["enterprises"].set_index("enterprise_id")
    accounts = tables["accounts"]
    last = accounts[accounts["year"] == on.year - 1].set_index("enterprise_id").reindex(enterprises.index)
    codes = enterprises["industry_code"]
    measures = pd.DataFrame({name: last[name] for name in MEASURES}).assign(industry_code=codes)
    industry = codes.astype(object).where(codes.notna(), "")
    values = inputs.values  # noqa: PD011  a record's field
    return Population(values, industry.reindex(values.index), classify_sizes(measures).reindex(values.index))


def titles_held(tables: Tables, on: date) -> dict[str, tuple[str, ...]]:
    """Titles in force on the day by enterprise, lowest first."""
    if "recognitions" not in tables:
        return {}
    table = tables["recognitions"]
    valid = table[are_in_force(table, on) & table["tier"].isin(TIERS)]
    found: dict[str, set[str]] = {}
    for enterprise, tier in zip(valid["enterprise_id"], valid["tier"], strict=True):
        found.setdefault(str(enterprise), set()).add(str(tier))
    return {enterprise: tuple(tier for tier in TIERS if tier in own) for enterprise, own in found.items()}


def next_tier(diagnosis: Diagnosis) -> str:
    """The lowest tier above the highest title held; the highest tier where that is held."""
    ranks = [TIERS.index(tier) for tier in diagnosis.subject.held if tier in TIERS]
    return TIERS[min(max(ranks, default=-1) + 1, len(TIERS) - 1)]


def assessment_day(tables: Tables) -> date:
    """The last day of June after the newest accounts: the year's applications are assessed then."""
    return date(int(tables["accounts"]["year"].max()) + 1, 6, 30)


def _origins(inputs: Inputs) -> dict[str, tuple[str, int | None]]:
    return {name: (source, _year(inputs.year[name])) for name, source in inputs.source.items()}


def _year(year: int | pd.Series[float] | None) -> int | None:
    if isinstance(year, pd.Series):
        first = float(year.iloc[0])
        return None if np.isnan(first) else int(first)
    return year


def _refuse_unknown(enterprise_id: str, tables: Tables) -> None:
    ids = tables["enterprises"]["enterprise_id"].astype(str)
    if (ids == enterprise_id).any():
        return
    near = _nearest(enterprise_id, ids)
    hint = f"the nearest is {legible(near)}" if near else "none is near"
    raise StudyError(f"enterprise '{legible(enterprise_id)}' is not in table enterprises; {hint}. Check the code.")


def _nearest(enterprise_id: str, ids: pd.Series[str]) -> str:
    """The id that differs in the fewest places, at most three; else the most alike of those that share an end."""
    same = ids[ids.str.len() == len(enterprise_id)]
    if len(same):
        letters = np.array([list(one) for one in same])
        wrong = (letters != np.array(list(enterprise_id))).sum(axis=1)
        if wrong.min() <= MISTYPED:
            return str(same.iloc[int(wrong.argmin())])
    near = difflib.get_close_matches(enterprise_id, _alike(enterprise_id, ids), n=1, cutoff=0.6)
    return near[0] if near else ""


def _alike(enterprise_id: str, ids: pd.Series[str]) -> list[str]:
    """Ids that share the beginning or the end, since comparing all of a province takes long."""
    half = max(len(enterprise_id) // 2 - 1, 4)
    shared = ids.str.startswith(enterprise_id[:half]) & ids.str.endswith(enterprise_id[-2:])
    near = ids[shared | ids.str.endswith(enterprise_id[-half:])]
    return list((near if len(near) else ids).head(5000))
