"""Tables with a whole number in place of each enterprise's id: the many estimates compare them a hundred times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

ID_COLUMNS = ("enterprise_id", "leader_id")


class NumberedTables(Mapping[str, pd.DataFrame]):
    """The tables, whose enterprises go by their place in the order of ids in the register.

    Ids that the register lacks get the numbers after it. Frames may be changed
    without changing anything here.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        With ``enterprises``; each is read when it is first asked for. Kept as ``given``.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame]) -> None:
        self.given = tables
        self._ids = pd.Index(tables["enterprises"]["enterprise_id"].dropna().unique()).sort_values()
        self._numbered: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._numbered:
            frame = self.given[name]
            columns = [column for column in ID_COLUMNS if column in frame]
            self._numbered[name] = frame.assign(**{column: self._numbers(frame[column]) for column in columns})
        return self._numbered[name].copy(deep=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)

    def __contains__(self, name: object) -> bool:
        return name in self.given

    def with_ids(self, sample: pd.DataFrame) -> pd.DataFrame:
        """The sample with the ids themselves in place of the numbers."""
        ids = self._ids.take(sample["enterprise_id"].to_numpy())
        return sample.assign(enterprise_id=pd.Series(ids, index=sample.index))

    def _numbers(self, ids: pd.Series) -> pd.Series:
        unknown = pd.Index(ids.dropna().unique()).difference(self._ids)
        self._ids = self._ids.append(unknown)
        numbers = pd.Series(self._ids.get_indexer(ids), index=ids.index)
        return numbers.where(numbers >= 0)
