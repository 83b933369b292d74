"""Which enterprises get which combinations of instruments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from sme_research.disclosure import coarse_count
from sme_research.errors import StudyError
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.receipts import TablesLike, first_receipts, recorded
from sme_research.quality import Edition, parse_day

SHOWN: Final = 15
"""Combinations told one by one; the rest is summed."""


@dataclass(frozen=True, slots=True)
class Combination:
    """Enterprises that received exactly these instruments, none where empty; None where withheld."""

    instruments: tuple[str, ...]
    n: int | None


@dataclass(frozen=True, slots=True)
class Combinations:
    """Counts of enterprises by combination, the most frequent first, the one of none apart.

    ``n_enterprises`` report; ``received`` counts receivers of each instrument, the most
    frequent first; ``by_number`` counts enterprises by how many instruments
    they received, from none; ``rest`` stands for ``n_rest_kinds`` combinations that are not
    told one by one. Labels by language. None where the public edition withholds it.
    """

    since: date | None
    until: date
    labels: Mapping[str, Mapping[str, str]]
    n_enterprises: int | None
    n_none: int | None
    received: Mapping[str, int | None]
    by_number: tuple[int | None, ...]
    combinations: tuple[Combination, ...]
    rest: int | None
    n_rest_kinds: int
    n_outside: int | None


def count_combinations(
    tables: TablesLike,
    *,
    on: date | str | None = None,
    years: tuple[int, int] | None = None,
    instruments: Sequence[str] = (),
    shown: int = SHOWN,
    edition: Edition = "internal",
) -> Combinations:
    """Count enterprises by the combination of instruments they received.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        ``enterprises``, ``accounts`` and those that record instruments.
    on : date or str
        Whatever was received by this day counts, once.
    years : (first, last)
        Whatever was received within these years counts; membership of a
        cluster counts if it had begun by the end. Give either this or ``on``.
    instruments : sequence of str
        All that the tables record where empty.
    shown : int
        Combinations told one by one.
    edition : {"internal", "public"}
        The public one tells counts in tens, and joins combinations of fewer than ten
        with the rest.

    Returns
    -------
    Combinations
        Of the enterprises with accounts in those years, or in the day's year or the one before.

    Raises
    ------
    StudyError
        Neither or both of day and years are given, or an instrument is not known or not on record.
    """
    since, until, asked = _period(on, years)
    names = _names(tables, instruments)
    accounts = tables["accounts"]
    ids = pd.Index(accounts.loc[accounts["year"].between(*asked), "enterprise_id"].unique()).sort_values()
    receipts = {name: first_receipts(tables, name, since=since, until=until).index for name in names}
    held = pd.DataFrame({name: ids.isin(found) for name, found in receipts.items()}, index=ids)
    outside = pd.Index([]).union(pd.Index([each for found in receipts.values() for each in found])).difference(ids)
    order = held.sum().sort_values(ascending=False, kind="stable")
    kinds = held[list(order.index)].value_counts()
    ordered = [str(name) for name in order.index]
    counted = [
        (tuple(name for name, has in zip(ordered, kind, strict=True) if has), int(n))
        for kind, n in zip(kinds.index.to_list(), kinds, strict=True)
    ]

    def told(n: int) -> int | None:
        return coarse_count(n) if edition == "public" else n

    some = sorted((each for each in counted if each[0]), key=lambda each: (-each[1], len(each[0]), each[0]))
    single = [each for each in some[:shown] if told(each[1]) is not None]
    rest = [each for each in some if each not in single]
    number = held.sum(axis=1)
    most = int(number.max()) if len(number) else 0
    return Combinations(
        since=since,
        until=until,
        labels={name: INSTRUMENTS[name].label for name in ordered},
        n_enterprises=told(len(ids)),
        n_none=told(int((number == 0).sum())),
        received={name: told(int(order[name])) for name in ordered},
        by_number=tuple(told(int((number == times).sum())) for times in range(most + 1)),
        combinations=tuple(Combination(names, told(n)) for names, n in single),
        rest=told(sum(n for _, n in rest)),
        n_rest_kinds=len(rest),
        n_outside=told(len(outside)),
    )


def _period(on: date | str | None, years: tuple[int, int] | None) -> tuple[date | None, date, tuple[int, int]]:
    if (on is None) == (years is None):
        raise StudyError("give either a day (on) or the first and last of some years (years), not both.")
    if years is None:
        assert on is not None
        day = parse_day(on)
        return None, day, (day.year - 1, day.year)
    first, last = years
    if first > last:
        raise StudyError(f"years are {first} to {last}, must begin before they end.")
    return date(first, 1, 1), date(last, 12, 31), (first, last)


def _names(tables: TablesLike, instruments: Sequence[str]) -> tuple[str, ...]:
    known = recorded(tables)
    absent = [name for name in instruments if name in INSTRUMENTS and name not in known]
    if absent:
        raise StudyError(f"the tables do not record {absent[0]!r}: they lack one of {INSTRUMENTS[absent[0]].tables}.")
    chosen = tuple(dict.fromkeys(instruments)) or known
    if not chosen:
        raise StudyError("the tables record no instrument at all: add a table such as training or loans.")
    return chosen
