"""The reconciliation as pages, as JSON and as a command, in both languages and both editions."""

import json
import re

import pandas as pd
import pytest
from click.testing import CliRunner
from reconcile_frames import FIGURE, accounts, official, province, titles, training

from sme_research.cli import cli
from sme_research.present.parts.inventory import tabulate_documents
from sme_research.present.parts.reconcile.report import (
    describe_public_shares,
    describe_traps,
    summarise_reconciliation,
    tabulate_figures,
    tabulate_public_figures,
    tabulate_traps,
    tabulate_unchecked,
)
from sme_research.present.parts.reconcile.split import plot_growth_split, tabulate_growth_split
from sme_research.present.parts.reconcile.wording import perimeter_text
from sme_research.present.show import Group, Picture, Text
from sme_research.present.words import LANGUAGES
from sme_research.programme.inventory import documents
from sme_research.programme.reconcile import (
    check_public_figures,
    public_figures,
    reconcile,
    reconciliation_to_json,
)
from sme_research.tables import write_tables

FEW = [{"indicator": "little_giant", "value": 1}, {"value": 3}, {"indicator": "loan_beneficiaries", "value": 17}]
MIXED = [
    *FEW,
    {"value": 2, "as_of": "2023-10-31"},
    {"perimeter": "China", "as_of": "2023-11-30"},
    {"indicator": "appeals_handled", "value": 9, "unit": "appeals"},
    {"indicator": "a_new_name"},
    {"indicator": "recognised_total", "value": 7},
    {"indicator": "award_share_of_fund", "value": 0.6, "unit": "fraction", "bound": "about"},
    {
        "indicator": "loan_balance_growth",
        "value": 50,
        "unit": "%",
        "perimeter": "Fujian; effect of the loans of phase 1",
    },
]


def cells(table):
    return [str(cell) for row in table.rows if not isinstance(row, Group) for cell in row]


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


@pytest.fixture(params=["internal", "public"])
def mixed(request):
    return reconcile(province(*MIXED), edition=request.param)


def test_every_verdict_and_reason_has_words(mixed, lang):
    for shown in (tabulate_figures(mixed, lang), tabulate_traps(mixed, lang), tabulate_unchecked(mixed, lang)):
        assert all(cells(shown))
        if lang == "zh":
            words = re.sub(r"a_new_name", "", " ".join(cells(shown)))
            assert re.findall(r"[A-Za-z]{3,}", words) == []
    told = str(summarise_reconciliation(mixed, lang))
    assert ("共核对公布数 10 项" if lang == "zh" else "Of 10 published figures") in told
    assert ("各层级重复相加" if lang == "zh" else "Nested tiers added up") in told
    assert len(describe_traps(mixed, lang).markdown.split("\n\n")) == len(mixed.found)


def test_the_summary_says_that_nothing_was_found(lang):
    told = str(summarise_reconciliation(reconcile(province({}, loans=None)), lang))
    assert ("未能核查" if lang == "zh" else "Could not be checked") in told


def test_a_perimeter_that_explains_a_figure_stands_beside_the_stated_one():
    shown = tabulate_figures(reconcile(province({"value": 2})), "en")
    assert "Fujian. It agrees if counted without Xiamen." in cells(shown)
    shown = tabulate_figures(reconcile(province({"value": 2})), "zh")
    assert "福建。不含厦门时一致" in cells(shown)


def test_the_split_of_the_growth_is_drawn_with_its_numbers(small_province, lang):
    found = reconcile(small_province.tables)
    picture = plot_growth_split(found, lang)
    assert isinstance(picture, Picture)
    changes = [list(row.values())[1] for row in picture.data]
    whole = sum(group.end - group.start for group in found.split.groups)
    assert sum(changes) == pytest.approx(whole, abs=0.01)
    assert len(tabulate_growth_split(found, lang).rows) == len(changes) + 1


def held(*names):
    return titles(*((name, "srdi", "2021-01-01", "2024-12-31") for name in names))


def test_the_public_edition_withholds_every_amount_of_a_split_with_a_thin_part(lang):
    # Eleven stay; one alone leaves the reports, so that the rest would give it away.
    names = [f"e{number}" for number in range(12)]
    balances = {(name, year): 100.0 for name in names for year in (2022, 2023)} | {("e11", 2023): None}
    tables = {"recognitions": held(*names), "accounts": accounts(balances), "official_figures": official({})}
    inside, outside = (reconcile(tables, edition=edition) for edition in ("internal", "public"))
    assert isinstance(plot_growth_split(inside, lang), Picture)
    assert isinstance(plot_growth_split(outside, lang), Text)
    assert {group.start for group in outside.split.groups} == {None}


def test_the_public_edition_tells_counts_in_tens_and_no_few():
    names = [f"e{number}" for number in range(23)]
    rows = training(*(("s", name, "2023-12-05", 3) for name in names))
    figures = official(
        {"indicator": "training_enterprises", "value": 69},
        {"indicator": "srdi", "value": 23},
        {"indicator": "little_giant", "value": 4},
    )
    more = titles(*((name, "little_giant", "2021-01-01", "2024-12-31") for name in names[:4]))
    tables = {
        "recognitions": pd.concat([held(*names), more]),
        "training": rows,
        "official_figures": figures,
    }
    inside, outside = (reconcile(tables, edition=edition) for edition in ("internal", "public"))
    assert [entry.recount for entry in inside.comparisons] == [23, 23, 4]
    assert [entry.recount for entry in outside.comparisons] == [20, 20, None]
    assert [entry.withheld for entry in outside.comparisons] == [False, False, True]
    assert [entry.verdict for entry in outside.comparisons] == [entry.verdict for entry in inside.comparisons]
    trap = outside.trap("times_as_firms")
    assert [entry["value"] for entry in reconciliation_to_json(outside)["figures"]] == [69, 23, None]
    assert [row[2] for row in tabulate_figures(outside, "en").rows[1:]] == ["69 enterprises", "23 enterprises", "*"]
    assert (trap.number("enterprises"), trap.number("person_times")) == (20, 70)


def test_an_amount_of_which_one_enterprise_has_almost_all_is_withheld():
    names = [f"e{number}" for number in range(12)]
    balances = {(name, 2023): 1.0 for name in names} | {("e0", 2023): 1_000.0}
    figure = {"indicator": "loan_balance", "value": 1011, "unit": "万元"}
    tables = {"recognitions": held(*names), "accounts": accounts(balances), "official_figures": official(figure)}
    entry = reconcile(tables, edition="public").comparisons[0]
    assert (entry.verdict, entry.recount, entry.withheld) == ("agrees", None, True)


def test_a_perimeter_of_which_nothing_is_understood_is_told_on_the_page(lang):
    shown = tabulate_unchecked(reconcile(province({"value": 3, "perimeter": "blah; foo"})), lang)
    told = {"en": "nothing of its perimeter is understood: blah, foo", "zh": "公布口径无法识别：blah、foo"}
    assert told[lang] in cells(shown)


def test_a_part_of_a_perimeter_that_is_not_understood_stands_beside_it(lang):
    entry = reconcile(province({"value": 3, "perimeter": "Fujian; blah"})).comparisons[0]
    told = {"en": "(not understood, so not taken into account: blah)", "zh": "（未能识别、未予考虑：blah）"}
    assert perimeter_text(entry, lang).endswith(told[lang])


def test_what_was_not_understood_of_a_perimeter_is_told_in_json_and_by_the_command(tmp_path, lang):
    rows = titles(("91350199000041195K", "srdi", "2023-12-05", "2026-12-04"))
    figures = official(FIGURE | {"value": 1.0, "perimeter": "Fujian; blah, in force; foo"})
    write_tables({"official_figures": figures, "recognitions": rows}, tmp_path)
    run = CliRunner().invoke(cli, ["reconcile", str(tmp_path), "--lang", lang])
    told = {"en": "not understood in its perimeter, so not taken into account: blah, foo",
            "zh": "公布口径中未能识别、未予考虑的部分：blah、foo"}  # fmt: skip
    assert told[lang] in run.stderr
    run = CliRunner().invoke(cli, ["reconcile", str(tmp_path), "--json"])
    assert [figure["unread"] for figure in json.loads(run.stdout)["figures"]] == [["blah", "foo"]]


def test_public_figures_and_documents_are_told_in_both_languages(lang):
    shown = tabulate_public_figures(public_figures(), lang)
    figures = [row for row in shown.rows if not isinstance(row, Group)]
    assert len(figures) == len(public_figures())
    assert "2.7" in str(describe_public_shares(check_public_figures(), lang))
    assert {row[0] for row in tabulate_documents(documents(), lang).rows} >= {"P1", "F7", "R6", "N1"}
    if lang == "zh":
        told = [cell for row in figures for cell in row[:3]]
        assert re.findall(r"[A-Za-z]{3,}", " ".join(told)) == []


def test_the_json_holds_every_figure_and_misreading_and_is_plain(mixed):
    told = json.loads(json.dumps(reconciliation_to_json(mixed), allow_nan=False))
    assert sum(told["counts"].values()) == len(told["figures"]) == len(MIXED)
    assert [trap["name"] for trap in told["traps"]] == [trap.name for trap in mixed.traps]
    first = told["figures"][1]
    assert (first["indicator"], first["as_of"], first["stated"]) == ("srdi", "2023-12-31", {})


def test_the_command_prints_lines_or_one_object_and_ends_well_though_figures_contradict(small_folder):
    run = CliRunner().invoke(cli, ["reconcile", str(small_folder), "--lang", "zh"])
    assert run.exit_code == 0
    assert "余额增长混入新认定企业 — 发现" in run.output
    run = CliRunner().invoke(cli, ["reconcile", str(small_folder), "--json"])
    assert json.loads(run.stdout)["counts"]["contradicts"] == 0


def test_the_command_says_that_figures_contradict(tmp_path):
    write_tables({"official_figures": official(FIGURE | {"value": 9.0})}, tmp_path)
    rows = titles(("91350199000041195K", "srdi", "2023-12-05", "2026-12-04"))
    write_tables({"recognitions": rows}, tmp_path)
    run = CliRunner().invoke(cli, ["reconcile", str(tmp_path)])
    assert run.exit_code == 0
    assert "1 contradict it" in run.output
