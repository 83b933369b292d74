"""Lots that anybody can draw again, a table to edit, and a stage's plan that reports are held against."""

from __future__ import annotations

import hashlib
import importlib
import json
from dataclasses import replace

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sme_research.errors import DataError, StudyError
from sme_research.evaluation import evaluate
from sme_research.evaluation.plan import compare_plan, compare_size, fingerprint, save_stage, write_stage
from sme_research.evaluation.power import plan_stage, stage_to_json
from sme_research.instruments import INSTRUMENTS
from sme_research.policy.evaluation import (
    commit_seed,
    draw_seats,
    draw_waves,
    fingerprint_register,
    load_designs,
    verify_draw,
)
from sme_research.present.parts.evaluation_plan import (
    describe_registration,
    plot_power,
    tabulate_kept,
    tabulate_studies,
    tabulate_threats,
)
from sme_research.present.parts.plan import tabulate_plan
from sme_research.present.show import Picture
from sme_research.processes import CACHE_VARIABLE
from sme_research.study import Study
from sme_research.synthetic import WorldSpec, make_province
from sme_research.tables import load_tables, reference_path, tables_from_frames

SEED = "a seed that nobody guesses"
KNOWN_WAVES = [2, 2, 2, 1, 1, 1]
KNOWN_FINGERPRINT = "2bbe557e14452e2c85738f3331a2cc760a7345bba1dc9eeaa350066301473b5f"

registers = st.lists(
    st.tuples(st.sampled_from(["350100", "350200", "350500"]), st.sampled_from(["srdi", "little_giant"])),
    min_size=6, max_size=60,
).map(
    lambda rows: pd.DataFrame(rows, columns=["city_code", "tier"]).assign(
        enterprise_id=[f"E{number:03}" for number in range(len(rows))]
    )
)  # fmt: skip


@given(registers, st.integers(2, 5), st.text(min_size=16, max_size=20))
@settings(max_examples=40, deadline=None)
def test_waves_are_balanced_within_one_in_every_stratum_and_over_all(register, waves, seed):
    drawn = draw_waves(register, seed=seed, waves=waves).waves
    assert sorted(drawn["enterprise_id"]) == sorted(register["enterprise_id"])
    wanted = range(1, waves + 1)
    for _, part in [("all", drawn), *drawn.groupby(["city_code", "tier"])]:
        sizes = part["wave"].value_counts().reindex(wanted, fill_value=0)
        assert sizes.max() - sizes.min() <= 1
        assert sizes.sum() == len(part)


@given(registers, st.data())
@settings(max_examples=40, deadline=None)
def test_every_seat_is_given_once_and_every_stratum_gets_its_share(register, data):
    seats = data.draw(st.integers(1, len(register) - 1))
    drawn = draw_seats(register, seed=SEED, seats=seats).waves
    assert (drawn["wave"] == 1).sum() == seats
    assert drawn["enterprise_id"].is_unique
    assert len(drawn) == len(register)
    for _, part in drawn.groupby(["city_code", "tier"]):
        assert abs((part["wave"] == 1).sum() - len(part) * seats / len(register)) < 1


@given(registers, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_and_columns_and_other_columns_are_of_no_matter(register, random):
    order = list(range(len(register)))
    random.shuffle(order)
    other = register.iloc[order][["tier", "enterprise_id", "city_code"]].assign(phone="1")
    assert fingerprint_register(other) == fingerprint_register(register)
    for draw in (draw_waves(register, seed=SEED), draw_seats(register, seed=SEED, seats=3)):
        again = draw_waves(other, seed=SEED) if draw.seats is None else draw_seats(other, seed=SEED, seats=3)
        assert again.draw_fingerprint == draw.draw_fingerprint
        pd.testing.assert_frame_equal(again.waves, draw.waves)


def register_of(n=40):
    return pd.DataFrame(
        {
            "enterprise_id": [f"E{at:03}" for at in range(n)],
            "city_code": [("350100", "350200", "350500")[at % 3] for at in range(n)],
            "tier": [("srdi", "little_giant")[at % 7 == 0] for at in range(n)],
        }
    )


def test_every_unit_has_the_same_chance_even_alone_in_its_stratum():
    register = register_of(9).assign(city_code=lambda rows: ["350100"] * 8 + ["350200"], tier="srdi")
    first = pd.concat(
        [
            draw_seats(register, seed=f"seed number {at:08}", seats=3).waves.set_index("enterprise_id")
            for at in range(300)
        ]
    )
    shares = (first["wave"] == 1).groupby(level=0).mean()
    # A third of 300 draws: standard error 0.027; nine units.
    assert shares.between(1 / 3 - 0.1, 1 / 3 + 0.1).all()


def sha(content):
    return hashlib.sha256(content.encode()).hexdigest()


def test_a_draw_can_be_made_again_by_hand_with_nothing_but_sha256():
    codes = ["E000", "E001", "E002", "E003", "E004"]
    register = pd.DataFrame({"enterprise_id": codes, "city_code": "350100"})
    register_print = sha(
        "\n".join("\x1f".join(row) for row in [("enterprise_id", "city_code"), *((c, "350100") for c in codes)])
    )
    assert fingerprint_register(register, by=("city_code",)) == register_print
    key = "\x1f".join((SEED, "583", register_print))
    ranked = sorted(codes, key=lambda code: sha(f"{key}\x1f{code}"))
    start = int(sha(f"{key}\x1fstart\x1f0"), 16) % 5
    seats = {code for at, code in enumerate(ranked) if (2 * (at + 1) + start) // 5 > (2 * at + start) // 5}
    drawn = draw_seats(register, seed=SEED, seats=2, by=("city_code",), public_number="583").waves
    assert set(drawn.loc[drawn["wave"] == 1, "enterprise_id"]) == seats
    turn = sorted(range(2), key=lambda wave: int(sha(f"{key}\x1fstart\x1f{wave + 1}"), 16))
    waves = {code: turn[at % 2] + 1 for at, code in enumerate(ranked)}
    again = draw_waves(register, seed=SEED, by=("city_code",), public_number="583").waves
    assert again.set_index("enterprise_id")["wave"].to_dict() == waves


def test_the_draw_of_a_known_seed_stays_what_it_was():
    """A published draw must come out again with any later version."""
    drawn = draw_waves(register_of(6), seed=SEED, public_number="2027-01-04: 583")
    assert drawn.waves["wave"].tolist() == KNOWN_WAVES
    assert drawn.draw_fingerprint == KNOWN_FINGERPRINT


def test_the_public_number_and_the_register_both_move_the_draw():
    register = register_of()
    drawn = draw_waves(register, seed=SEED, public_number="583")
    assert draw_waves(register, seed=SEED, public_number="584").draw_fingerprint != drawn.draw_fingerprint
    fewer = draw_waves(register.iloc[1:], seed=SEED, public_number="583").waves.set_index("enterprise_id")["wave"]
    assert (fewer != drawn.waves.set_index("enterprise_id")["wave"].reindex(fewer.index)).any()


def test_a_draw_is_verified_against_what_was_promised():
    register = register_of()
    promised = {"seed_fingerprint": commit_seed(SEED), "register_fingerprint": fingerprint_register(register)}
    for draw in (draw_waves(register, seed=SEED, waves=3), draw_seats(register, seed=SEED, seats=7)):
        assert verify_draw(draw, register, seed=SEED, **promised)
        swapped = replace(draw, waves=draw.waves.assign(wave=draw.waves["wave"].to_numpy()[::-1]))
        assert not verify_draw(swapped, register, seed=SEED, **promised)
    with pytest.raises(StudyError, match="seed is not the one promised"):
        verify_draw(draw, register, seed=SEED + "!", **promised)
    with pytest.raises(StudyError, match="register is not the one promised"):
        verify_draw(draw, register.iloc[1:], seed=SEED, **promised)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda rows: rows.assign(tier=None), DataError, "row 1: tier is blank"),
        (lambda rows: pd.concat([rows, rows.iloc[:1]]), DataError, "E000 stands twice"),
        (lambda rows: rows.drop(columns="city_code"), DataError, "lacks the column 'city_code'"),
        (lambda rows: rows.iloc[:1], StudyError, "waves is 2"),
    ],
)
def test_a_register_that_cannot_be_drawn_says_why(change, error, message):
    with pytest.raises(error, match=message):
        draw_waves(change(register_of()), seed=SEED)


def test_a_short_seed_and_seats_for_all_are_refused():
    with pytest.raises(StudyError, match="must have 16 or more"):
        commit_seed("short")
    with pytest.raises(StudyError, match="where all can be served there is nothing to draw"):
        draw_seats(register_of(), seed=SEED, seats=40)


def test_whole_clusters_are_drawn_by_their_own_code():
    clusters = pd.DataFrame({"cluster_id": [f"C{at}" for at in range(12)], "city_code": ["350100", "350500"] * 6})
    drawn = draw_waves(clusters, seed=SEED, by=("city_code",), unit="cluster_id")
    assert drawn.counts().to_numpy().tolist() == [[3, 3], [3, 3]]


def test_every_instrument_has_a_study_and_every_estimator_is_ours():
    designs = load_designs()
    assert {measure.instrument for measure in designs.measures} == set(INSTRUMENTS)
    for design in designs.designs.values():
        module, function = design.estimator.split(".")
        assert callable(getattr(importlib.import_module(f"sme_research.estimators.{module}"), function))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table["measures"][2].update(instrument="trainings"), "instrument 'trainings' is not known"),
        (lambda table: table["measures"][2].update(design="cluster_lot"), "training is assigned by enterprise"),
        (lambda table: table["measures"][4].pop("cutoff"), "needs running and cutoff"),
        (lambda table: table["measures"][2].update(cutoff=3), "a lot has no running figure"),
        (lambda table: table["measures"].append(table["measures"][0]), "loan_subsidy.waiting_list stands twice"),
        (lambda table: table["measures"][2].update(seats=3), "measures.2.seats: is 3"),
        (lambda table: table["designs"].pop("phase_in"), "the design phase_in is not described"),
        (lambda table: table["measures"][2].update(n_units=3), "measures.2.n_units: is 3"),
    ],
)
def test_a_fault_of_the_table_is_named(tmp_path, change, message):
    table = yaml.safe_load(reference_path("evaluation_designs.yml").read_text())
    change(table)
    path = tmp_path / "designs.yml"
    path.write_text(yaml.safe_dump(table, allow_unicode=True))
    with pytest.raises(DataError, match=message):
        load_designs(path)


def test_the_answer_comes_with_the_accounts_of_the_last_year_that_can_be_compared():
    designs = load_designs()
    days = {measure.name: designs.answer_on(measure) for measure in designs.measures}
    # First year 2027: one year waits, so its accounts (June 2028) answer; three waves compare two years.
    assert days["coaching.waiting_list"] == "2028-06-30"
    assert days["training.phase_in"] == "2029-06-30"
    assert days["award.score_threshold"] == "2029-06-30"


@pytest.fixture(scope="module")
def tables():
    return tables_from_frames(make_province(WorldSpec(n_enterprises=1_500)).tables, made_up=True)


@pytest.fixture(scope="module")
def plan(tables):
    designs = load_designs()
    chosen = tuple(
        measure.model_copy(update={"n_units": size})
        for name, size in (
            ("training.phase_in", 300),
            ("cluster_membership.cluster_lot", 20),
            ("contest.score_threshold", 400),
        )
        for measure in designs.measures
        if measure.name == name
    )
    return plan_stage(designs.model_copy(update={"measures": chosen}), tables, n_draws=20)


@pytest.fixture
def registered(plan, tmp_path):
    path = tmp_path / "stage.json"
    save_stage(plan, path)
    return path


def test_every_study_of_the_stage_has_its_power_or_its_reason(plan):
    for found in plan.studies:
        assert found.reason == ""
        assert found.detectable.mde > 0
        assert found.n_pool > 50
        assert found.keep[: len(load_designs().keep)] == load_designs().keep
    training, cluster, _ = plan.studies
    assert training.n_kept < training.n_units
    assert -0.1 < cluster.correlation < 0.5
    json.dumps(stage_to_json(plan), allow_nan=False)


def test_a_plan_is_kept_and_taken_out_as_it_was(small_folder, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    designs = load_designs()
    one = [m.model_copy(update={"n_units": 200}) for m in designs.measures if m.name == "coaching.waiting_list"]
    designs = designs.model_copy(update={"measures": tuple(one)})
    made = plan_stage(designs, load_tables(small_folder), n_draws=20)
    assert made.studies[0].detectable is not None
    monkeypatch.setattr("sme_research.evaluation.power.find_mde", lambda *_, **__: pytest.fail("was made anew"))
    assert plan_stage(designs, load_tables(small_folder), n_draws=20) == made


def test_what_the_tables_cannot_carry_stands_with_its_reason():
    designs = load_designs()
    award = [measure for measure in designs.measures if measure.instrument == "award"]
    frames = make_province(WorldSpec(n_enterprises=300)).tables
    frames["self_reports"] = frames["self_reports"].drop(columns="score")
    found = plan_stage(
        designs.model_copy(update={"measures": tuple(award)}), tables_from_frames(frames, made_up=True), n_draws=20
    )
    assert found.studies[0].detectable is None
    assert "self_reports.score" in found.studies[0].reason


def test_a_later_study_as_registered_has_no_deviation(plan, registered):
    record = compare_plan(Study(instrument="training", covariates=()), registered)
    assert record.deviations == ()
    assert record.registered == record.fingerprint == fingerprint(write_stage(plan))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"outcome": "log_employees"}, "outcome: log_revenue → log_employees"),
        ({"covariates": ("size",)}, "covariates: – → size"),
        ({"level": 0.9}, "level: 0.95 → 0.9"),
        ({"cities": ("350100",)}, "cities: – → 350100"),
        ({"comparison": "never_treated"}, "comparison: not_yet_treated → never_treated"),
        ({"prices": "real"}, "prices: nominal → real"),
        ({"estimator": "imputation"}, "estimator: callaway_santanna → imputation"),
    ],
)
def test_a_later_study_that_departs_from_the_stage_is_told(registered, asked, told):
    record = compare_plan(Study(**{"instrument": "training", "covariates": (), **asked}), registered)
    assert told in record.deviations
    assert record.fingerprint != record.registered
    others = [
        deviation for deviation in record.deviations if not deviation.startswith(("outcomes", told.split(":")[0]))
    ]
    assert others == []


def test_the_seed_is_no_part_of_what_is_registered(registered):
    assert compare_plan(Study(instrument="training", covariates=(), seed=9), registered).deviations == ()


def test_an_evaluation_carries_its_deviations_to_the_report(registered, plan, tables):
    study = Study(instrument="training", covariates=("size",), level=0.9, cities=("350500",))
    finding = evaluate(study, tables, plan=registered).finding
    kept, found = plan.studies[0].n_kept, finding.effect.n_enterprises
    told = {"covariates: – → size", "level: 0.95 → 0.9", "cities: – → 350500"}
    # Quanzhou alone has fewer enterprises than were planned to be kept, or as many: then nothing is to be told of it.
    smaller = {f"n_units: {kept} → {found}"} if found < kept else set()
    assert set(finding.plan.deviations) == told | smaller
    shown = tabulate_plan(finding, "en")
    assert any("0.95 → 0.9" in str(cell) for row in shown.rows for cell in row)


def test_an_instrument_that_was_not_registered_is_told(registered):
    record = compare_plan(Study(instrument="award"), registered)
    assert record.deviations == ("instrument: cluster_membership, contest, training → award",)


def test_a_stage_changed_after_registration_is_refused(registered):
    content = json.loads(registered.read_text())
    content["studies"][0]["design"]["target"] = 0.001
    registered.write_text(json.dumps(content))
    with pytest.raises(StudyError, match="was changed after it was registered"):
        compare_plan(Study(instrument="training"), registered)


def test_a_sample_smaller_than_planned_is_told(plan, registered):
    from sme_research.results import Effect

    study, planned = Study(instrument="training", covariates=()), plan.studies[0].n_kept
    effect = Effect("ATT", 0, 1, -2, 2, 0.95, "log points", planned, 9, 9, 9, 9, "x", "x")
    assert compare_size(study, effect, registered) == ()
    assert compare_size(study, replace(effect, n_enterprises=planned - 1), registered) == (
        f"n_units: {planned} → {planned - 1}",
    )
    assert compare_size(study, replace(effect, n_enterprises=None), registered) == ()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_shows_every_study_and_its_fingerprint(plan, lang):
    for table in (tabulate_studies(plan, lang), tabulate_kept(plan, lang), tabulate_threats(plan, lang)):
        assert len(table.rows) >= 3
        assert all(len(row) == len(table.head) for row in table.rows if not hasattr(row, "label"))
    print_of = fingerprint(write_stage(plan))
    assert print_of in describe_registration(plan, print_of, lang).markdown


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_picture_of_power_travels_with_its_numbers(plan, lang):
    picture = plot_power(plan, lang)
    assert isinstance(picture, Picture)
    assert len(picture.data) == sum(len(found.detectable.curve) for found in plan.studies)
    assert picture.png.startswith(b"\x89PNG")


def test_the_public_edition_gives_no_exact_count_of_the_panel(plan):
    exact = plan.studies[0].n_pool
    assert exact % 10
    told = " ".join(" ".join(row) for row in tabulate_studies(plan, "en", edition="public").rows)
    assert f"{exact:,}" not in told
