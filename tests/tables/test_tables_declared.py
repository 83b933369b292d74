"""The declaration: labels, keys, limits and code lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from sme_research.tables import (
    TABLES,
    Table,
    area_name,
    load_tables,
    reference_path,
    reporting_unit,
    reporting_units,
)
from sme_research.tables.areas import is_county, is_prefecture
from sme_research.tables.codes import CODE_LISTS
from sme_research.tables.columns import text
from sme_research.tables.industries import is_industry
from sme_research.tables.reading import read_frame
from sme_research.tables.validation import validate

CONTRACT = {
    "enterprises": (
        "企业",
        "enterprise_id",
        "enterprise_id name city_code county_code industry_code founded_on ownership listed_on",
    ),
    "accounts": (
        "年度经营",
        "enterprise_id year",
        "enterprise_id year revenue main_revenue profit tax employees assets liabilities loan_balance "
        "fixed_assets rd_expense rd_staff exports scrap_rate above_scale",
    ),
    "recognitions": (
        "认定",
        "enterprise_id tier granted_on",
        "enterprise_id tier granted_on expires_on rule_set",
    ),
    "loans": (
        "贴息贷款",
        "loan_id",
        "loan_id enterprise_id phase bank drawn_on amount rate subsidy_points term_days applied_amount",
    ),
    "training": ("培训", "session_id enterprise_id", "session_id enterprise_id held_on topic participants"),
    "clusters": ("集群", "cluster_id", "cluster_id name level designated_on county_code industry_code"),
    "cluster_members": ("集群成员", "cluster_id enterprise_id", "cluster_id enterprise_id joined_on left_on"),
    "qualifications": (
        "资质",
        "enterprise_id kind granted_on",
        "enterprise_id kind granted_on level expires_on",
    ),
    "intellectual_property": (
        "知识产权",
        "enterprise_id year",
        "enterprise_id year class_1 class_1_high_value class_2",
    ),
    "awards": ("奖励", "award_id", "award_id enterprise_id tier paid_on amount payer"),
    "coaching": ("辅导", "coaching_id", "coaching_id enterprise_id started_on score coach_days"),
    "contests": ("大赛", "entry_id", "entry_id contest enterprise_id held_on rank score"),
    "matching_events": (
        "产融对接",
        "participation_id",
        "participation_id event_id enterprise_id held_on matched_amount contracted_amount drawn_amount",
    ),
    "appeals": ("诉求", "appeal_id", "appeal_id enterprise_id raised_on topic handled_on resolved_on"),
    "chain_links": ("链主配套", "link_id", "link_id leader_id enterprise_id since until"),
    "special_actions": (
        "专项行动",
        "participation_id",
        "participation_id enterprise_id action started_on spending subsidy",
    ),
    "self_reports": (
        "自测",
        "enterprise_id reported_on",
        "enterprise_id reported_on niche_years market_share brand digital_level equity_financing platform_score "
        "local_points score equity_financing_3y strategic_emerging key_field fills_gap chain_supplier product_field "
        "quality_award management_certificate standards_joined product_certified information_systems domestic_rank "
        "class_1_in_use rd_institution science_award contest_award",
    ),
    "official_figures": ("公布数", "indicator as_of", "indicator as_of value unit perimeter bound source"),
}


@pytest.mark.parametrize("name", CONTRACT)
def test_names_keys_and_labels_are_those_of_the_contract(name):
    label, key, columns = CONTRACT[name]
    table = TABLES[name]
    assert (table.label_zh, " ".join(table.key), " ".join(table.column_names)) == (label, key, columns)


def test_every_declared_table_is_in_the_contract():
    assert set(TABLES) == set(CONTRACT)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_labels_are_complete_and_unique_in_their_table(table):
    for language in ("label_zh", "label_en"):
        labels = [getattr(column, language) for column in table.columns]
        assert all(labels)
        assert len(set(labels)) == len(labels)
    assert all(column.unit and column.meaning.endswith(".") for column in table.columns)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_keys_are_required_and_never_blank(table):
    assert all(table.column(name).required and not table.column(name).nullable for name in table.key)


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_number_and_date_has_limits(table):
    for column in table.columns:
        if column.kind in ("number", "integer", "date"):
            assert column.minimum is not None
            assert column.maximum is not None


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_references_point_to_a_table_or_a_code_list(table):
    assert {column.references for column in table.columns} - {None} <= {*TABLES, *CODE_LISTS}


def test_labels_of_tables_are_unique():
    assert len({table.label_zh for table in TABLES.values()}) == len(TABLES)


@pytest.mark.parametrize("code", ["350100", "350200", "440300", "110100", "310000", "429000", "659000", "460400"])
def test_prefectures_of_every_province_are_known(code):
    assert is_prefecture(code)


@pytest.mark.parametrize(
    "code", ["350000", "350128", "350199", "359900", "990100", "35010", "３５０１００", "abc", ""]
)
def test_other_codes_are_no_prefectures(code):
    assert not is_prefecture(code)


def test_counties_are_known_and_the_unallocated_area_is_not():
    assert is_county("350128")
    assert is_county("440305")
    assert not is_county("350199")
    assert not is_county("350100")


@pytest.mark.parametrize("code", ["39", "391", "3912", "01", "0111", "3741", "374", "970"])
def test_industries_are_known_at_each_level(code):
    assert is_industry(code)


@pytest.mark.parametrize("code", ["C", "C39", "3", "99", "0", "39120", ""])
def test_other_texts_are_no_industries(code):
    assert not is_industry(code)


def test_pingtan_is_a_reporting_unit_of_its_own():
    cities = pd.Series(["350100", "350100", "350500", "350100"])
    counties = pd.Series(["350128", "350102", None, None])
    assert reporting_unit(cities, counties).tolist() == ["350128", "350100", "350500", "350100"]
    assert reporting_unit(cities, None).tolist() == cities.tolist()
    assert len(reporting_units()) == 10


def test_reporting_units_have_names_in_both_languages():
    assert area_name("350500", "en") == "Quanzhou"
    assert area_name("350128", "zh") == "平潭综合实验区"
    assert area_name("350582", "en") == "晋江市"
    assert area_name("440300", "zh") == "深圳市"


def test_the_committed_official_figures_are_a_valid_table():
    tables = load_tables(reference_path("official_figures.csv").parent, ["official_figures"])
    figures = tables["official_figures"].set_index(["indicator", "as_of"])
    assert figures.loc[("srdi", "2024-04-30"), "value"] == 3005
    assert figures.loc[("loan_balance", "2023-12-31"), "value"] == 1049.5 * 10_000
    assert figures["source"].notna().all()


def test_a_pattern_is_a_rule_like_any_other():
    number = replace(text("number", "文号", "Number", "Number of the notice.", required=True), pattern=r"\d{4}-\d+")
    notices = Table(name="notices", label_zh="通知", label_en="Notices", key=("number",), columns=(number,))
    raw = read_frame(pd.DataFrame({"文号": ["2024-78", "78"]}), notices)
    (fault,) = validate(raw, notices, {}, {}, date(2024, 1, 1)).faults
    assert (fault.row, fault.value, fault.rule) == (2, "78", r"must have the form \d{4}-\d+")
