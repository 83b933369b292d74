"""Where each report stands: whether its newest run holds, and which of its sign-offs are in force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sme_research.factory.plan import Language
from sme_research.factory.site.histories import History
from sme_research.factory.site.runs import PublishedRun
from sme_research.factory.site.signatures import SignOff, State
from sme_research.factory.site.words import day, role_name, say

Status = Literal["published", "failed", "missing", "damaged"]
Signed = Literal["in_force", "lapsed", "invalid", "unsigned"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One sign-off as seen from the newest run of its report."""

    sign_off: SignOff
    state: State
    same_run: bool


def status_of(history: History) -> Status:
    """How a report stands."""
    if history.newest is None:
        return "missing"
    if history.failure is not None:
        return "failed"
    return "damaged" if history.damaged else "published"


def standings_of(history: History, run: PublishedRun | None = None) -> list[Standing]:
    """The newest sign-off of every role, as seen from a run (the newest one, unless told)."""
    seen = run or history.newest
    if seen is None:
        return []
    by_role: dict[str, SignOff] = {}
    for sign_off in sorted(history.sign_offs, key=lambda sign_off: (sign_off.run_id, sign_off.signed_at)):
        if sign_off.run_id <= seen.manifest.run_id:
            by_role[sign_off.role] = sign_off
    return [
        Standing(sign_off, sign_off.state_for(seen), sign_off.run_id == seen.manifest.run_id)
        for sign_off in by_role.values()
    ]


def signed_state(standings: list[Standing]) -> Signed:
    """The one word for several sign-offs: the worst of them."""
    states = {standing.state for standing in standings}
    if not states:
        return "unsigned"
    return next(state for state in ("invalid", "lapsed", "in_force") if state in states)


def tell_standing(standing: Standing, history: History, language: Language) -> str:
    """One sign-off in a sentence."""
    sign_off = standing.sign_off
    signed = next((run for run in history.runs if run.manifest.run_id == sign_off.run_id), None)
    key = "in_force_same" if standing.state == "in_force" and not standing.same_run else standing.state
    return say(
        language,
        f"sign.{key}",
        office=sign_off.office or say(language, "sign.unknown_office"),
        role=role_name(sign_off.role, language),
        time=day(sign_off.signed_at, language) if sign_off.signed_at else "",
        run=day(signed.manifest.started_at, language) if signed else sign_off.run_id,
    )
