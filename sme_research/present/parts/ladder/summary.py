"""The first page in words and counts, and the limits."""

from __future__ import annotations

from collections.abc import Sequence

from sme_research.present.parts.ladder.gates import summarise_standards
from sme_research.present.parts.ladder.stocks import describe_absent, describe_coming
from sme_research.present.parts.ladder.telling import (
    WITHIN,
    Edition,
    describe_unseen,
    heading,
    tell_points,
    tier_name,
    told_count,
)
from sme_research.present.show import Text
from sme_research.present.words import count, day, share, text
from sme_research.programme.ladder import (
    TIERS,
    Backtest,
    Incidence,
    Ladder,
    Point,
    Projection,
    Standards,
    count_renewals,
    estimate_incidence,
)
from sme_research.programme.ladder.incidence import LANDMARKS


def summarise_ladder(
    ladder: Ladder,
    projection: Projection,
    backtests: Sequence[Backtest],
    standards: Standards,
    lang: str,
    *,
    edition: Edition = "internal",
) -> Text:
    """What happens to a hundred entrants, how many titles are renewed, where stocks go and what is lacking."""
    titles = ladder.titles
    told = [_climb(ladder, tier, lang, edition) for tier in TIERS]
    told += [_renewed(ladder, lang, edition), *describe_coming(projection, backtests, lang, edition)]
    told += describe_absent(projection, titles, lang)
    told += summarise_standards(standards, lang, edition)
    scope = text(
        lang,
        "ladder.scope",
        day=day(titles.data_day, lang),
        until=day(titles.followed_until, lang),
        grace=titles.tolerance.after,
    )
    points = [f"- {sentence}" for sentence in [*told, text(lang, "ladder.nested")] if sentence]
    return Text("\n".join([scope, "", *points]))


def _climb(ladder: Ladder, tier: str, lang: str, edition: Edition) -> str:
    rows = ladder.of(tier)
    if rows.empty:
        return ""
    found = estimate_incidence(rows["years"], rows["status"])
    up, out = (_within(found, cause, edition) for cause in ("promotion", "lapse"))
    facts = {"tier": heading(tier_name(tier, lang)), "n": count(told_count(found.n_enterprises, edition))}
    if up is None or out is None or not found.enough:
        return text(lang, "ladder.climb_withheld", **facts)
    shares = {
        "promoted": up.estimate, "promoted_low": up.ci_low, "promoted_high": up.ci_high,
        "lapsed": out.estimate, "lapsed_low": out.ci_low, "lapsed_high": out.ci_high,
        "holding": 1 - up.estimate - out.estimate,
    }  # fmt: skip
    hundred = {name: f"{100 * number:.0f}" for name, number in shares.items()}
    if not ladder.titles.may_climb(tier):
        unseen = describe_unseen(ladder.titles, tier, lang)
        return text(lang, "ladder.climb_unseen", level=f"{found.level:.0%}", unseen=unseen, **facts, **hundred)
    return text(lang, "ladder.climb", level=f"{found.level:.0%}", **facts, **hundred)


def _within(found: Incidence, cause: str, edition: Edition) -> Point | None:
    """Incidence by the first term, None where the edition may not tell it; as the table of landmarks has it."""
    told = tell_points(found, cause, LANDMARKS, edition)
    return next((point for point in told if point.years == WITHIN), None)


def _renewed(ladder: Ladder, lang: str, edition: Edition) -> str:
    found = count_renewals(ladder.titles)
    due, renewed, early = (sum(getattr(row, name) for row in found) for name in ("due", "renewed", "ended_early"))
    told = [told_count(n, edition) for n in (due, renewed, due - renewed)]
    if not due or None in told:
        return text(lang, "ladder.renewed_withheld") if due else ""
    facts = {"due": count(told[0]), "renewed": count(told[1]), "early": count(told_count(early, edition))}
    return text(lang, "ladder.renewed", share=share(renewed / due), **facts)


def describe_ladder_limits(ladder: Ladder, lang: str, *, edition: Edition = "internal") -> Text:
    """What these histories leave out and cannot show."""
    titles = ladder.titles
    counted = [
        ("limits_late", sum(ladder.n_late.values())),
        ("limits_returned", sum(ladder.n_returned.values())),
        ("limits_repeats", titles.n_repeats),
        ("limits_assumed", titles.n_assumed),
    ]
    until = day(titles.followed_until, lang)
    told = [text(lang, f"ladder.{key}", **_only(key, n, until, edition)) for key, n in counted if n]
    told += [
        text(lang, "ladder.limits_above", n=count(told_count(n, edition)), tier=tier_name(tier, lang))
        for tier, n in ladder.n_above.items()
        if n
    ]
    told += [text(lang, f"ladder.limits_{key}") for key in ("closure", "lists", "nested", "gates")]
    return Text("\n".join(f"- {sentence}" for sentence in told))


def _only(key: str, n: int, until: str, edition: Edition) -> dict[str, str]:
    facts = {"n": count(told_count(n, edition))}
    return facts | ({"until": until} if key == "limits_late" else {})
