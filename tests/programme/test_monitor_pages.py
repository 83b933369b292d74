"""The pages of monitoring: both languages, both editions, one unit, a month without data."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from click.testing import CliRunner

from sme_research.cli import cli
from sme_research.disclosure import MARK
from sme_research.errors import StudyError
from sme_research.present.parts.monitor import (
    describe_unknown,
    plot_matching,
    plot_monitor_series,
    plot_targets,
    plot_unit_tiles,
    summarise_monitoring,
    tabulate_key_figures,
    tabulate_targets,
    tabulate_tiers,
    tabulate_units,
)
from sme_research.present.parts.monitor.tables import UNIT_TABLES
from sme_research.present.parts.monitor.telling import change
from sme_research.present.parts.monitor.tiles import TILES, tile_places
from sme_research.present.show import Group, Picture, Text
from sme_research.programme.monitor import INDICATORS, PROVINCE, monitor_programme
from sme_research.tables import reporting_units, tables_from_frames

NEIGHBOURS = {
    # Prefectures of Fujian that share a border, and Pingtan across its strait from Fuzhou.
    "350700": {"350900", "350400", "350100"},
    "350900": {"350700", "350100"},
    "350400": {"350700", "350100", "350500", "350800"},
    "350100": {"350700", "350900", "350400", "350300", "350500", "350128"},
    "350128": {"350100"},
    "350800": {"350400", "350500", "350600"},
    "350500": {"350100", "350300", "350400", "350800", "350600", "350200"},
    "350300": {"350100", "350500"},
    "350600": {"350800", "350500", "350200"},
    "350200": {"350500", "350600"},
}


@pytest.fixture(scope="module")
def tables(monitored_tables):
    return monitored_tables


@pytest.fixture(scope="module")
def found(monitored):
    return monitored


@pytest.fixture(scope="module")
def public(monitored_in_public):
    return monitored_in_public


def pages(found, lang):
    parts = [summarise_monitoring, tabulate_key_figures, tabulate_targets, tabulate_tiers, describe_unknown]
    parts += [plot_monitor_series, plot_unit_tiles, plot_matching, plot_targets]
    return [part(found, lang) for part in parts] + [tabulate_units(found, name, lang) for name in UNIT_TABLES]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_show_every_part_and_pictures_carry_their_text_and_data(found, lang):
    for page in pages(found, lang):
        if isinstance(page, Picture):
            assert page.png.startswith(b"\x89PNG")
            assert page.alt
            assert page.caption
            assert len(page.data) >= 3
        else:
            assert str(page if isinstance(page, Text) else page._repr_html_())


def test_the_first_page_tells_stocks_the_funnel_waiting_times_and_draft_targets(found):
    told = str(summarise_monitoring(found, "en"))
    srdi, month = found.at("in_force_srdi", found.month)[0], found.month
    matched, drawn = (found.at(f"{stage}_amount", month)[0] for stage in ("matched", "drawn"))
    assert f"SRDI enterprises in force {srdi:,.0f}" in told
    assert f"drawn ({drawn / matched * 100:.1f}% of it)" in told
    assert f"half resolved within {found.at('wait_solution', month)[0]:.0f} days" in told
    assert "consultation draft" in told
    assert "2024年4月" in str(summarise_monitoring(found, "zh"))


def test_key_figures_stand_beside_a_year_before(found):
    table = tabulate_key_figures(found, "en")
    rows = [row for row in table.rows if not isinstance(row, Group)]
    assert len(rows) == len(INDICATORS)
    by_label = {row[0]: row for row in rows}
    now, before = (found.at("in_force_srdi", month)[0] for month in (found.month, found.year_before))
    row = by_label["SRDI enterprises in force"]
    assert row[2:] == (f"{now:,.0f}", f"{before:,.0f}", f"{now - before:+,.0f}".replace("-", "−"))


def test_growth_of_money_by_more_than_twice_is_told_in_times(found):
    now, before = (found.at("loan_amount", month)[0] for month in (found.month, found.year_before))
    assert now / before > 3
    assert change(found, "loan_amount", PROVINCE, "en") == f"{now / before:.1f} times as much"


def test_one_unit_can_be_asked_for_and_a_wrong_one_is_refused(found):
    told = str(summarise_monitoring(found, "zh", unit="350500"))
    assert "泉州市" in told
    assert "规划目标" not in told
    with pytest.raises(StudyError, match="unit is '350599', must be blank"):
        summarise_monitoring(found, "zh", unit="350599")


def test_provincial_champions_are_not_in_the_tables_and_the_table_says_so(found):
    rows = tabulate_targets(found, "en").rows
    assert [row[4] for row in rows if row[0] == "Provincial champions"] == ["not in the tables"]


def test_tiles_that_touch_are_neighbours_and_every_unit_has_one():
    assert set(TILES) == set(reporting_units())
    at = {place: unit for unit, place in TILES.items()}
    for (row, column), unit in at.items():
        for beside in ((row, column + 1), (row + 1, column)):
            assert at.get(beside) is None or at[beside] in NEIGHBOURS[unit]


def test_units_of_another_province_follow_in_rows():
    assert tile_places(["330100", "330200"]) == {"330100": (0, 0), "330200": (0, 1)}
    assert tile_places(["350700", "330100"])["330100"] == (1, 0)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_public_pages_show_no_number_of_one_to_nine_enterprises(public, lang):
    enterprises = [name for name, entry in INDICATORS.items() if entry.unit == "enterprises"]
    for name in enterprises:
        for place in (PROVINCE, *public.units):
            value, _ = public.at(name, public.month, place)
            assert value is None or value % 10 == 0
    shown = tabulate_units(public, "ladder", lang)
    assert any(MARK in row for row in shown.rows)
    assert MARK in {cell for row in tabulate_tiers(public, lang).rows if not isinstance(row, Group) for cell in row}


def test_public_progress_is_in_tens(public):
    stocks = [each.value for each in public.progress if each.value is not None]
    assert stocks
    assert all(value % 10 == 0 for value in stocks)


def test_the_public_edition_tells_tiers_of_units_to_nobody(public):
    frame = public.frame
    cells = frame[(frame["tier"] != "all") & (frame["reporting_unit"] != PROVINCE)]
    assert len(cells)
    assert not (cells["status"] == "known").any()


def test_absent_tables_are_named_in_the_words_of_their_owners(tables):
    kept = {name: tables[name] for name in ("enterprises", "recognitions")}
    found = monitor_programme(tables_from_frames(kept), "2024-04", n_months=13)
    told = str(describe_unknown(found, "zh"))
    assert "缺少“诉求”数据表" in told
    assert "appeals" not in told
    assert "没有数据不等于零" in str(summarise_monitoring(found, "zh"))
    assert isinstance(plot_matching(found, "zh"), Text)


def test_the_command_prints_the_series_as_csv_reads_for_people_and_refuses_what_is_no_month(small_folder):
    done = CliRunner().invoke(cli, ["monitor", str(small_folder), "--month", "2023-12", "--csv"])
    assert done.exit_code == 0, done.output
    frame = pd.read_csv(io.StringIO(done.stdout))
    assert list(frame) == ["indicator", "month", "reporting_unit", "tier", "value", "n_enterprises", "status"]
    assert frame["month"].max() == "2023-12"
    told = CliRunner().invoke(cli, ["monitor", str(small_folder), "--month", "2023-12"]).output
    assert "有效专精特新中小企业（家）: " in told
    assert "enterprises" not in told
    wrong = CliRunner().invoke(cli, ["monitor", str(small_folder), "--month", "soon"])
    assert wrong.exit_code != 0
