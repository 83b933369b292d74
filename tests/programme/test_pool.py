"""The reserve pool: both readings by hand, what is open, chances without place or ownership, what is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from sme_research.cli import cli
from sme_research.disclosure import MARK
from sme_research.present.parts.pool import (
    describe_model,
    describe_pool,
    plot_calibration,
    pool_to_json,
    tabulate_candidates,
    worklist_of,
)
from sme_research.programme.inputs import load_inputs
from sme_research.programme.pool import count_pool, fit_chance, screen_pool, write_worklist
from sme_research.programme.pool.chance import Calibration
from sme_research.programme.pool.shortfall import find_shortfalls
from sme_research.results import Span
from sme_research.rules import MET, UNKNOWN, UNMET, AllOf, AnyOf, Compare, Gate, TierRules, evaluate
from sme_research.synthetic import WorldSpec, make_province
from sme_research.tables import tables_from_frames

DAY = date(2024, 4, 30)


@pytest.fixture(scope="module")
def frames():
    return make_province(WorldSpec(n_enterprises=1_500)).tables


@pytest.fixture(scope="module")
def pool(frames):
    return screen_pool(tables_from_frames(frames, made_up=True), DAY)


def small_tables(revenues):
    """One enterprise an entry: revenue of 2021, 2022, 2023 (None where there is no record)."""
    ids = [f"E{number}" for number in range(len(revenues))]
    rows = [
        {"enterprise_id": name, "year": year, "revenue": revenue, "employees": 50, "above_scale": True}
        for name, series in zip(ids, revenues, strict=True)
        for year, revenue in zip((2021, 2022, 2023), series, strict=True)
        if revenue is not None
    ]
    titles = [{"enterprise_id": name, "tier": "srdi", "granted_on": "2022-03-01"} for name in ids]
    return tables_from_frames(
        {
            "enterprises": pd.DataFrame({"enterprise_id": ids, "city_code": "350100", "industry_code": "39"}),
            "accounts": pd.DataFrame(rows),
            "recognitions": pd.DataFrame(titles),
        }
    )


def test_up_by_thirty_and_down_by_eighteen_is_in_by_the_mean_only():
    # 5000 -> 6500 (+30 %) -> 5330 (-18 %): mean 6.0 %, compound (5330 / 5000) ** 0.5 - 1 = 3.2 %.
    row = screen_pool(small_tables([(5_000, 6_500, 5_330)]), DAY).candidates.iloc[0]
    assert (row["arithmetic"], row["compound"]) == (MET, UNMET)
    assert row["growth_mean"] == pytest.approx(0.06)
    assert row["growth_compound"] == pytest.approx(0.0325, abs=5e-5)


def test_no_record_of_the_first_year_is_open_and_neither_in_nor_out():
    pool = screen_pool(small_tables([(None, 6_000, 7_000)]), DAY)
    row = pool.candidates.iloc[0]
    assert (row["arithmetic"], row["compound"]) == (UNKNOWN, UNKNOWN)
    counts = count_pool(pool).by_reading
    assert (counts["arithmetic"], counts["open"]) == (0, 1)


def test_who_is_too_small_or_shrinks_is_no_candidate():
    assert screen_pool(small_tables([(4_000, 4_500, 4_999), (9_000, 8_000, 7_000)]), DAY).candidates.empty


def test_without_past_recognitions_there_is_no_chance_and_it_is_said():
    pool = screen_pool(small_tables([(5_000, 6_000, 7_000)]), DAY)
    assert pool.model is None
    assert pool.candidates["chance"].isna().all()
    assert "Too few were recognised" in str(describe_pool(pool, "en"))


def test_no_little_giant_is_a_candidate_and_nobody_is_twice(pool, frames):
    titles = frames["recognitions"].query("tier == 'little_giant'")
    held = titles[(titles["granted_on"] <= "2024-04-30") & (titles["expires_on"] > "2024-04-30")]
    assert set(pool.candidates["enterprise_id"]) & set(held["enterprise_id"]) == set()
    assert pool.candidates["enterprise_id"].is_unique
    assert len(held) > 0


def test_a_former_little_giant_is_a_candidate_without_a_chance(pool, frames):
    titles = frames["recognitions"]
    one = pool.candidates.dropna(subset=["chance"])["enterprise_id"].iloc[0]
    former = {"enterprise_id": one, "tier": "little_giant", "granted_on": "2018-05-01", "expires_on": "2021-05-01"}
    more = pd.concat([titles, pd.DataFrame([former]).astype(titles.dtypes[list(former)].to_dict())])
    found = screen_pool(tables_from_frames({**frames, "recognitions": more}, made_up=True), DAY).candidates
    assert found.set_index("enterprise_id")["chance"].isna()[one]
    assert found["chance"].notna().sum() == pool.candidates["chance"].notna().sum() - 1


def test_gates_of_a_candidate_add_up(pool):
    rows = pool.candidates
    assert (rows[["n_met", "n_unmet", "n_unknown"]].sum(axis=1) == len(pool.gates)).all()
    assert ((rows[list(pool.gates)] == UNMET).sum(axis=1) == rows["n_unmet"]).all()


def test_place_and_ownership_change_no_chance(frames, pool):
    enterprises = frames["enterprises"]
    turned = enterprises.assign(
        city_code=enterprises["city_code"].to_numpy()[::-1],
        county_code=enterprises["county_code"].to_numpy()[::-1],
        ownership="state",
    )
    other = screen_pool(tables_from_frames({**frames, "enterprises": turned}, made_up=True), DAY)
    chances = [found.candidates.set_index("enterprise_id")["chance"] for found in (pool, other)]
    pd.testing.assert_series_equal(*chances)
    assert chances[0].notna().sum() > 100


def test_the_test_sees_nothing_that_became_known_later(frames, pool):
    """Recognitions after the testing day decide who was recognised, not what the trial had learned."""
    tables = tables_from_frames(frames, made_up=True)
    model = fit_chance(tables, DAY)
    assert model.tested_at == date(2022, 4, 30)
    late = frames["recognitions"]["granted_on"] > "2024-04-30"
    accounts = frames["accounts"][frames["accounts"]["year"] <= 2023]
    cut = tables_from_frames(
        {**frames, "recognitions": frames["recognitions"][~late], "accounts": accounts}, made_up=True
    )
    assert fit_chance(cut, DAY).auc == model.auc


def test_chances_told_before_the_testing_time_came_true_after_it(frames):
    """Titles come by the round: told for as many as the last two years brought, chances fit the next two."""
    model = fit_chance(tables_from_frames(make_province(WorldSpec(n_enterprises=6_000)).tables, made_up=True), DAY)
    assert 0.75 < model.expected_by_observed.estimate < 1.25
    assert model.slope.low < 1 < model.slope.high
    assert sum(row.low <= row.expected <= row.high for row in model.calibration) >= len(model.calibration) - 1


def test_chances_add_up_to_the_titles_that_they_are_told_for(frames):
    tables = tables_from_frames(frames, made_up=True)
    model = fit_chance(tables, DAY)
    titles = frames["recognitions"].assign(granted_on=lambda rows: pd.to_datetime(rows["granted_on"]))
    giants = titles[(titles["tier"] == "little_giant") & (titles["granted_on"] <= "2024-04-30")]["enterprise_id"]
    srdi = titles[(titles["tier"] == "srdi") & (titles["granted_on"] <= "2024-04-30")]
    holders = srdi[~(pd.to_datetime(srdi["expires_on"]) <= "2024-04-30")]["enterprise_id"].unique()
    at_risk = pd.Series(sorted(set(holders) - set(giants)))
    told = model.chances(load_inputs(tables, DAY, at_risk).values)
    assert told.sum() == pytest.approx(model.n_expected)


def test_shares_of_lists_that_are_found_by_code_are_told(pool, frames):
    known = set(frames["enterprises"]["enterprise_id"])
    for kind in ("tech_sme", "high_tech", "ip_advantage"):
        listed = set(frames["qualifications"].query("kind == @kind")["enterprise_id"])
        assert pool.match_rates[kind] == pytest.approx(len(listed & known) / len(listed))
        assert 0.9 < pool.match_rates[kind] < 1
    assert set(pool.candidates["enterprise_id"]) <= known


def test_what_is_missing_to_the_nearest_gate_is_a_share_of_what_it_asks(pool):
    rows = pool.candidates
    assert ((rows["nearest_gate"] == "") == (rows["n_unmet"] == 0)).all()
    assert rows["shortfall"].isna().equals(rows["n_unmet"] == 0)
    assert (rows["shortfall"].dropna() > 0).all()
    for gate in set(rows["nearest_gate"]) - {""}:
        assert (rows.loc[rows["nearest_gate"] == gate, gate] == UNMET).all()


def rules_of(condition):
    return TierRules("try", "little_giant", {}, (), (Gate("g", "x", {}, condition),))


@pytest.mark.parametrize(
    ("condition", "values", "short"),
    [
        (Compare("revenue", ">=", 5_000.0, "万元"), {"revenue": 4_000.0}, 0.2),
        (Compare("debt_ratio", "<=", 0.7, "fraction"), {"debt_ratio": 0.84}, 0.2),
        (Compare("own_brand", "==", 1.0, "flag"), {"own_brand": 0.0}, 1.0),
        (AllOf((Compare("revenue", ">=", 5_000.0, ""), Compare("class_1", ">=", 2.0, ""))), (4_000.0, 1.0), 0.5),
        (AnyOf((Compare("revenue", ">=", 5_000.0, ""), Compare("class_1", ">=", 2.0, ""))), (4_000.0, 1.0), 0.2),
        (AllOf((Compare("revenue", ">=", 5_000.0, ""), Compare("class_1", ">=", 2.0, ""))), (4_000.0, None), 0.2),
    ],
)
def test_shortfalls_by_hand(condition, values, short):
    if isinstance(values, tuple):
        values = dict(zip(("revenue", "class_1"), values, strict=True))
    frame = pd.DataFrame([values], index=["E"], dtype=float)
    found = find_shortfalls(frame, evaluate(frame, rules_of(condition)))
    assert found.loc["E", "g"] == pytest.approx(short)


def test_a_gate_that_is_met_or_open_has_no_shortfall():
    frame = pd.DataFrame({"revenue": [5_000.0, float("nan")]}, index=["met", "open"])
    found = find_shortfalls(frame, evaluate(frame, rules_of(Compare("revenue", ">=", 5_000.0, "万元"))))
    assert found["g"].isna().all()


def test_chances_tell_the_recognised_apart_better_than_chance(pool):
    model = pool.model
    assert 0.6 < model.auc.low < model.auc.estimate < model.auc.high < 1
    assert model.calibration[-1].observed > model.calibration[0].observed
    assert sum(row.n for row in model.calibration) == model.n_tested


def test_the_public_edition_names_nobody_and_tells_no_few(pool, frames):
    told = json.dumps(pool_to_json(pool, edition="public"), default=str)
    assert not any(name in told for name in frames["enterprises"]["enterprise_id"])
    counts = count_pool(pool, edition="public")
    numbers = [*counts.by_reading.values(), *counts.by_list.values(), *counts.by_channel.values()]
    numbers += [number for gate in counts.gates.values() for number in gate.values()]
    assert not [number for number in numbers if number is not None and (0 < number < 10 or number % 10)]


def test_a_fifth_with_few_recognised_is_not_in_the_public_picture(pool):
    few = Calibration(300, expected=0.02, observed=0.02, low=0.01, high=0.04)
    many = Calibration(300, expected=0.25, observed=0.3, low=0.25, high=0.35)
    model = replace(pool.model, calibration=(few, many))
    shown = plot_calibration(replace(pool, model=model), "en", edition="public")
    assert [row["share recognised (%)"] for row in shown.data] == [MARK, pytest.approx(30)]
    assert "withheld" in shown.caption
    told = pool_to_json(replace(pool, model=model), edition="public")["model"]
    assert [row["observed"] for row in told["calibration"]] == [0.3]
    internal = plot_calibration(replace(pool, model=model), "en")
    assert [row["share recognised (%)"] for row in internal.data] == [pytest.approx(2), pytest.approx(30)]


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.7, 0.9, "too low"), (1.1, 1.3, "too high"), (0.9, 1.1, "not clearly off")]
)
def test_what_the_test_showed_is_said_in_words(pool, low, high, said):
    span = Span((low + high) / 2, low, high)
    model = replace(pool.model, expected_by_observed=span, slope=None, lift=None)
    assert said in describe_model(replace(pool, model=model), "en").markdown


def test_a_gate_wholly_missed_is_no_percentage(pool):
    rows = pool.candidates[pool.candidates["nearest_gate"] != ""].head(2).assign(shortfall=[1.0, 0.25])
    shown = tabulate_candidates(replace(pool, candidates=rows), "en").rows
    assert shown[0][3].endswith(": wholly missing")
    assert shown[1][3].endswith(": 25.0% of what it asks is missing")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_work_list_opens_and_holds_every_candidate_once(pool, tmp_path, lang):
    path = tmp_path / "list.xlsx"
    write_worklist(path, *worklist_of(pool, lang))
    book = openpyxl.load_workbook(path)
    rows = list(book.worksheets[0].values)
    assert [row[0] for row in rows[1:]] == list(pool.candidates["enterprise_id"])
    assert all(rows[0])
    notes = list(book.worksheets[1].values)
    assert len(notes) == 5
    assert not any("**" in str(cell) for note in notes for cell in note)
    assert [file.name for file in tmp_path.iterdir()] == ["list.xlsx"]


def test_an_id_that_looks_like_a_formula_stays_a_text_and_shows_no_control_character(pool, tmp_path):
    ids = ['=HYPERLINK("http://example.org")', "a\x07b"]
    rows = pool.candidates.head(2).assign(enterprise_id=ids)
    path = tmp_path / "new" / "list.xlsx"
    write_worklist(path, *worklist_of(replace(pool, candidates=rows), "en"))
    cells = [openpyxl.load_workbook(path).worksheets[0].cell(row, 1) for row in (2, 3)]
    assert [(cell.value, cell.data_type) for cell in cells] == [(ids[0], "s"), ("a�b", "s")]
    assert cells[0].quotePrefix


def test_a_list_that_cannot_be_written_leaves_nothing_and_names_its_path(pool, tmp_path):
    (tmp_path / "list.xlsx").mkdir()
    with pytest.raises(OSError, match=r"/list\.xlsx") as fault:
        write_worklist(tmp_path / "list.xlsx", *worklist_of(pool, "en"))
    assert fault.value.filename == str(tmp_path / "list.xlsx")
    assert [file.name for file in tmp_path.iterdir()] == ["list.xlsx"]


def test_the_command_writes_the_list_and_prints_one_object(small_folder, tmp_path):
    out = tmp_path / "pool.xlsx"
    done = CliRunner().invoke(cli, ["screen", str(small_folder), "--out", str(out), "--json"])
    assert done.exit_code == 0, done.output
    content = json.loads(done.stdout)
    assert content["rules"] == "cn-2022-63"
    assert len(content["candidates"]) == content["counts"]["by_reading"]["arithmetic"] + len(
        [row for row in content["candidates"] if row["arithmetic"] != "met"]
    )
    assert out.exists()


def test_a_public_list_is_refused(small_folder, tmp_path):
    asked = ["screen", str(small_folder), "--edition", "public", "--out", str(tmp_path / "x.xlsx")]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code == 2
    assert not (tmp_path / "x.xlsx").exists()
