"""The public edition of a finding: what it withholds, that nothing gives it away, and that it can be read."""

from __future__ import annotations

import itertools
import json
import math
import pickle
import re
from dataclasses import asdict, fields, is_dataclass, replace

import numpy as np
import pytest
from scipy.optimize import linprog

import sme_research
from sme_research import Study, evaluate
from sme_research.disclosure import MARK, Rule
from sme_research.errors import IdentificationError, StudyError
from sme_research.evaluation import Evaluation
from sme_research.evaluation.publishing import TOO_FEW, publish_finding
from sme_research.present import words
from sme_research.present.show import HtmlTable, Picture, Text
from sme_research.quality import (
    count_by_year,
    count_in_force,
    count_training,
    inspect_tables,
    last_count_day,
    rank_missing,
)
from sme_research.results import WITHHELD, FlowStep, SampleFlow
from sme_research.synthetic import WorldSpec, write_province
from sme_research.tables import load_tables

INSTRUMENTS = ("training", "cluster_membership", "contest", "loan_subsidy")
ENTERPRISES = re.compile(r"^n_(enterprises|treated|below|above|steady|trimmed|alone|base)$")
SHOWN = [
    "summarise",
    "plot_event_study",
    "tabulate_question",
    "plot_theory",
    "tabulate_plan",
    "tabulate_facts",
    "describe_flow",
    "tabulate_attrition",
    "tabulate_outcomes",
    "describe_disclosure",
    "describe_design",
    "tabulate_balance",
    "plot_balance",
    "plot_overlap",
    "tabulate_effect",
    "tabulate_event_study",
    "tabulate_inferences",
    "describe_sensitivity",
    "plot_sensitivity",
    "tabulate_sensitivity",
    "tabulate_cohorts",
    "describe_dose",
    "plot_dose",
    "tabulate_dose",
    "plot_family",
    "tabulate_family",
    "describe_subgroups",
    "plot_subgroups",
    "tabulate_subgroups",
    "describe_specifications",
    "plot_specifications",
    "tabulate_specifications",
    "describe_contrast",
    "tabulate_contrast",
    "describe_triple_difference",
    "describe_threshold",
    "describe_entry_margin",
    "tabulate_single_clusters",
    "describe_density",
    "plot_density",
    "tabulate_density",
    "describe_spillovers",
    "tabulate_checks",
    "tabulate_grade",
    "tabulate_cost",
    "describe_cost",
    "tabulate_literature",
    "plot_literature",
    "describe_limits",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("province")
    write_province(WorldSpec(n_enterprises=700), folder)
    return folder


@pytest.fixture(scope="module")
def tables(folder):
    return load_tables(folder)


@pytest.fixture(scope="module")
def evaluations(tables):
    return {name: evaluate(Study(instrument=name), tables) for name in INSTRUMENTS}


@pytest.fixture(scope="module", params=INSTRUMENTS)
def pair(request, evaluations):
    """The whole evaluation and the published one."""
    whole = evaluations[request.param]
    return whole, Evaluation(whole.study, whole.sample.iloc[:0], publish_finding(whole.finding))


def leaves(value, name=""):
    """Every number and text of a nest of records, with the name it goes by."""
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name), field.name)
    elif isinstance(value, dict) or hasattr(value, "items"):
        for key, entry in value.items():
            yield "key", str(key)
            yield from leaves(entry, str(key))
    elif isinstance(value, (list, tuple, np.ndarray)):
        for entry in value:
            yield from leaves(entry, name)
    else:
        yield name, value


def shown_of(finding, lang):
    """All that notebook 20 shows of a finding."""
    made = [(name, getattr(sme_research, name)(finding, lang)) for name in SHOWN]
    made.append(("tabulate_flow", sme_research.tabulate_flow(finding.flow, lang)))
    return made


def texts_of(shown):
    """What a reader, a screen reader or a downloader gets of one output."""
    if isinstance(shown, Text):
        return [shown.markdown]
    if isinstance(shown, HtmlTable):
        return [shown._repr_html_()]
    assert isinstance(shown, Picture)
    # An empty place in a column of numbers, such as the point of a range, is none.
    cells = [str(cell) for row in shown.data for cell in row.values() if cell is not None]
    return [shown.alt, shown.caption, *cells]


def test_no_published_count_is_one_to_nine(pair):
    _, published = pair
    records = [published.finding, published.to_json(), published.record().content]
    counts = [(name, value) for record in records for name, value in leaves(record) if ENTERPRISES.match(name)]
    assert len(counts) > 50
    assert [(name, value) for name, value in counts if value is not None and 0 < value < 10] == []


def test_nobody_is_named(pair, tables):
    whole, published = pair
    register = tables["enterprises"]
    hidden = {*register["enterprise_id"], *whole.finding.single_clusters}
    hidden |= set(register["name"]) if "name" in register else set()
    told = json.dumps(published.record().content, ensure_ascii=False) + json.dumps(
        [str(value) for _, value in leaves(published.finding)], ensure_ascii=False
    )
    told += "".join(
        text for lang in ("zh", "en") for _, shown in shown_of(published.finding, lang) for text in texts_of(shown)
    )
    words_told = set(re.findall(r"[\w-]+", told))
    assert hidden
    assert not hidden & words_told
    assert len(published.sample) == 0


def ranges_of_withheld(flow):
    """What linear programming tells of every arm at every step, and of whoever leaves an arm between two.

    The outsider knows that the treated are part of the enterprises, that steps only ever take from either,
    and that a withheld count is one at least.
    """
    steps = flow.steps
    names = [(arm, at) for at in range(len(steps)) for arm in ("n_enterprises", "n_treated")]
    at_of = {name: index for index, name in enumerate(names)}
    known = {name: getattr(steps[name[1]], name[0]) for name in names}
    bounds = [(known[name],) * 2 if known[name] is not None else (1, None) for name in names]
    never_negative = []
    for at in range(len(steps)):
        never_negative.append({("n_enterprises", at): 1, ("n_treated", at): -1})
        if at:
            never_negative += [{(arm, at - 1): 1, (arm, at): -1} for arm in ("n_enterprises", "n_treated")]
    rows = np.zeros((len(never_negative), len(names)))
    for row, signs in enumerate(never_negative):
        for name, sign in signs.items():
            rows[row, at_of[name]] = -sign
    groups = [{name: 1} for name in names] + never_negative
    rest = [{("n_enterprises", at): 1, ("n_treated", at): -1} for at in range(len(steps))]
    groups += [{**rest[at - 1], **{name: -sign for name, sign in rest[at].items()}} for at in range(1, len(steps))]
    for signs in groups:
        cost = np.zeros(len(names))
        for name, sign in signs.items():
            cost[at_of[name]] = sign
        ends = []
        for sign in (1, -1):
            found = linprog(sign * cost, A_ub=rows, b_ub=np.zeros(len(rows)), bounds=bounds)
            assert found.status in (0, 3), found.message
            ends.append(-sign * math.inf if found.status == 3 else sign * found.fun)
        yield signs, ends[0], ends[1]


def safe(low, high):
    """Known exactly and nobody or enough (a move may be either way), or not known to within the threshold."""
    if high - low < 1e-6:
        return abs(low) < 1e-6 or abs(low) >= 10 - 1e-6
    return high - low >= 10 - 1e-6 or min(abs(low), abs(high)) >= 10 - 1e-6


def test_no_group_of_the_flow_can_be_worked_out(pair):
    _, published = pair
    found = list(ranges_of_withheld(published.finding.flow))
    assert len(found) > 15
    assert [entry for entry in found if not safe(*entry[1:])] == []


def flow_of(*counts):
    return SampleFlow(tuple(FlowStep("accounts", n, treated, 5 * n) for n, treated in counts))


def test_the_attack_of_this_test_finds_what_an_unprotected_flow_gives_away():
    given_away = [
        entry for entry in ranges_of_withheld(flow_of((300, 100), (296, 100), (296, 92))) if not safe(*entry[1:])
    ]
    assert len(given_away) >= 3


@pytest.mark.parametrize("counts", list(itertools.product((0, 3, 12), repeat=4)))
def test_steps_that_differ_by_few_are_withheld_however_they_fall(evaluations, counts):
    finding = evaluations["training"].finding
    lost, lost_treated, more, more_treated = counts
    n, treated = finding.effect.n_enterprises, finding.effect.n_treated
    second = (n + more + more_treated, treated + more_treated)
    first = (second[0] + lost + lost_treated, second[1] + lost_treated)
    steps = flow_of(first, second, (n, treated))
    published = publish_finding(
        replace(finding, flow=steps, checks=tuple(check for check in finding.checks if check.name != "sample_flow"))
    )
    assert [entry for entry in ranges_of_withheld(published.flow) if not safe(*entry[1:])] == []
    assert published.effect.n_enterprises == published.flow.steps[-1].n_enterprises
    assert published.effect.n_treated == published.flow.steps[-1].n_treated


def test_no_other_count_stands_beside_the_flow_and_the_main_estimate(pair):
    """So that there are no other relations: the attack on the flow is the attack on all counts of enterprises."""
    _, published = pair
    finding = replace(published.finding, flow=SampleFlow(()), densities=())
    finding = replace(finding, effect=replace(finding.effect, n_enterprises=None, n_treated=None))
    others = [(name, value) for name, value in leaves(finding) if ENTERPRISES.match(name) and value is not None]
    assert others == []
    rounded = [bar["count"] for density in published.finding.densities for bar in density.bins]
    assert all(count >= 10 and count % 10 == 0 for count in rounded)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_the_notebook_shows_can_be_shown_and_read(pair, lang):
    _, published = pair
    marked = 0
    for name, shown in shown_of(published.finding, lang):
        for told in texts_of(shown):
            assert not re.search(r"\bNone\b|\bnan\b|\binf\b", told), (name, told)
        if isinstance(shown, HtmlTable):
            cells = [str(cell) for row in shown.rows if isinstance(row, (list, tuple)) for cell in row]
            has_mark = any(MARK in cell for cell in cells)
            marked += has_mark
            assert (words.text(lang, "disclosure.mark") in shown._repr_html_()) == has_mark, name
    assert marked >= 5
    told = str(sme_research.describe_disclosure(published.finding, lang))
    assert "10" in told
    assert "85%" in told
    assert MARK in told


def test_records_show_themselves_with_marks(pair):
    finding = pair[1].finding
    for record in (finding.flow, finding.effect, finding.event_study, finding.grade, *finding.checks):
        told = record._repr_html_()
        assert "None" not in told
        assert "nan" not in told
    assert WITHHELD in finding.event_study._repr_html_()


def test_one_mark_everywhere():
    assert MARK == WITHHELD == words.MARK


def test_publishing_leaves_the_finding_the_estimate_and_the_grade_as_they_are(pair):
    whole, published = pair
    before = pickle.dumps(whole.finding)
    again = publish_finding(whole.finding)
    assert pickle.dumps(whole.finding) == before
    assert asdict(again.effect) == asdict(published.finding.effect)
    for name in ("estimate", "std_error", "ci_low", "ci_high"):
        assert getattr(again.effect, name) == getattr(whole.finding.effect, name)
    assert again.grade == whole.finding.grade
    assert {c.name: c.verdict for c in again.checks} == {c.name: c.verdict for c in whole.finding.checks}


def test_evaluate_publishes_what_it_has_evaluated(tables, evaluations):
    public = evaluate(Study(instrument="contest"), tables, edition="public")
    assert asdict(public.finding.flow) == asdict(publish_finding(evaluations["contest"].finding).flow)
    assert len(public.sample) == 0


def test_a_public_report_takes_no_filters(tables):
    for chosen in ({"cities": ["350100"]}, {"industries": ["39"]}):
        with pytest.raises(StudyError, match="takes no cities or industries"):
            evaluate(Study(instrument="training", **chosen), tables, edition="public")
    with pytest.raises(StudyError, match="choose 'internal' or 'public'"):
        evaluate(Study(instrument="training"), tables, edition="open")


@pytest.mark.parametrize("counts", [{"n_treated": 9}, {"n_treated": 692, "n_enterprises": 700}])
def test_an_estimate_on_fewer_than_ten_of_an_arm_is_not_published(evaluations, counts):
    finding = evaluations["training"].finding
    with pytest.raises(IdentificationError, match="too few enterprises for the public edition"):
        publish_finding(replace(finding, effect=replace(finding.effect, **counts)))


def test_two_treated_clusters_are_too_few(evaluations):
    finding = evaluations["cluster_membership"].finding
    with pytest.raises(IdentificationError, match="3 treated clusters"):
        publish_finding(replace(finding, effect=replace(finding.effect, n_treated_clusters=2)))


def test_a_small_part_takes_its_counterpart_and_their_difference_with_it(evaluations):
    finding = evaluations["training"].finding
    small = tuple(
        replace(part, effect=replace(part.effect, n_treated=7)) if part.part == "elsewhere" else part
        for part in finding.subgroups
    )
    published = publish_finding(replace(finding, subgroups=small))
    place = [part for part in published.subgroups if part.variable == "place"]
    assert [(part.effect, part.reason) for part in place] == [(None, TOO_FEW)] * 2
    assert "place" not in {test.variable for test in published.interactions}
    assert any(part.effect for part in published.subgroups)


def test_a_small_cohort_takes_the_smallest_other_with_it(evaluations):
    finding = evaluations["training"].finding
    (year, effect), *others = finding.cohorts
    published = publish_finding(replace(finding, cohorts=((year, replace(effect, n_treated=9)), *others)))
    shown_before = [cohort for cohort, own in others if own.n_treated >= 10]
    assert len(published.cohorts) == len(shown_before) - 1
    assert year not in dict(published.cohorts)


def test_thin_event_times_are_dropped_with_the_bounds_that_rest_on_them(evaluations):
    finding = evaluations["training"].finding
    first, *others = finding.event_study.points
    study = replace(finding.event_study, points=(replace(first, n_treated=8), *others))
    published = publish_finding(replace(finding, event_study=study))
    kept = [point.event_time for point in others if point.n_treated >= 10]
    assert [point.event_time for point in published.event_study.points] == kept
    assert published.event_study.covariance.shape == (len(kept), len(kept))
    assert published.sensitivity == ()
    assert set(published.check("honest_did").values) <= {"holds_zero"}


def test_amounts_that_one_enterprise_dominates_are_withheld(evaluations):
    finding = evaluations["loan_subsidy"].finding
    assert finding.cost is not None
    assert finding.natural is not None
    usual = publish_finding(finding)
    assert usual.cost is not None
    assert (usual.cost.total, usual.cost.n_enterprises) == (None, None)
    assert usual.cost.largest_share is None
    assert usual.natural.largest_share is None
    dominated = replace(
        finding,
        cost=replace(finding.cost, largest_share=0.9),
        natural=replace(finding.natural, largest_share=0.9),
    )
    published = publish_finding(dominated)
    assert (published.cost, published.natural) == (None, None)
    assert words.text("zh", "absent.withheld_cost") in str(sme_research.tabulate_cost(published, "zh"))


def test_reasons_in_free_words_stay_inside(evaluations):
    finding = evaluations["training"].finding
    told = "3 enterprises lie above the line; enterprise 91350100MA0000000X changes its exposure"
    one = replace(finding.specifications[1], effect=None, reason=told)
    published = publish_finding(replace(finding, specifications=(one,), unanswered={"dose": told}))
    assert told not in json.dumps([str(value) for _, value in leaves(published)])


def test_a_larger_threshold_withholds_more(evaluations):
    finding = evaluations["training"].finding
    wide, narrow = publish_finding(finding, Rule(threshold=40)), publish_finding(finding)
    assert len(wide.event_study.points) < len(narrow.event_study.points)
    assert len(wide.cohorts) < len(narrow.cohorts)


def test_counts_of_the_data_report_are_rounded_to_tens_or_withheld(tables):
    sizes = inspect_tables(tables, edition="public")
    numbers = [table.n_rows for table in sizes]
    numbers += count_by_year(tables["accounts"], edition="public").tolist()
    day = last_count_day(tables)
    numbers += count_in_force(tables["recognitions"], day, edition="public").values()
    numbers += count_training(tables["training"], edition="public")
    assert None in numbers
    assert all(number is None or number % 10 == 0 for number in numbers)
    shares = [
        (row.share, whole.share)
        for row, whole in zip(rank_missing(tables, edition="public"), rank_missing(tables), strict=True)
    ]
    assert all(share is None or abs(share - whole) <= 0.025 for share, whole in shares)
    for lang in ("zh", "en"):
        summary = sme_research.summarise_quality(sizes, lang, edition="public")
        table = sme_research.tabulate_tables(sizes, lang)._repr_html_()
        years = sme_research.plot_years(count_by_year(tables["accounts"], edition="public"), lang)
        missing = sme_research.tabulate_missing(rank_missing(tables, edition="public"), lang)._repr_html_()
        assert "None" not in f"{summary}{table}{years.alt}{missing}"
        tiers = count_in_force(tables["recognitions"], day, edition="public")
        ladder = sme_research.tabulate_ladder({**tiers, "champion": None}, day, lang)._repr_html_()
        assert words.text(lang, "disclosure.mark") in ladder
        assert words.text(lang, "quality.public") in str(summary)
