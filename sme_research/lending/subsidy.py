"""The interest subsidy of every loan under the caps, and the ceiling of its rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.lending.terms import Phase, interest_subsidy, loan_caps, loan_phases, require_prime_rate
from sme_research.tables import are_in_force

TablesLike = Mapping[str, pd.DataFrame]
TIERS: Final = ("srdi", "little_giant")
"""Titles that open the programme; the later one has the higher cap."""
XIAMEN: Final = "350200"
RENEWED_BEFORE, RENEWED_AFTER, TITLE_YEARS = 365, 183, 3
"""Days from a title's end within which a new grant is its review, and years of a title that gives no end.

As `programme.ladder` has them, which this layer does not see; a test holds them together."""
CUTS: Final = ("title", "place", "points", "cap", "term")
"""Rules that cut a loan's subsidy: no title in force, a place that the phase excludes, no points,
the cap, a term of over a calendar year."""
HAIR: Final = 1e-6  # percent, for rates that are stored as binary fractions
_WHOLE: Final = 1 - 1e-12


def assess_loans(tables: TablesLike, *, phases: Sequence[Phase] | None = None) -> pd.DataFrame:
    """Subsidy of each drawdown: eligible amount x points / 100 x min(days, 360) / 360.

    The phase of a loan is the last that opened by its day. Its cap is that of the
    enterprise's title in force on that day and runs over the subsidised amounts
    of all phases, in order of days; drawdowns of one day share what is left in
    proportion to their amounts, as no table tells the hour. What is over the cap
    earns nothing. The cap begins anew with a phase that says so, for enterprises
    whose title was renewed in the year that it names. Before the first phase no
    rule is on file: such loans are taken as recorded and use up no cap.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``loans`` and ``recognitions``; with ``enterprises`` the places that a phase excludes are left out.
    phases : sequence of Phase, optional
        The programme's phases on file where not given.

    Returns
    -------
    DataFrame, one row a loan in the order of the table
        ``loan_id``, ``enterprise_id``, ``drawn_on``, ``amount`` (万元), ``phase`` and
        ``tier`` (empty where none), ``cap`` and ``room`` (万元, of that day; NaN where no
        rule is on file), ``eligible_amount`` (万元), ``points``, ``points_from`` (``loan``, or
        ``phase`` where the loan does not say), ``term_days``, ``subsidy`` (万元; NaN where
        not known), ``cut_by`` (of `CUTS`, joined by spaces; empty where nothing
        cut it) and ``unknown_for`` (``points``, ``term`` or empty).

    References
    ----------
    ``data/reference/loan_phases.csv``, with the source of each phase.
    """
    rules = loan_phases() if phases is None else tuple(phases)
    loans = _prepare(tables["loans"], rules)
    loans["tier"] = _tiers_on_day(loans, tables["recognitions"])
    loans["resets"] = _resets(loans, tables["recognitions"], rules)
    inside = loans["phase_at"] >= 0
    lost = {
        "title": inside & (loans["tier"] == ""),
        "place": inside & _is_excluded(loans, tables, rules),
        "points": loans["points"] == 0,
    }
    barred = np.logical_or.reduce([told.to_numpy() for told in lost.values()])
    loans["cap"] = [
        rules[at].cap(tier) if at >= 0 else np.nan for at, tier in zip(loans["phase_at"], loans["tier"], strict=True)
    ]
    loans["room"], loans["eligible_amount"] = _fill_caps(loans, barred)
    loans.loc[loans["tier"] == "", ["cap", "room"]] = np.nan
    short = ~barred & (loans["eligible_amount"].to_numpy() < _WHOLE * loans["amount"].to_numpy())
    over = loans["drawn_on"] + pd.to_timedelta(loans["term_days"], unit="D") > loans["drawn_on"] + pd.DateOffset(
        years=1
    )
    cuts = {**lost, "cap": pd.Series(short), "term": over & ~barred}
    loans["cut_by"] = _join(cuts)
    paid = interest_subsidy(loans["eligible_amount"], loans["points"], loans["term_days"])
    loans["subsidy"] = paid.mask(loans["eligible_amount"] == 0, 0.0)
    gone = loans["subsidy"].isna()
    loans["unknown_for"] = _join({"points": gone & loans["points"].isna(), "term": gone & loans["term_days"].isna()})
    return loans.drop(columns=["phase_at", "resets"])


def find_ceilings(loans: pd.DataFrame, *, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Ceiling of each loan's rate: the prime rate of its day less the points that the subsidy takes over.

    Parameters
    ----------
    loans : DataFrame
        As `assess_loans` gives it, with ``rate`` added where it is to be held against the ceiling.
    history : DataFrame, optional
        Prime rates as `load_prime_rates` gives them; those on file where not given.

    Returns
    -------
    DataFrame, the same rows
        ``prime_rate`` and ``ceiling``, percent (NaN where the points are not known), and
        ``over_ceiling`` where ``rate`` is there.

    Raises
    ------
    DataError
        A loan was drawn on a day whose prime rate the table does not know.
    """
    found = pd.DataFrame({"prime_rate": require_prime_rate(loans["drawn_on"], history=history)}, index=loans.index)
    found["ceiling"] = found["prime_rate"] - loans["points"]
    if "rate" in loans:
        found["over_ceiling"] = loans["rate"].astype("float64") > found["ceiling"] + HAIR
    return found


def _prepare(table: pd.DataFrame, rules: Sequence[Phase]) -> pd.DataFrame:
    """The loans' own columns, with the number of the phase (−1 before the first) and points filled in from it."""
    opened = np.array([phase.opened for phase in rules], dtype="datetime64[ns]")
    days = pd.to_datetime(table["drawn_on"]).to_numpy().astype("datetime64[ns]")
    at = np.searchsorted(opened, days, "right") - 1
    own = table["subsidy_points"].astype("float64").to_numpy(copy=True)
    of_phase = np.array([*(phase.points for phase in rules), np.nan])[at]
    return pd.DataFrame(
        {
            "loan_id": table["loan_id"].astype(object).to_numpy(),
            "enterprise_id": table["enterprise_id"].astype(object).to_numpy(),
            "drawn_on": days,
            "amount": table["amount"].astype("float64").to_numpy(),
            "phase": np.array([*(phase.name for phase in rules), ""], dtype=object)[at],
            "phase_at": at,
            "points": np.where(np.isnan(own), of_phase, own),
            "points_from": np.where(np.isnan(own) & ~np.isnan(of_phase), "phase", "loan"),
            "term_days": table["term_days"].astype("float64").to_numpy(),
        }
    )


def _tiers_on_day(loans: pd.DataFrame, titles: pd.DataFrame) -> NDArray[np.object_]:
    """Highest title of `TIERS` in force on the drawdown day, empty where none."""
    held = np.full(len(loans), "", dtype=object)
    numbered = loans[["enterprise_id", "drawn_on"]].reset_index(names="row")
    for tier in TIERS:
        grants = titles.loc[titles["tier"] == tier, ["enterprise_id", "granted_on", "expires_on"]]
        pairs = numbered.merge(grants.astype({"enterprise_id": object}), on="enterprise_id")
        valid = are_in_force(pairs, pairs["drawn_on"])
        held[pairs.loc[valid, "row"].unique()] = tier
    return held


def _resets(loans: pd.DataFrame, titles: pd.DataFrame, rules: Sequence[Phase]) -> NDArray[np.int64]:
    """How often an enterprise's cap had begun anew by each drawdown."""
    begun = loans[["enterprise_id", "drawn_on"]].reset_index(names="row")
    begun = begun.merge(find_cap_resets(titles, phases=rules), on="enterprise_id")
    begun = begun[begun["reset_on"] <= begun["drawn_on"]]
    return np.bincount(begun["row"], minlength=len(loans)).astype(np.int64)


def find_cap_resets(titles: pd.DataFrame, *, phases: Sequence[Phase] | None = None) -> pd.DataFrame:
    """Days on which an enterprise's cap begins anew: the opening of a phase that says so for those it names.

    Parameters
    ----------
    titles : DataFrame
        As the table ``recognitions``.
    phases : sequence of Phase, optional
        The programme's phases on file where not given.

    Returns
    -------
    DataFrame, one row an enterprise and reset
        ``enterprise_id`` and ``reset_on``.
    """
    found = [
        (enterprise, phase.opened)
        for phase in (loan_phases() if phases is None else phases)
        if phase.resets_after_review_of is not None
        for enterprise in find_reviewed(titles, phase.resets_after_review_of)
    ]
    return pd.DataFrame(
        {
            "enterprise_id": pd.Series([enterprise for enterprise, _ in found], dtype=object),
            "reset_on": pd.Series([day for _, day in found], dtype="datetime64[ns]"),
        }
    )


def part_of_cap(
    loans: pd.DataFrame, resets: pd.DataFrame, giants: pd.Series[Any], day: pd.Timestamp
) -> pd.Series[float]:
    """Part of its cap, 0 to 1 and more, that each borrower of the programme has used up by a day.

    Parameters
    ----------
    loans : DataFrame
        ``enterprise_id``, ``drawn_on`` and ``eligible_amount``, as `assess_loans` gives them.
    resets : DataFrame
        As `find_cap_resets` gives it.
    giants : Series
        Enterprises whose cap is that of a little giant on the day.
    day : Timestamp

    Returns
    -------
    Series by enterprise
        Over 1 where a higher title has lapsed since. Empty before the first phase.
    """
    caps = loan_caps(day)
    if caps is None:
        return pd.Series(
            dtype="float64", index=pd.Index([], dtype=loans["enterprise_id"].dtype, name="enterprise_id")
        )
    drawn = loans[(loans["drawn_on"] >= caps.since) & (loans["drawn_on"] <= day)]
    begun = resets[resets["reset_on"] <= day].groupby("enterprise_id")["reset_on"].max()
    spent_before = drawn["drawn_on"] < begun.reindex(drawn["enterprise_id"]).to_numpy()
    used = drawn["eligible_amount"].mask(spent_before, 0.0).groupby(drawn["enterprise_id"]).sum().astype("float64")
    return used / np.where(used.index.isin(giants), caps.little_giant, caps.srdi)


def find_reviewed(titles: pd.DataFrame, year: int) -> pd.Index[Any]:
    """Enterprises whose SRDI or little-giant title was renewed in a year.

    A grant is a renewal where an earlier title of the same tier ends at most a
    year after it or half a year before it.
    """
    kept = titles[titles["tier"].isin(TIERS)][["enterprise_id", "tier", "granted_on", "expires_on"]]
    new = kept[kept["granted_on"].dt.year == year]
    pairs = new.merge(kept, on=["enterprise_id", "tier"], suffixes=("", "_old"))
    end = pairs["expires_on_old"].fillna(pairs["granted_on_old"] + pd.DateOffset(years=TITLE_YEARS))
    since_end = (pairs["granted_on"] - end).dt.days
    earlier = pairs["granted_on_old"] < pairs["granted_on"]
    reviewed = earlier & since_end.between(-RENEWED_BEFORE, RENEWED_AFTER)
    ids: pd.Index[Any] = pd.Index(pairs.loc[reviewed, "enterprise_id"].astype(object).unique(), name="enterprise_id")
    return ids


def _is_excluded(loans: pd.DataFrame, tables: TablesLike, rules: Sequence[Phase]) -> pd.Series[bool]:
    """Whether the enterprise sits where the loan's phase does not apply."""
    if "enterprises" not in tables:
        return pd.Series(False, index=loans.index)
    register = tables["enterprises"]
    there = register.loc[(register["city_code"] == XIAMEN).fillna(False).astype(bool), "enterprise_id"].astype(object)
    closed = np.array([*(phase.excludes_xiamen for phase in rules), False])[loans["phase_at"]]
    return loans["enterprise_id"].isin(there) & closed


def _fill_caps(loans: pd.DataFrame, barred: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What was left of the cap before each day's drawdowns, and how much of each loan it takes in."""
    amounts = np.where(barred, 0.0, loans["amount"].to_numpy())
    caps, resets = loans["cap"].to_numpy(), loans["resets"].to_numpy()
    room, eligible = np.full(len(loans), np.nan), amounts.copy()
    names, used = loans["enterprise_id"].to_numpy(), dict[tuple[str, int], float]()
    inside = loans[loans["phase_at"] >= 0]
    for rows in inside.groupby(["drawn_on", "enterprise_id"]).indices.values():
        at = inside.index.to_numpy()[rows]
        account = str(names[at[0]]), int(resets[at[0]])
        # Title, cap and resets are those of the day, so they are one for all of its drawdowns.
        left = max(float(caps[at[0]]) - used.get(account, 0.0), 0.0)
        asked = float(amounts[at].sum())
        room[at] = left
        if asked > left:
            eligible[at] = amounts[at] * (left / asked)
        used[account] = used.get(account, 0.0) + min(asked, left)
    return room, eligible


def _join(told: Mapping[str, pd.Series[bool]]) -> NDArray[np.object_]:
    """Names of what holds, row by row, joined by spaces."""
    columns = [np.where(holds.to_numpy(dtype=bool), name, "") for name, holds in told.items()]
    return np.array([" ".join(filter(None, row)) for row in zip(*columns, strict=True)], dtype=object)
