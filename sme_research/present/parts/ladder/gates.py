"""Where enterprises get stuck, and what another standard does to today's holders, in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from sme_research.disclosure import protect_counts, write_texts
from sme_research.present.parts.ladder.telling import Edition, group_name, tier_name, told_count
from sme_research.present.show import Group, HtmlTable, Text
from sme_research.present.words import MARK, count, sentences, share, text, words
from sme_research.programme.ladder import TIERS, RuleShift, Stuck
from sme_research.programme.ladder.gates import OUTCOMES, GateTally, Standing
from sme_research.programme.ladder.histories import SIZES
from sme_research.tables import reporting_units

Labels = Mapping[str, Mapping[str, str]]
"""Name of each gate by language."""
_NONE = "–"


def describe_last_gates(stuck: Sequence[Stuck], labels: Labels, lang: str, *, edition: Edition = "internal") -> Text:
    """For each tier how many stand one gate before it, and which gate that most often is."""
    told = [_stuck_sentence(one, labels, lang, edition) for one in stuck if one.n_enterprises]
    return Text("\n".join(f"- {sentence}" for sentence in told) or text(lang, "ladder.stuck_nobody"))


def _stuck_sentence(stuck: Stuck, labels: Labels, lang: str, edition: Edition) -> str:
    numbers = {
        "n": stuck.n_enterprises, "all_met": stuck.all_met, "open": stuck.none_unmet - stuck.all_met,
        "one": stuck.one_unmet, "more": stuck.more_unmet,
    }  # fmt: skip
    facts = {name: count(told_count(n, edition)) for name, n in numbers.items()}
    names = {"tier": tier_name(stuck.tier, lang), "below": tier_name(_below(stuck.tier), lang)}
    parts = [text(lang, "ladder.stuck", **facts, **names)]
    first = stuck.gates[0] if stuck.gates else None
    if first is not None and told_count(first.last + first.perhaps_last, edition):
        n = count(told_count(first.last + first.perhaps_last, edition))
        parts.append(text(lang, "ladder.stuck_most", gate=labels[first.gate][lang], n=n))
    return sentences(lang, parts)


def _below(tier: str) -> str:
    return TIERS[max(TIERS.index(tier) - 1, 0)]


def tabulate_last_gates(
    stuck: Sequence[Stuck], labels: Labels, lang: str, *, edition: Edition = "internal"
) -> HtmlTable:
    """Gates by how often they are the last one, tier by tier."""
    rows: list[tuple[str, ...] | Group] = []
    for one in stuck:
        rows.append(Group(_head(one.tier, one.n_enterprises, lang, edition)))
        rows += [_gate_row(gate, labels, lang, edition) for gate in one.gates]
    note = text(lang, "ladder.stuck_note")
    return HtmlTable(text(lang, "ladder.stuck_caption"), words(lang, "ladder.stuck_head"), rows, note)


def _head(tier: str, n: int, lang: str, edition: Edition) -> str:
    told = count(told_count(n, edition))
    return text(lang, "ladder.stuck_group", tier=tier_name(tier, lang), below=tier_name(_below(tier), lang), n=told)


def _gate_row(gate: GateTally, labels: Labels, lang: str, edition: Edition) -> tuple[str, ...]:
    numbers = (gate.last, gate.perhaps_last, gate.unmet, gate.unknown, gate.met)
    return (labels[gate.gate][lang], *(count(told_count(n, edition)) for n in numbers))


def describe_rule_change(
    shifts: Sequence[RuleShift], labels: Labels, lang: str, *, edition: Edition = "internal"
) -> Text:
    """What the new standard does to today's holders, as bounds."""
    told = [_shift_sentence(shift, labels, lang, edition) for shift in shifts if shift.after.n]
    if not told:
        return Text(text(lang, "ladder.stuck_nobody"))
    return Text("\n".join([*(f"- {sentence}" for sentence in told), f"- {text(lang, 'ladder.shift_warning')}"]))


def _shift_sentence(shift: RuleShift, labels: Labels, lang: str, edition: Edition) -> str:
    after, n = shift.after, shift.after.n
    numbers = (n, after.fails, after.may_fail, after.passes, shift.newly_fail, shift.before.fails)
    names = ("n", "fails", "may_fail", "passes", "newly", "before")
    facts = dict(zip(names, (count(told_count(number, edition)) for number in numbers), strict=True))
    low, high = (_share(number, n, edition) for number in (after.fails, after.fails + after.may_fail))
    parts = [text(lang, "ladder.shift", tier=tier_name(shift.tier, lang), low=low, high=high, **facts)]
    first = shift.gates[0] if shift.gates else None
    if first is not None and told_count(first.unmet, edition):
        n_first = count(told_count(first.unmet, edition))
        parts.append(text(lang, "ladder.shift_most", gate=labels[first.gate][lang], n=n_first))
    return sentences(lang, parts)


def _share(part: int, n: int, edition: Edition) -> str:
    if edition == "public" and (0 < part < 10 or 0 < n - part < 10):
        return MARK
    return share(part / n)


def tabulate_rule_change(
    shifts: Sequence[RuleShift], labels: Labels, lang: str, *, edition: Edition = "internal"
) -> HtmlTable:
    """Gates of the new standard by how many holders fail them."""
    rows: list[tuple[str, ...] | Group] = []
    for shift in shifts:
        n = count(told_count(shift.after.n, edition))
        rows.append(Group(text(lang, "ladder.shift_group", tier=tier_name(shift.tier, lang), n=n)))
        for gate in shift.gates:
            numbers = (gate.unmet, gate.unknown, gate.met)
            rows.append((labels[gate.gate][lang], *(count(told_count(number, edition)) for number in numbers)))
    note = text(lang, "ladder.shift_note")
    return HtmlTable(text(lang, "ladder.shift_caption"), words(lang, "ladder.shift_head"), rows, note)


def tabulate_rule_change_groups(shift: RuleShift, lang: str, *, edition: Edition = "internal") -> HtmlTable:
    """Holders by place and size: fail for sure, may fail, pass; the columns add up."""
    rows: list[tuple[str, ...] | Group] = []
    for by, groups in shift.groups.items():
        rows.append(Group(text(lang, f"ladder.shift_by_{by}")))
        rows += _group_rows(by, groups, lang, edition)
    caption = text(lang, "ladder.shift_groups_caption", tier=tier_name(shift.tier, lang))
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
