"""One study through every part: complete, true to what was planted, and indifferent to what must not matter."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from sme_research import Study, evaluate, sketch
from sme_research.cache import CACHE_VARIABLE
from sme_research.checks import CHECKS
from sme_research.evaluation import compose, workers
from sme_research.evaluation.family import estimate_outcome
from sme_research.evaluation.numbered import NumberedTables
from sme_research.evaluation.plan import outcomes_of
from sme_research.evaluation.programme import tell_rule_sets
from sme_research.evaluation.specifications import SPECIFICATIONS
from sme_research.evaluation.subgroups import PARTS, drop_redundant
from sme_research.sample import load_sample
from sme_research.synthetic import Traps, WorldSpec, make_province
from sme_research.tables import load_tables, write_tables

TRAINING = Study(instrument="training")


@pytest.fixture(scope="module")
def tables():
    return make_province(WorldSpec(n_enterprises=1_200)).tables


@pytest.fixture(scope="module")
def finding(tables):
    return evaluate(TRAINING, tables).finding


def test_every_part_fixed_in_advance_is_reported_adverse_or_not(finding):
    assert [found.name for found in finding.specifications] == ["declared", *SPECIFICATIONS]
    assert [found.outcome for found in finding.family] == list(outcomes_of(TRAINING))
    assert [f"{found.variable}.{found.part}" for found in finding.subgroups] == list(PARTS)
    assert [check.name for check in finding.checks] == list(CHECKS)


def test_what_has_no_estimate_has_a_reason(finding):
    for found in (*finding.specifications, *finding.family, *finding.subgroups):
        assert (found.effect is None) == bool(found.reason)


def test_two_way_fixed_effects_stand_as_contrast_with_weights_that_sum_to_one(finding):
    assert finding.contrast.effect.estimator == "two_way_fixed_effects"
    assert sum(part["weight"] for part in finding.contrast.parts) == pytest.approx(1)


def test_yuan_are_the_relative_effect_times_the_level_before(finding):
    natural, effect = finding.natural, finding.effect
    assert natural.estimate == pytest.approx(natural.base * np.expm1(effect.estimate))
    assert natural.ci_low == pytest.approx(natural.base * np.expm1(effect.ci_low))


def test_the_quick_look_gives_the_same_estimate(finding, tables):
    assert sketch(TRAINING, tables).finding.effect == finding.effect


def test_loan_costs_and_facts_stand_beside_the_estimate(tables):
    found = evaluate(Study(instrument="loan_subsidy"), tables).finding
    assert found.cost.total == pytest.approx(found.cost.per_enterprise * found.cost.n_enterprises)
    assert np.expm1(found.cost.break_even) * found.natural.base == pytest.approx(found.cost.per_enterprise)
    assert {fact.recount for fact in found.facts} >= {
        float(tables["loans"].query("phase == '1'").enterprise_id.nunique())
    }
    assert found.triple_difference.estimand == "ITT"
    assert {entry.checked for entry in found.literature} == {True, False}


def test_a_finding_names_the_rules_that_made_its_enterprises_eligible_or_its_outcome():
    titles = pd.DataFrame(
        [
            ("a", "srdi", "2021-05-01", pd.NA),
            ("a", "srdi", "2024-05-01", "cn-2022-63"),
            ("b", "srdi", "2023-05-01", "ours-2019"),  # on no file
            ("b", "little_giant", "2026-05-01", "cn-2026-2"),  # after the last account
            ("c", "little_giant", "2023-05-01", "cn-2026-2"),  # not of the sample
        ],
        columns=["enterprise_id", "tier", "granted_on", "rule_set"],
    )
    titles["granted_on"] = pd.to_datetime(titles["granted_on"])
    tables = {"recognitions": titles, "accounts": pd.DataFrame({"year": [2023, 2024]})}
    ids = pd.Series(["a", "b"])
    loan = Study(instrument="loan_subsidy")
    assert tell_rule_sets(loan, tables, ids) == ("cn-2022-63",)
    assert tell_rule_sets(loan, tables, pd.Series(["a", "c"])) == ("cn-2022-63", "cn-2026-2")
    assert tell_rule_sets(Study(instrument="loan_subsidy", population="all"), tables, ids) == ()
    assert tell_rule_sets(TRAINING, tables, ids) == ()  # open to all
    assert tell_rule_sets(Study(instrument="training", outcome="promotion"), tables, pd.Series(["c"])) == (
        "cn-2026-2",
    )
    assert tell_rule_sets(loan, {**tables, "recognitions": titles.drop(columns="rule_set")}, ids) == ()


def test_a_world_built_to_fail_the_pretrend_check_lowers_the_grade():
    broken = make_province(WorldSpec(n_enterprises=3_000, traps=Traps.switched(on=("broken_trends",)))).tables
    found = sketch(TRAINING, broken).finding
    assert found.check("pretrends").verdict == "fail"
    assert found.grade.sms_level == 2
    assert found.grade.wording == "association"
    assert "failed_pretrends" in found.grade.reasons


def test_processes_of_their_own_give_the_same_answers(finding, tables, monkeypatch):
    monkeypatch.setattr(workers, "LARGE", 100)
    again = evaluate(TRAINING, tables).finding
    for ours, theirs in zip(
        (*finding.specifications, *finding.family), (*again.specifications, *again.family), strict=True
    ):
        assert ours.reason == theirs.reason
        if ours.effect is not None:
            close(ours.effect, theirs.effect)  # up to rounding: threads may add up in another order


def close(ours, theirs, *, scale: float = 1.0) -> None:
    """The same effect up to rounding; ``scale`` is how many of their unit make one of ours."""
    ours, theirs = asdict(ours), asdict(theirs)
    for name, value in ours.items():
        factor = scale if name in ("estimate", "std_error", "ci_low", "ci_high") else 1
        if isinstance(value, float):
            assert theirs[name] == pytest.approx(value * factor, rel=1e-6, abs=1e-9)
        else:
            assert theirs[name] == value


@pytest.mark.parametrize("instrument", ["loan_subsidy", "training", "cluster_membership"])
@pytest.mark.parametrize("outcome", ["log_revenue", "profit_margin"])
def test_row_order_ids_and_the_unit_of_money_do_not_matter(tables, instrument, outcome):
    study = Study(instrument=instrument, outcome=outcome)
    ours = sketch(study, tables).finding
    rng = np.random.default_rng(3)
    shuffled = {name: table.sample(frac=1, random_state=rng.integers(1 << 30)) for name, table in tables.items()}
    renamed = {name: rename(table, tables) for name, table in tables.items()}
    in_yuan = {name: in_other_unit(table) for name, table in tables.items()}
    for other in (shuffled, renamed, in_yuan):
        theirs = sketch(study, other).finding
        close(ours.effect, theirs.effect)
        for mine, yours in zip(ours.event_study.points, theirs.event_study.points, strict=True):
            close(mine, yours)


@pytest.mark.parametrize("check", ["attrition", "spillovers", "bundle", "placebo_date", "composition", "influence"])
def test_checks_do_not_depend_on_row_order_or_ids(tables, check):
    verdicts = []
    for version in (tables, {name: rename(t, tables).sample(frac=1, random_state=7) for name, t in tables.items()}):
        estimation = compose.surround(TRAINING, version, compose.estimate_study(TRAINING, version), {})
        verdicts.append(CHECKS[check](estimation))
    ours, theirs = verdicts
    assert theirs.verdict == ours.verdict
    assert theirs.statistic == pytest.approx(ours.statistic, rel=1e-6, abs=1e-9)


def rename(table: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Ids in reverse order of the alphabet."""
    ids = sorted(tables["enterprises"]["enterprise_id"])
    others = dict(zip(ids, (f"E{len(ids) - at:06d}" for at in range(len(ids))), strict=True))
    columns = [name for name in ("enterprise_id", "leader_id") if name in table]
    return table.assign(**{name: table[name].map(others) for name in columns})


MONEY = ("revenue", "main_revenue", "profit", "tax", "assets", "liabilities", "fixed_assets", "rd_expense", "amount")


def in_other_unit(table: pd.DataFrame) -> pd.DataFrame:
    """Money in yuan instead of 10,000 yuan."""
    return table.assign(**{name: table[name] * 10_000 for name in MONEY if name in table})


def test_covariates_that_others_tell_already_are_dropped():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"enterprise_id": [f"{at}" for at in range(50)], "x_a": rng.normal(size=50)})
    frame["x_b"] = (np.arange(50) < 20).astype(float)
    frame["x_c"] = 1 - frame["x_b"]
    assert list(drop_redundant(frame)) == ["enterprise_id", "x_a", "x_b"]


def test_numbers_in_place_of_ids_keep_their_order_and_give_the_ids_back(tables):
    numbered = NumberedTables(tables)
    sample, same = load_sample(TRAINING, tables), load_sample(TRAINING, numbered)
    assert same["enterprise_id"].dtype == "int64"
    assert same["enterprise_id"].is_monotonic_increasing
    pd.testing.assert_frame_equal(numbered.with_ids(same), sample)


def test_an_id_that_the_register_lacks_has_a_number_of_its_own():
    enterprises = pd.DataFrame({"enterprise_id": ["B", "A"]})
    links = pd.DataFrame({"enterprise_id": ["A", "B"], "leader_id": ["L", "A"]})
    numbered = NumberedTables({"enterprises": enterprises, "chain_links": links})
    assert numbered["enterprises"]["enterprise_id"].tolist() == [1, 0]
    assert numbered["chain_links"]["leader_id"].tolist() == [2, 0]


def test_studies_of_one_instrument_share_the_outcomes_that_they_show(tables, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "kept"))
    write_tables(dict(tables), tmp_path / "data")
    found = []
    for outcome in ("log_revenue", "rd_intensity"):
        study, read = Study(instrument="training", outcome=outcome), NumberedTables(load_tables(tmp_path / "data"))
        ask = workers.Ask(study, read, load_sample(study, read))
        found.append(estimate_outcome(ask, "log_employees"))
    assert found[0] == found[1]
    assert len(list((tmp_path / "kept").glob("outcome/*/*.result"))) == 1
