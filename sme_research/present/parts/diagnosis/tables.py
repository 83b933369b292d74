"""Tables of a diagnosis: inputs by group, gates, scores, paths, services, rules, gates over all holders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sme_research.present.parts.diagnosis.summary import Edition, tell_score, tell_score_value, told_count
from sme_research.present.parts.diagnosis.wording import (
    capital,
    clauses,
    describe_peers,
    rules_name,
    source_name,
    status_name,
    tell,
    tell_change,
    tell_short,
    tell_threshold,
    tier_head,
    tier_name,
)
from sme_research.present.show import Group, HtmlTable, Text
from sme_research.present.words import count, day, join, share, text, words
from sme_research.programme.diagnosis import (
    Diagnosis,
    GateStatus,
    Path,
    ScoreStatus,
    Service,
    Standing,
    TierCount,
    TierStatus,
    services_for,
)
from sme_research.rules import METRICS, TierRules, load_rule_sets
from sme_research.rules.conditions import Status

Rows = list[Sequence[str] | Group]
COLUMNS: Final[tuple[Status, ...]] = ("met", "unmet", "unknown", "judge")
GROUPS: Final = ("basic", "economic", "innovation", "operation")


def _absent(lang: str, edition: Edition) -> Text:
    return Text(text(lang, "diagnosis.absent" if edition == "public" else "diagnosis.absent_example"))


def tabulate_inputs(diagnosis: Diagnosis | None, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Every input that a title asks for, by group, beside those of peers."""
    if diagnosis is None:
        return _absent(lang, edition)
    asked = {name for tier in diagnosis.tiers for name in tier.rules.metrics()}
    rows: Rows = []
    for group in GROUPS:
        own = [one for one in diagnosis.standings if one.metric.group == group and one.metric.name in asked]
        rows += [Group(text(lang, f"diagnosis.group.{group}")), *(_input_row(one, lang) for one in own)]
    note = describe_peers(diagnosis.peers, lang) + ("" if lang == "zh" else " ") + text(lang, "diagnosis.inputs_note")
    return HtmlTable(text(lang, "diagnosis.inputs_caption"), words(lang, "diagnosis.inputs_head"), rows, note)


def _input_row(one: Standing, lang: str) -> Sequence[str]:
    none = text(lang, "diagnosis.none")
    ranked = one.metric.kind in ("number", "count")
    return (
        one.metric.label[lang],
        tell(one.value, one.metric, lang),
        source_name(one.source, one.year, lang),
        none if one.median is None or not ranked else tell(one.median, one.metric, lang),
        none if one.percentile is None or not ranked else share(one.percentile),
    )


def tabulate_gates(diagnosis: Diagnosis | None, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Every gate of every title and rule set: status, value, threshold, shortfall."""
    return _absent(lang, edition) if diagnosis is None else gate_table(diagnosis.tiers, lang)


def gate_table(tiers: Sequence[TierStatus], lang: str) -> HtmlTable:
    """Gates of the tiers given."""
    rows: Rows = []
    for tier in tiers:
        rows.append(Group(tier_head(tier, lang)))
        for gate in tier.gates:
            rows += _gate_rows(gate, tier, lang)
    caption, head = text(lang, "diagnosis.gates_caption"), words(lang, "diagnosis.gates_head")
    return HtmlTable(caption, head, rows, text(lang, "diagnosis.gates_note"))


def _gate_rows(gate: GateStatus, tier: TierStatus, lang: str) -> Iterator[Sequence[str]]:
    """One row a gate; one more for each comparison after the first."""
    none = text(lang, "diagnosis.none")
    status = status_name(gate.status, lang)
    told = [
        (
            _part_name(gate, at, lang),
            tell(part.value, part.metric, lang),
            tell_threshold(part.op, part.threshold, part.metric, lang),
            tell_short(part, lang),
        )
        for at, part in enumerate(gate.parts)
    ]
    if len(told) == 1:
        yield (gate.label[lang], status, *told[0][1:])
        return
    value = tell_score_value(tier, lang) if gate.scored else none
    asked = none if gate.reason is None else text(lang, "diagnosis.gates_judge", reason=gate.reason[lang])
    yield (gate.label[lang], status, value, asked, none)
    for (name, *cells), part in zip(told, gate.parts, strict=True):
        yield (f"　{name}", status_name(part.status, lang), *cells)


def _part_name(gate: GateStatus, at: int, lang: str) -> str:
    return gate.parts[at].metric.label[lang]


def tabulate_scores(diagnosis: Diagnosis | None, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Points of every scored indicator with the nearest way to more."""
    if diagnosis is None:
        return _absent(lang, edition)
    rows: Rows = []
    for tier in diagnosis.tiers:
        if tier.scored:
            names = {"tier": tier_name(tier.rules.tier, lang), "rules": rules_name(tier.rules, lang)}
            rows.append(Group(capital(text(lang, "diagnosis.scores_group", score=tell_score(tier, lang), **names))))
            rows += [_score_row(entry, lang) for entry in tier.scored]
    return HtmlTable(text(lang, "diagnosis.scores_caption"), words(lang, "diagnosis.scores_head"), rows)


def _score_row(entry: ScoreStatus, lang: str) -> Sequence[str]:
    points = f"{entry.low:g}" if entry.low == entry.high else f"{entry.low:g}–{entry.high:g}"
    following = text(lang, "diagnosis.none")
    if entry.next_metric is not None and entry.next_value is not None and entry.next_points is not None:
        metric = METRICS[entry.next_metric]
        value = tell(entry.next_value, metric, lang)
        told = {"label": metric.label[lang], "value": value, "points": f"{entry.next_points:g}"}
        following = text(lang, "diagnosis.scores_next", **told)
    return (entry.label[lang], points, f"{entry.most:g}", following)


def tabulate_paths(diagnosis: Diagnosis | None, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Up to five smallest sets of changes that pass each title."""
    if diagnosis is None:
        return _absent(lang, edition)
    rows: Rows = []
    for tier in diagnosis.tiers:
        rows.append(Group(tier_head(tier, lang)))
        rows += [_path_row(at, path, lang) for at, path in enumerate(tier.paths, start=1)] or [_no_path(tier, lang)]
    caption, head = text(lang, "diagnosis.paths_caption"), words(lang, "diagnosis.paths_head")
    return HtmlTable(caption, head, rows, text(lang, "diagnosis.paths_note"))


def _path_row(at: int, path: Path, lang: str) -> Sequence[str]:
    none = text(lang, "diagnosis.none")
    if not path.items:
        done = "diagnosis.paths_done_judged" if path.judged else "diagnosis.paths_done"
        return (none, none, text(lang, done), none)
    titles, filled = ([part.metric.label[lang] for part in parts] for parts in (path.titles, path.fill_in))
    confirmed = [tell_change(change, lang) for change in path.fill_in] if filled else []
    changes = [tell_change(change, lang) for change in path.changes]
    cells = (join(lang, titles), clauses(lang, changes), clauses(lang, confirmed))
    return (text(lang, "diagnosis.paths_option", n=at), *(cell or none for cell in cells))


def _no_path(tier: TierStatus, lang: str) -> Sequence[str]:
    none = text(lang, "diagnosis.none")
    if not tier.unavoidable:
        return (none, none, text(lang, "diagnosis.paths_never", n=tier.still_unmet), none)
    names = join(lang, [metric.label[lang] for metric in tier.unavoidable])
    return (none, none, text(lang, "diagnosis.paths_four", n=tier.still_unmet, names=names), none)


def tabulate_services(diagnosis: Diagnosis | None, lang: str, *, edition: Edition = "internal") -> HtmlTable | Text:
    """Services of the programme for whatever a title still asks, for titles not yet met."""
    if diagnosis is None:
        return _absent(lang, edition)
    wanted = dict.fromkeys(
        change.metric.name
        for tier in diagnosis.tiers
        if tier.status != "met" and tier.rules.tier not in diagnosis.subject.held
        for path in tier.paths
        for change in path.items
    )
    wanted |= dict.fromkeys(metric.name for tier in diagnosis.tiers for metric in tier.unavoidable)
    if not wanted:
        return Text(text(lang, "diagnosis.services_nothing"))
    rows: Rows = [_service_row(name, services, lang) for name, services in services_for(wanted).items()]
    return HtmlTable(text(lang, "diagnosis.services_caption"), words(lang, "diagnosis.services_head"), rows)


def _service_row(metric: str, services: Sequence[Service], lang: str) -> Sequence[str]:
    if not services:
        none = text(lang, "diagnosis.none")
        return (METRICS[metric].label[lang], text(lang, "diagnosis.services_none"), none)
    sources = list(dict.fromkeys(one.source for one in services))
    return (METRICS[metric].label[lang], join(lang, [one.label[lang] for one in services]), clauses(lang, sources))


def tabulate_rules(counts: Sequence[TierCount], diagnosis: Diagnosis | None, lang: str) -> HtmlTable:
    """Which rules were used, from when to when they are applied, and whether they are those of the day."""
    used = {(one.rules.tier, one.rules.rule_set): (one.rules, one.applies) for one in counts}
    used |= {(t.rules.tier, t.rules.rule_set): (t.rules, t.applies) for t in (diagnosis.tiers if diagnosis else ())}
    rows: Rows = [_rules_row(rules, applies, lang) for rules, applies in used.values()]
    return HtmlTable(text(lang, "diagnosis.rules_caption"), words(lang, "diagnosis.rules_head"), rows)


def _rules_row(rules: TierRules, applies: bool, lang: str) -> Sequence[str]:
    whole = load_rule_sets()[rules.rule_set]
    first, last = rules.in_force[0].first_day, rules.in_force[-1].last_day
    days = text(lang, "diagnosis.rules_from", first=day(first, lang))
    if last is not None:
        days = text(lang, "diagnosis.rules_to", first=day(first, lang), last=day(last, lang))
    told = text(lang, "diagnosis.is_yes" if applies else "diagnosis.is_no")
    return (capital(tier_name(rules.tier, lang)), whole.title[lang], whole.document, days, told)


def tabulate_gate_counts(counts: Sequence[TierCount], lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Holders of the title below by gate and status; the counts of a gate add up to all of them."""
    rows: Rows = []
    for one in counts:
        names = {"tier": tier_name(one.rules.tier, lang), "rules": rules_name(one.rules, lang)}
        n = count(told_count(one.n, edition))
        rows.append(Group(capital(text(lang, "diagnosis.counts_group", n=n, **names))))
        rows += _count_rows(one, lang, edition)
    caption, head = text(lang, "diagnosis.counts_caption"), words(lang, "diagnosis.counts_head")
    return HtmlTable(caption, head, rows, text(lang, "diagnosis.counts_note"))


def _count_rows(one: TierCount, lang: str, edition: Edition) -> Iterator[Sequence[str]]:
    for gate in one.gates:
        numbers = [told_count(gate.counts[status], edition) for status in COLUMNS]
        yield (gate.label[lang], *(count(number) for number in numbers))
