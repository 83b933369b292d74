"""What may be published of counts and amounts without giving an enterprise away.

Cells below a threshold of enterprises or with one that dominates are withheld,
and with them as many others as it takes that no outsider who adds and
subtracts gets them back. The place of names and codes is `factory.editions`.
"""

from __future__ import annotations

from sme_research.disclosure.attack import Range, attack
from sme_research.disclosure.cells import Cell, CellTable, Relation
from sme_research.disclosure.counts import count_flow, count_table, protect_counts, protect_flow, write_texts
from sme_research.disclosure.protect import Protected, protect
from sme_research.disclosure.rule import (
    MARK,
    NOTE,
    Rule,
    coarse_count,
    coarse_share,
    coarsen_bins,
    largest_share,
    publishable,
    publishable_quantile,
)

__all__ = [
    "MARK",
    "NOTE",
    "Cell",
    "CellTable",
    "Protected",
    "Range",
    "Relation",
    "Rule",
    "attack",
    "coarse_count",
    "coarse_share",
    "coarsen_bins",
    "count_flow",
    "count_table",
    "largest_share",
    "protect",
    "protect_counts",
    "protect_flow",
    "publishable",
    "publishable_quantile",
    "write_texts",
]
