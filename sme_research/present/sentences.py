"""Sentences with numbers, each built from the finding and the words its grade permits."""

from __future__ import annotations

from sme_research.present.show import Text
from sme_research.present.words import count, p_value, percent_of, share, signed, signed_percent, text
from sme_research.results import Check, Effect, Finding

_SHARES = {"share_alone", "lost_treated", "lost_comparison"}
_GAPS = {"gap"}
_LOG_SIZES = {"detectable_trend", "undetected_bias"}
_COUNTS = {"n_clusters", "n_treated_clusters", "n_periods", "n_alone", "n_cells", "n_lost", "n_unsure"}


def is_found(effect: Effect) -> bool:
    """Whether the interval excludes zero."""
    return effect.ci_low > 0 or effect.ci_high < 0


def summarise(finding: Finding, lang: str) -> Text:
    """The plain summary: what was found, on whom, how surely."""
    grade, years = finding.grade, finding.years
    facts = {
        "n_enterprises": count(finding.effect.n_enterprises),
        "n_observations": count(finding.effect.n_observations),
        "n_treated": count(finding.effect.n_treated),
        "first_year": years[0],
        "last_year": years[1],
    }
    lines = [headline(finding, lang), text(lang, "summary.sample", **facts)]
    lines.append(text(lang, "summary.exposure", share=share(_share_of_first_year(finding))))
    if not is_found(finding.effect):
        lines.append(text(lang, "summary.mde", mde=both_ways(finding.check("power").values["mde"], lang)))
    wording = text(lang, f"wording.{grade.wording}")
    lines.append(text(lang, "summary.grade", level=grade.sms_level, wording=wording))
    return Text("\n".join(f"- {line}" for line in lines))


def _share_of_first_year(finding: Finding) -> float:
    """Share of the treated enterprise-years that are the year of treatment itself."""
    after = {point.event_time: point.n_treated for point in finding.event_study.points if point.event_time >= 0}
    return after.get(0, 0) / sum(after.values()) if after else 0.0


def headline(finding: Finding, lang: str) -> str:
    """One sentence: the estimate in the words that the grade permits."""
    effect = finding.effect
    kind = "effect" if finding.grade.wording == "effect" else "association"
    found = "found" if is_found(effect) else "not_found"
    label = finding.instrument_label[lang]
    return text(
        lang,
        f"summary.{kind}_{found}",
        instrument=label,
        instrument_lower=label[0].lower() + label[1:],
        item=finding.outcome_label[lang],
        direction=text(lang, "summary.up" if effect.estimate > 0 else "summary.down"),
        size=f"{abs(percent_of(effect.estimate)):.1f}%",
        estimate=signed_percent(effect.estimate),
        level=f"{effect.level:.0%}",
        low=signed_percent(effect.ci_low),
        high=signed_percent(effect.ci_high),
    )


def describe_design(finding: Finding, lang: str) -> Text:
    """Identification in plain words, the method, and what the standard error rests on."""
    effect, item = finding.effect, finding.outcome_label[lang]
    key = "design.assumption" if finding.covariate_label else "design.assumption_plain"
    covariates = list_labels(finding, lang)
    group = "cluster" if finding.check("few_clusters").verdict != "not_applicable" else "enterprise"
    paragraphs = [
        text(lang, key, item=item, covariates=covariates),
        text(lang, "design.why"),
        text(
            lang,
            "design.method",
            estimator=text(lang, f"estimator.{effect.estimator}"),
            comparison=text(lang, f"comparison.{effect.comparison}"),
        ),
        text(
            lang,
            "design.inference",
            group=text(lang, f"design.{group}"),
            n_clusters=count(effect.n_clusters),
            n_treated_clusters=count(effect.n_treated_clusters),
        ),
    ]
    return Text("\n\n".join(paragraphs))


def describe(finding: Finding, part: str, lang: str) -> Text:
    """One of the instrument's own sentences, such as its ``mechanism`` or ``selection``."""
    return Text(finding.words[part][lang])


def describe_flow(finding: Finding, lang: str) -> Text:
    """Who was lost to missing data, by arm."""
    values = finding.check("sample_flow").values
    return Text(text(lang, "flow.reading", **{name: _shown(name, value, lang) for name, value in values.items()}))


def describe_limits(finding: Finding, lang: str) -> Text:
    """Threats that remain, with the direction in which each would move the estimate."""
    population = finding.words["population"][lang]
    names = ("selection", "spillover", "bundle", "exit", "nominal", "scope", "change")
    return Text("\n".join(text(lang, f"limits.{name}", population=population) for name in names))


def check_sentence(check: Check, lang: str) -> str:
    """What one check says, with its numbers."""
    values = {name: _shown(name, value, lang) for name, value in check.values.items()}
    return text(lang, f"checks.{check.name}_{check.verdict}", p_value=p_value(check.p_value), **values)


def reason_sentence(reason: str, lang: str) -> str:
    """What one reason of a grade says."""
    return text(lang, f"grade.{reason}")


def list_labels(finding: Finding, lang: str) -> str:
    """What the estimate adjusts for, as a list in words."""
    return ("、" if lang == "zh" else ", ").join(label[lang] for label in finding.covariate_label.values())


def both_ways(log_points: float, lang: str) -> str:
    """A size in log points as the rise and the fall it stands for, which differ in percent."""
    up, down = f"{percent_of(log_points):.1f}", f"{abs(percent_of(-log_points)):.1f}"
    return text(lang, "unit.both_ways", up=up, down=down)


def interval(low: float, high: float, lang: str) -> str:
    """An interval in log points as signed percentages, for a table whose head says percent."""
    return text(lang, "unit.range", low=signed(percent_of(low)), high=signed(percent_of(high)))


def size_of(log_points: float) -> str:
    """The size of a difference as a percentage without a sign."""
    return f"{abs(percent_of(log_points)):.1f}%"


def _shown(name: str, value: float, lang: str) -> str:
    """A check's number as its sentence quotes it."""
    if name in _GAPS:
        return text(lang, "unit.points", number=f"{value * 100:.1f}")
    if name in _SHARES:
        return share(value)
    if name == "mde":
        return both_ways(value, lang)
    if name == "p_steady":
        return p_value(value)
    if name in _LOG_SIZES:
        return size_of(value)
    return count(value) if name in _COUNTS else signed(value, 2).lstrip("+")
