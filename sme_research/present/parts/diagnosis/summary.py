"""The first page: what is missing for the next title, by how much, and the smallest change that passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from sme_research.disclosure import coarse_count
from sme_research.present.parts.diagnosis.wording import (
    clauses,
    describe_peers,
    describe_subject,
    rules_name,
    status_name,
    tell,
    tell_change,
    tell_short,
    tell_threshold,
    tier_name,
)
from sme_research.present.show import Text
from sme_research.present.words import count, join, sentences, text
from sme_research.programme.diagnosis import Diagnosis, Part, Path, TierCount, TierStatus, next_tier

Edition = Literal["internal", "public"]


def summarise_diagnosis(
    diagnosis: Diagnosis | None, counts: Sequence[TierCount], lang: str, *, edition: Edition = "internal"
) -> Text:
    """One page on one enterprise; in the public edition on all holders together."""
    if diagnosis is None:
        told = [count_sentence(one, lang, edition) for one in counts if one.applies and one.n]
        first = "diagnosis.public" if edition == "public" else "diagnosis.absent_example"
        return Text("\n\n".join([text(lang, first), *told]))
    return Text("\n\n".join(summary_paragraphs(diagnosis, lang)))


def summary_paragraphs(diagnosis: Diagnosis, lang: str) -> list[str]:
    """The summary of one enterprise, paragraph by paragraph."""
    tier = next_tier(diagnosis)
    found = diagnosis.of(tier)
    told = [describe_subject(diagnosis, lang)]
    if found is None:
        told.append(text(lang, "diagnosis.next_none", tier=tier_name(tier, lang)))
        return [*told, describe_peers(diagnosis.peers, lang)]
    return [*told, standing_sentence(found, lang), *_missing(found, lang), *_smallest(found, lang)]


def standing_sentence(found: TierStatus, lang: str) -> str:
    """How many gates of a title are met, and its score."""
    numbers: dict[str, int] = {
        "met": found.count("met"), "unmet": found.count("unmet"),
        "unknown": found.count("unknown"), "judge": found.count("judge"),
    }  # fmt: skip
    names = {"tier": tier_name(found.rules.tier, lang), "rules": rules_name(found.rules, lang)}
    told = [text(lang, "diagnosis.next", n=len(found.gates), **numbers, **names)]
    if found.score_low is not None:
        told.append(tell_score(found, lang))
    if found.status == "met":
        told.append(text(lang, "diagnosis.holds_all"))
    return sentences(lang, told)


def tell_score(found: TierStatus, lang: str) -> str:
    """The score, or its bounds while inputs are missing."""
    low, high = f"{found.score_low:g}", f"{found.score_high:g}"
    return text(lang, "diagnosis.score" if low == high else "diagnosis.score_range", low=low, high=high)


def tell_score_value(found: TierStatus, lang: str) -> str:
    """The score, or its bounds, for a cell."""
    low, high = f"{found.score_low:g}", f"{found.score_high:g}"
    return text(lang, "diagnosis.score_value" if low == high else "diagnosis.score_value_range", low=low, high=high)


def _missing(found: TierStatus, lang: str) -> list[str]:
    """What is short of its threshold, and what is not known."""
    told = []
    shorts = list(dict.fromkeys(_gate_shorts(found, lang)))
    if shorts:
        told += [text(lang, "diagnosis.short_title"), "\n".join(f"- {one}" for one in shorts)]
    if found.asked:
        told.append(text(lang, "diagnosis.ask_title"))
        required = [one.metric.label[lang] for one in found.asked if one.required]
        others = len(found.asked) - len(required)
        parts = [text(lang, "diagnosis.ask", names=join(lang, required))] if required else []
        parts += [text(lang, "diagnosis.ask_more", n=others)] if others else []
        told.append(sentences(lang, parts))
    return told


def _gate_shorts(found: TierStatus, lang: str) -> Iterator[str]:
    """Gates not met: what fails in each, or, where it has several ways, that none is open."""
    for gate in found.gates:
        if gate.status != "unmet":
            continue
        if gate.ways or not gate.parts:
            yield text(lang, "diagnosis.short_ways", gate=gate.label[lang])
        else:
            yield from (_short(part, lang) for part in gate.parts if part.status == "unmet")


def _short(part: Part, lang: str) -> str:
    facts = {
        "label": part.metric.label[lang],
        "value": tell(part.value, part.metric, lang),
        "threshold": tell_threshold(part.op, part.threshold, part.metric, lang),
    }
    if part.metric.kind in ("boolean", "level"):
        return text(lang, "diagnosis.short_flag", **facts)
    return text(lang, "diagnosis.short", short=tell_short(part, lang), **facts)


def _smallest(found: TierStatus, lang: str) -> list[str]:
    if found.paths and not found.paths[0].items:
        return []
    return [text(lang, "diagnosis.smallest_title"), smallest_sentence(found, lang)]


def smallest_sentence(found: TierStatus, lang: str) -> str:
    """The smallest change, or why there is none."""
    if found.paths:
        return tell_path(found.paths[0], lang)
    if found.unavoidable:
        names = join(lang, [metric.label[lang] for metric in found.unavoidable])
        return text(lang, "diagnosis.smallest_four", n=found.still_unmet, names=names)
    return text(lang, "diagnosis.smallest_never", n=found.still_unmet)


def tell_path(path: Path, lang: str) -> str:
    """One set of changes as a sentence."""
    told = [tell_change(change, lang) for change in (*path.titles, *path.changes)]
    changes = clauses(lang, told) or text(lang, "diagnosis.smallest_none").rstrip("。")
    filled = clauses(lang, [tell_change(change, lang) for change in path.fill_in])
    extra = text(lang, "diagnosis.if_filled", names=filled) if filled else ""
    return text(lang, "diagnosis.smallest_judged" if path.judged else "diagnosis.smallest", changes=changes + extra)


def count_sentence(counted: TierCount, lang: str, edition: Edition) -> str:
    """The gate that most fail, and the one that is most often not known."""
    unmet = max(counted.gates, key=lambda gate: gate.counts["unmet"])
    unknown = max(counted.gates, key=lambda gate: gate.counts["unknown"])
    return text(
        lang,
        "diagnosis.counts_say",
        tier=tier_name(counted.rules.tier, lang),
        rules=rules_name(counted.rules, lang),
        gate=unmet.label[lang],
        unmet=count(told_count(unmet.counts["unmet"], edition)),
        unknown_gate=unknown.label[lang],
        unknown=count(told_count(unknown.counts["unknown"], edition)),
    )


def told_count(number: int, edition: Edition) -> float | None:
    """A count as the edition tells it: exact, or in tens and none of 1 to 9 enterprises."""
    return coarse_count(number) if edition == "public" else number


def diagnosis_lines(diagnosis: Diagnosis, lang: str) -> list[str]:
    """The summary as plain lines for a terminal, and every title with its status."""
    told = "\n".join(summary_paragraphs(diagnosis, lang)).replace("**", "").split("\n")
    for tier in diagnosis.tiers:
        head = text(
            lang,
            "diagnosis.gates_group",
            tier=tier_name(tier.rules.tier, lang),
            rules=rules_name(tier.rules, lang),
            today=text(lang, "diagnosis.today") if tier.applies else "",
            status=status_name(tier.status, lang),
        )
        told += ["", head]
        told += [f"  {gate.id} {gate.label[lang]}: {status_name(gate.status, lang)}" for gate in tier.gates]
        if tier.status != "met":
            told.append(f"  {smallest_sentence(tier, lang)}")
    return told
