"""Texts exist in both languages with the same blanks; numbers read as people write them."""

import re
from dataclasses import replace

import pytest
from made_findings import UNITS, full, plain

from sme_research.checks import CHECKS
from sme_research.errors import StudyError
from sme_research.present.checking import GROUPS, SYMBOLS, check_sentence, in_order, told
from sme_research.present.sentences import absent, headline, reason_sentence
from sme_research.present.show import Group, HtmlTable, Link, Picture, Text
from sme_research.present.wording import causal_words
from sme_research.present.words import (
    LANGUAGES,
    amount,
    amount_range,
    both_ways,
    cell,
    count,
    fine_digits,
    money,
    natural,
    p_value,
    percent_of,
    scale,
    signed,
    text,
    texts,
    unit_head,
)
from sme_research.results import Check

NAMES = (
    r"ATT|Callaway|Sant'Anna|SHA-256|exp|Holzer|Wooldridge|jtrain|Borusyak|Jaravel|Spiess|Sun|Abraham|Arkhangelsky"
    r"|Calonico|Cattaneo|Titiunik|Card|Lee|Pei|Weber|Goodman-Bacon|Rambachan|Roth|Benjamini|Hochberg|Holm|Jansson|Ma|A"
)


def flat(entry, prefix=""):
    """Every text of a catalogue by its dotted key."""
    if isinstance(entry, dict):
        return {key: value for name, part in entry.items() for key, value in flat(part, f"{prefix}.{name}").items()}
    if isinstance(entry, list):
        return {f"{prefix}.{at}": str(part) for at, part in enumerate(entry)}
    return {prefix: str(entry)}


def blanks(sentence):
    return set(re.findall(r"{(\w+)", sentence)) - {"instrument_lower", "instrument"}


def test_both_languages_have_the_same_texts_with_the_same_blanks():
    # Phrases tell what the data say in the other language: each side has its own.
    zh, en = (flat({name: part for name, part in texts(lang).items() if name != "phrase"}) for lang in LANGUAGES)
    assert zh.keys() == en.keys()
    assert {key for key in zh if blanks(zh[key]) != blanks(en[key])} == set()


def test_no_english_stands_in_the_chinese_texts_but_names_and_symbols():
    for key, sentence in flat({**texts("zh"), "phrase": list(texts("zh")["phrase"].values())}).items():
        plain_text = re.sub(r"{[^}]*}", "", sentence)
        latin = " ".join(re.findall(r"[A-Za-z][A-Za-z'-]+[0-9]*", plain_text))
        assert not re.sub(rf"\b(?:{NAMES})\b", "", latin).strip(), key


def test_a_language_that_is_not_there_is_said_so():
    with pytest.raises(StudyError, match="lang is 'fr'"):
        text("fr", "unit.range")


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (signed(0.04), "0.0"),
        (signed(-0.04), "0.0"),
        (signed(-2.35), "−2.4"),
        (signed(1.25), "+1.2"),
        (signed(-12345.6), "−12,345.6"),
        (count(12345.0), "12,345"),
        (p_value(0.0001), "< 0.001"),
        (p_value(0.0456), "0.046"),
        (p_value(None), "–"),
        (amount(0.05, "log points", "zh"), "+5.1%"),
        (amount(-0.05, "log points", "en"), "−4.9%"),
        (amount(0.0123, "share", "zh"), "+1.23 个百分点"),
        (amount(-0.0123, "share", "en"), "−1.23 percentage points"),
        (amount(0.02, "log points a year", "en"), "+2.00 percentage points"),
        (amount_range(-0.01, 0.02, "share", "zh"), "−1.00 至 +2.00 个百分点"),
        (amount_range(0.0, 0.05, "log points", "en"), "0.0% to +5.1%"),
        (both_ways(0.05, "log points", "en"), "+5.1% or −4.9%"),
        (both_ways(0.02, "share", "zh"), "上升或下降 2.00 个百分点"),
        (cell(0.05, "log points"), "+5.1"),
        (unit_head("share", "zh"), "百分点"),
        (money(2_345.6, "zh"), "2,345.6 万元"),
        (money(23_456.0, "zh"), "2.35 亿元"),
        (money(800_000.0, "zh"), "80 亿元"),
        (money(52.3, "en"), "523,000 yuan"),
        (money(12_345.0, "en"), "123.45 million yuan"),
        (natural(-1.5, {"zh": "人", "en": "employees"}, "zh"), "−1.50 人"),
        (natural(130.1, {"zh": "万元", "en": "10,000 yuan"}, "zh"), "+130.1 万元"),
    ],
)
def test_numbers_read_as_people_write_them(shown, wanted):
    assert shown == wanted


def test_log_points_become_percent_exactly_and_shares_become_points():
    assert percent_of(0.05) == pytest.approx(5.127109637602)
    assert percent_of(-0.6931471805599453) == pytest.approx(-50)
    assert scale(0.05, "share") == pytest.approx(5.0)
    with pytest.raises(KeyError):
        scale(0.05, "yuan")


def test_a_small_rate_keeps_two_digits_that_say_something():
    assert fine_digits(0.00004, "log points") == 4
    assert amount(0.00004, "log points", "en", fine_digits(0.00004, "log points")) == "+0.0040%"
    assert fine_digits(0.2, "log points") == 1


def test_a_table_has_header_cells_and_escapes_what_it_shows():
    html = HtmlTable("a < b", ["x"], [["<script>", "1"]])._repr_html_()
    assert '<th scope="col">x</th>' in html
    assert '<th scope="row">&lt;script&gt;</th>' in html
    assert "<script>" not in html


def test_a_link_leads_within_the_page_and_nowhere_else():
    html = HtmlTable("c", ["x", "y"], [("1", Link("<b>", "#point-1"))])._repr_html_()
    assert '<a href="#point-1">&lt;b&gt;</a>' in html
    for target in ("javascript:alert(1)", "https://example.org", '#a"onclick="', "#"):
        with pytest.raises(ValueError, match="target"):
            Link("x", target)


def test_rows_under_one_heading_are_a_group_for_those_who_cannot_see_it():
    html = HtmlTable("c", ["x", "y"], [Group("数据"), ("1", "2")])._repr_html_()
    assert '<th scope="rowgroup" colspan="2">数据</th>' in html


def test_passages_on_the_estimate_carry_the_wording_that_they_must_keep_to():
    marked = '<div class="finding" data-wording="association">'
    assert Text("a", "association")._repr_markdown_().startswith(f"{marked}\n\na\n\n</div>")
    assert Text("a")._repr_markdown_() == "a"
    assert HtmlTable("c", ["x"], [["1"]], "", "association")._repr_html_().startswith(marked)
    _, metadata = Picture(b"", "alt", "caption", [{"x": 1}], "association")._repr_mimebundle_()
    assert metadata["image/png"]["wording"] == "association"


def test_marked_markdown_is_still_read_as_markdown():
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    renderer = IPythonRenderer(escape=False, attachments={}, exclude_anchor_links=True)
    html = MarkdownWithMath(renderer=renderer).render(Text("- **a**", "effect")._repr_markdown_())
    assert "<li><strong>a</strong></li>" in html


def test_every_check_that_can_be_made_has_its_group():
    assert CHECKS.keys() <= {name for names in GROUPS.values() for name in names}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_check_has_its_label_and_its_sentence_with_numbers(lang):
    for check in plain().checks:
        assert text(lang, f"checks.{check.name}")
        assert "{" not in check_sentence(check, lang, "share")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_verdict_has_a_sentence_for_every_check(lang):
    catalogue = texts(lang)["checks"]
    named = [name for names in GROUPS.values() for name in names]
    never = {("power", "not_applicable"), ("cohort_years", "not_applicable")}
    never |= {(name, "fail") for name in ("power", "honest_did", "multiplicity")}
    lacking = {(name, verdict) for name in named for verdict in SYMBOLS if f"{name}_{verdict}" not in catalogue}
    assert lacking <= never


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_checks_say_claims_no_cause_and_can_be_filled(lang):
    for key, sentence in texts(lang)["checks"].items():
        assert causal_words(str(sentence), lang) == [], key
        told_values = {name: told(name, 0.1234, lang, "share") for name in blanks(str(sentence))}
        assert "{" not in str(sentence).format(**{**told_values, "head": ""})


def test_a_variant_of_a_sentence_is_told_where_its_value_is_one():
    values = {"coefficient": -0.04, "implied_bias": 0.0121}
    plainly = Check("spillovers", "warn", None, 0.0002, values)
    partners = replace(plainly, values={**values, "by_partners": 1.0})
    assert "county and industry" in check_sentence(plainly, "en", "log points")
    assert "supply-chain partners" in check_sentence(partners, "en", "log points")
    assert "p < 0.001" in check_sentence(plainly, "en", "log points")
    assert "−3.9%" in check_sentence(plainly, "en", "log points")
    assert "+1.21 个百分点" in check_sentence(plainly, "zh", "share")


def test_an_outcome_that_should_not_move_is_told_by_its_name():
    named = ({"outcome": "tax_rate", "label": {"zh": "税负率", "en": "tax to revenue"}},)
    check = Check("placebo_outcome", "pass", 0.01, 0.2, {"estimate": 0.01}, named)
    assert "“tax to revenue”" in check_sentence(check, "en", "log points")
    assert "“税负率”" in check_sentence(check, "zh", "log points")


def test_an_estimate_that_does_not_move_in_what_is_printed_is_said_to_stay():
    values = {"n_trimmed": 12.0, "estimate": 0.0014, "trimmed_estimate": 0.0012, "shift_in_errors": 0.02}
    check = Check("influence", "pass", 0.02, None, values)
    assert "估计仍为 +0.1%" in check_sentence(check, "zh", "log points")
    moved = replace(check, values={**values, "trimmed_estimate": 0.01})
    assert "由 +0.1% 变为 +1.0%" in check_sentence(moved, "zh", "log points")


def test_specifications_are_not_counted_by_sign_where_the_interval_includes_zero():
    values = {
        "n_specifications": 9.0,
        "share_same_sign": 0.5,
        "share_significant": 0.1,
        "share_opposite": 0.0,
        "lowest": -0.01,
        "median": 0.0,
        "highest": 0.02,
    }
    check = Check("specification_curve", "pass", 0.5, None, values)
    assert "50.0% agree in direction" in check_sentence(check, "en", "log points")
    null = check_sentence(check, "en", "log points", holds_zero=True)
    assert "agree in direction" not in null
    assert "means nothing" in null
    bare = replace(check, values={**values, "without_covariates": 0.05})
    assert "Without adjustment it is +5.1%" in check_sentence(bare, "en", "log points")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_grade_names_a_check_as_the_table_of_checks_does(lang):
    for names in GROUPS.values():
        for name in names:
            assert text(lang, f"checks.{name}") in reason_sentence(f"failed_{name}", lang)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ["failed", "doubt", "untested"])
def test_every_check_can_be_a_reason_of_a_grade(lang, kind):
    for names in GROUPS.values():
        for name in names:
            assert reason_sentence(f"{kind}_{name}", lang)


def test_design_is_read_before_data_and_data_before_inference():
    groups = [group for group, _ in in_order(plain().checks)]
    assert sorted(groups, key=list(GROUPS).index) == groups
    assert [check.name for _, check in in_order(plain().checks)][:3] == ["pretrends", "balance", "overlap"]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("unit", UNITS)
def test_the_headline_tells_the_size_in_the_outcomes_unit(lang, unit):
    sentence = headline(full(unit), lang)
    wanted = "5.5%" if unit == "log points" else "5.40"
    assert wanted in sentence
    assert "{" not in sentence


def test_a_reason_in_free_words_is_not_shown_and_a_known_one_is():
    made = replace(plain(), unanswered={"dose": "no variation at all", "cost": "dose"})
    assert absent(made, "dose", "en").markdown == text("en", "absent.dose")
    assert absent(made, "cost", "en").markdown == text("en", "absent.dose")
