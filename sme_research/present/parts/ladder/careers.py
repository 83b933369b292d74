"""Tables of careers: incidence by tier, what became of each cohort, groups side by side, renewals."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from sme_research.disclosure import protect_counts, write_texts
from sme_research.present.parts.ladder.telling import (
    WITHIN,
    Edition,
    describe_unseen,
    group_name,
    heading,
    rate,
    tell_points,
    tier_name,
    told_count,
    told_rate,
)
from sme_research.present.show import Group, HtmlTable, Text
from sme_research.present.words import MARK, count, day, sentences, text, words
from sme_research.programme.ladder import (
    TIERS,
    Incidence,
    Ladder,
    RenewalShare,
    compare_groups,
    count_cohorts,
    count_renewals,
    estimate_incidence,
)
from sme_research.programme.ladder.histories import SIZES
from sme_research.programme.ladder.incidence import FEWEST, LANDMARKS
from sme_research.tables import reporting_units

GROUPS = ("city", "industry", "size")


def tabulate_incidence(ladder: Ladder, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Shares that climbed and that lapsed by whole years since entry, tier by tier."""
    rows: list[tuple[str, ...] | Group] = []
    level = "95%"
    notes = [text(lang, "ladder.incidence_note")]
    for tier in TIERS:
        if (found := _of(ladder, tier)) is None or not found.enough:
            continue
        rows.append(Group(heading(tier_name(tier, lang))))
        seen = ladder.titles.may_climb(tier)
        rows += _landmark_rows(found, lang, edition, seen=seen)
        if not seen:
            name, unseen = heading(tier_name(tier, lang)), describe_unseen(ladder.titles, tier, lang)
            notes.append(text(lang, "ladder.incidence_unseen", tier=name, unseen=unseen))
    caption = text(lang, "ladder.incidence_caption", level=level)
    return HtmlTable(caption, words(lang, "ladder.incidence_head"), rows, sentences(lang, notes))


def _landmark_rows(found: Incidence, lang: str, edition: Edition, *, seen: bool) -> Iterator[tuple[str, ...]]:
    causes = ("promotion", "lapse")
    told = {cause: {p.years: p for p in tell_points(found, cause, LANDMARKS, edition)} for cause in causes}
    for years in LANDMARKS:
        point = found.at(years, "promotion")
        if point is None:
            continue
        shown = [told[cause].get(years) for cause in causes]
        shares = [MARK if p is None else rate([p.estimate, p.ci_low, p.ci_high], lang) for p in shown]
        if not seen:
            shares[0] = "–"
        left = count(told_count(point.n_at_risk, edition))
        yield (text(lang, "ladder.incidence_years", years=f"{years:g}"), *shares, left)


def _of(ladder: Ladder, tier: str) -> Incidence | None:
    rows = ladder.of(tier)
    return None if rows.empty else estimate_incidence(rows["years"], rows["status"])


def tabulate_ladder_cohorts(
    ladder: Ladder, tier: str, lang: str, *, edition: Edition = "internal"
) -> HtmlTable | Text:
    """What became of each cohort, in counts that add up to those who entered."""
    flows = count_cohorts(ladder, tier)
    if not flows:
        return Text(text(lang, "ladder.nobody"))
    unknown = [flow.lapsed - flow.reporting - flow.stopped for flow in flows]
    counts = pd.DataFrame(
        [
            (flow.promoted, flow.reporting, flow.stopped, none, flow.holding)
            for flow, none in zip(flows, unknown, strict=True)
        ],
        index=[str(flow.cohort) for flow in flows],
    )
    total = text(lang, "ladder.total")
    shown = _protected(counts, total, edition)
    rows = [(str(cohort), *(str(cell) for cell in row)) for cohort, *row in shown.itertuples(name=None)]
    told = {"tier": tier_name(tier, lang), "until": day(ladder.titles.followed_until, lang)}
    caption = text(lang, "ladder.cohorts_caption", **told)
    return HtmlTable(caption, words(lang, "ladder.cohorts_head"), rows, text(lang, "ladder.cohorts_note"))


def _protected(counts: pd.DataFrame, total: str, edition: Edition) -> pd.DataFrame:
    """Counts with their totals as texts; in the public edition with what has to be withheld."""
    if edition == "public":
        return write_texts(protect_counts(counts, total=total), count)
    summed = pd.concat([counts, counts.sum().to_frame(total).T])
    summed[total] = summed.sum(axis=1)
    return summed.map(count)


def tabulate_ladder_groups(
    ladder: Ladder, tier: str, lang: str, *, edition: Edition = "internal"
) -> HtmlTable | Text:
    """Climbed and lapsed within the first term, by place, industry and size."""
    whole = _of(ladder, tier)
    if whole is None:
        return Text(text(lang, "ladder.nobody"))
    rows: list[tuple[str, ...] | Group] = [_group_row(text(lang, "ladder.groups_all"), whole, lang, edition)]
    for by in GROUPS:
        rows.append(Group(text(lang, f"ladder.group.{by}")))
        rows += _group_rows(ladder, tier, by, lang, edition)
    caption = text(lang, "ladder.groups_caption", tier=tier_name(tier, lang), level=f"{whole.level:.0%}")
    note = text(lang, "ladder.groups_note", fewest=FEWEST)
    return HtmlTable(caption, words(lang, "ladder.groups_head"), rows, note)


def _group_rows(ladder: Ladder, tier: str, by: str, lang: str, edition: Edition) -> Iterator[tuple[str, ...]]:
    found = compare_groups(ladder, tier, by)
    if by == "city":
        order = [unit for unit in reporting_units() if unit in found]
        found = {unit: found[unit] for unit in [*order, *(unit for unit in found if unit not in order)]}
    if by == "size":
        found = {size: found[size] for size in SIZES if size in found}
    few = [group for group, part in found.items() if by == "industry" and not part.enough]
    for group, part in found.items():
        if group not in few:
            yield _group_row(group_name(by, group, lang), part, lang, edition)
    if few:
        others = ladder.of(tier)
        others = others[others["industry"].isin(few)]
        label = text(lang, "ladder.other_industries", n=len(few), fewest=FEWEST)
        yield _group_row(label, estimate_incidence(others["years"], others["status"]), lang, edition)


def _group_row(label: str, part: Incidence, lang: str, edition: Edition) -> tuple[str, ...]:
    shares = [told_rate(part.at(WITHIN, cause), part, lang, edition) for cause in ("promotion", "lapse")]
    return (heading(label), count(told_count(part.n_enterprises, edition)), *shares)


def tabulate_renewals(ladder: Ladder, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Titles that reached their term and how many were renewed, by tier and year of grant."""
    rows: list[tuple[str, ...] | Group] = []
    found = count_renewals(ladder.titles)
    for tier in TIERS:
        own = [row for row in found if row.tier == tier]
        if own:
            rows += [Group(heading(tier_name(tier, lang))), *(_renewal_row(row, lang, edition) for row in own)]
    grace = ladder.titles.tolerance.after
    note = text(lang, "ladder.renewals_note", grace=grace, level="95%")
    return HtmlTable(text(lang, "ladder.renewals_caption"), words(lang, "ladder.renewals_head"), rows, note)


def _renewal_row(row: RenewalShare, lang: str, edition: Edition) -> tuple[str, ...]:
    numbers = (row.due, row.renewed, row.ended_early, row.pending)
    due, renewed, early, pending = (count(told_count(n, edition)) for n in numbers)
    return (str(row.cohort), due, renewed, renewal_rate(row, lang, edition), early, pending)


def renewal_rate(row: RenewalShare, lang: str, edition: Edition) -> str:
    """Share renewed with its interval, or why there is none."""
    if row.share is None or row.ci_low is None or row.ci_high is None:
        return "–"
    small = [n for n in (row.renewed, row.due - row.renewed) if 0 < n < 10]
    if edition == "public" and (small or row.due < 10):
        return MARK
    return rate([row.share, row.ci_low, row.ci_high], lang)
