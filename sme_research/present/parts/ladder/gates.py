"""Where enterprises get stuck, and what another standard does to today's holders, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from sme_research.disclosure import protect_counts, write_texts
from sme_research.present.parts.ladder.telling import Edition, group_name, heading, tier_name, told_count
from sme_research.present.show import Group, HtmlTable, Text
from sme_research.present.words import MARK, count, sentences, share, text, words
from sme_research.programme.ladder import TIERS, RuleShift, Standards, Stuck
from sme_research.programme.ladder.gates import OUTCOMES, GateTally, Standing
from sme_research.programme.ladder.histories import SIZES
from sme_research.rules import TierRules, load_rule_sets
from sme_research.tables import reporting_units


def _labels(rules: TierRules, lang: str) -> dict[str, str]:
    return {gate.id: gate.label[lang] for gate in rules.gates}


def _title(rules: TierRules, lang: str) -> str:
    """A standard by the year in which it came into force, which tells two of one name apart."""
    return text(lang, "ladder.rule_set", year=rules.in_force[0].first_day.year)


def _explained(rules: Sequence[TierRules], lang: str) -> list[str]:
    """What each standard is, once."""
    by_set = {one.rule_set: one for one in rules}
    titles = {name: load_rule_sets()[name].title[lang] for name in by_set}
    return [
        text(lang, "ladder.rule_set_is", short=heading(_title(one, lang)), title=titles[name])
        for name, one in by_set.items()
    ]


def _blank(gates: Sequence[GateTally], n: int, lang: str) -> list[str]:
    """Whether some gate is open for all, as the data hold nothing or a person has to judge: the bounds are wide."""
    found = {"blank": sum(gate.unknown == n for gate in gates), "judged": sum(gate.judge == n for gate in gates)}
    return [text(lang, f"ladder.gates_{name}", n=number) for name, number in found.items() if number]


def _titles(shift: RuleShift, lang: str) -> dict[str, str]:
    return {"old": _title(shift.rules_before, lang), "after": _title(shift.rules_after, lang)}


def describe_last_gates(stuck: Sequence[Stuck], lang: str, *, edition: Edition = "internal") -> Text:
    """For each tier how many stand one gate before it, and which gate that most often is."""
    told = [_stuck_sentence(one, lang, edition) for one in stuck if one.n_enterprises]
    return Text("\n".join(f"- {sentence}" for sentence in told) or text(lang, "ladder.stuck_nobody"))


def _stuck_sentence(stuck: Stuck, lang: str, edition: Edition) -> str:
    numbers = {
        "n": stuck.n_enterprises, "all_met": stuck.all_met, "open": stuck.none_unmet - stuck.all_met,
        "one": stuck.one_unmet, "more": stuck.more_unmet,
    }  # fmt: skip
    facts = {name: count(told_count(n, edition)) for name, n in numbers.items()}
    names = {"tier": heading(tier_name(stuck.rules.tier, lang)), "below": tier_name(_below(stuck.rules.tier), lang)}
    parts = [text(lang, "ladder.stuck", rules=_title(stuck.rules, lang), **facts, **names)]
    first = stuck.gates[0] if stuck.gates else None
    if first is not None and told_count(first.last + first.perhaps_last, edition):
        n = count(told_count(first.last + first.perhaps_last, edition))
        parts.append(text(lang, "ladder.stuck_most", gate=_labels(stuck.rules, lang)[first.gate], n=n))
    return sentences(lang, [*parts, *_blank(stuck.gates, stuck.n_enterprises, lang)])


def _below(tier: str) -> str:
    return TIERS[max(TIERS.index(tier) - 1, 0)]


def summarise_standards(standards: Standards, lang: str, edition: Edition) -> list[str]:
    """For the first page: what is most often lacking, and how many fail the next standard at least and at most."""
    told = [part for stuck in standards.stuck if (part := _stuck_part(stuck, lang, edition))]
    shifts = [shift for shift in standards.shifts if shift.after.n]
    parts = [_shift_part(shift, lang, edition) for shift in shifts]
    found = [text(lang, "ladder.summary_stuck", parts=_clauses(lang, told))] if told else []
    if parts:
        after = _titles(shifts[0], lang)["after"]
        found.append(text(lang, "ladder.summary_shift", parts=_clauses(lang, parts), after=after))
    return found


def _clauses(lang: str, parts: list[str]) -> str:
    return ("；" if lang == "zh" else "; ").join(parts)


def _stuck_part(stuck: Stuck, lang: str, edition: Edition) -> str:
    first = stuck.gates[0] if stuck.gates else None
    if first is None or not told_count(first.last + first.perhaps_last, edition):
        return ""
    return text(
        lang,
        "ladder.summary_stuck_part",
        tier=tier_name(stuck.rules.tier, lang),
        below=tier_name(_below(stuck.rules.tier), lang),
        one=count(told_count(stuck.one_unmet, edition)),
        gate=_labels(stuck.rules, lang)[first.gate],
    )


def _shift_part(shift: RuleShift, lang: str, edition: Edition) -> str:
    after = shift.after
    n, fails, most = (count(told_count(number, edition)) for number in (after.n, after.fails, after.at_most))
    low, high = (_share(number, after.n, edition) for number in (after.fails, after.at_most))
    facts = {"n": n, "fails": fails, "most": most, "low": low, "high": high}
    return text(lang, "ladder.summary_shift_part", tier=tier_name(shift.rules_after.tier, lang), **facts)


def tabulate_last_gates(stuck: Sequence[Stuck], lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Gates by how often they are the last one, tier by tier."""
    rows: list[tuple[str, ...] | Group] = []
    for one in stuck:
        rows.append(Group(_head(one.rules.tier, one.n_enterprises, lang, edition)))
        labels = _labels(one.rules, lang)
        rows += [_gate_row(labels[gate.gate], gate, edition) for gate in one.gates]
    note = sentences(lang, [text(lang, "ladder.stuck_note"), *_explained([one.rules for one in stuck], lang)])
    return HtmlTable(text(lang, "ladder.stuck_caption"), words(lang, "ladder.stuck_head"), rows, note)


def _head(tier: str, n: int, lang: str, edition: Edition) -> str:
    told = count(told_count(n, edition))
    return text(
        lang, "ladder.stuck_group", tier=heading(tier_name(tier, lang)), below=tier_name(_below(tier), lang), n=told
    )


def _gate_row(label: str, gate: GateTally, edition: Edition) -> tuple[str, ...]:
    numbers = (gate.last, gate.perhaps_last, gate.unmet, gate.unknown, gate.judge, gate.met)
    return (label, *(count(told_count(n, edition)) for n in numbers))


def describe_rule_change(shifts: Sequence[RuleShift], lang: str, *, edition: Edition = "internal") -> Text:
    """What the new standard does to today's holders, as bounds."""
    told = [_shift_sentence(shift, lang, edition) for shift in shifts if shift.after.n]
    if not told:
        return Text(text(lang, "ladder.stuck_nobody"))
    return Text("\n".join([*(f"- {sentence}" for sentence in told), f"- {text(lang, 'ladder.shift_warning')}"]))


def _shift_sentence(shift: RuleShift, lang: str, edition: Edition) -> str:
    after, n = shift.after, shift.after.n
    numbers = (
        n, after.fails, after.may_fail, after.to_judge, after.passes, shift.newly_fail, shift.before.fails,
    )  # fmt: skip
    names = ("n", "fails", "may_fail", "to_judge", "passes", "newly", "before")
    facts = dict(zip(names, (count(told_count(number, edition)) for number in numbers), strict=True))
    low, high = (_share(number, n, edition) for number in (after.fails, after.at_most))
    named = {"tier": heading(tier_name(shift.rules_after.tier, lang)), **_titles(shift, lang)}
    parts = [text(lang, "ladder.shift", low=low, high=high, **named, **facts)]
    first = shift.gates[0] if shift.gates else None
    if first is not None and told_count(first.unmet, edition):
        n_first = count(told_count(first.unmet, edition))
        parts.append(text(lang, "ladder.shift_most", gate=_labels(shift.rules_after, lang)[first.gate], n=n_first))
    return sentences(lang, [*parts, *_blank(shift.gates, n, lang)])


def _share(part: int, n: int, edition: Edition) -> str:
    if edition == "public" and (0 < part < 10 or 0 < n - part < 10):
        return MARK
    return share(part / n)


def tabulate_rule_change(shifts: Sequence[RuleShift], lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Gates of the new standard by how many holders fail them."""
    rows: list[tuple[str, ...] | Group] = []
    for shift in shifts:
        n = count(told_count(shift.after.n, edition))
        rows.append(
            Group(text(lang, "ladder.shift_group", tier=heading(tier_name(shift.rules_after.tier, lang)), n=n))
        )
        labels = _labels(shift.rules_after, lang)
        for gate in shift.gates:
            numbers = (gate.unmet, gate.unknown, gate.judge, gate.met)
            rows.append((labels[gate.gate], *(count(told_count(number, edition)) for number in numbers)))
    rules = [one for shift in shifts for one in (shift.rules_before, shift.rules_after)]
    note = sentences(lang, [text(lang, "ladder.shift_note"), *_explained(rules, lang)])
    after = _titles(shifts[0], lang)["after"] if shifts else ""
    return HtmlTable(text(lang, "ladder.shift_caption", after=after), words(lang, "ladder.shift_head"), rows, note)


def tabulate_rule_change_groups(shift: RuleShift, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Holders by place and size: fail for sure, may fail, pass; the columns add up."""
    rows: list[tuple[str, ...] | Group] = []
    for by, groups in shift.groups.items():
        rows.append(Group(text(lang, f"ladder.shift_by_{by}")))
        rows += _group_rows(by, groups, lang, edition)
    after = _titles(shift, lang)["after"]
    caption = text(lang, "ladder.shift_groups_caption", tier=tier_name(shift.rules_after.tier, lang), after=after)
    return HtmlTable(caption, words(lang, "ladder.shift_groups_head"), rows, text(lang, "ladder.shift_groups_note"))


def _group_rows(by: str, groups: Mapping[str, Standing], lang: str, edition: Edition) -> Iterator[tuple[str, ...]]:
    order = [*reporting_units(), *SIZES]
    names = sorted(groups, key=lambda group: (group == "", order.index(group) if group in order else len(order)))
    labels = [group_name(by, group, lang) if group else text(lang, "ladder.group_unknown") for group in names]
    counts = pd.DataFrame([[getattr(groups[name], outcome) for outcome in OUTCOMES] for name in names], index=labels)
    total = text(lang, "ladder.total")
    if edition == "public":
        shown = write_texts(protect_counts(counts, total=total), count)
    else:
        summed = pd.concat([counts, counts.sum().to_frame(total).T])
        shown = summed.assign(**{total: summed.sum(axis=1)}).map(count)
    for label, *cells in shown.itertuples(name=None):
        yield (str(label), *(str(cell) for cell in cells))
