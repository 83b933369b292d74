"""No telling cell can be worked out; what is published is true; and no more is withheld than need be."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outsider import ranges_by_null_space, ranges_in_frame

from sme_research.disclosure import (
    MARK,
    Cell,
    CellTable,
    Relation,
    Rule,
    attack,
    coarsen_bins,
    count_flow,
    count_table,
    largest_share,
    protect,
    protect_counts,
    protect_flow,
    publishable,
    publishable_quantile,
    write_texts,
)
from sme_research.disclosure import suppress as solver
from sme_research.errors import StudyError

RULE = Rule()
unhurried = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def table_of(values) -> pd.DataFrame:
    frame = pd.DataFrame(values)
    frame.index = [f"r{row}" for row in frame.index]
    frame.columns = [f"c{column}" for column in frame.columns]
    return frame


def with_totals(frame):
    full = pd.concat([frame, frame.sum().to_frame("total").T])
    full["total"] = full.sum(axis=1)
    return full


def assert_safe_and_true(frame, shown):
    truth = with_totals(frame)
    ranges = ranges_in_frame(shown)
    for cell in itertools.product(truth.index, truth.columns):
        n = truth.loc[cell]
        if shown.loc[cell] != MARK:
            assert shown.loc[cell] == n
            assert n == 0 or n >= RULE.threshold
        else:
            assert n > 0
            low, high = ranges[cell]
            assert low - 1e-6 <= n <= high + 1e-6
            if n < RULE.threshold:
                whole = math.floor(high + 1e-6) - math.ceil(low - 1e-6) if math.isfinite(high) else math.inf
                assert whole >= RULE.threshold


few_or_many = st.one_of(st.integers(0, 12), st.integers(0, 80))
tables = st.tuples(st.integers(2, 5), st.integers(2, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(few_or_many, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


@unhurried
@given(values=tables)
def test_no_small_count_of_a_two_way_table_can_be_worked_out(values):
    frame = table_of(values)
    assert_safe_and_true(frame, protect_counts(frame))


@unhurried
@given(values=tables)
def test_a_table_too_large_to_solve_is_as_safe(values):
    frame = table_of(values)
    solved = solver.MOST_CELLS_SOLVED
    solver.MOST_CELLS_SOLVED = 0
    try:
        found = protect(count_table(frame))
        assert_safe_and_true(frame, protect_counts(frame))
    finally:
        solver.MOST_CELLS_SOLVED = solved
    assert not (found.solved and len(found.withheld) > found.n_telling)


@unhurried
@given(counts=st.lists(few_or_many, min_size=1, max_size=9))
def test_no_small_count_of_a_list_can_be_worked_out(counts):
    series = pd.Series(counts, index=[f"r{at}" for at in range(len(counts))])
    shown = protect_counts(series)
    assert_list_safe({**series.to_dict(), "total": sum(counts)}, shown.to_dict())


def assert_list_safe(truth, shown):
    parts = [cell for cell in truth if cell != "total"]
    equation = {**dict.fromkeys(parts, 1.0), "total": -1.0}
    knowns = {cell: float(value) for cell, value in shown.items() if value != MARK}
    unknowns = [cell for cell in shown if cell not in knowns]
    assert {cell: truth[cell] for cell in knowns} == knowns
    assert all(value == 0 or value >= RULE.threshold for value in knowns.values())
    ranges = ranges_by_null_space([equation], knowns, unknowns, lambda cell: 1.0) if unknowns else {}
    for cell in unknowns:
        low, high = ranges[cell]
        assert truth[cell] >= RULE.threshold or high - low >= RULE.threshold - 1e-6


def test_two_small_counts_whose_sum_is_small_take_a_third_with_them():
    # 3 + 4 = 93 - 86 would be told, and a range of 1 to 6 is no secret.
    shown = protect_counts(pd.Series({"a": 3, "b": 4, "c": 40, "d": 46}))
    assert shown.to_dict() == {"a": MARK, "b": MARK, "c": MARK, "d": 46, "total": 93}


def test_two_small_counts_whose_sum_hides_both_need_no_third():
    shown = protect_counts(pd.Series({"a": 6, "b": 8, "c": 40}))
    assert shown.to_dict() == {"a": MARK, "b": MARK, "c": 40, "total": 54}


def test_the_least_loss_of_a_small_table_is_found_as_by_trying_all():
    frame = table_of([[3, 20, 31], [25, 40, 18]])
    table = count_table(frame)
    found = protect(table)
    assert found.solved
    losses = {cell.name: math.log1p(cell.n) for cell in table.cells}
    best = min(
        sum(losses[name] for name in chosen)
        for size in (3, 4)
        for chosen in itertools.combinations(losses, size)
        if "r0 × c0" in chosen and is_safe(table, chosen)
    )
    assert sum(losses[name] for name in found.withheld) == pytest.approx(best)


def is_safe(table, withheld):
    published = {cell.name: None if cell.name in withheld else float(cell.n) for cell in table.cells}
    return attack(published, table.relations)["r0 × c0"].width >= RULE.threshold


def test_a_table_without_small_counts_is_published_whole():
    frame = table_of([[10, 20], [0, 40]])
    assert (protect_counts(frame) == with_totals(frame)).to_numpy().all()
    assert protect(count_table(frame)).loss == 0


def test_marks_say_nothing_of_why():
    shown = protect_counts(table_of([[3, 20, 31], [25, 40, 18], [30, 22, 50]]))
    marks = {value for value in shown.to_numpy().ravel() if isinstance(value, str)}
    assert marks == {MARK}


# Ladders of places: county within city within province, by tier.


def province(numbers):
    """Two cities of three counties, by two tiers, as counts; every total of place and tier."""
    counties = {f"{city}{county}": city for city in "AB" for county in "123"}
    places = {**{county: [county] for county in counties}, "A": ["A1", "A2", "A3"], "B": ["B1", "B2", "B3"]}
    places["all"] = list(counties)
    tiers = {"low": ["low"], "high": ["high"], "both": ["low", "high"]}
    base = dict(zip(itertools.product(counties, ("low", "high")), numbers, strict=True))
    truth = {
        f"{place} {tier}": sum(base[c, t] for c in below for t in parts)
        for place, below in places.items()
        for tier, parts in tiers.items()
    }
    sums = [(f"{place} both", [f"{place} low", f"{place} high"]) for place in places]
    for tier in tiers:
        sums += [(f"{city} {tier}", [f"{city}{county} {tier}" for county in "123"]) for city in "AB"]
        sums.append((f"all {tier}", [f"A {tier}", f"B {tier}"]))
    return truth, sums


def own_attack(truth, sums, withheld, least):
    equations = [{total: -1.0, **dict.fromkeys(parts, 1.0)} for total, parts in sums]
    knowns = {name: value for name, value in truth.items() if name not in withheld}
    return ranges_by_null_space(equations, knowns, sorted(withheld), least) if withheld else {}


@unhurried
@given(numbers=st.lists(few_or_many, min_size=12, max_size=12))
def test_no_small_count_of_places_within_places_can_be_worked_out(numbers):
    truth, sums = province(numbers)
    cells = tuple(Cell(name=name, n=n) for name, n in truth.items())
    found = protect(CellTable(cells, tuple(Relation(total, tuple(parts)) for total, parts in sums)))
    ranges = own_attack(truth, sums, found.withheld, lambda name: 1.0)
    for name, n in truth.items():
        if 0 < n < RULE.threshold:
            low, high = ranges[name]
            assert high - low >= RULE.threshold - 1e-6
        assert found.counts[name] == (None if name in found.withheld else n)


@settings(unhurried, max_examples=8)
@given(numbers=st.lists(few_or_many, min_size=12, max_size=12), seed=st.integers(0, 99))
def test_no_telling_amount_can_be_worked_out_to_within_fifteen_percent(numbers, seed):
    rng = np.random.default_rng(seed)
    truth, sums = province(numbers)
    base = {name for total, parts in sums for name in parts} - {total for total, _ in sums}
    value = {name: float(rng.lognormal(8, 2)) if truth[name] else 0.0 for name in base}
    for _ in range(3):
        for total, parts in sums:
            if all(part in value for part in parts):
                value[total] = math.fsum(value[part] for part in parts)
    cells = tuple(
        Cell(name=name, n=n, value=value[name], largest_share=1.0 if n == 1 else float(rng.uniform(0.3, 1)))
        for name, n in truth.items()
    )
    found = protect(CellTable(cells, tuple(Relation(total, tuple(parts)) for total, parts in sums)))
    ranges = own_attack(value, sums, found.withheld, lambda name: 0.0)
    for cell in cells:
        if cell.n and (cell.n < RULE.threshold or cell.largest_share > RULE.dominance):
            low, high = ranges[cell.name]
            assert low <= 0.85 * cell.value * (1 + 1e-3)
            assert high >= 1.15 * cell.value * (1 - 1e-3)
    by_count = own_attack(truth, sums, found.withheld, lambda name: 1.0)
    for name in found.withheld:
        if truth[name] < RULE.threshold:
            assert by_count[name][1] - by_count[name][0] >= RULE.threshold - 1e-6


def test_a_dominated_amount_is_withheld_though_many_stand_behind_it():
    parts = [("a", 60, 900.0, 0.9), ("b", 50, 400.0, 0.1), ("c", 40, 300.0, 0.2)]
    cells = [Cell(name=name, n=n, value=value, largest_share=share) for name, n, value, share in parts]
    cells.append(Cell(name="total", n=150, value=1600.0, largest_share=0.5))
    found = protect(CellTable(tuple(cells), (Relation("total", ("a", "b", "c")),)))
    assert found.values["a"] is None
    assert len(found.withheld) == 2


def test_an_enterprise_that_knows_its_own_amount_cannot_work_out_its_neighbour():
    # The one enterprise of a would subtract itself from a + b and have b.
    parts = [("a", 1, 100.0, 1.0), ("b", 4, 90.0, 0.5), ("c", 30, 500.0, 0.1), ("d", 31, 510.0, 0.1)]
    cells = [Cell(name=name, n=n, value=value, largest_share=share) for name, n, value, share in parts]
    cells.append(Cell(name="total", n=66, value=1200.0, largest_share=0.1))
    found = protect(CellTable(tuple(cells), (Relation("total", ("a", "b", "c", "d")),)))
    assert found.withheld >= {"a", "b"}
    known = {name: value for name, value in (*found.values.items(), ("a", 100.0)) if value is not None}
    unknown = [name for name in found.values if name not in known]
    equation = {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0, "total": -1.0}
    low, high = ranges_by_null_space([equation], known, unknown, lambda name: 0.0)["b"]
    assert low <= 0.85 * 90
    assert high >= 1.15 * 90


def test_tables_that_share_a_margin_are_protected_together():
    # The same regions by size and by age: withheld in one table, a total of the other would give it away.
    regions = {"north": {"small": 4, "large": 60}, "south": {"small": 30, "large": 70}}
    ages = {"north": {"young": 34, "old": 30}, "south": {"young": 50, "old": 50}}
    cells, relations = {}, []
    for region, sizes in regions.items():
        cells[region] = sum(sizes.values())
        for kinds in (sizes, ages[region]):
            cells |= {f"{region} {kind}": n for kind, n in kinds.items()}
            relations.append(Relation(region, tuple(f"{region} {kind}" for kind in kinds)))
    for kinds in (("small", "large"), ("young", "old")):
        for kind in kinds:
            cells[kind] = cells[f"north {kind}"] + cells[f"south {kind}"]
            relations.append(Relation(kind, (f"north {kind}", f"south {kind}")))
    found = protect(CellTable(tuple(Cell(name=name, n=n) for name, n in cells.items()), tuple(relations)))
    published = {name: None if name in found.withheld else float(n) for name, n in cells.items()}
    sums = [(relation.total, list(relation.parts)) for relation in relations]
    low, high = own_attack(cells, sums, found.withheld, lambda name: 1.0)["north small"]
    assert published["north small"] is None
    assert high - low >= RULE.threshold


def test_what_is_already_public_stays_and_others_give_way():
    cells = [Cell(name="a", n=3), Cell(name="b", n=20, already_public=True), Cell(name="c", n=90)]
    cells.append(Cell(name="total", n=113, already_public=True))
    found = protect(CellTable(tuple(cells), (Relation("total", ("a", "b", "c")),)))
    assert found.withheld == {"a", "c"}


def test_what_is_already_public_and_gives_all_away_is_said():
    cells = [Cell(name="a", n=3), Cell(name="b", n=20, already_public=True)]
    cells.append(Cell(name="total", n=23, already_public=True))
    with pytest.raises(StudyError, match="already public"):
        protect(CellTable(tuple(cells), (Relation("total", ("a", "b")),)))
    with pytest.raises(StudyError, match="already public and rests on too few"):
        protect(CellTable((Cell(name="a", n=3, already_public=True),)))


# Flows: what is told by subtracting.


@unhurried
@given(
    start=st.integers(0, 120),
    treated=st.integers(0, 120),
    losses=st.lists(st.tuples(few_or_many, few_or_many), min_size=1, max_size=6),
)
def test_no_small_difference_of_a_flow_can_be_worked_out(start, treated, losses):
    rest, steps = start, [{"enterprises": start + treated, "treated": treated}]
    for lost_treated, lost_rest in losses:
        treated, rest = max(treated - lost_treated, 0), max(rest - lost_rest, 0)
        steps.append({"enterprises": treated + rest, "treated": treated})
    shown = protect_flow(steps)
    truth = {(at, arm): n for at, step in enumerate(steps) for arm, n in step.items()}
    known = {(at, arm): float(n) for at, step in enumerate(shown) for arm, n in step.items() if n != MARK}
    assert {cell: truth[cell] for cell in known} == known
    equations = []
    for at, step in enumerate(steps):
        truth[at, "rest"] = step["enterprises"] - step["treated"]
        equations.append({(at, "enterprises"): -1.0, (at, "treated"): 1.0, (at, "rest"): 1.0})
    for at in range(1, len(steps)):
        for arm in ("enterprises", "treated", "rest"):
            truth[at, arm, "lost"] = truth[at - 1, arm] - truth[at, arm]
            equations.append({(at - 1, arm): -1.0, (at, arm): 1.0, (at, arm, "lost"): 1.0})
    unknown = [cell for cell in truth if cell not in known]
    shown_cell = {cell for cell in truth if cell[-1] in ("enterprises", "treated")}
    ranges = ranges_by_null_space(equations, known, unknown, lambda cell: 1.0 if cell in shown_cell else 0.0)
    for cell in unknown:
        if 0 < truth[cell] < RULE.threshold:
            assert ranges[cell][1] - ranges[cell][0] >= RULE.threshold - 1e-6


def test_a_flow_that_lost_three_enterprises_does_not_tell():
    steps = [{"enterprises": n, "treated": treated} for n, treated in ((500, 100), (480, 80), (477, 80), (400, 60))]
    shown = protect_flow(steps)
    assert shown[0] == steps[0]
    assert shown[-1] == steps[-1]
    assert [step["enterprises"] for step in shown].count(MARK) == 1


def test_a_flow_that_lost_nobody_is_published():
    steps = [{"enterprises": 500, "treated": 100}, {"enterprises": 500, "treated": 100}]
    assert protect_flow(steps) == steps


def test_a_step_that_gains_enterprises_is_no_flow():
    with pytest.raises(StudyError, match="must be 0 or more"):
        count_flow([{"enterprises": 5}, {"enterprises": 6}])


# Single statistics, bins, texts, declarations.


@pytest.mark.parametrize(
    ("n", "share", "answer"), [(9, None, False), (10, None, True), (99, 0.86, False), (0, None, False)]
)
def test_a_single_statistic_needs_enough_enterprises_and_none_that_dominates(n, share, answer):
    assert publishable(n, share) is answer


def test_a_quantile_needs_enough_enterprises_beyond_it():
    assert not publishable_quantile(0.99, 400)
    assert publishable_quantile(0.95, 200)
    assert not publishable_quantile(0.0, 10_000)


def test_the_largest_share_is_by_size():
    assert largest_share([1, 1, -2]) == 0.5
    assert largest_share([0, 0]) == 0


def test_bins_are_joined_until_each_holds_enough():
    bins = [{"from": at, "to": at + 1, "count": n} for at, n in enumerate([3, 4, 20, 0, 12, 5])]
    joined = coarsen_bins(bins)
    assert [bar["count"] for bar in joined] == [27, 0, 17]
    assert [(bar["from"], bar["to"]) for bar in joined] == [(0, 3), (3, 4), (4, 6)]
    assert coarsen_bins(bins[:2]) == []


@given(counts=st.lists(st.integers(0, 30), max_size=12))
def test_joined_bins_hold_the_same_enterprises(counts):
    joined = coarsen_bins([{"from": at, "to": at + 1, "count": n} for at, n in enumerate(counts)])
    assert all(bar["count"] == 0 or bar["count"] >= RULE.threshold for bar in joined)
    assert sum(bar["count"] for bar in joined) == (sum(counts) if joined else 0)


def test_texts_keep_the_marks():
    shown = protect_counts(pd.DataFrame({"x": [1000, 3], "y": [2000, 4000]}, index=["a", "b"]))
    texts = write_texts(shown, lambda number: f"{number:,}")
    assert texts.loc["b", "x"] == MARK
    assert texts.loc["total", "total"] == "7,003"


def test_without_totals_only_what_is_small_itself_is_withheld():
    shown = protect_counts(pd.Series({"a": 3, "b": 40}), totals=False)
    assert shown.to_dict() == {"a": MARK, "b": 40}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CellTable((Cell(name="a", n=1), Cell(name="a", n=2))), "twice"),
        (lambda: CellTable((Cell(name="a", n=1),), (Relation("a", ("b",)),)), "not declared"),
        (lambda: CellTable((Cell(name="a", n=5), Cell(name="b", n=4)), (Relation("a", ("b",)),)), "sum to 4"),
        (lambda: CellTable((Cell(name="a", n=5, value=3.0),)), "largest_share"),
        (lambda: CellTable((Cell(name="a", n=5, value=-3.0, largest_share=0.2),)), "nonnegative=False"),
        (lambda: protect_counts(pd.Series({"a": 1.5})), "whole number"),
        (lambda: protect_counts(pd.Series({"total": 1})), "label of|label 'total'"),
        (lambda: Rule(threshold=2), "must be 3 or more"),
        (lambda: Rule(dominance=1.2), "between 0 and 1"),
    ],
)
def test_a_wrong_declaration_is_refused_with_what_to_do(make, said):
    with pytest.raises(StudyError, match=said):
        make()


def test_a_table_of_a_few_hundred_cells_is_solved():
    rng = np.random.default_rng(0)
    frame = table_of(np.maximum(rng.lognormal(3.2, 1.0, (12, 12)).astype(int) - 1, 0))
    found = protect(count_table(frame))
    assert found.solved
    assert found.loss < 0.1
    assert_safe_and_true(frame, protect_counts(frame))
