"""Sentences with numbers, each built from the finding and the words its grade permits."""

from __future__ import annotations

from typing import Final

from sme_research.present.checking import find_check, reading_of, worst_check
from sme_research.present.show import Text
from sme_research.present.wording import noun
from sme_research.present.words import (
    amount,
    amount_range,
    both_ways,
    count,
    has_text,
    join,
    natural,
    sentences,
    share,
    size,
    text,
)
from sme_research.results import Effect, Finding

_THREATS: Final = {
    "selection": "pretrends",
    "spillover": "spillovers",
    "anticipation": "anticipation",
    "bundle": "bundle",
    "exit": "attrition",
    "above_scale": "above_scale",
}
"""Threats to every estimate, each with the check that measures it here."""


def is_found(effect: Effect) -> bool:
    """Whether the interval excludes zero."""
    return effect.ci_low > 0 or effect.ci_high < 0


def item_of(finding: Finding, lang: str) -> str:
    """The outcome as a sentence names it: a state such as promotion as the share of those in it."""
    key = f"item.{finding.outcome}"
    return text(lang, key) if has_text(lang, key) else finding.outcome_label[lang]


def absent(finding: Finding, part: str, lang: str) -> Text:
    """One sentence that says that a part is not there and why.

    A reason that `Finding.unanswered` gives by its key in the catalogue is
    told; one in free words is for the analyst, and the part's own sentence stands.
    """
    reason = finding.unanswered.get(part, "")
    keys = (f"absent.{reason}_{part}", f"absent.{reason}", f"absent.{part}")
    return Text(text(lang, next(key for key in keys if has_text(lang, key))))


def summarise(finding: Finding, lang: str) -> Text:
    """The plain summary: what was found, on whom, how surely, what it is good for, what speaks against it."""
    lines = [
        headline(finding, lang),
        _in_natural_units(finding, lang),
        _on_whom(finding, lang),
        _exposure(finding, lang),
        _detectable(finding, lang),
        opposite(finding, "summary", lang),
        _how_sure(finding, lang),
        text(lang, f"summary.use_{finding.grade.wording}_{_found(finding)}", noun=_noun(finding, lang)),
        _largest_doubt(finding, lang),
    ]
    return Text("\n".join(f"- {line}" for line in lines if line), finding.grade.wording)


def _found(finding: Finding) -> str:
    return "found" if is_found(finding.effect) else "not_found"


def opposite(finding: Finding, section: str, lang: str) -> str:
    """That the triple difference points the other way and is told from zero; nothing where it does not."""
    own, other = finding.effect, finding.triple_difference
    if other is None or own.estimate * other.estimate >= 0 or not is_found(other):
        return ""
    return text(
        lang,
        f"{section}.opposite",
        own=amount(own.estimate, own.unit, lang),
        estimate=amount(other.estimate, other.unit, lang),
        range=amount_range(other.ci_low, other.ci_high, other.unit, lang),
        level=f"{other.level:.0%}",
    )


def _how_sure(finding: Finding, lang: str) -> str:
    level = finding.grade.sms_level
    return text(lang, f"summary.sure_{level}", level=level, noun=_noun(finding, lang))


def _noun(finding: Finding, lang: str) -> str:
    return noun(finding.grade, lang)


def _in_natural_units(finding: Finding, lang: str) -> str:
    told = finding.natural
    if told is None:
        return ""
    sentence = text(
        lang,
        "summary.natural",
        base=natural(told.base, told.unit, lang, sign=False),
        estimate=natural(told.estimate, told.unit, lang),
        low=natural(told.ci_low, told.unit, lang),
        high=natural(told.ci_high, told.unit, lang),
        noun=_noun(finding, lang),
    )
    zero = [text(lang, "summary.natural_zero")] if told.ci_low <= 0 <= told.ci_high else []
    return sentences(lang, [sentence, *zero])


def _on_whom(finding: Finding, lang: str) -> str:
    return text(
        lang,
        "summary.sample",
        n_enterprises=count(finding.effect.n_enterprises),
        n_observations=count(finding.effect.n_observations),
        n_treated=count(finding.effect.n_treated),
        first_year=finding.years[0],
        last_year=finding.years[1],
    )


def _detectable(finding: Finding, lang: str) -> str:
    """The minimum detectable difference beside every null."""
    power = find_check(finding, "power")
    if is_found(finding.effect) or power is None:
        return ""
    return text(lang, "summary.mde", mde=both_ways(power.values["mde"], finding.effect.unit, lang))


def _largest_doubt(finding: Finding, lang: str) -> str:
    check = worst_check(finding)
    if check is None:
        return text(lang, "summary.no_doubt" if finding.checks else "summary.unchecked")
    reading = reading_of(finding, check, lang)
    return text(lang, "summary.doubt", check=text(lang, f"checks.{check.name}"), reading=reading)


def _exposure(finding: Finding, lang: str) -> str:
    """Share of the treated enterprise-years that are the year of treatment itself, where counts are published."""
    after = {point.event_time: point.n_treated for point in finding.event_study.points if point.event_time >= 0}
    if None in after.values():
        return ""
    first = after.get(0, 0) / sum(after.values()) if after else 0.0
    return text(lang, "summary.exposure", share=share(first))


def headline(finding: Finding, lang: str) -> str:
    """One sentence: the estimate in the words that the grade permits."""
    effect = finding.effect
    label = finding.instrument_label[lang]
    return text(
        lang,
        f"summary.{finding.grade.wording}_{_found(finding)}",
        instrument=label,
        instrument_lower=within_sentence(label),
        item=item_of(finding, lang),
        direction=text(lang, "summary.up" if effect.estimate > 0 else "summary.down"),
        size=size(effect.estimate, effect.unit, lang),
        estimate=amount(effect.estimate, effect.unit, lang),
        level=f"{effect.level:.0%}",
        range=amount_range(effect.ci_low, effect.ci_high, effect.unit, lang),
    )


def within_sentence(label: str) -> str:
    """A label as it stands within a sentence: its first letter small unless it begins an abbreviation."""
    return label if label[1:2].isupper() else label[0].lower() + label[1:]


def describe_design(finding: Finding, lang: str) -> Text:
    """Identification in plain words, the method, and what the standard error rests on."""
    effect, item = finding.effect, item_of(finding, lang)
    key = "design.assumption" if finding.covariate_label else "design.assumption_plain"
    few_clusters = find_check(finding, "few_clusters")
    clustered = few_clusters is not None and few_clusters.verdict != "not_applicable"
    primary = finding.inferences[0].method if finding.inferences else "clustered"
    paragraphs = [
        text(lang, key, item=item, covariates=list_labels(finding, lang)),
        text(lang, "design.why"),
        text(
            lang,
            "design.method",
            estimator=text(lang, f"estimator.{effect.estimator}"),
            comparison=text(lang, f"comparison.{effect.comparison}"),
            how=text(lang, f"design.how_{effect.estimator}"),
        ),
        text(
            lang,
            "design.inference",
            group=text(lang, "design.cluster" if clustered else "design.enterprise"),
            n_clusters=count(effect.n_clusters),
            n_treated_clusters=count(effect.n_treated_clusters),
            interval=text(lang, f"design.interval_{primary}"),
        ),
    ]
    return Text("\n\n".join(paragraphs))


def describe(finding: Finding, part: str, lang: str) -> Text:
    """One of the instrument's or the outcome's own sentences, such as its ``mechanism`` or ``selection``."""
    return Text(finding.words[part][lang])


def describe_flow(finding: Finding, lang: str) -> Text:
    """Who was lost to missing data, by arm, and which treated are in the sample but not in the average."""
    values = finding.check("sample_flow").values
    if "gap" not in values:
        return Text(text(lang, "flow.withheld"))
    reading = text(
        lang,
        "flow.reading",
        lost_treated=share(values["lost_treated"]),
        lost_comparison=share(values["lost_comparison"]),
        gap=text(lang, "unit.points", number=f"{values['gap'] * 100:.1f}"),
    )
    treated = {step.name: step.n_treated for step in finding.flow.steps}
    if not treated.get("before_and_after") or not treated["two_years"]:
        return Text(reading)
    unseen = treated["two_years"] - treated["before_and_after"]
    told = text(lang, "flow.unseen", n=count(unseen), share=share(unseen / treated["two_years"]))
    return Text(sentences(lang, [reading, told]))


def describe_limits(finding: Finding, lang: str) -> Text:
    """Threats that remain, each with the direction in which it would move the estimate and what was measured."""
    lines = [
        f"- {text(lang, f'limits.{threat}')}{_measured(finding, check, lang)}" for threat, check in _THREATS.items()
    ]
    contrary = opposite(finding, "limits", lang)
    lines += [f"- {contrary}"] if contrary else []
    lines += [
        f"- {text(lang, f'limits.{finding.prices}')}",
        f"- {text(lang, 'limits.scope', population=finding.words['population'][lang])}",
        f"- {text(lang, f'limits.change_{_found(finding)}')}",
    ]
    return Text("\n".join(lines))


def _measured(finding: Finding, name: str, lang: str) -> str:
    check = find_check(finding, name)
    if check is None or check.verdict == "not_applicable":
        return text(lang, "limits.unmeasured")
    return text(lang, "limits.measured", reading=reading_of(finding, check, lang))


def reason_sentence(reason: str, lang: str) -> str:
    """What one reason of a grade says."""
    return text(lang, f"grade.{reason}")


def list_labels(finding: Finding, lang: str) -> str:
    """What the estimate adjusts for, as a list in words; the parts of one characteristic stand together."""
    parts: dict[str, list[str]] = {}
    for label in finding.covariate_label.values():
        head, _, part = label[lang].partition("：" if lang == "zh" else ": ")
        parts.setdefault(head, []).extend([part] if part else [])
    told = [
        text(lang, "list.parts", head=head, parts=join(lang, members)) if members else head
        for head, members in parts.items()
    ]
    if len(told) < 2:
        return join(lang, told)
    return text(lang, "list.last", before=join(lang, told[:-1]), last=told[-1])
