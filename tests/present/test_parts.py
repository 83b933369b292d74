"""Every part in both languages, units and wordings: complete, unclipped, and no more than the grade permits."""

import inspect
import re
import struct
from dataclasses import replace

import pytest
from made_findings import BARE, STRONG, UNITS, WEAK, effect_of, full, plain

from sme_research.present import canvas, figures, sentences, tabulate
from sme_research.present.parts import (
    cost,
    density,
    designs,
    dose,
    family,
    literature,
    plan,
    sensitivity,
    specifications,
    spillovers,
    subgroups,
    theory,
)
from sme_research.present.sentences import describe_design, describe_limits, headline, is_found, summarise
from sme_research.present.show import Group, HtmlTable, Link, Picture, Text
from sme_research.present.wording import causal_words, noun
from sme_research.present.words import LANGUAGES, text

MODULES = (
    figures, tabulate, sentences, cost, density, designs, dose, family, literature, plan, sensitivity, specifications,
    spillovers, subgroups, theory,
)  # fmt: skip
PARTS = {
    name: function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and list(inspect.signature(function).parameters) == ["finding", "lang"]
    if re.match(r"(summarise|plot|tabulate|describe)(_|$)", name)
}
PICTURES = [name for name in PARTS if name.startswith("plot_")]
CORE = {
    "summarise", "plot_event_study", "plot_balance", "plot_overlap", "tabulate_question", "tabulate_effect",
    "tabulate_event_study", "tabulate_checks", "tabulate_balance", "tabulate_grade", "describe_design",
    "describe_flow", "describe_limits", "tabulate_family",
}  # fmt: skip
EXEMPT = {
    "tabulate_question", "tabulate_grade", "describe_design", "describe_limits", "plot_theory", "tabulate_plan",
    "tabulate_facts",
}  # fmt: skip
"""What defines, assumes, grades or warns: no statement about the estimate."""


def words_of(shown):
    """All that a reader reads or hears of it."""
    if isinstance(shown, Text):
        return shown.markdown
    if isinstance(shown, Picture):
        return f"{shown.caption} {shown.alt}"
    cells = [row.label if isinstance(row, Group) else " ".join(map(cell_of, row)) for row in shown.rows]
    return " ".join([shown.caption, *shown.head, *cells, shown.note])


def cell_of(cell):
    return cell.label if isinstance(cell, Link) else cell


@pytest.fixture(autouse=True)
def kept(monkeypatch, request):
    """Figures under way; only the tests of pictures spend the time to draw them."""
    figures_made, make = [], canvas._png
    draws = "picture" in request.node.name or "bytes" in request.node.name

    def remember(figure):
        figures_made.append(figure)
        return make(figure) if draws else b""

    monkeypatch.setattr(canvas, "_png", remember)
    return figures_made


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("grade", [WEAK, BARE], ids=["association", "description"])
@pytest.mark.parametrize("name", PARTS)
def test_no_passage_on_the_estimate_claims_a_cause_that_the_grade_does_not_permit(name, grade, lang):
    for unit in UNITS[: 1 if name in PICTURES else 3]:
        shown = PARTS[name](full(unit, grade), lang)
        assert shown.finding_wording in {"", grade.wording}
        assert not shown.finding_wording or causal_words(words_of(shown), lang) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", sorted(PARTS.keys() - EXEMPT))
def test_whatever_speaks_of_the_estimate_is_marked_or_claims_nothing(name, lang):
    shown = PARTS[name](full(grade=WEAK), lang)
    assert shown.finding_wording or causal_words(words_of(shown), lang) == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_word_effect_stands_where_the_grade_permits_it(lang):
    strong = full(grade=STRONG)
    assert causal_words(headline(strong, lang), lang)
    assert causal_words(headline(plain(std_error=0.1), lang), lang)
    assert noun(STRONG, lang) in words_of(PARTS["tabulate_effect"](strong, lang)).lower()
    assert noun(WEAK, lang) != noun(STRONG, lang)


@pytest.mark.parametrize(
    ("passage", "lang", "found"),
    [
        ("培训使参加企业的营业收入平均提高5.6%", "zh", ["使参加企业的营业收入平均提高"]),
        ("这一差异由政策导致", "zh", ["导致"]),
        ("双向固定效应回归的估计值", "zh", []),
        ("使用同一批企业；收入提高5%", "zh", []),
        ("**未检出培训对收入的效应**", "zh", ["效应"]),
        ("training made the revenue higher", "en", ["made the"]),
        ("It raised revenue because of the loan", "en", ["raised", "because of"]),
        ("two-way fixed effects for contrast", "en", []),
        ("an <em>effect</em> was found", "en", ["effect"]),
        ("a difference of +5%, in effectuated sums", "en", []),
    ],
)
def test_words_of_cause_are_found_and_names_of_methods_are_none(passage, lang, found):
    assert causal_words(passage, lang) == found


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", sorted(PARTS.keys() - CORE - {"describe_cost"}))
def test_a_part_without_material_says_so_in_one_sentence(name, lang):
    shown = PARTS[name](plain(grade=WEAK), lang)
    assert isinstance(shown, Text)
    assert shown.markdown.count("。" if lang == "zh" else ".") == 1


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PARTS)
def test_no_blank_is_left_open_in_any_unit(name, lang):
    for unit, grade in zip(UNITS, (STRONG, WEAK, BARE), strict=True):
        shown = words_of(PARTS[name](full(unit, grade), lang))
        assert shown.strip()
        assert not re.search(r"[{}]|\bnan\b|None", shown)


@pytest.mark.parametrize("name", PARTS)
def test_the_chinese_report_speaks_no_english(name):
    names = (
        r"ATT|SHA-256|exp|p|q|a+|b+|C001|C002|McKenzie|Brown|and|Earle|Iacovone|et|al|[A-Z][a-z]+"
        r"|Goodman-Bacon|Sant'Anna"
    )
    latin = re.findall(r"[A-Za-z][A-Za-z0-9'-]*", words_of(PARTS[name](full(grade=WEAK), "zh")))
    assert [word for word in latin if not re.fullmatch(names, word)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_table_has_a_cell_for_every_head(name, lang):
    shown = PARTS[name](full(), lang)
    if isinstance(shown, HtmlTable):
        assert shown.rows
        assert {len(row) for row in shown.rows if not isinstance(row, Group)} == {len(shown.head)}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_pictures_have_bytes_text_and_caption_and_nothing_is_clipped(name, lang, kept):
    # The longest labels that an axis meets.
    shown = PARTS[name](full("log points" if name == "plot_literature" else "log points a year"), lang)
    width, height = struct.unpack(">II", shown.png[16:24])
    assert shown.png.startswith(b"\x89PNG")
    assert width > 1_000
    assert height > 140
    assert shown.caption
    assert re.search(r"\d", shown.alt)
    box = kept[-1].get_tightbbox()
    assert min(box.x0, box.y0) > -0.03
    assert box.x1 < width / canvas.DPI + 0.03
    assert box.y1 < height / canvas.DPI + 0.03


@pytest.mark.parametrize("name", ["plot_event_study", "plot_density"])
def test_the_same_finding_gives_the_same_bytes(name):
    assert PARTS[name](full(), "zh") == PARTS[name](full(), "zh")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_summary_is_one_page_with_size_sample_grade_use_and_doubt(lang):
    found, null = summarise(full(), lang), summarise(plain(std_error=0.1), lang)
    assert is_found(full().effect)
    assert "5,587" in found.markdown
    assert len(found.markdown.splitlines()) == 7
    assert text(lang, "summary.mde", mde="x").split("x")[0].lstrip() in null.markdown
    assert text(lang, "summary.mde", mde="x").split("x")[0].lstrip() not in found.markdown
    assert text(lang, "checks.spillovers") in found.markdown
    assert text(lang, "checks.balance") in summarise(plain(), lang).markdown


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_doubt_of_the_design_comes_before_one_of_the_data_and_a_failure_before_both(lang):
    made = plain()
    by_name = {check.name: check for check in made.checks}
    failed = replace(by_name["sample_flow"], verdict="fail")
    worse = replace(made, checks=tuple(failed if check.name == "sample_flow" else check for check in made.checks))
    assert text(lang, "checks.sample_flow") in summarise(worse, lang).markdown
    graded = replace(worse, grade=replace(WEAK, reasons=("design_callaway_santanna", "failed_overlap")))
    assert text(lang, "checks.overlap") in summarise(graded, lang).markdown
    assert text(lang, "summary.unchecked") in summarise(replace(made, checks=()), lang).markdown


def test_a_finding_without_checks_still_shows_its_estimate():
    made = replace(plain(), checks=())
    assert ("Minimum detectable difference", "–") in PARTS["tabulate_effect"](made, "en").rows
    assert describe_design(made, "en").markdown
    assert "Not measured here" in describe_limits(made, "en").markdown


def test_the_estimate_is_told_in_percent_yuan_and_log_points():
    cells = dict(PARTS["tabulate_effect"](full(), "zh").rows)
    assert cells["平均效应（%）"] == "+5.5"
    assert cells["折合每家参加企业每年"] == "+130.1 万元"
    assert cells["最小可检出差异"] == "上升 2.3% 或下降 2.3%"
    points = dict(PARTS["tabulate_effect"](full("share"), "zh").rows)
    assert points["平均效应（百分点）"] == "+5.40"
    assert points["最小可检出差异"] == "上升或下降 2.30 个百分点"


def test_spillovers_are_told_with_the_sign_of_their_bias_and_losses_by_arm():
    assert "+1.2%" in spillovers.describe_spillovers(full(), "en").markdown
    table = spillovers.tabulate_attrition(full(), "zh")
    assert table.rows[0] == ("参加以后停止报送", "4.0%", "10.0%", "−6.0 个百分点")
    assert len(table.rows) == 3
    assert "+3.0% 与 +8.3% 之间" in table.note


def test_outcomes_stand_beside_their_adjusted_p_values():
    rows = {row[0]: row for row in family.tabulate_family(full(), "en").rows if not isinstance(row, Group)}
    assert rows["profit margin"][3:] == ("0.210", "0.310", "0.420")


def test_the_weight_of_forbidden_comparisons_is_told():
    assert "10.0%" in designs.describe_contrast(full(), "en").markdown


def test_the_first_inference_is_the_one_the_report_stands_on():
    rows = designs.tabulate_inferences(full(), "en").rows
    assert ["(used in this report)" in row[0] for row in rows] == [True, False, False]
    assert rows[2][2] == "–"


def test_a_breakdown_is_told_and_an_interval_that_holds_zero_from_the_start_too():
    said = sensitivity.describe_sensitivity(full(), "en").markdown
    assert "1.27 times" in said
    assert "straight line, the interval includes zero" in said
    endless = replace(full().sensitivity[0], breakdown=float("inf"))
    assert "2.00 times" in sensitivity.describe_sensitivity(replace(full(), sensitivity=(endless,)), "en").markdown


def test_split_significance_is_not_read_as_a_difference():
    assert "differ by: size" in subgroups.describe_subgroups(full(), "en").markdown
    alike = replace(full().interactions[0], q_value=0.3)
    said = subgroups.describe_subgroups(replace(full(), interactions=(alike,)), "en").markdown
    assert "none shows parts that differ" in said
    assert "no sign that they differ" in said


def test_adverse_specifications_are_shown_and_counted():
    said = specifications.describe_specifications(full(), "en").markdown
    # Of 14, the declared one and two-way fixed effects are not counted, and one has no estimate.
    assert said.startswith("11 other specifications have an estimate (of 12 listed in advance")
    assert "11 have the sign" in said
    assert "Without adjustment it is +9.4%" in said
    null = specifications.describe_specifications(replace(full(), effect=effect_of(0.01, 0.01)), "en").markdown
    assert "have the sign" not in null
    assert "agreement in sign means nothing" in null
    assert "−1.0%" in specifications.plot_specifications(full(), "en").alt
    last = specifications.tabulate_specifications(full(), "zh").rows[-1]
    assert last[3] == "本政策不设企业资格，无可放宽"


def test_official_figures_stand_beside_their_recount():
    rows = plan.tabulate_facts(full(), "zh").rows
    assert rows[0][1:4] == ("不少于 15,000 人次", "15,400 人次", "不低于官方下限")
    assert rows[1][1:4] == ("约 100 亿元", "98 亿元", "−2.0%")


def test_what_is_from_memory_is_marked_so():
    rows = literature.tabulate_literature(full(), "zh").rows
    assert [row[-1] for row in rows] == ["–", "已见于来源", "凭记忆，待核实", "凭记忆，待核实"]


def test_revenue_a_yuan_is_told_only_where_the_outcome_is_revenue():
    assert ("对营业收入的效应：每花一元（各年合计），每年多少元", "+10.01 元") in cost.tabulate_cost(
        full(), "zh"
    ).rows
    assert len(cost.tabulate_cost(full("share"), "zh").rows) == 4


def test_without_a_cost_it_is_said_once():
    assert cost.tabulate_cost(plain(), "en").markdown == text("en", "absent.cost")
    assert cost.describe_cost(plain(), "en").markdown == ""


def test_where_the_interval_holds_zero_the_cost_table_says_first_that_money_cannot_be_said_to_bring_revenue():
    null = replace(full(), effect=effect_of(0.01, 0.01))
    for lang in LANGUAGES:
        assert cost.tabulate_cost(null, lang).note.startswith(text(lang, "cost.zero"))
        assert text(lang, "cost.zero") not in cost.tabulate_cost(full(), lang).note


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_triple_difference_of_the_other_sign_is_told_wherever_the_estimate_is(lang):
    contrary = replace(full(), triple_difference=effect_of(-0.05, 0.01))
    for name in ("summarise", "describe_limits", "describe_triple_difference"):
        assert "−4.9%" in PARTS[name](contrary, lang).markdown
    assert "+5.5%" in PARTS["describe_triple_difference"](contrary, lang).markdown
    unsure = replace(full(), triple_difference=effect_of(-0.05, 0.04))
    assert "−4.9%" not in summarise(unsure, lang).markdown + describe_limits(unsure, lang).markdown


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("part", ["describe_triple_difference", "describe_threshold"])
def test_other_designs_are_called_differences_at_every_grade(part, lang):
    assert causal_words(PARTS[part](full(grade=STRONG), lang).markdown, lang) == []


def test_a_kink_is_told_for_a_million_yuan_of_loan():
    # 0.00004 log points a 10,000 yuan are 0.004 a million.
    assert "+0.40%" in designs.describe_threshold(full(), "en").markdown


def test_an_estimate_that_holds_zero_has_nothing_to_overturn():
    null = replace(full(), effect=effect_of(0.01, 0.01))
    for lang in LANGUAGES:
        assert sensitivity.describe_sensitivity(null, lang).markdown == text(lang, "sensitivity.holds_zero")


def test_the_yardstick_of_divergence_is_the_largest_change_between_neighbouring_years():
    # The event study runs 0.004, -0.006, 0.002, -0.003 and 0: the largest change is -0.010, from -5 to -4.
    said = sensitivity.describe_sensitivity(full(), "en").markdown
    assert "−1.0%, between year −5 and year −4 from treatment, with 850 treated" in said


def test_a_published_size_is_told_only_of_the_same_outcome_and_where_it_was_seen():
    rows = literature.tabulate_literature(full(), "zh").rows
    assert [row[3] for row in rows[1:]] == ["+5.0% 至 +10.0%", "–", "–"]
    assert [row[0] for row in rows[1:]] == ["McKenzie（2021）", "Brown 与 Earle（2017）", "Iacovone 等（2022）"]
    assert rows[1][1] == "经合组织国家：随机试验的荟萃分析"
    assert "Iacovone" not in literature.plot_literature(full(), "zh").alt


def test_thresholds_are_judged_by_the_p_values_of_their_check():
    made = full()
    table = tuple({**row, "p_adjusted": 0.051} for row in made.check("manipulation").table)
    unsure = tuple(replace(check, table=table) if check.name == "manipulation" else check for check in made.checks)
    assert "R&D at 3% of revenue" in density.describe_density(made, "en").markdown
    assert density.describe_density(replace(made, checks=unsure), "en").markdown.startswith("After adjustment")
    assert [row[-1] for row in density.tabulate_density(made, "en").rows] == ["0.048", "0.800", "0.800"]


def test_the_parts_of_a_prefecture_are_listed_once():
    places = {code: {"zh": f"设区市：{zh}", "en": f"prefecture: {en}"} for code, zh, en in _PLACES}
    made = replace(plain(), covariate_label={**plain().covariate_label, **places})
    assert sentences.list_labels(made, "en") == "size, R&D intensity and prefecture (Fuzhou, Xiamen or other)"
    assert sentences.list_labels(made, "zh") == "规模、研发强度、设区市（福州市、厦门市或其他）"


_PLACES = (("x_city_350100", "福州市", "Fuzhou"), ("x_city_350200", "厦门市", "Xiamen"))


def test_the_treated_who_do_not_enter_the_average_are_counted():
    assert "A further 76 treated (4.5%)" in sentences.describe_flow(plain(), "en").markdown


def test_the_difference_of_two_parts_has_its_interval():
    # 0.07 with 1.96 x 0.014 each side: 0.0426 to 0.0974 in log points.
    rows = [row for row in subgroups.tabulate_subgroups(full(), "en").rows if not isinstance(row, Group)]
    assert next(row for row in rows if row[0] == text("en", "subgroups.between"))[2] == "+4.3 to +10.2"


def test_the_table_of_checks_begins_with_its_totals():
    first = tabulate.tabulate_checks(plain(), "en").rows[0]
    assert first.label == "8 checks: 5 passed, 2 in doubt, 0 failed, 1 not applicable"


def test_a_large_step_of_dose_is_told_in_the_larger_unit_of_money():
    made = full()
    loans = replace(
        made.dose,
        points=tuple(replace(point, dose=point.dose * 10_000) for point in made.dose.points),
        dose_unit={"zh": "万元·月", "en": "10,000 yuan x months"},
    )
    assert "每多 1 亿元·月" in dose.describe_dose(replace(made, dose=loans), "zh").markdown
    assert "100 million yuan x months" in dose.describe_dose(replace(made, dose=loans), "en").markdown


def test_nobody_is_told_to_stop_or_widen_an_instrument_on_a_null():
    for grade in (STRONG, WEAK, BARE):
        assert "no ground for stopping or widening" in summarise(plain(std_error=0.1, grade=grade), "en").markdown
    natural = replace(full().natural, ci_low=-1.0)
    assert text("en", "summary.natural_zero") in summarise(replace(full(), natural=natural), "en").markdown


def test_every_point_of_the_checklist_has_its_place():
    rows = plan.tabulate_points("en").rows
    assert [row[2].target for row in rows] == [f"#point-{number}" for number in range(1, 26)]


def test_an_estimate_of_zero_everywhere_still_draws():
    nothing = replace(full(), effect=effect_of(0.0, 0.0), specifications=full().specifications[:2])
    assert isinstance(specifications.plot_specifications(nothing, "zh"), Picture)


def test_a_label_breaks_into_even_lines_that_neither_begin_nor_end_with_a_stray_mark():
    lines = canvas.wrap("晋升“小巨人”的企业比例相对可比企业的变化（百分点）", "zh", 45).split("\n")
    assert len(lines) == 2
    assert not any(line[0] in "，。）”" or line[-1] in "（“" for line in lines)
    assert "".join(lines) == "晋升“小巨人”的企业比例相对可比企业的变化（百分点）"
    assert canvas.wrap("Cai & Szeidl（待核实）", "zh", 12) == "Cai & Szeidl\n（待核实）"
    assert canvas.wrap("interaction-weighted", "en", 8) == "interaction-\nweighted"


def test_the_fewest_enterprises_of_a_point_are_those_that_the_estimators_keep():
    from sme_research.estimators.callaway_santanna import FEWEST_AT_EVENT_TIME
    from sme_research.present.parts.disclosure import FEWEST_SHOWN

    assert FEWEST_SHOWN == FEWEST_AT_EVENT_TIME


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_brings_the_numbers_that_it_draws(name, lang):
    picture = PARTS[name](full(grade=WEAK), lang)
    heads = list(picture.data[0])
    assert all(list(row) == heads for row in picture.data)
    assert len(heads) >= 2
    assert all(re.search(r"[\u4e00-\u9fff]", head) for head in heads) or lang == "en"
    assert any(isinstance(value, int | float) for row in picture.data for value in row.values())
    _, metadata = picture._repr_mimebundle_()
    assert metadata["image/png"]["data"] == [dict(row) for row in picture.data]


def test_the_numbers_of_the_event_study_are_those_of_its_table():
    finding = full(grade=WEAK)
    rows = PARTS["plot_event_study"](finding, "en").data
    assert [row["Years since first treatment"] for row in rows] == sorted(
        point.event_time for point in finding.event_study.points
    )
    assert [row["Treated enterprises"] for row in rows] == [
        point.n_treated for point in sorted(finding.event_study.points, key=lambda point: point.event_time)
    ]
