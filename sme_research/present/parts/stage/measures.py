"""Each measure on a page of its own: for whom, money, evidence, gain, how one will know, what to keep, risk."""

from __future__ import annotations

from datetime import date

from sme_research.disclosure import coarse_count
from sme_research.policy.evaluation import StagePlan
from sme_research.policy.stage import Stage
from sme_research.policy.verdicts import MeasureVerdict
from sme_research.present.parts.stage.telling import REVENUE, measure_name, told_number, told_price, told_sum
from sme_research.present.show import HtmlTable
from sme_research.present.words import amount, count, day, join, money, sentences, share, text, words
from sme_research.quality import Edition
from sme_research.tables.areas import area_name


def tabulate_measures(
    stage: Stage, lang: str, *, plan: StagePlan | None = None, edition: Edition = "internal"
) -> list[HtmlTable]:
    """Every measure on a page of its own, in the scenario's order."""
    return [tabulate_measure(stage, one.instrument, lang, plan=plan, edition=edition) for one in stage.verdicts]


def tabulate_measure(
    stage: Stage, instrument: str, lang: str, *, plan: StagePlan | None = None, edition: Edition = "internal"
) -> HtmlTable:
    """One measure on one page, in the same seven rows as every other."""
    one = next(verdict for verdict in stage.verdicts if verdict.instrument == instrument)
    contents = {
        "who": _whom(stage, one, lang, public=edition == "public"),
        "money": _money(stage, one, lang, public=edition == "public"),
        "evidence": _evidence(one, lang),
        "gain": text(
            lang,
            "stage.measure_gain",
            gain=money(one.gain.estimate, lang),
            low=money(one.gain.low, lang),
            high=money(one.gain.high, lang),
            price=told_price(one.price, lang, spent=sum(one.money)),
        ),
        "test": _test(plan, one, lang),
        "keep": _kept(plan, instrument, lang),
        "risk": text(lang, f"stage.risk.{one.belief.wording}"),
    }
    caption = text(
        lang,
        "stage.measure_caption",
        name=measure_name(instrument, lang),
        verdict=text(lang, f"stage.verdict.{one.verdict}"),
    )
    rows = [(text(lang, f"stage.row.{row}"), content) for row, content in contents.items()]
    return HtmlTable(caption, words(lang, "stage.measure_head"), rows, kind="own-page")


def _whom(stage: Stage, one: MeasureVerdict, lang: str, *, public: bool) -> str:
    measure = stage.scenario.measures[one.instrument]
    tiers = join(lang, [text(lang, f"stage.tier.{tier}") for tier in measure.tiers]) or text(lang, "stage.tiers_all")
    cities = join(lang, [area_name(city, lang) for city in measure.excluded_cities])
    places = text(lang, "stage.except", cities=cities) if cities else text(lang, "stage.everywhere")
    segments = stage.allocation.problem.segments
    n = int(segments.eligible[:, segments.instruments.index(one.instrument)].sum())
    return text(lang, "stage.who", tiers=tiers, places=places, n=count(coarse_count(n) if public else n))


def _money(stage: Stage, one: MeasureVerdict, lang: str, *, public: bool) -> str:
    spent, n = sum(one.money), sum(one.enterprises)
    if spent == 0:
        return text(lang, "stage.measure_no_money", today=share(one.share_today))
    by_year = [
        text(lang, "stage.year_money", year=year, money=told_sum(part, lang, public=public))
        for year, part in zip(stage.scenario.years, one.money, strict=True)
    ]
    return text(
        lang,
        "stage.measure_money",
        money=told_sum(spent, lang, public=public),
        share=share(one.share),
        today=share(one.share_today),
        n=told_number(n, public=public),
        years=join(lang, by_year),
        each=told_sum(spent / n, lang, public=public),
    )


def _evidence(one: MeasureVerdict, lang: str) -> str:
    belief = one.belief
    low, high = belief.estimate - 1.96 * belief.std_error, belief.estimate + 1.96 * belief.std_error
    return text(
        lang,
        "stage.measure_evidence",
        estimate=amount(belief.estimate, belief.unit, lang),
        low=amount(low, belief.unit, lang),
        high=amount(high, belief.unit, lang),
        wording=text(lang, f"stage.grade.{belief.wording}"),
    )


def _test(plan: StagePlan | None, one: MeasureVerdict, lang: str) -> str:
    studies = [] if plan is None else [study for study in plan.studies if study.measure.instrument == one.instrument]
    if not studies:
        return text(lang, "stage.no_test")
    first = studies[0]
    told = [
        text(
            lang,
            "stage.measure_test",
            design=first.design.label[lang],
            how=first.design.how[lang].rstrip("。."),
            answer=day(date.fromisoformat(first.answer_on), lang),
        )
    ]
    low, high = one.belief.span()
    if first.measure.outcome == REVENUE and first.detectable is not None and first.measure.design != "cap_kink":
        smallest = first.detectable.mde
        facts = {"mde": amount(smallest, first.unit, lang), "n": count(first.n_units)}
        told.append(text(lang, "stage.mde_beyond" if smallest > max(high, -low) else "stage.mde_within", **facts))
    return sentences(lang, told)


def _kept(plan: StagePlan | None, instrument: str, lang: str) -> str:
    studies = [] if plan is None else [study for study in plan.studies if study.measure.instrument == instrument]
    kept = [words_of[lang] for study in studies for words_of in study.keep]
    return ("；" if lang == "zh" else "; ").join(dict.fromkeys(kept)) or text(lang, "stage.measure_keep")
