"""The record of a diagnosis, its services, peers, pages and widgets."""

from __future__ import annotations

import json
import math
from datetime import date

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from diagnosis_cases import LITTLE_GIANT, rules, with_values

from sme_research.cli import cli
from sme_research.errors import DataError, SmeResearchError, StudyError
from sme_research.explorer_diagnosis import DiagnosisExplorer
from sme_research.present.parts.diagnosis import (
    diagnosis_lines,
    plot_standing,
    summarise_diagnosis,
    tabulate_gate_counts,
    tabulate_gates,
    tabulate_inputs,
    tabulate_paths,
    tabulate_rules,
    tabulate_scores,
    tabulate_services,
)
from sme_research.present.parts.diagnosis.picture import place_threshold
from sme_research.present.parts.diagnosis.tables import gate_table
from sme_research.present.parts.diagnosis.wording import tell_threshold
from sme_research.present.show import Group, HtmlTable, Picture, Text
from sme_research.programme.diagnosis import (
    TIERS,
    Diagnosis,
    Population,
    Standing,
    Subject,
    assessment_day,
    classify_sizes,
    count_statuses,
    diagnose,
    diagnose_for_report,
    diagnose_inputs,
    diagnosis_to_json,
    find_example,
    load_population,
    load_services,
    next_tier,
    read_services,
)
from sme_research.rules import METRICS
from sme_research.synthetic import WorldSpec, make_province
from sme_research.tables import Tables, tables_from_frames

DAY = date(2025, 6, 30)


def population(n: int, **columns: list[float]) -> Population:
    """Peers of division 35, small, with values by metric."""
    ids = [f"E{at}" for at in range(n)]
    values = pd.DataFrame(dict(columns.items()), index=ids)
    return Population(values, pd.Series("3562", index=ids), pd.Series("small", index=ids))


def of_values(
    values: dict[str, float], peers: Population | None = None, *, tiers: tuple[str, ...] = TIERS, **subject: str
) -> Diagnosis:
    told = Subject(held=("innovative", "srdi"), **subject)
    return diagnose_inputs(values, peers or Population.empty(), told, on=DAY, tiers=tiers)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return tables_from_frames(make_province(WorldSpec(n_enterprises=600)).tables, made_up=True)


@pytest.fixture(scope="module")
def found(tables: Tables) -> Diagnosis:
    day = assessment_day(tables)
    ids = tables["enterprises"]["enterprise_id"]
    chosen = find_example(tables, load_population(tables, day), on=day) or str(ids.iloc[0])
    return diagnose(tables, chosen, on=day)


def test_a_gate_says_value_threshold_and_how_much_it_is_short():
    tier = of_values(with_values(LITTLE_GIANT, market_share=0.08), tiers=("little_giant",)).of("little_giant")
    gate = next(gate for gate in tier.gates if gate.id == "G-7")
    assert gate.status == "unmet"
    assert [(part.value, part.threshold, pytest.approx(0.02)) for part in gate.parts] == [
        (0.08, 0.10, gate.parts[0].short)
    ]
    assert tier.count("unmet") == 1


def test_both_rule_sets_are_told_and_the_days_is_marked():
    told = of_values(with_values(LITTLE_GIANT))
    assert {(tier.rules.tier, tier.rules.rule_set): tier.applies for tier in told.tiers} == {
        ("innovative", "cn-2022-63"): True,
        ("srdi", "cn-2022-63"): True,
        ("srdi", "cn-2026-2"): False,
        ("little_giant", "cn-2022-63"): True,
        ("little_giant", "cn-2026-2"): False,
    }
    assert next_tier(told) == "little_giant"


def test_an_unknown_value_is_asked_and_its_gate_is_unknown():
    tier = of_values(with_values(LITTLE_GIANT, own_brand=None), tiers=("little_giant",)).of("little_giant")
    assert tier.status == "unknown"
    assert [(asked.metric.name, asked.gates, asked.required) for asked in tier.asked] == [
        ("own_brand", ("G-8",), True)
    ]


def test_a_scored_indicator_names_the_nearest_way_to_more_points():
    tier = of_values(with_values({"debt_ratio": 0.55, "class_2": 1, "class_1": 0}), tiers=("srdi",)).of(
        "srdi", "cn-2022-63"
    )
    entry = next(entry for entry in tier.scored if entry.id == "S-8")
    assert (entry.low, entry.high, entry.next_metric, entry.next_value, entry.next_points) == (
        3,
        3,
        "debt_ratio",
        0.5,
        5,
    )


@pytest.mark.parametrize(
    ("lang", "lowest", "next_one"), [("zh", "有即可", "不低于市级"), ("en", "any", "at least municipal")]
)
def test_the_lowest_level_of_an_institution_asks_for_any(lang, lowest, next_one):
    metric = METRICS["rd_institution"]
    assert tell_threshold(">=", 1, metric, lang) == lowest
    assert tell_threshold(">=", 2, metric, lang).startswith(next_one)


def test_a_score_stands_where_values_stand(tables):
    tiers = diagnose(tables, find_any(tables), on=assessment_day(tables)).tiers
    (tier,) = [one for one in tiers if one.rules.tier == "innovative"]
    (gate,) = [one for one in tier.gates if one.scored]
    row = next(
        row for row in gate_table([tier], "en").rows if not isinstance(row, Group) and row[0] == gate.label["en"]
    )
    bounds = [f"{tier.score_low:g}", f"{tier.score_high:g}"]
    assert row[2] == " to ".join(dict.fromkeys(bounds)) + " points"
    assert row[3] == "–"


def find_any(tables):
    return str(tables["enterprises"]["enterprise_id"].iloc[0])


@pytest.mark.parametrize(("limit", "wanted"), [(3.0, 0.5), (5.0, 0.8), (1.0, 0.0), (2.0, 0.5)])
def test_a_threshold_keeps_its_side_of_the_enterprise(limit, wanted):
    # Quantiles put 3 at 0.4, below the enterprise that betters half of its peers with only 2.
    grid = tuple(np.linspace(1.0, 6.0, 101))
    standing = Standing(METRICS["revenue"], 2.0, "", None, 0.5, 1.0, 2.0, 3.0, 25, grid)
    assert standing.percentile_of(3.0) == pytest.approx(0.4, abs=0.01)
    assert place_threshold(limit, standing) == pytest.approx(wanted, abs=0.01)


def test_a_percentile_counts_ties_as_half_and_turns_where_lower_is_better():
    peers = population(20, debt_ratio=list(np.arange(20) / 20), revenue=[float(at) for at in range(20)])
    told = of_values({"debt_ratio": 0.25, "revenue": 4.0}, peers, tiers=(), industry="3562", size="small")
    standing = {one.metric.name: one for one in told.standings}
    # Of 20: 14 have more debt, 1 as much; 4 have less revenue, 1 as much.
    assert standing["debt_ratio"].percentile == pytest.approx(14.5 / 20)
    assert standing["revenue"].percentile == pytest.approx(4.5 / 20)
    assert (told.peers.basis, told.peers.n) == ("division", 20)


def test_fewer_than_twenty_peers_widen_the_circle_and_say_so():
    peers = population(21, revenue=[1.0] * 21)
    peers.industry.iloc[:5] = "3911"
    told = of_values({"revenue": 1.0}, peers, tiers=(), industry="3562", size="small")
    assert (told.peers.basis, told.peers.industry, told.peers.n) == ("section", "C", 21)
    alone = of_values({"revenue": 1.0}, peers, tiers=(), industry="3562", size="small", enterprise_id="E20")
    assert (alone.peers.basis, alone.peers.n) == ("section", 20)


@pytest.mark.parametrize(
    ("industry", "employees", "revenue", "size"),
    [
        ("3562", 300, 2000, "medium"),
        ("3562", 299, 2000, "small"),
        ("3562", 1000, 40000, "large"),
        ("3562", 1000, 39999, "medium"),
        ("3562", 20, 300, "small"),
        ("3562", 19, 300, "micro"),
        ("6510", 100, 1000, "medium"),
        ("0111", 3, 500, "medium"),
        ("8010", 10, 1, "small"),
        (None, 10, 10, ""),
        ("3562", math.nan, 10, ""),
    ],
)
def test_size_classes_at_and_under_their_edges(industry, employees, revenue, size):
    rows = pd.DataFrame([{"industry_code": industry, "employees": employees, "revenue": revenue, "assets": math.nan}])
    assert classify_sizes(rows).iloc[0] == size


def test_every_metric_of_the_rules_has_a_service_or_says_there_is_none():
    services = load_services()
    assert services["niche_years"] == ()
    assert [one.id for one in services["digital_level"]] == ["digital_action"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("digital_level,digital_action", "digital_levle,digital_action", "line .*did you mean digital_level"),
        ("digital_level,digital_action,数字化赋能专项行动", "digital_level,digital_action,", "column zh is empty"),
        ("digital_level,digital_action,数字化赋能专项行动", "digital_level,digital_action,别名", "use one name"),
        ("metric,service", "metric,what", "line 1: the columns must be"),
    ],
)
def test_a_service_table_that_breaks_its_form_is_refused_with_the_line(tmp_path, old, new, told):
    from sme_research.tables import reference_path

    path = tmp_path / "services.csv"
    path.write_text(reference_path("services.csv").read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=told):
        read_services(path)


def test_a_metric_without_a_row_in_the_service_table_is_named(tmp_path):
    from sme_research.tables import reference_path

    path = tmp_path / "services.csv"
    lines = reference_path("services.csv").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("own_brand")), encoding="utf-8")
    with pytest.raises(DataError, match="no row for own_brand"):
        read_services(path)


def test_an_unknown_enterprise_is_refused_with_the_nearest(tables):
    real = str(tables["enterprises"]["enterprise_id"].iloc[5])
    wrong = real[:-3] + "9" + real[-2:] if real[-3] != "9" else real[:-3] + "8" + real[-2:]
    with pytest.raises(StudyError, match=f"the nearest is {real}"):
        diagnose(tables, wrong, on=DAY)


@pytest.mark.parametrize("letter", ["9", "A", "企"])
def test_an_unknown_enterprise_of_a_million_letters_is_refused_in_one_short_line(tables, letter):
    with pytest.raises(StudyError, match=f"enterprise '{letter * 80}…' is not in table enterprises") as refused:
        diagnose(tables, letter * 1_000_000, on=DAY)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_part_of_the_report_is_told_in_both_languages(tables, found, lang):
    counts = count_statuses(tables, load_population(tables, found.on), on=found.on)
    parts = [
        summarise_diagnosis(found, counts, lang),
        *(make(found, lang) for make in (tabulate_inputs, tabulate_gates, tabulate_scores, tabulate_paths)),
        tabulate_services(found, lang),
        tabulate_rules(counts, found, lang),
        tabulate_gate_counts(counts, lang),
    ]
    assert all(isinstance(part, (HtmlTable, Text)) for part in parts)
    assert isinstance(plot_standing(found, lang), (Picture, Text))
    assert found.subject.enterprise_id in "\n".join(diagnosis_lines(found, lang))
    json.dumps(diagnosis_to_json(found), allow_nan=False)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_public_edition_shows_no_enterprise(tables, found, lang):
    peers = load_population(tables, found.on)
    assert diagnose_for_report(tables, peers, found.subject.enterprise_id, on=found.on, edition="public") is None
    counts = count_statuses(tables, peers, on=found.on)
    told = [str(summarise_diagnosis(None, counts, lang, edition="public"))]
    makers = (tabulate_inputs, tabulate_gates, tabulate_scores, tabulate_paths, tabulate_services, plot_standing)
    told += [str(make(None, lang, edition="public")) for make in makers]
    table = tabulate_gate_counts(counts, lang, edition="public")
    assert found.subject.enterprise_id not in "".join(told) + table._repr_html_()
    cells = [cell for row in table.rows if isinstance(row, tuple) for cell in row[1:]]
    assert all(cell == "*" or int(cell.replace(",", "")) % 10 == 0 for cell in cells)


def test_the_counts_of_a_gate_add_up_to_all_holders(tables, found):
    for one in count_statuses(tables, load_population(tables, found.on), on=found.on):
        assert all(sum(gate.counts.values()) == one.n for gate in one.gates)


def test_moving_an_input_changes_the_gates_at_once():
    short = with_values(LITTLE_GIANT, market_share=0.08)
    page = DiagnosisExplorer(of_values(short, tiers=("little_giant",)), lang="en")
    assert page.status.count("unmet") == 1
    page.find()
    assert "Share of the niche market from 8.0% to 10.0%" in page.found.value
    page.inputs["market_share"].value = "10"
    assert page.status.status == "met"
    page.inputs["own_brand"].value = None
    assert page.status.status == "unknown"
    page.inputs["own_brand"].value = 0.0
    assert page.status.status == "unmet"
    page.inputs["market_share"].value = "many"
    assert page.status is None
    assert "must be a number" in page.message.value


def test_another_title_or_rule_set_is_shown_when_chosen():
    page = DiagnosisExplorer(of_values(with_values(LITTLE_GIANT), tiers=("little_giant",)), lang="zh")
    assert page.status.rules is rules("little_giant")
    page.choice.value = "cn-2026-2/little_giant"
    assert page.status.rules.rule_set == "cn-2026-2"


def test_the_command_refuses_an_unknown_enterprise_with_one_message(tables, tmp_path):
    from sme_research.tables import write_tables

    write_tables({name: tables[name] for name in ("enterprises", "accounts", "recognitions")}, tmp_path)
    result = CliRunner().invoke(cli, ["diagnose", "91350199X", "--data", str(tmp_path)])
    assert isinstance(result.exception, SmeResearchError)
    known = str(tables["enterprises"]["enterprise_id"].iloc[0])
    told = CliRunner().invoke(cli, ["diagnose", known, "--data", str(tmp_path), "--tier", "srdi"])
    assert told.exit_code == 0
    assert known in told.stdout
