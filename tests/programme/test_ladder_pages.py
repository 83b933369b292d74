"""The ladder's pages say in both languages what was counted; the public edition gives no enterprise away."""

import re
from dataclasses import replace
from itertools import pairwise

import pandas as pd
import pytest

from sme_research.present.parts.ladder import (
    describe_ladder_limits,
    describe_last_gates,
    describe_rates,
    describe_rule_change,
    plot_incidence,
    plot_stocks,
    summarise_ladder,
    tabulate_incidence,
    tabulate_ladder_cohorts,
    tabulate_ladder_groups,
    tabulate_last_gates,
    tabulate_rates,
    tabulate_renewals,
    tabulate_rule_change,
    tabulate_rule_change_groups,
    tabulate_stocks,
)
from sme_research.present.show import Group, Picture, Text
from sme_research.programme.ladder import (
    Target,
    backtest_stocks,
    count_cohorts,
    estimate_incidence,
    hold_against_rules,
    project_stocks,
    read_ladder,
)
from sme_research.programme.ladder.titles import last_grant
from sme_research.quality import count_in_force
from sme_research.synthetic import WorldSpec, make_province
from sme_research.synthetic.careers import CareerSpec, make_careers
from sme_research.tables import tables_from_frames

PLAN = {"zh": "规划草案", "en": "a draft plan"}
TARGETS = (
    Target("innovative", 2026, 1, PLAN),
    Target("srdi", 2026, 100_000, PLAN),
    Target("srdi", 2040, 5, PLAN),
)


@pytest.fixture(scope="module")
def ladder():
    careers = make_careers(CareerSpec(seed=5, entrants=60))
    return read_ladder(tables_from_frames(careers.frames), data_day=careers.data_day)


@pytest.fixture(scope="module")
def projection(ladder):
    return project_stocks(ladder.titles, until=2027, n_draws=200)


@pytest.fixture(scope="module")
def province():
    return tables_from_frames(make_province(WorldSpec(n_enterprises=600)).tables, made_up=True)


@pytest.fixture(scope="module")
def standards(province):
    return hold_against_rules(read_ladder(province), province)


def tables_of(ladder, projection, lang, edition):
    return [
        tabulate_incidence(ladder, lang, edition=edition),
        tabulate_ladder_cohorts(ladder, "srdi", lang, edition=edition),
        tabulate_ladder_groups(ladder, "srdi", lang, edition=edition),
        tabulate_renewals(ladder, lang, edition=edition),
        tabulate_stocks(projection, TARGETS, lang, edition=edition),
        tabulate_rates(projection, lang, edition=edition),
    ]


def gate_tables(standards, lang, edition):
    return [
        tabulate_last_gates(standards.stuck, lang, edition=edition),
        tabulate_rule_change(standards.shifts, lang, edition=edition),
        *(tabulate_rule_change_groups(shift, lang, edition=edition) for shift in standards.shifts),
    ]


def cells(table):
    return [cell for row in table.rows if not isinstance(row, Group) for cell in row]


@pytest.mark.parametrize(("lang", "edition"), [("zh", "internal"), ("en", "public")])
def test_every_part_is_made_in_both_languages_and_editions(ladder, projection, standards, lang, edition):
    for table in tables_of(ladder, projection, lang, edition):
        assert table.rows
        assert {len(row) for row in table.rows if not isinstance(row, Group)} == {len(table.head)}
    for table in gate_tables(standards, lang, edition):
        assert {len(row) for row in table.rows if not isinstance(row, Group)} == {len(table.head)}
    backtests = backtest_stocks(ladder.titles, n_draws=100)
    texts = [
        summarise_ladder(ladder, projection, backtests, standards, lang, edition=edition),
        describe_rates(projection, lang),
        describe_last_gates(standards.stuck, lang, edition=edition),
        describe_rule_change(standards.shifts, lang, edition=edition),
        describe_ladder_limits(ladder, lang, edition=edition),
    ]
    assert all(isinstance(shown, Text) and "{" not in shown.markdown for shown in texts)
    for picture in (
        plot_incidence(ladder, "innovative", lang, edition=edition),
        plot_stocks(projection, TARGETS, lang, edition=edition),
    ):
        assert isinstance(picture, Picture)
        assert picture.png.startswith(b"\x89PNG")
        assert picture.data
        assert picture.alt


def test_the_picture_draws_the_estimates(ladder):
    rows = ladder.of("innovative")
    wanted = estimate_incidence(rows["years"], rows["status"]).at(3.0, "lapse")
    shown = {row["Years since first entry"]: row for row in plot_incidence(ladder, "innovative", "en").data}[3]
    assert shown["Lapsed (%)"] == pytest.approx(100 * wanted.estimate, abs=1e-4)
    assert shown["Enterprises still followed"] == wanted.n_at_risk


def test_cohort_rows_add_up_to_their_totals(ladder):
    *rows, total = tabulate_ladder_cohorts(ladder, "srdi", "en").rows
    entered = [flow.entered for flow in count_cohorts(ladder, "srdi")]
    assert [int(row[-1].replace(",", "")) for row in rows] == entered
    assert int(total[-1].replace(",", "")) == sum(entered)


def test_the_public_edition_shows_no_few(ladder, projection, standards):
    few = re.compile(r"[1-9]")
    assert any(
        few.fullmatch(cell) for table in tables_of(ladder, projection, "zh", "internal") for cell in cells(table)
    )
    for table in tables_of(ladder, projection, "zh", "public"):
        assert [cell for cell in cells(table) if few.fullmatch(cell)] == []


def test_a_public_curve_rises_by_ten_enterprises_or_more(ladder):
    rows = ladder.of("srdi")
    curve = estimate_incidence(rows["years"], rows["status"])
    for cause, head in (("promotion", "Climbed (%)"), ("lapse", "Lapsed (%)")):
        shown = [row["Years since first entry"] for row in plot_incidence(ladder, "srdi", "en", edition="public").data
                 if row[head] is not None]  # fmt: skip
        events = [curve.at(years, cause).n_events for years in shown]
        steps = [after - before for before, after in pairwise(events)]
        assert [step for step in steps if 0 < step < 10] == []
        assert max(steps) >= 10


def test_targets_are_judged_by_the_interval(ladder, projection):
    table = tabulate_stocks(projection, TARGETS, "en")
    by_tier = dict(zip(table.head, table.rows[-1], strict=True))
    assert by_tier["Innovative SMEs"] == "1 by 2026: the whole interval lies above it"
    assert by_tier["SRDI SMEs"].startswith("100,000 by 2026: the whole interval lies below it; 5 by 2040: not among")
    assert "a draft plan" in table.note
    assert len(tabulate_stocks(projection, (), "en").rows) == len(table.rows) - 1


def test_a_group_too_small_says_so(ladder):
    few = ladder.histories.assign(city=["350128" if at < 5 else "350100" for at in range(len(ladder.histories))])
    small = type(ladder)(ladder.titles, few, ladder.n_above, ladder.n_late, ladder.n_returned)
    shown = {
        row[0]: row for row in tabulate_ladder_groups(small, "innovative", "en").rows if not isinstance(row, Group)
    }
    (pingtan,) = (row for name, row in shown.items() if name.startswith("Pingtan"))
    assert pingtan[2:] == ("too few to tell", "too few to tell")


def test_a_tier_that_nobody_entered_is_said_so(ladder):
    nobody = type(ladder)(ladder.titles, ladder.histories.iloc[:0], ladder.n_above, ladder.n_late, ladder.n_returned)
    assert isinstance(plot_incidence(nobody, "srdi", "en"), Text)
    assert isinstance(tabulate_ladder_cohorts(nobody, "srdi", "en"), Text)


def test_holders_held_against_rules_are_those_in_force_and_add_up(province, standards):
    in_force = count_in_force(province["recognitions"], last_grant(province["recognitions"]))
    for shift in standards.shifts:
        n = in_force[shift.rules_after.tier]
        assert (shift.before.n, shift.after.n, sum(shift.crossed.values())) == (n, n, n)
        assert all(sum(part.n for part in groups.values()) == n for groups in shift.groups.values())
        assert all(gate.met + gate.unmet + gate.unknown + gate.judge == n for gate in shift.gates)
    srdi = standards.stuck[0]
    assert srdi.none_unmet + srdi.one_unmet + srdi.more_unmet == srdi.n_enterprises
    assert srdi.n_enterprises == in_force["innovative"] - in_force["srdi"]


def test_a_debt_ratio_just_over_the_new_limit_fails_the_new_standard_only(province):
    # Little giants: debt of 70 % at most by 2022, of 75 % by 2026; SRDI none by 2022, 80 % by 2026.
    ladder, register = read_ladder(province), province["enterprises"]
    (srdi, _) = hold_against_rules(ladder, indebted(province, register, 0.81)).shifts
    assert srdi.after.fails == srdi.after.n
    (debt,) = (gate for gate in srdi.gates if gate.gate == "N-S4")
    assert debt.unmet == srdi.after.n
    assert srdi.newly_fail == srdi.after.n - srdi.before.fails


def indebted(province, register, ratio):
    accounts = province["accounts"].assign(liabilities=lambda rows: rows["assets"] * ratio)
    known = accounts.dropna(subset=["assets", "revenue", "main_revenue"])
    years = register[["enterprise_id"]].merge(known.drop_duplicates("enterprise_id"), on="enterprise_id", how="left")
    filled = years.assign(
        year=2023, employees=10, assets=100.0, liabilities=100.0 * ratio, revenue=9e3, main_revenue=9e3
    )
    return tables_from_frames(
        {"enterprises": register, "recognitions": province["recognitions"], "accounts": filled}, made_up=True
    )


def test_without_accounts_nothing_is_held_against_rules(ladder):
    careers = make_careers(CareerSpec(seed=5, entrants=60))
    standards = hold_against_rules(ladder, tables_from_frames(careers.frames))
    assert (standards.stuck, standards.shifts) == ((), ())
    assert "no enterprise" in describe_last_gates(standards.stuck, "en").markdown


def test_a_new_standard_is_told_with_both_bounds(ladder, projection, province, standards):
    for shift in standards.shifts:
        after = shift.after
        assert after.at_most == after.fails + after.may_fail + after.to_judge
        assert after.fails <= after.at_most <= after.n
    summary = summarise_ladder(ladder, projection, (), standards, "en").markdown
    (srdi, _) = standards.shifts
    said = (
        f"of {srdi.after.n:,} SRDI SMEs at least {srdi.after.fails:,} ({100 * srdi.after.fails / srdi.after.n:.1f}%)"
    )
    assert said in summary
    assert f"at most {srdi.after.at_most:,} ({100 * srdi.after.at_most / srdi.after.n:.1f}%) fail a gate" in summary


def with_champions(province, first, n=3):
    """The province with the first n little giants made champions on a day, and no other champion."""
    titles = province["recognitions"]
    kept = titles[titles["tier"] != "champion"]
    giants = kept[kept["tier"] == "little_giant"].drop_duplicates("enterprise_id").head(n)
    risen = giants.assign(tier="champion", granted_on=pd.Timestamp(first), expires_on=pd.NaT)
    return read_ladder(
        tables_from_frames(
            {name: province[name] for name in ("enterprises", "accounts")}
            | {"recognitions": pd.concat([kept, risen], ignore_index=True)},
            made_up=True,
        )
    )


@pytest.mark.parametrize(
    ("first", "climbs"), [("2024-03-01", False), ("2021-12-01", True)], ids=["after follow-up", "long before"]
)
def test_no_climb_is_told_where_the_higher_list_began_after_follow_up(province, first, climbs):
    ladder = with_champions(province, first)
    assert ladder.titles.may_climb("little_giant") is climbs
    assert ladder.titles.first_above("little_giant") == pd.Timestamp(first).date()
    table = tabulate_incidence(ladder, "en")
    at = [row.label if isinstance(row, Group) else "" for row in table.rows].index("Little giants")
    shares = [row[1] for row in table.rows[at + 1 :]]
    assert (set(shares) == {"–"}) is not climbs
    assert ("By the end of follow-up the list held no higher title" in table.note) is not climbs


def test_champions_are_not_projected_and_it_is_said_why(province, standards):
    ladder = with_champions(province, "2023-06-01")
    projection = project_stocks(ladder.titles, until=2025, n_draws=50)
    summary = summarise_ladder(ladder, projection, (), standards, "en").markdown
    assert "**Manufacturing champions are not projected**: there were fewer than 20" in summary
    assert "the first of June 2023" in summary
    none = with_champions(province, "2023-06-01", n=0)
    projection = project_stocks(none.titles, until=2025, n_draws=50)
    assert "not projected**: the list has none" in summarise_ladder(none, projection, (), standards, "en").markdown
    assert "champions" in tabulate_stocks(projection, (), "en").note


def test_a_projection_that_missed_the_past_judges_no_target(ladder, projection):
    (past,) = [row for row in backtest_stocks(ladder.titles, n_draws=100) if row.tier == "innovative"]
    missed = replace(past, actual=round(past.expected.ci_low) - 1)
    table = tabulate_stocks(projection, TARGETS, "en", backtests=(missed,))
    by_tier = dict(zip(table.head, table.rows[-1], strict=True))
    assert by_tier["Innovative SMEs"] == "1 by 2026: the projection has failed its test, so there is no verdict"
    kept = tabulate_stocks(
        projection, TARGETS, "en", backtests=(replace(past, actual=round(past.expected.estimate)),)
    )
    assert "whole interval lies above" in dict(zip(kept.head, kept.rows[-1], strict=True))["Innovative SMEs"]
