"""Who is reached: against eligibility, against place, size and title, and against need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.proportion import confint_proportions_2indep

from sme_research.disclosure import coarse_count, largest_share, publishable
from sme_research.instruments import INSTRUMENTS, Instrument
from sme_research.policy.receipts import TablesLike, Until, first_receipts, recorded
from sme_research.quality import Edition, parse_day
from sme_research.sample import place_codes
from sme_research.tables import are_in_force

FEWEST: Final = 10
TIERS: Final = ("little_giant", "srdi", "innovative", "none")
SIZES: Final = (("micro", 0, 20), ("small", 20, 300), ("medium", 300, 1_000), ("large", 1_000, np.inf))
"""Employees, lower bound included: industry in 工信部联企业〔2011〕300号, of which revenue is the other half."""
TOP: Final = 0.10


@dataclass(frozen=True, slots=True)
class GroupShare:
    """One group of enterprises: its shares of the eligible and of the reached, 0 to 1.

    ``quotient`` is the second over the first, 1 where the group is reached as
    others are; ``reach`` the share of its own eligible that were reached. None where withheld or undefined.
    """

    by: str
    group: str
    n_eligible: int | None
    n_reached: int | None
    share_eligible: float | None
    share_reached: float | None
    quotient: float | None
    reach: float | None


@dataclass(frozen=True, slots=True)
class NeedShare:
    """Newly reached within the year, among the eligible with and without one sign of need (fractions).

    ``difference`` is the first less the second with its 95 % interval (Newcombe 1998). None where
    fewer than ten are in either group, or the accounts do not tell the sign.
    """

    name: str
    n_with: int | None
    n_without: int | None
    reach_with: float | None
    reach_without: float | None
    difference: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Targeting:
    """Whom one instrument had reached by a day; labels by language, counts None where withheld.

    ``reach`` is the share of those eligible on the day that had received by
    then; ``leakage`` the share of the recipients who were not eligible on the day of
    their first receipt. ``gini`` and ``top_share`` (of the largest tenth) tell how unequal
    the amounts among recipients are, None where no amount is on record.
    """

    instrument: str
    label: Mapping[str, str]
    on: date
    since: date
    n_eligible: int | None
    n_reached: int | None
    reach: float | None
    n_recipients: int | None
    n_leaked: int | None
    leakage: float | None
    groups: tuple[GroupShare, ...]
    needs: tuple[NeedShare, ...]
    gini: float | None
    top_share: float | None
    dose_label: Mapping[str, str] | None


def _debt_ratio(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series[float]:
    del before
    return _above(now["liabilities"] / now["assets"].where(now["assets"] > 0))


def _few_loans(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series[float]:
    """Least borrowed: the lowest quarter of loan balance over assets."""
    del before
    ratio = now["loan_balance"] / now["assets"].where(now["assets"] > 0)
    return (ratio <= ratio.quantile(0.25)).astype("float64").where(ratio.notna())


def _growing_unfinanced(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series[float]:
    growth = now["revenue"] / before["revenue"].where(before["revenue"] > 0) - 1
    ratio = now["loan_balance"] / now["assets"].where(now["assets"] > 0)
    fast, little = _above(growth), 1 - _above(ratio)
    return (fast * little).where(growth.notna() & ratio.notna())


def _small(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series[float]:
    del before
    return 1 - _above(now["employees"])


def _unproductive(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series[float]:
    del before
    return 1 - _above(now["revenue"] / now["employees"].where(now["employees"] > 0))


def _shrinking(now: pd.DataFrame, before: pd.DataFrame) -> pd.Series[float]:
    growth = now["revenue"] / before["revenue"].where(before["revenue"] > 0) - 1
    return (growth < 0).astype("float64").where(growth.notna())


def _above(values: pd.Series[float]) -> pd.Series[float]:
    """1 above the median of the eligible, 0 up to it, missing where not known."""
    return (values > values.median()).astype("float64").where(values.notna())


Sign = Callable[[pd.DataFrame, pd.DataFrame], "pd.Series[float]"]
_GENERAL: Final[Mapping[str, Sign]] = {"small": _small, "unproductive": _unproductive, "shrinking": _shrinking}
_FINANCE: Final[Mapping[str, Sign]] = {
    "indebted": _debt_ratio,
    "few_loans": _few_loans,
    "growing_unfinanced": _growing_unfinanced,
    "small": _small,
}
NEEDS: Final[Mapping[str, Mapping[str, Sign]]] = {"loan_subsidy": _FINANCE, "matching_event": _FINANCE}
"""Signs of need by instrument, from the accounts of the full year before the window; others take the general ones."""


def assess_targeting(
    tables: TablesLike, instrument: str, on: date | str, *, edition: Edition = "internal"
) -> Targeting:
    """Hold who was reached against who was eligible, where, how large, with which title and in which need.

    Eligible on a day is who reports (accounts of that year or the one before),
    holds a title that the instrument asks for in force on that day, lies where
    the scheme applies and, for clusters, on the ground of a designated one. Signs of
    need are read from the last full year before the twelve months that end on
    the day, so that the instrument cannot have changed them; they count those
    newly reached in these months among the eligible who had not been before.

    Parameters
    ----------
    tables : mapping of str to DataFrame
    instrument : str
    on : date or str
    edition : {"internal", "public"}
        The public one tells counts in tens, shares in steps that stand for
        enough enterprises, and no group of fewer than ten.

    Raises
    ------
    StudyError
        The instrument is not known, or the day is none.
    DataError
        A table that is needed is absent.
    """
    day = parse_day(on)
    since = (pd.Timestamp(day) - pd.DateOffset(years=1) + pd.Timedelta(days=1)).date()
    received = first_receipts(tables, instrument, until=day)
    declared = INSTRUMENTS[instrument]
    eligible = _eligible_ids(tables, declared, day)
    reached = eligible[eligible.isin(received.index)]
    n_leaked = _count_leaked(tables, declared, received)
    gini, top = _inequality(tables, declared, day, edition)
    found = Targeting(
        instrument=instrument,
        label=declared.label,
        on=day,
        since=since,
        n_eligible=len(eligible),
        n_reached=len(reached),
        reach=_share(len(reached), len(eligible)),
        n_recipients=len(received),
        n_leaked=n_leaked,
        leakage=_share(n_leaked, len(received)),
        groups=_groups(tables, eligible, reached, day),
        needs=_needs(tables, instrument, eligible, received, since),
        gini=gini,
        top_share=top,
        dose_label=None if declared.dose is None or gini is None else declared.dose.label,
    )
    return publish_targeting(found) if edition == "public" else found


def assess_all(tables: TablesLike, on: date | str, *, edition: Edition = "internal") -> tuple[Targeting, ...]:
    """`assess_targeting` of every instrument that the tables record, but those that come with a title."""
    return tuple(assess_targeting(tables, name, on, edition=edition) for name in recorded(tables) if name != "award")


def _share(part: int | None, whole: int | None) -> float | None:
    """A share; counts in tens may round the part above the whole."""
    return None if part is None or not whole else min(part / whole, 1.0)


def _reporting(tables: TablesLike, on: date) -> pd.Index[str]:
    accounts = tables["accounts"]
    ids = pd.Index(accounts.loc[accounts["year"].between(on.year - 1, on.year), "enterprise_id"].unique())
    known: pd.Index[str] = ids[ids.isin(tables["enterprises"]["enterprise_id"])].sort_values()
    return known


def on_designated_ground(tables: TablesLike, ids: pd.Index[str], on: date) -> NDArray[np.bool_]:
    """Whether each enterprise lies in the county and industry of a cluster designated by the day."""
    place, taken = place_codes(tables["enterprises"], tables["clusters"])
    open_by_then = pd.to_datetime(tables["clusters"]["designated_on"]) <= pd.Timestamp(on)
    return np.asarray(place.reindex(ids).isin(set(taken[open_by_then].dropna())))


def _eligible_ids(tables: TablesLike, instrument: Instrument, on: date) -> pd.Index[str]:
    ids = _reporting(tables, on)
    if instrument.eligible_tiers:
        titles = tables["recognitions"][are_in_force(tables["recognitions"], on)]
        holders = titles.loc[titles["tier"].isin(instrument.eligible_tiers), "enterprise_id"]
        ids = ids[ids.isin(set(holders))]
    register = tables["enterprises"].set_index("enterprise_id")
    if instrument.excluded_cities:
        ids = ids[~register.loc[ids, "city_code"].isin(instrument.excluded_cities).to_numpy()]
    if instrument.assigned_by == "cluster":
        ids = ids[on_designated_ground(tables, ids, on)]
    return pd.Index(ids)


def _count_leaked(tables: TablesLike, instrument: Instrument, recipients: pd.Series[pd.Timestamp]) -> int:
    """Recipients who did not meet title and place on the day of their first receipt."""
    leaked = pd.Series(data=False, index=recipients.index)
    if instrument.eligible_tiers:
        titles = tables["recognitions"]
        titles = titles[titles["tier"].isin(instrument.eligible_tiers)]
        each = titles.assign(day=titles["enterprise_id"].map(recipients)).dropna(subset=["day"])
        held = each[are_in_force(each, each["day"])]
        leaked |= ~leaked.index.isin(held["enterprise_id"])
    register = tables["enterprises"].set_index("enterprise_id")
    if instrument.excluded_cities:
        leaked |= register["city_code"].reindex(leaked.index).isin(instrument.excluded_cities)
    if instrument.assigned_by == "cluster":
        place, taken = place_codes(tables["enterprises"], tables["clusters"])
        leaked |= ~place.reindex(leaked.index).isin(set(taken.dropna()))
    return int(leaked.sum())


def _last_accounts(tables: TablesLike, ids: pd.Index[str], year: int) -> pd.DataFrame:
    accounts = tables["accounts"]
    columns = ["revenue", "employees", "assets", "liabilities", "loan_balance"]
    rows = accounts[accounts["year"] == year].set_index("enterprise_id")
    present = rows.reindex(columns=columns).astype("float64")
    return present.reindex(ids)


def _groups(tables: TablesLike, eligible: pd.Index[str], reached: pd.Index[str], on: date) -> tuple[GroupShare, ...]:
    register = tables["enterprises"].set_index("enterprise_id")
    employees = _last_accounts(tables, eligible, on.year - 1)["employees"]
    sizes = pd.Series("unknown", index=eligible)
    for name, low, high in SIZES:
        sizes = sizes.mask((employees >= low) & (employees < high), name)
    tiers = pd.Series("none", index=eligible)
    titles = tables["recognitions"][are_in_force(tables["recognitions"], on)]
    for tier in reversed(TIERS[:-1]):
        tiers = tiers.mask(eligible.isin(set(titles.loc[titles["tier"] == tier, "enterprise_id"])), tier)
    cities = register["city_code"].reindex(eligible)
    orders = {
        "tier": TIERS,
        "size": [name for name, *_ in SIZES] + ["unknown"],
        "city": sorted(cities.dropna().unique()),
    }
    found = []
    for by, groups in (("tier", tiers), ("size", sizes), ("city", cities)):
        mine = groups[eligible.isin(reached)]
        for group in orders[by]:
            n, got = int((groups == group).sum()), int((mine == group).sum())
            if n:
                found.append(_group(by, group, (n, got), (len(eligible), len(reached))))
    return tuple(found)


def _group(
    by: str, group: str, own: tuple[int | None, int | None], all_: tuple[int | None, int | None]
) -> GroupShare:
    share, share_reached = _share(own[0], all_[0]), _share(own[1], all_[1])
    quotient = None if not share or share_reached is None else share_reached / share
    return GroupShare(by, group, own[0], own[1], share, share_reached, quotient, _share(own[1], own[0]))


def _needs(
    tables: TablesLike, name: str, eligible: pd.Index[str], received: pd.Series[pd.Timestamp], since: date
) -> tuple[NeedShare, ...]:
    start = pd.Timestamp(since)
    waiting = eligible[~eligible.isin(received.index[received < start])]
    newly = pd.Series(waiting.isin(received.index), index=waiting)
    now, before = (_last_accounts(tables, waiting, since.year - back) for back in (1, 2))
    return tuple(_need(sign, measure(now, before), newly) for sign, measure in NEEDS.get(name, _GENERAL).items())


def _need(name: str, sign: pd.Series[float], newly: pd.Series[bool]) -> NeedShare:
    with_it, without = newly[sign == 1], newly[sign == 0]
    n_with, n_without = len(with_it), len(without)
    if min(n_with, n_without) < FEWEST:
        return NeedShare(name, n_with, n_without, None, None, None, None, None)
    return _compared(name, (int(with_it.sum()), n_with), (int(without.sum()), n_without))


def _compared(name: str, with_it: tuple[int, int], without: tuple[int, int]) -> NeedShare:
    """Shares of two groups, each as newly reached and all, and their difference."""
    low, high = confint_proportions_2indep(*with_it, *without, method="newcomb", compare="diff")
    one, other = with_it[0] / with_it[1], without[0] / without[1]
    return NeedShare(name, with_it[1], without[1], one, other, one - other, float(low), float(high))


def _inequality(
    tables: TablesLike, instrument: Instrument, on: date, edition: Edition
) -> tuple[float | None, float | None]:
    """Gini coefficient and share of the largest tenth, over recipients' amounts."""
    if instrument.dose is None:
        return None, None
    places = [place.split(".") for place in instrument.dose.columns]
    if not all(table in tables and column in tables[table] for table, column in places):
        return None, None
    doses = np.sort(instrument.dose.measure(Until(tables, instrument, None, on))["dose"].to_numpy(dtype=np.float64))
    if len(doses) < FEWEST or (edition == "public" and not publishable(len(doses), largest_share(doses))):
        return None, None
    return gini(doses), float(doses[-max(1, round(TOP * len(doses))) :].sum() / doses.sum())


def gini(amounts: NDArray[np.float64]) -> float:
    """Gini coefficient of amounts, one an enterprise: 0 where all are alike, towards 1 where one has all.

    References
    ----------
    Cowell (2011), Measuring Inequality, Oxford, ch. 2.
    """
    ordered = np.sort(np.asarray(amounts, dtype=np.float64))
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def publish_targeting(found: Targeting) -> Targeting:
    """The same for the public edition: counts in tens, shares of these, nothing on fewer than ten.

    Every share is made anew of the counts in tens, so that it tells no more than they do.
    """
    n_eligible, n_reached = coarse_count(found.n_eligible or 0), coarse_count(found.n_reached or 0)
    n_recipients, n_leaked = coarse_count(found.n_recipients or 0), coarse_count(found.n_leaked or 0)
    return replace(
        found,
        n_eligible=n_eligible,
        n_reached=n_reached,
        reach=_share(n_reached, n_eligible),
        n_recipients=n_recipients,
        n_leaked=n_leaked,
        leakage=_share(n_leaked, n_recipients),
        groups=tuple(_publish_group(each, n_eligible, n_reached) for each in found.groups),
        needs=tuple(_publish_need(each) for each in found.needs),
    )


def _publish_group(each: GroupShare, n_eligible: int | None, n_reached: int | None) -> GroupShare:
    n, got = each.n_eligible or 0, each.n_reached or 0
    told = _group(each.by, each.group, (coarse_count(n), coarse_count(got)), (n_eligible, n_reached))
    # Where only a few are left out, tens would say that nobody is.
    return replace(told, reach=None) if 0 < n - got < FEWEST else told


def _publish_need(each: NeedShare) -> NeedShare:
    n_with, n_without = coarse_count(each.n_with or 0), coarse_count(each.n_without or 0)
    silent = NeedShare(each.name, n_with, n_without, None, None, None, None, None)
    if each.reach_with is None or each.reach_without is None or not n_with or not n_without:
        return silent
    newly = [coarse_count(round(each.reach_with * (each.n_with or 0))),
             coarse_count(round(each.reach_without * (each.n_without or 0)))]  # fmt: skip
    if newly[0] is None or newly[1] is None:
        return silent
    return _compared(each.name, (min(newly[0], n_with), n_with), (min(newly[1], n_without), n_without))
