"""Grants as titles: which renews which, which lapsed, which are still in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from sme_research.errors import StudyError

TIERS: Final = ("innovative", "srdi", "little_giant", "champion")
"""From the lowest up; statuses are nested, an enterprise keeps the lower title when it climbs."""
TITLE_YEARS: Final = 3
"""Years that a title is valid (工信部企业〔2022〕63号 and 〔2026〕2号); used where a list gives no end."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far from its expiry a new grant still counts as the renewal of a title, in days.

    A grant earlier than ``before`` repeats the title (a list published twice);
    one later than ``after`` is a return of an enterprise whose title had lapsed.

    Raises
    ------
    StudyError
        A number is negative or longer than a title's validity.
    """

    before: int = 365
    after: int = 183

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            value = getattr(self, name)
            if not 0 <= value < 365 * TITLE_YEARS:
                raise StudyError(f"tolerance {name} is {value} days, must be 0 to {365 * TITLE_YEARS - 1}.")


@dataclass(frozen=True, slots=True, eq=False)
class Titles:
    """Every title known on a day.

    ``frame`` has one row a title: ``enterprise_id``, ``tier``, ``granted_on``,
    ``expires_on``, ``spell`` (0 for the first unbroken stay on the tier, 1 after
    a return), ``turn`` (0 for the grant that opens a spell, 1 for its first
    renewal) and ``fate``: ``renewed``, ``lapsed`` or ``open``, which is in force
    or expired so lately that a renewal may still come. ``n_repeats`` grants
    repeated a title in force; ``n_assumed`` had no end, and `TITLE_YEARS` were taken.
    """

    frame: pd.DataFrame
    data_day: date
    tolerance: Tolerance
    n_repeats: int
    n_assumed: int

    @property
    def followed_until(self) -> date:
        """Last day on which every title's fate is known: the tolerance before the data's day."""
        return (pd.Timestamp(self.data_day) - pd.Timedelta(days=self.tolerance.after)).date()

    def first_above(self, tier: str) -> date | None:
        """Day of the first title of any higher tier; None where the list has none."""
        above = self.frame["tier"].isin(TIERS[TIERS.index(tier) + 1 :])
        days = self.frame.loc[above, "granted_on"]
        return None if days.empty else pd.Timestamp(days.min()).date()

    def may_climb(self, tier: str) -> bool:
        """Whether any title of a higher tier was given by `followed_until`: else no climb could be seen."""
        first = self.first_above(tier)
        return first is not None and first <= self.followed_until


def last_grant(recognitions: pd.DataFrame) -> date:
    """The data's day where none is given: that of the last grant, up to which the list surely runs.

    Raises
    ------
    StudyError
        There is no grant.
    """
    if recognitions.empty:
        raise StudyError("recognitions has no rows; the ladder needs the grants of its tiers.")
    return pd.Timestamp(recognitions["granted_on"].max()).date()


def chain_titles(
    recognitions: pd.DataFrame, *, data_day: date | None = None, tolerance: Tolerance | None = None
) -> Titles:
    """Chain the grants of each enterprise and tier into titles and spells.

    Parameters
    ----------
    recognitions : DataFrame, n_grants rows
        The declared table. Grants after ``data_day`` are left out.
    data_day : date, optional
        Day up to which the list is complete; the last grant's if None.

    Raises
    ------
    StudyError
        No grant is left.
    """
    kept = tolerance or Tolerance()
    until = data_day or last_grant(recognitions)
    grants = recognitions[recognitions["granted_on"] <= pd.Timestamp(until)]
    if grants.empty:
        raise StudyError(f"recognitions has no grant up to {until}; give a later day of the data.")
    grants = grants[["enterprise_id", "tier", "granted_on", "expires_on"]].sort_values(
        ["enterprise_id", "tier", "granted_on"], ignore_index=True
    )
    assumed = grants["expires_on"].isna()
    grants["expires_on"] = grants["expires_on"].fillna(grants["granted_on"] + pd.DateOffset(years=TITLE_YEARS))
    titles = _merge_repeats(grants, kept)
    n_repeats = len(grants) - len(titles)
    return Titles(_with_fates(titles, pd.Timestamp(until), kept), until, kept, n_repeats, int(assumed.sum()))


def _merge_repeats(grants: pd.DataFrame, tolerance: Tolerance) -> pd.DataFrame:
    """One row a title: a grant long before the expiry extends the title, it does not renew it."""
    by_title = grants.groupby(["enterprise_id", "tier"], sort=False)
    before = by_title["expires_on"].cummax().groupby([grants["enterprise_id"], grants["tier"]]).shift()
    early = grants["granted_on"] < before - pd.Timedelta(days=tolerance.before)
    # Counted along the table, so that a title and its repeats share a number.
    number = (~early).cumsum()
    return (
        grants.groupby(number, sort=False)
        .agg({"enterprise_id": "first", "tier": "first", "granted_on": "first", "expires_on": "max"})
        .reset_index(drop=True)
    )


def _with_fates(titles: pd.DataFrame, until: pd.Timestamp, tolerance: Tolerance) -> pd.DataFrame:
    groups = [titles["enterprise_id"], titles["tier"]]
    grace = pd.Timedelta(days=tolerance.after)
    before = titles.groupby(groups)["expires_on"].shift()
    following = titles.groupby(groups)["granted_on"].shift(-1)
    returns = titles["granted_on"] > before + grace
    spell = returns.groupby(groups).cumsum().astype(int)
    turn = titles.groupby([*groups, spell]).cumcount()
    renewed = following <= titles["expires_on"] + grace
    lapsed = ~renewed & (titles["expires_on"] + grace <= until)
    fate = pd.Series("open", index=titles.index).mask(renewed, "renewed").mask(lapsed, "lapsed")
    return titles.assign(spell=spell, turn=turn, fate=fate)
