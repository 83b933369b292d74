"""Lots that anybody can draw again: who takes part in which wave, balanced within city and tier.

The order within a stratum is that of SHA-256 over seed and code, so that the
same register and seed give the same draw in any language, on any machine, in
any order of rows. Three things keep a lot from being chosen: the seed's
fingerprint and the register's are published before a public number (such as
that day's state lottery) is known, and the number enters the draw.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sme_research.errors import DataError, StudyError

STRATA: Final = ("city_code", "tier")
UNIT: Final = "enterprise_id"
SHORTEST_SEED: Final = 16
"""Letters of a seed: fewer could be found from the fingerprint by trying."""
_APART: Final = "\x1f"
_Place = Callable[[int, Callable[[int], int]], NDArray[np.int64]]
"""From the number of units and a source of numbers to the wave of each, in order of strata and rank."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw by lot and what it can be held against.

    ``waves`` has one row a unit, in order of its code: the unit, its strata and
    ``wave`` (1 is first). ``seed_fingerprint`` and ``register_fingerprint`` are
    what was published beforehand, ``draw_fingerprint`` is over the result.
    """

    waves: pd.DataFrame = field(repr=False, compare=False)
    unit: str
    strata: tuple[str, ...]
    seed_fingerprint: str
    register_fingerprint: str
    draw_fingerprint: str
    public_number: str
    seats: int | None
    """Units drawn first; None where the waves are of equal size."""

    def counts(self) -> pd.DataFrame:
        """Units by stratum (rows) and wave (columns)."""
        keys = [self.waves[name] for name in self.strata]
        return pd.crosstab(keys or [pd.Series("all", index=self.waves.index)], self.waves["wave"])


def commit_seed(seed: str) -> str:
    """Fingerprint of a seed, to be published while the seed itself stays closed.

    Raises
    ------
    StudyError
        The seed is too short to stay secret.
    """
    if len(seed) < SHORTEST_SEED:
        raise StudyError(
            f"the seed has {len(seed)} letters, must have {SHORTEST_SEED} or more: a short one can be found from its "
            "fingerprint by trying. Take a random one, e.g. from `python -c 'import secrets; "
            "print(secrets.token_hex(16))'`."
        )
    return _sha(seed)


def fingerprint_register(register: pd.DataFrame, *, by: Sequence[str] = STRATA, unit: str = UNIT) -> str:
    """SHA-256 over units and strata in order of their codes; the order of rows and other columns are of no matter.

    Raises
    ------
    DataError
        A column lacks, a cell is blank or a unit stands twice.
    """
    return _fingerprint(_checked(register, by, unit))


def draw_waves(
    register: pd.DataFrame,
    *,
    seed: str,
    waves: int = 2,
    by: Sequence[str] = STRATA,
    unit: str = UNIT,
    public_number: str = "",
) -> Draw:
    """Draw every unit into one of several waves of equal size.

    Within each stratum, and over all, the waves' sizes differ by one at most;
    each unit has the same chance of each wave.

    Parameters
    ----------
    register : DataFrame, one row a unit
        All who are eligible: ``unit`` and the columns of ``by``, none blank.
    seed : str
        Kept closed until the draw; its `commit_seed` is published before.
    waves : int
        2 or more.
    public_number : str
        What nobody can know when the fingerprints are published.

    Raises
    ------
    DataError
        A column lacks, a cell is blank or a unit stands twice.
    StudyError
        The seed is too short, or there are fewer units than waves.
    """
    if not 2 <= waves <= len(register):
        raise StudyError(f"waves is {waves}, must be from 2 to the number of units ({len(register)}).")

    def place(n: int, start: Callable[[int], int]) -> NDArray[np.int64]:
        # Who stands next to each other in the order of strata falls into different waves.
        turn = sorted(range(waves), key=lambda wave: start(wave + 1))
        return np.array([turn[at % waves] + 1 for at in range(n)], dtype=np.int64)

    return _draw(register, _Asked(seed, tuple(by), unit, public_number, None), place)


def draw_seats(
    register: pd.DataFrame,
    *,
    seed: str,
    seats: int,
    by: Sequence[str] = STRATA,
    unit: str = UNIT,
    public_number: str = "",
) -> Draw:
    """Draw a given number of units into wave 1; the rest waits in wave 2.

    Each stratum's seats are its share of all, rounded up or down; each unit
    has the same chance. Parameters and errors are those of `draw_waves`.
    """
    n_units = len(register)
    if not 0 < seats < n_units:
        raise StudyError(
            f"seats is {seats}, must be from 1 to one less than the {n_units} units of the register: "
            "where all can be served there is nothing to draw, and nobody to compare with."
        )

    def place(n: int, start: Callable[[int], int]) -> NDArray[np.int64]:
        # Whole numbers throughout: seats are taken where the running sum of shares passes the next whole.
        passed = (np.arange(n + 1, dtype=object) * seats + start(0) % n) // n
        return np.where(np.diff(passed) > 0, 1, 2).astype(np.int64)

    return _draw(register, _Asked(seed, tuple(by), unit, public_number, seats), place)


def verify_draw(
    draw: Draw, register: pd.DataFrame, *, seed: str, seed_fingerprint: str, register_fingerprint: str
) -> bool:
    """Whether a published draw is the one that seed and register give, and both are those promised beforehand.

    Raises
    ------
    StudyError
        Seed or register is not the one whose fingerprint was published.
    """
    if not hmac.compare_digest(commit_seed(seed), seed_fingerprint):
        raise StudyError("the seed is not the one promised: its fingerprint differs from the published one.")
    if fingerprint_register(register, by=draw.strata, unit=draw.unit) != register_fingerprint:
        raise StudyError("the register is not the one promised: units or strata were changed after it was published.")
    if draw.seats is None:
        again = draw_waves(
            register,
            seed=seed,
            waves=int(draw.waves["wave"].max()),
            by=draw.strata,
            unit=draw.unit,
            public_number=draw.public_number,
        )
    else:
        again = draw_seats(
            register, seed=seed, seats=draw.seats, by=draw.strata, unit=draw.unit, public_number=draw.public_number
        )
    return again.draw_fingerprint == _fingerprint(draw.waves)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a draw is asked for, but its register."""

    seed: str
    by: tuple[str, ...]
    unit: str
    public_number: str
    seats: int | None


def _draw(register: pd.DataFrame, asked: _Asked, place: _Place) -> Draw:
    seed_fingerprint = commit_seed(asked.seed)
    checked = _checked(register, asked.by, asked.unit)
    register_fingerprint = _fingerprint(checked)
    # The register is part of the key, so that no seed can be fitted to it after it was closed.
    key = _APART.join((asked.seed, asked.public_number, register_fingerprint))
    ranked = checked.assign(_rank=[_sha(f"{key}{_APART}{code}") for code in checked[asked.unit]])
    ranked = ranked.sort_values([*asked.by, "_rank"], kind="stable").drop(columns="_rank")
    waves = place(len(ranked), lambda at: int(_sha(f"{key}{_APART}start{_APART}{at}"), 16))
    drawn = ranked.assign(wave=waves).sort_values(asked.unit).reset_index(drop=True)
    return Draw(
        waves=drawn,
        unit=asked.unit,
        strata=asked.by,
        seed_fingerprint=seed_fingerprint,
        register_fingerprint=register_fingerprint,
        draw_fingerprint=_fingerprint(drawn),
        public_number=asked.public_number,
        seats=asked.seats,
    )


def _checked(register: pd.DataFrame, by: Sequence[str], unit: str) -> pd.DataFrame:
    """Unit and strata as texts, in order of the unit's code."""
    columns = [unit, *by]
    for name in columns:
        if name not in register:
            raise DataError(f"the register lacks the column {name!r}; a lot needs {', '.join(columns)}.")
        blank = register[name].isna() | (register[name].astype("string").str.strip() == "")
        if blank.any():
            raise DataError(
                f"the register, row {int(np.flatnonzero(blank)[0]) + 1}: {name} is blank; complete it before the "
                "draw, not after."
            )
    checked = register[columns].astype("str").sort_values(unit).reset_index(drop=True)
    twice = checked[unit].duplicated()
    if twice.any():
        raise DataError(f"the register: {unit} {checked.loc[twice, unit].iloc[0]} stands twice; keep one row a unit.")
    return checked


def _fingerprint(rows: pd.DataFrame) -> str:
    lines = [_APART.join(map(str, row)) for row in rows.itertuples(index=False)]
    return _sha("\n".join([_APART.join(map(str, rows.columns)), *lines]))


def _sha(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8")).hexdigest()
