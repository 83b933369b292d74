"""The mix as a report has it: panels, verdicts, grade, records, words, and what the public edition withholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sme_research.errors import IdentificationError, StudyError
from sme_research.evaluation.mix import (
    MIX,
    evaluate_mix,
    grade_interaction,
    load_mix_panel,
    mix_records,
    publish_mix,
)
from sme_research.factory.findings import _GROUPED, Finding
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.combinations import count_combinations
from sme_research.policy.mix import MixInteraction
from sme_research.policy.targeting import assess_all
from sme_research.present.parts.mix import (
    describe_interactions,
    plot_interactions,
    plot_mix_cells,
    summarise_mix,
    tabulate_interactions,
    tabulate_mix_cells,
)
from sme_research.present.wording import causal_words
from sme_research.results import Check
from sme_research.sample import load_sample
from sme_research.study import Study
from sme_research.synthetic import WorldSpec, make_province
from sme_research.tables import tables_from_frames


@pytest.fixture(scope="module")
def tables():
    return tables_from_frames(make_province(WorldSpec(n_enterprises=1_800)).tables, made_up=True)


@pytest.fixture(scope="module")
def finding(tables):
    return evaluate_mix(tables)


def test_a_panel_holds_whom_each_instrument_could_have_reached(tables):
    panel = load_mix_panel(tables, ("loan_subsidy", "training"))
    borrowers = load_sample(Study(instrument="loan_subsidy"), tables)
    trained = load_sample(Study(instrument="training"), tables)
    assert set(panel["enterprise_id"]) == set(borrowers["enterprise_id"]) & set(trained["enterprise_id"])
    assert not panel.duplicated(["enterprise_id", "year"]).any()
    first = INSTRUMENTS["training"].first_treated(tables).set_index("enterprise_id")["first_on"]
    one = panel[panel["first_training"].notna()].iloc[0]
    assert one["first_training"] == first[one["enterprise_id"]].year
    assert "cluster_id" not in panel
    assert "cluster_id" in load_mix_panel(tables, ("training", "cluster_membership"))


def test_every_combination_is_asked_once(finding):
    assert len(finding.cells) == 7
    assert [each.instruments for each in finding.interactions] == [MIX[:2], (MIX[0], MIX[2]), MIX[1:], MIX]
    assert all(each.additive is None for each in finding.cells if len(each.instruments) == 1)


def test_nothing_is_planted_beyond_the_sum_and_nothing_is_told(finding):
    told = [each for each in finding.interactions if each.effect is not None]
    assert len(told) >= 3
    assert {each.verdict for each in told} == {"not_detected"}
    for each in told:
        assert each.detectable > each.effect.ci_high - each.effect.estimate
        assert each.p_adjusted >= each.p_value


def test_a_large_one_that_is_planted_is_detected(tables):
    """Enterprises that hold both grow by 35 log points more than the sum."""
    accounts = tables["accounts"].copy()
    for name in ("loan_subsidy", "training"):
        first = INSTRUMENTS[name].first_treated(tables).set_index("enterprise_id")["first_on"].dt.year
        accounts[name] = accounts["enterprise_id"].map(first) <= accounts["year"]
    both = accounts.pop("loan_subsidy") & accounts.pop("training")
    accounts["revenue"] *= np.exp(0.35 * both)
    plain, planted = (
        evaluate_mix(each, instruments=("loan_subsidy", "training")).interactions[0]
        for each in (tables, {**tables, "accounts": accounts})
    )
    assert planted.verdict == "detected"
    # The first-year covariates do not change, so the estimate moves by what is planted and by nothing else.
    assert planted.effect.estimate - plain.effect.estimate == pytest.approx(0.35)


def test_verdicts_follow_interval_and_adjusted_p(finding):
    each = next(each for each in finding.interactions if each.effect is not None)
    off_zero = replace(each.effect, estimate=0.05, ci_low=0.01, ci_high=0.09)
    assert replace(each, effect=off_zero, p_adjusted=0.01).verdict == "detected"
    assert replace(each, effect=off_zero, p_adjusted=0.20).verdict == "doubtful"
    assert MixInteraction(MIX, None).verdict == "not_estimated"


@pytest.mark.parametrize(
    ("verdict", "level", "reason"),
    [("pass", 3, "design"), ("warn", 2, "doubt"), ("fail", 2, "failed"), ("not_applicable", 2, "untested")],
)
def test_an_interaction_is_an_association_at_most(verdict, level, reason):
    grade = grade_interaction(Check("pretrends", verdict, None, None))
    assert (grade.sms_level, grade.wording) == (level, "association")
    assert reason in grade.reasons


def test_what_is_no_mix_is_refused(tables):
    with pytest.raises(StudyError, match="two or three different"):
        evaluate_mix(tables, instruments=("training",))
    with pytest.raises(StudyError, match="two or three different"):
        evaluate_mix(tables, instruments=("training", "training"))
    nobody = {**tables, "loans": tables["loans"].head(0)}
    with pytest.raises(IdentificationError):
        evaluate_mix(nobody)


def test_records_hold_what_the_schema_of_findings_allows(finding):
    for record in mix_records(finding):
        assert set(record.content) - set(_GROUPED) <= set(Finding.model_fields)
        assert record.content["kind"] == "finding"
        assert record.content["grade"]["wording"] == "association"
        assert record.content["headline"]["en"].startswith("Not detected")
        assert {check["name"] for check in record.content["checks"]} == {"pretrends", "power", "multiplicity"}


def test_the_public_finding_counts_in_tens(finding):
    public = publish_mix(finding)
    effects = [each.effect for each in (*public.cells, *public.interactions) if each.effect is not None]
    assert effects
    for effect in effects:
        for count in (effect.n_enterprises, effect.n_treated, effect.n_observations):
            assert count % 10 == 0
    few = replace(finding.interactions[0], effect=replace(finding.interactions[0].effect, n_treated=9))
    hidden = publish_mix(replace(finding, interactions=(few,))).interactions[0]
    assert hidden.effect is None
    assert hidden.verdict == "not_estimated"


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("edition", ["internal", "public"])
def test_the_report_says_not_detected_with_its_size_and_claims_no_cause(tables, finding, lang, edition):
    shown = publish_mix(finding) if edition == "public" else finding
    combinations = count_combinations(tables, on="2024-04-30", edition=edition)
    summary = summarise_mix(combinations, shown, assess_all(tables, "2024-04-30", edition=edition), lang)
    parts = [summary, describe_interactions(shown, lang)]
    tables_shown = [tabulate_mix_cells(shown, lang), tabulate_interactions(shown, lang)]
    pictures = [plot_mix_cells(shown, lang), plot_interactions(shown, lang)]
    passages = [str(part) for part in parts] + [table._repr_html_() for table in tables_shown]
    passages += [f"{picture.alt} {picture.caption}" for picture in pictures]
    for passage in passages:
        assert causal_words(passage, lang) == []
    silent, never = {"zh": ("未检出", "没有交互"), "en": ("Not detected", "no interaction")}[lang]
    assert str(summary).count(silent) >= 3
    assert never not in " ".join(passages)
    assert len(tables_shown[0].rows) == 8
    assert all(len(row) == len(table.head) for table in tables_shown for row in table.rows)


def test_a_combination_that_nobody_can_have_is_told_and_not_left_out(finding):
    absent = MixInteraction(MIX, None, reason="x")
    shown = replace(finding, interactions=(*finding.interactions[:3], absent))
    assert "not estimated" in tabulate_interactions(shown, "en")._repr_html_()
    assert len(mix_records(shown)) == 3


def test_the_frames_given_are_left_as_they_were(tables):
    before = pd.util.hash_pandas_object(tables["accounts"]).sum()
    load_mix_panel(tables, MIX)
    assert pd.util.hash_pandas_object(tables["accounts"]).sum() == before
