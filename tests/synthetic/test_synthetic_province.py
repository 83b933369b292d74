"""The made-up province: official counts, determinism, planted truth and planted traps."""

import hashlib
import json

import numpy as np
import pytest

from sme_research.checks.pretrends import check_pretrends
from sme_research.errors import DataError, StudyError
from sme_research.estimators.callaway_santanna import covariates_of, estimate_att, estimate_both
from sme_research.instruments import INSTRUMENTS
from sme_research.quality import count_in_force
from sme_research.results import Estimation
from sme_research.sample import load_sample, trace_sample
from sme_research.study import Study
from sme_research.synthetic import Traps, WorldSpec, make_province, write_province
from sme_research.synthetic.world import stream
from sme_research.tables import TABLES, are_valid, load_tables, reporting_unit

WRITTEN = set(TABLES)
"""Tables of the made-up province."""


@pytest.fixture(scope="module")
def province():
    return make_province(WorldSpec())


@pytest.fixture(scope="module")
def tables(province):
    return province.tables


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_titles_in_force_are_the_official_counts(tables):
    counts = count_in_force(tables["recognitions"], WorldSpec().as_of)
    assert counts == {"innovative": 4261, "srdi": 3005, "little_giant": 348, "champion": 17}


def test_tiers_are_nested_and_never_a_partition(tables):
    titles = tables["recognitions"]
    holders = {tier: set(group["enterprise_id"]) for tier, group in titles.groupby("tier")}
    assert holders["champion"] <= holders["little_giant"] <= holders["srdi"] <= holders["innovative"]
    first = titles.groupby(["enterprise_id", "tier"])["granted_on"].min().unstack()
    both = first.dropna(subset=["innovative", "srdi"])
    assert (both["innovative"] <= both["srdi"]).all()
    giants = first.dropna(subset=["little_giant"])
    assert (giants["srdi"] < giants["little_giant"]).all()


def test_phase_one_has_its_official_enterprises_rate_and_amount(tables):
    phase1 = tables["loans"].query("phase == '1'")
    assert phase1["enterprise_id"].nunique() == 626
    assert phase1["rate"].mean() == pytest.approx(2.29, abs=0.005)
    assert phase1["amount"].sum() == pytest.approx(800_000, rel=0.01)
    assert phase1["amount"].max() <= 2_000
    assert (phase1["rate"] <= 3.45 - 1).all()


def test_loans_go_to_titled_enterprises_outside_xiamen(tables):
    loans = tables["loans"].merge(tables["enterprises"], on="enterprise_id")
    assert (loans["city_code"] != "350200").all()
    titles = tables["recognitions"].query("tier == 'srdi'")
    first = titles.groupby("enterprise_id")["granted_on"].min()
    assert (loans["enterprise_id"].map(first) < loans["drawn_on"]).all()


def test_clusters_and_training_have_their_official_numbers(tables):
    assert tables["clusters"]["level"].value_counts().to_dict() == {"provincial": 18, "national": 11}
    of_2023 = tables["training"][tables["training"]["held_on"].dt.year == 2023]
    assert 95 <= of_2023["session_id"].nunique() <= 100
    assert of_2023["participants"].sum() == 6_318
    assert of_2023["enterprise_id"].nunique() < 6_318 / 3


def test_as_many_srdi_enterprises_are_listed_as_counted_and_some_others(tables):
    day = np.datetime64(WorldSpec().as_of)
    titles = tables["recognitions"]
    valid = titles[(titles["granted_on"] <= day) & (titles["expires_on"] > day) & (titles["tier"] == "srdi")]
    listed = tables["enterprises"].query("listed_on.notna()")
    assert listed["enterprise_id"].isin(valid["enterprise_id"]).sum() == 34
    assert len(listed) > 34
    assert (listed["listed_on"] > listed["founded_on"]).all()


def test_appeals_are_handled_as_often_as_counted_and_some_are_not_resolved_or_open(tables):
    appeals, day = tables["appeals"], np.datetime64(WorldSpec().as_of)
    assert 16_000 < (appeals["handled_on"] <= day).sum() < 16_500
    assert (appeals["handled_on"].isna() | (appeals["handled_on"] > appeals["raised_on"])).all()
    resolved = appeals[appeals["resolved_on"].notna()]
    assert (resolved["resolved_on"] >= resolved["handled_on"]).all()
    handled = appeals["handled_on"].notna()
    assert 0.15 < appeals.loc[handled, "resolved_on"].isna().mean() < 0.25
    assert 0.01 < (~handled).mean() < 0.04


def test_a_province_before_the_direct_line_has_no_appeals(tmp_path):
    write_province(WorldSpec(n_enterprises=300, last_year=2019), tmp_path)
    assert not (tmp_path / "appeals.csv").exists()
    assert load_tables(tmp_path).faults() == []


def test_ten_reporting_units_and_fictional_codes_only(tables):
    enterprises = tables["enterprises"]
    assert reporting_unit(enterprises["city_code"], enterprises["county_code"]).nunique() == 10
    assert are_valid(enterprises["enterprise_id"].to_numpy()).all()
    assert (enterprises["enterprise_id"].str[2:8] == "350199").all()
    assert enterprises["enterprise_id"].is_unique


def test_exit_is_about_two_percent_a_year_and_answers_are_missing(tables):
    accounts = tables["accounts"]
    last = accounts.groupby("enterprise_id")["year"].max()
    rate = (last < 2023).mean() / 6.5
    assert 0.012 < rate < 0.025
    assert 0.01 < accounts["revenue"].isna().mean() < 0.02


def test_size_and_research_have_the_calibrated_medians(tables):
    of_2023 = tables["accounts"].query("year == 2023")
    titles = tables["recognitions"].groupby("tier")["enterprise_id"].unique()
    medians = {
        tier: of_2023[of_2023["enterprise_id"].isin(titles[tier])][["revenue", "employees"]].median()
        for tier in ("innovative", "srdi", "little_giant")
    }
    assert (
        4_000
        < medians["innovative"]["revenue"]
        < medians["srdi"]["revenue"]
        < medians["little_giant"]["revenue"]
        < 25_000
    )
    assert 60 < medians["innovative"]["employees"] < medians["little_giant"]["employees"] < 220


def test_every_table_keeps_every_rule_when_read_back(tmp_path):
    write_province(WorldSpec(n_enterprises=600), tmp_path)
    read = load_tables(tmp_path)
    assert read.faults() == []
    assert read.made_up
    assert set(read) == WRITTEN


def test_same_seed_same_bytes_and_another_seed_others(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_province(WorldSpec(seed=seed, n_enterprises=600), tmp_path / name)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    other = digests(tmp_path / "c")
    assert all(
        other[name] != digest for name, digest in digests(tmp_path / "a").items() if name != "official_figures.csv"
    )


def test_a_table_has_its_own_stream_so_that_a_new_one_changes_no_other():
    first = stream(7, "loans").random(5)
    stream(7, "a table of next year").random(1000)
    assert stream(7, "loans").random(5) == pytest.approx(first)
    assert not np.allclose(stream(7, "training").random(5), first)


def test_person_times_are_enterprises_only_where_the_trap_is_off():
    without = make_province(WorldSpec(n_enterprises=600, traps=Traps.switched(off=["person_times"])))
    assert (without.tables["training"]["participants"] == 1).all()
    assert make_province(WorldSpec(n_enterprises=600)).tables["training"]["participants"].mean() > 2


def growth_of_balance(traps):
    figures = make_province(WorldSpec(traps=traps)).tables["official_figures"].set_index("indicator")["value"]
    return figures["loan_balance_growth"]


def test_balance_growth_comes_from_entrants_where_the_trap_is_on():
    assert growth_of_balance(Traps()) > 50
    assert growth_of_balance(Traps.switched(off=["entrant_balance"])) < 40


def density_ratio(province, low, middle, high):
    """Accounts just over a threshold by those just under it."""
    accounts = province.tables["accounts"]
    ratio = (accounts["rd_expense"] / accounts["revenue"]).dropna()
    return ((ratio >= middle) & (ratio < high)).sum() / ((ratio >= low) & (ratio < middle)).sum()


def test_reported_research_bunches_over_three_percent_where_the_trap_is_on(province):
    smooth = make_province(WorldSpec(traps=Traps.switched(off=["bunching"])))
    assert density_ratio(smooth, 0.027, 0.030, 0.033) < 1.3
    assert density_ratio(province, 0.027, 0.030, 0.033) > 2


def test_revenue_bunches_over_fifty_million_where_the_trap_is_on(province):
    smooth = make_province(WorldSpec(traps=Traps.switched(off=["bunching"])))

    def over_by_under(world):
        revenue = world.tables["accounts"]["revenue"]
        return revenue.between(5_000, 5_080).sum() / revenue.between(4_850, 5_000, inclusive="left").sum()

    assert over_by_under(province) > 1.4 * over_by_under(smooth)


def test_growth_bunches_over_five_percent_where_the_trap_is_on(province):
    smooth = make_province(WorldSpec(traps=Traps.switched(off=["bunching"])))

    def over_by_under(world):
        growth = world.tables["accounts"].groupby("enterprise_id")["revenue"].pct_change(fill_method=None)
        return growth.between(0.050, 0.055).sum() / growth.between(0.045, 0.050).sum()

    assert over_by_under(province) > 1.2 * over_by_under(smooth)


def test_a_bundle_sends_borrowers_to_training():
    def share_of_borrowers_trained(traps):
        tables = make_province(WorldSpec(n_enterprises=2_000, traps=traps)).tables
        return tables["loans"]["enterprise_id"].isin(tables["training"]["enterprise_id"]).mean()

    assert share_of_borrowers_trained(Traps.switched(on=["bundle"])) > share_of_borrowers_trained(Traps()) + 0.2


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_world_whose_trends_fail_shows_it_before_treatment(seed):
    world = make_province(WorldSpec(seed=seed, traps=Traps.switched(on=["broken_trends"])))
    study = Study(instrument="training")
    sample, flow = trace_sample(study, world.tables)
    effect, event_study = estimate_both(sample, unit=study.unit)
    found = check_pretrends(Estimation(sample, flow, effect, event_study, covariates_of(sample)))
    assert found.verdict == "fail"
    assert effect.ci_low > world.truth["training"]["log_revenue"]["att"]


def test_truth_is_the_mean_of_planted_effects_and_zero_before(province):
    truth = json.loads(json.dumps(province.truth))
    for instrument in INSTRUMENTS:
        for outcome in ("log_revenue", "log_employees", "log_productivity", "patents"):
            answer = truth[instrument][outcome]
            before = [value for time, value in answer["event_time"].items() if int(time) < 0]
            assert before
            assert set(before) == {0.0}
            after = [value for time, value in answer["event_time"].items() if int(time) >= 0]
            assert min(after) - 1e-12 <= answer["att"] <= max(after) + 1e-12
    assert truth["training"]["log_revenue"]["att"] == pytest.approx(0.05, abs=0.01)


def test_naive_comparisons_are_wrong_and_the_right_covariates_mend_them(province):
    truth = province.truth["training"]["log_revenue"]["att"]
    naive, adjusted = (
        estimate_att(load_sample(study, province.tables), unit=study.unit)
        for study in (Study(instrument="training", covariates=()), Study(instrument="training"))
    )
    assert naive.ci_low > truth
    assert adjusted.ci_low < truth < adjusted.ci_high


def difference_in_training(tables):
    """Trained borrowers less trained non-borrowers among the eligible, given size, research and city."""
    accounts, people = tables["accounts"], tables["enterprises"].set_index("enterprise_id")
    whole = accounts.groupby("enterprise_id")["year"].agg(["min", "max"]).eval("min == 2016 and max == 2024")
    titled = tables["recognitions"].query("tier == 'srdi'")["enterprise_id"]
    keep = (
        people.index.isin(titled) & (people["city_code"] != "350200") & whole.reindex(people.index, fill_value=False)
    )
    first = accounts.drop_duplicates("enterprise_id").set_index("enterprise_id").loc[people.index[keep]]
    size, research = np.log(first["employees"].astype(float)), first["rd_expense"] / first["revenue"]
    columns = [np.ones(len(first)), first.index.isin(tables["loans"]["enterprise_id"]), size, size**2]
    columns += [research, research**2, size * research]
    columns += [people.loc[first.index, "city_code"] == code for code in ("350100", "350500")]
    design = np.column_stack(columns).astype(float)
    trained = first.index.isin(tables["training"]["enterprise_id"]).astype(float)
    known = np.isfinite(design).all(axis=1)
    return np.linalg.lstsq(design[known], trained[known], rcond=None)[0][1]


def test_given_the_covariates_instruments_are_assigned_independently():
    worlds = [make_province(WorldSpec(seed=seed, n_enterprises=3_000)).tables for seed in range(1, 13)]
    gaps = [difference_in_training(tables) for tables in worlds]
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps))
    assert abs(np.mean(gaps)) < 0.03


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"n_enterprises": 10}, "must be 300 or more"),
        ({"n_enterprises": 10**14}, "must be 1,000,000 or fewer"),
        ({"first_year": 2023}, "at least three years"),
        ({"last_year": 2999}, "has not come yet"),
        ({"seed": -1}, "must be 0 or more"),
    ],
)
def test_an_impossible_world_is_refused_with_its_reason(asked, words):
    with pytest.raises(StudyError, match=words):
        WorldSpec(**asked)


def test_an_unknown_trap_is_refused_with_the_known_ones():
    with pytest.raises(StudyError, match="choose from bunching"):
        Traps.switched(on=["pitfall"])


def test_other_years_make_a_smaller_province_that_still_keeps_the_rules(tmp_path):
    write_province(WorldSpec(n_enterprises=600, first_year=2015, last_year=2020), tmp_path)
    read = load_tables(tmp_path)
    assert "loans" not in read
    assert read.faults() == []
    assert read["accounts"]["year"].max() == 2020


@pytest.mark.parametrize("years", [(2000, 2002), (2010, 2015), (2018, 2024), (2019, 2021), (2023, 2025)])
def test_any_window_of_years_makes_a_province_that_keeps_the_rules(tmp_path, years):
    write_province(WorldSpec(n_enterprises=300, first_year=years[0], last_year=years[1]), tmp_path)
    assert load_tables(tmp_path).faults() == []


def test_a_smaller_window_leaves_no_table_of_an_older_world(tmp_path):
    write_province(WorldSpec(n_enterprises=300), tmp_path)
    write_province(WorldSpec(n_enterprises=300, first_year=2010, last_year=2015), tmp_path)
    read = load_tables(tmp_path)
    assert "loans" not in read
    assert read.faults() == []


def test_real_tables_are_never_written_over(tmp_path):
    (tmp_path / "accounts.csv").write_text("enterprise_id,year,revenue,employees\n")
    with pytest.raises(DataError, match="choose another folder"):
        write_province(WorldSpec(n_enterprises=300), tmp_path)
    assert (tmp_path / "accounts.csv").read_text().startswith("enterprise_id")


def test_a_writing_that_was_cut_off_can_be_done_again(tmp_path):
    write_province(WorldSpec(n_enterprises=300), tmp_path)
    for name in ("truth.json", "loans.csv", "training.csv"):
        (tmp_path / name).unlink()
    write_province(WorldSpec(n_enterprises=300), tmp_path)
    assert (tmp_path / "truth.json").exists()
    assert set(load_tables(tmp_path)) == WRITTEN
