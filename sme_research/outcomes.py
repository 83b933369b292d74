"""What an instrument may move: one entry an outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd


@dataclass(frozen=True, slots=True)
class Outcome:
    """The natural logarithm of a quantity of the table `accounts`.

    ``column`` is the account item and ``label`` its name, by language. A zero or a missing item gives a missing
    outcome: the logarithm of nothing is not small, it is undefined.
    """

    name: str
    label: Mapping[str, str]
    column: str
    unit: str = "log points"

    def values(self, accounts: pd.DataFrame) -> pd.Series[float]:
        """The outcome of each account row, in ``unit``; missing where the item is missing or not positive."""
        item = accounts[self.column].astype("float64")
        return pd.Series(np.log(item.where(item > 0)), index=accounts.index)


_ALL = (
    Outcome("log_revenue", {"zh": "营业收入", "en": "revenue"}, "revenue"),
    Outcome("log_employees", {"zh": "从业人数", "en": "number of employees"}, "employees"),
    Outcome("log_scrap_rate", {"zh": "废品率", "en": "scrap rate"}, "scrap_rate"),
)

OUTCOMES: Final[Mapping[str, Outcome]] = {outcome.name: outcome for outcome in _ALL}
