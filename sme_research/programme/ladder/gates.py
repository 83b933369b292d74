"""Where enterprises get stuck, and what another standard does to today's holders: counts of gates met and not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pandas as pd

from sme_research.errors import StudyError
from sme_research.rules import JUDGE, MET, UNKNOWN, UNMET, Assessment, TierRules

OUTCOMES: Final = ("fails", "may_fail", "to_judge", "passes")
"""A gate is unmet for sure; else an input is missing; else only a person's word is; else all gates are met."""


@dataclass(frozen=True, slots=True)
class GateTally:
    """How many enterprises meet one gate, and for how many it is the last one.

    ``last`` do not meet it and meet all others, but for what a person has to judge;
    ``perhaps_last`` do not meet it and are known to fail no other, but of some other gate the
    data do not say.
    """

    gate: str
    met: int
    unmet: int
    unknown: int
    judge: int
    last: int
    perhaps_last: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """Enterprises before a tier by how many of its gates they are known to fail.

    ``none_unmet`` fail no gate for sure: ``all_met`` of them meet all but for what a person has to
    judge, of the others an input is missing. Gates come in the order of how often they are the last.
    """

    rules: TierRules
    n_enterprises: int
    all_met: int
    none_unmet: int
    one_unmet: int
    more_unmet: int
    gates: tuple[GateTally, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Enterprises under one standard, by `OUTCOMES`."""

    fails: int
    may_fail: int
    to_judge: int
    passes: int

    @property
    def n(self) -> int:
        """All of them."""
        return self.fails + self.may_fail + self.to_judge + self.passes

    @property
    def at_most(self) -> int:
        """Those that fail if every gate is unmet that the data do not hold or that a person has to judge."""
        return self.n - self.passes


@dataclass(frozen=True, slots=True)
class RuleShift:
    """Today's holders of a tier under the standard they were recognised by and under another.

    ``crossed`` counts them by (outcome before, outcome after). ``gates`` are those of the new standard,
    the most failed first; ``groups`` maps a grouping (`city`, `size`) to the standing of its groups.
    """

    rules_before: TierRules
    rules_after: TierRules
    before: Standing
    after: Standing
    crossed: Mapping[tuple[str, str], int]
    gates: tuple[GateTally, ...]
    groups: Mapping[str, Mapping[str, Standing]]

    @property
    def newly_fail(self) -> int:
        """Holders that fail no gate of the old standard for sure, but one of the new."""
        return sum(n for (old, new), n in self.crossed.items() if new == "fails" and old != "fails")


def count_gates(statuses: pd.DataFrame) -> tuple[GateTally, ...]:
    """Tallies of every gate, in the frame's order.

    Parameters
    ----------
    statuses : DataFrame, n_enterprises x n_gates
        Codes of `rules.STATUSES`; the columns name the gates.
    """
    met, unmet, unknown, judge = (statuses == code for code in (MET, UNMET, UNKNOWN, JUDGE))
    single, known = unmet.sum(axis=1) == 1, ~unknown.any(axis=1)
    return tuple(
        GateTally(
            str(gate),
            int(met[gate].sum()),
            int(unmet[gate].sum()),
            int(unknown[gate].sum()),
            int(judge[gate].sum()),
            int((unmet[gate] & single & known).sum()),
            int((unmet[gate] & single & ~known).sum()),
        )
        for gate in statuses.columns
    )


def find_last_gates(rules: TierRules, statuses: pd.DataFrame) -> Stuck:
    """Which gates keep enterprises out of a tier, from `count_gates` of those that hold the tier below."""
    n_unmet = (statuses == UNMET).sum(axis=1)
    all_met = statuses.isin([MET, JUDGE]).all(axis=1)
    gates = sorted(count_gates(statuses), key=lambda gate: (-(gate.last + gate.perhaps_last), -gate.unmet))
    return Stuck(
        rules,
        len(statuses),
        int(all_met.sum()),
        int((n_unmet == 0).sum()),
        int((n_unmet == 1).sum()),
        int((n_unmet > 1).sum()),
        tuple(gates),
    )


def outcome_of(statuses: pd.DataFrame) -> pd.Series[str]:
    """One of `OUTCOMES` by enterprise: the worst of its gates."""
    told = pd.Series("passes", index=statuses.index)
    for outcome, code in (("to_judge", JUDGE), ("may_fail", UNKNOWN), ("fails", UNMET)):
        told = told.mask((statuses == code).any(axis=1), outcome)
    return told


def compare_standards(before: Assessment, after: Assessment, groups: pd.DataFrame) -> RuleShift:
    """What another standard does to the holders of a tier.

    Parameters
    ----------
    before, after : Assessment
        Of the same n_enterprises by either standard.
    groups : DataFrame, n_enterprises rows
        One column a grouping, empty text where not known.

    Raises
    ------
    StudyError
        The two standards were not asked of the same enterprises.
    """
    if not before.statuses.index.equals(after.statuses.index):
        raise StudyError("the two standards must be asked of the same enterprises in the same order.")
    old, new = outcome_of(before.statuses), outcome_of(after.statuses)
    crossed = {(o, n): int(((old == o) & (new == n)).sum()) for o in OUTCOMES for n in OUTCOMES}
    gates = sorted(count_gates(after.statuses), key=lambda gate: (-gate.unmet, -gate.unknown))
    told = {str(by): _by_group(new, groups[by].reindex(new.index)) for by in groups.columns}
    return RuleShift(before.rules, after.rules, _standing(old), _standing(new), crossed, tuple(gates), told)


def _standing(outcomes: pd.Series[str]) -> Standing:
    return Standing(*(int((outcomes == outcome).sum()) for outcome in OUTCOMES))


def _by_group(outcomes: pd.Series[str], groups: pd.Series[str]) -> dict[str, Standing]:
    named = groups.fillna("").astype(str)
    return {str(group): _standing(part) for group, part in outcomes.groupby(named, sort=True)}
