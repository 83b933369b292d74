"""The smaller programmes of the made-up province, and what enterprises hold besides their accounts."""

import numpy as np
import pandas as pd
import pytest

from sme_research.instruments import INSTRUMENTS
from sme_research.synthetic import WorldSpec, make_province

XIAMEN = "350200"
REPLY_DAY = pd.Timestamp(2024, 4, 30)


@pytest.fixture(scope="module")
def province():
    return make_province(WorldSpec())


@pytest.fixture(scope="module")
def tables(province):
    return province.tables


def test_an_award_is_paid_once_a_title_in_the_year_of_its_grant(tables):
    ours = tables["awards"].query("payer == 'province'")
    assert not ours.duplicated(["enterprise_id", "tier"]).any()
    assert ours.groupby("tier")["amount"].unique().map(list).to_dict() == {"srdi": [20.0], "little_giant": [50.0]}
    first = tables["recognitions"].groupby(["enterprise_id", "tier"])["granted_on"].min()
    granted = first.reindex(pd.MultiIndex.from_frame(ours[["enterprise_id", "tier"]])).reset_index(drop=True)
    paid = ours["paid_on"].reset_index(drop=True)
    assert (paid.dt.year == granted.dt.year).all()
    assert (paid > granted).all()


def test_xiamen_is_recognised_but_gets_no_provincial_award(tables):
    city = tables["enterprises"].set_index("enterprise_id")["city_code"]
    assert (tables["awards"]["enterprise_id"].map(city) != XIAMEN).all()
    assert (tables["recognitions"]["enterprise_id"].map(city) == XIAMEN).any()


def test_one_city_adds_half_so_that_amounts_differ_for_one_title(tables):
    city = tables["enterprises"].set_index("enterprise_id")["city_code"]
    top_up = tables["awards"].query("payer == 'city'")
    assert set(top_up["enterprise_id"].map(city)) == {"350100"}
    assert top_up.groupby("tier")["amount"].unique().map(list).to_dict() == {"srdi": [10.0], "little_giant": [25.0]}


def test_six_editions_of_the_contest_were_held_and_ranks_follow_points(tables):
    contests = tables["contests"]
    assert contests.loc[contests["held_on"] <= REPLY_DAY, "contest"].nunique() == 6
    for _, entries in contests.groupby("contest"):
        ranked = entries.sort_values("rank")["score"].to_numpy()
        assert (np.diff(ranked) <= 0).all()


def test_matched_amounts_are_the_official_two_hundred_billion_and_hardly_any_is_drawn(tables):
    events = tables["matching_events"]
    of_2023 = events[events["held_on"].dt.year == 2023]
    assert of_2023["event_id"].nunique() > 100
    assert of_2023["matched_amount"].sum() == pytest.approx(20_000_000, rel=1e-3)
    assert (events["drawn_amount"] <= events["contracted_amount"]).all()
    assert events["drawn_amount"].sum() < 0.1 * events["matched_amount"].sum()


def test_matched_amounts_are_larger_than_the_balance_of_all_recognised(tables):
    figures = tables["official_figures"].set_index("indicator")["value"]
    assert figures["matching_amount"] > 1.5 * figures["loan_balance"]


def test_an_enterprise_joins_a_special_action_once_and_the_purse_pays_a_part(tables):
    actions = tables["special_actions"]
    assert not actions.duplicated(["enterprise_id", "action"]).any()
    assert set(actions["action"]) == {"digital", "science", "quality"}
    assert (actions["subsidy"] <= np.minimum(actions["spending"], 50)).all()


def test_coaching_goes_to_the_highest_scores(tables):
    coached = tables["coaching"]
    assert not coached["enterprise_id"].duplicated().any()
    assert coached["score"].min() > 65
    by_year = coached.groupby(coached["started_on"].dt.year).size()
    assert (by_year == 90).all()


def test_loans_pile_up_at_the_cap_and_what_was_asked_for_goes_beyond(tables):
    loans = tables["loans"]
    assert (loans["amount"] == loans["applied_amount"].clip(upper=2_000)).all()
    assert 0.05 < (loans["amount"] == 2_000).mean() < 0.3
    assert (loans["applied_amount"] > 2_500).sum() > 30


def test_chain_leaders_are_large_and_supplied_mostly_from_their_own_industry(tables):
    links = tables["chain_links"]
    people = tables["enterprises"].set_index("enterprise_id")
    first = tables["accounts"].drop_duplicates("enterprise_id").set_index("enterprise_id")["revenue"]
    leaders = links["leader_id"].unique()
    assert len(leaders) <= 30
    assert first.reindex(leaders).median() > first.quantile(0.97)
    assert not set(leaders) & set(links["enterprise_id"])
    division = people["industry_code"].str[:2]
    same = links["leader_id"].map(division).to_numpy() == links["enterprise_id"].map(division).to_numpy()
    assert 0.2 < same.mean() < 0.9
    assert (links["until"].dropna() > links.loc[links["until"].notna(), "since"]).all()


def share_titled(tables, low, high):
    """Share of candidates with a score in a window who hold the SRDI title by the end of that year."""
    reports = tables["self_reports"]
    window = reports[reports["score"].between(low, high, inclusive="left")]
    titles = tables["recognitions"].query("tier == 'srdi'").groupby("enterprise_id")["granted_on"].min()
    return (window["enterprise_id"].map(titles).dt.year == window["reported_on"].dt.year).mean()


def test_the_title_jumps_at_the_pass_mark_but_not_from_none_to_all(tables):
    below, above = share_titled(tables, 57, 60), share_titled(tables, 60, 63)
    assert 0.7 < above - below < 0.95
    assert below > 0.01
    assert above < 0.99


def test_reports_come_before_the_grants_of_their_year(tables):
    reports = tables["self_reports"].set_index("enterprise_id")["reported_on"]
    titles = tables["recognitions"].query("tier == 'srdi'").groupby("enterprise_id")["granted_on"].min()
    both = pd.concat([reports, titles], axis=1, join="inner")
    assert (both["reported_on"] < both["granted_on"]).all()


def test_rights_follow_size_and_research_and_the_planted_ratio():
    moved = make_province(WorldSpec(seed=3, n_enterprises=6_000))
    rights = moved.tables["intellectual_property"]
    assert (rights[["class_1", "class_2"]].sum(axis=1) > 0).all()
    assert (rights["class_1_high_value"] <= rights["class_1"]).all()
    total = rights.groupby("enterprise_id")["class_1"].sum()
    first = moved.tables["accounts"].drop_duplicates("enterprise_id").set_index("enterprise_id")
    size = first["employees"].astype(float).reindex(moved.tables["enterprises"]["enterprise_id"])
    counts = total.reindex(size.index).fillna(0)
    assert counts[size > size.quantile(0.8)].mean() > 2 * counts[size < size.quantile(0.2)].mean()
    giants = moved.tables["recognitions"].query("tier == 'little_giant'")["enterprise_id"].unique()
    assert 8 < counts.reindex(giants).mean() < 25


def test_productivity_is_revenue_less_employees_in_the_truth(province):
    for name in INSTRUMENTS:
        answer = province.truth[name]
        expected = answer["log_revenue"]["att"] - answer["log_employees"]["att"]
        assert answer["log_productivity"]["att"] == pytest.approx(expected, abs=0.001)


def test_growth_of_assets_is_moved_only_while_the_effect_still_grows(province):
    by_event_time = province.truth["training"]["fixed_assets_growth"]["event_time"]
    assert by_event_time["0"] == pytest.approx(0.03, abs=0.005)
    assert by_event_time["1"] == pytest.approx(0.02, abs=0.005)
    assert by_event_time["4"] == pytest.approx(0.0, abs=1e-9)


def test_ratios_and_the_award_are_not_moved(province):
    for name in INSTRUMENTS:
        for outcome in ("profit_margin", "rd_intensity", "tax_burden"):
            assert province.truth[name][outcome]["att"] == 0.0
    assert province.truth["award"]["log_revenue"]["att"] == 0.0
    assert province.truth["planted"]["effect_of_the_title_itself"] == 0.0


def test_the_truth_knows_every_instrument_that_is_declared(province):
    assert set(province.truth) == {*INSTRUMENTS, "planted"}


def test_first_treated_years_of_the_tables_are_those_of_the_truth(province):
    for name, instrument in INSTRUMENTS.items():
        first = instrument.first_treated(province.tables)
        assert len(first) >= province.truth[name]["log_revenue"]["n_treated"], name
        assert first["enterprise_id"].is_unique


def cohorts(name, tables):
    first = INSTRUMENTS[name].first_treated(tables)
    return pd.Series(first["first_on"].dt.year.to_numpy(), index=first["enterprise_id"])


@pytest.fixture(scope="module")
def worlds():
    return [make_province(WorldSpec(seed=seed, n_enterprises=3_000)).tables for seed in range(1, 9)]


def difference_in_training(name, tables):
    """Share trained among those reached by an instrument less that among the others, given size, research, city."""
    people = tables["enterprises"].set_index("enterprise_id")
    span = tables["accounts"].groupby("enterprise_id")["year"].agg(["min", "max"])
    whole = span.index[(span["min"] == 2016) & (span["max"] == 2024)]
    first = tables["accounts"].drop_duplicates("enterprise_id").set_index("enterprise_id").loc[whole]
    size, research = np.log(first["employees"].astype(float)), first["rd_expense"] / first["revenue"]
    city = pd.get_dummies(people.loc[whole, "city_code"], dtype=float).to_numpy()
    columns = [whole.isin(cohorts(name, tables).index), size, size**2, research, research**2, size * research]
    design = np.column_stack([*columns, city]).astype(float)
    trained = whole.isin(tables["training"]["enterprise_id"]).astype(float)
    known = np.isfinite(design).all(axis=1)
    return np.linalg.lstsq(design[known], trained[known], rcond=None)[0][0]


@pytest.mark.parametrize("name", ["coaching", "contest", "matching_event", "digital_action"])
def test_given_the_covariates_programmes_are_drawn_independently_of_training(name, worlds):
    gaps = [difference_in_training(name, tables) for tables in worlds]
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / np.sqrt(len(gaps))
    assert abs(np.mean(gaps)) < 0.04
