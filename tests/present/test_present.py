"""Texts exist in both languages with the same blanks; numbers read as people write them; pictures are pictures."""

import re
import struct
from dataclasses import replace

import pytest

from sme_research import Study, evaluate, headline, plot_balance, plot_event_study, plot_overlap, summarise
from sme_research.checks import CHECKS
from sme_research.present.sentences import check_sentence, is_found
from sme_research.present.show import HtmlTable
from sme_research.present.words import LANGUAGES, count, p_value, percent_of, signed, text, texts
from sme_research.results import Grade

CAUSAL = {
    "en": re.compile(r"\b(effect|caus|impact|made the|raise|led to)", re.I),
    "zh": re.compile(r"效应|使参加|导致|影响|促进|带动"),
}


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
    zh, en = flat(texts("zh")), flat(texts("en"))
    assert zh.keys() == en.keys()
    assert {key for key in zh if blanks(zh[key]) != blanks(en[key])} == set()


def test_no_english_stands_in_the_chinese_texts_but_names_and_symbols():
    allowed = r"ATT|Callaway|Sant'Anna|SHA-256|exp|[pz]|Holzer|Wooldridge|jtrain"
    for key, sentence in flat(texts("zh")).items():
        plain = re.sub(r"{[^}]*}", "", sentence)
        assert not re.sub(allowed, "", " ".join(re.findall(r"[A-Za-z][A-Za-z'-]+[0-9]*", plain))).strip(), key


@pytest.mark.parametrize(
    ("shown", "wanted"),
    [
        (signed(0.04), "0.0"),
        (signed(-0.04), "0.0"),
        (signed(-2.35), "−2.4"),
        (signed(1.25), "+1.2"),
        (count(12345.0), "12,345"),
        (p_value(0.0001), "< 0.001"),
        (p_value(0.0456), "0.046"),
        (p_value(None), "–"),
    ],
)
def test_numbers_read_as_people_write_them(shown, wanted):
    assert shown == wanted


def test_log_points_become_percent_exactly():
    assert percent_of(0.05) == pytest.approx(5.127109637602)
    assert percent_of(-0.6931471805599453) == pytest.approx(-50)


def test_a_table_has_header_cells_and_escapes_what_it_shows():
    html = HtmlTable("a < b", ["x"], [["<script>", "1"]])._repr_html_()
    assert '<th scope="col">x</th>' in html
    assert '<th scope="row">&lt;script&gt;</th>' in html
    assert "<script>" not in html


@pytest.fixture(scope="module")
def finding(small_province):
    return evaluate(Study(instrument="training"), small_province.tables).finding


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_of_cause_need_the_grade_that_permits_them(finding, lang):
    strong = replace(finding, grade=Grade(3, "effect", ("design_callaway_santanna",)))
    weak = replace(finding, grade=Grade(2, "association", ("design_callaway_santanna", "failed_pretrends")))
    for found in (True, False):
        effect = replace(finding.effect, ci_low=0.01 if found else -0.01, ci_high=0.09, estimate=0.05)
        assert CAUSAL[lang].search(headline(replace(strong, effect=effect), lang))
        assert not CAUSAL[lang].search(headline(replace(weak, effect=effect), lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_summary_says_size_sample_power_and_grade(finding, lang):
    lines = summarise(finding, lang).markdown.splitlines()
    assert len(lines) == (4 if is_found(finding.effect) else 5)
    assert f"{finding.effect.n_enterprises:,}" in lines[1]
    assert "{" not in "".join(lines)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdict", ["pass", "warn", "fail", "not_applicable"])
@pytest.mark.parametrize("name", CHECKS)
def test_every_verdict_of_every_check_has_its_sentence(finding, name, verdict, lang):
    catalogue = texts(lang)["checks"]
    if f"{name}_{verdict}" not in catalogue:
        assert (name, verdict) in {("power", "fail"), ("power", "not_applicable"), ("cohort_years", "not_applicable")}
        return
    full = evaluate_values(finding, name)
    assert check_sentence(replace(full, verdict=verdict), lang)


def evaluate_values(finding, name):
    """A check with every number that any of its sentences quotes."""
    needed = dict.fromkeys(("n_clusters", "n_treated_clusters", "largest", "limit", "share_alone", "gap"), 0.1)
    needed |= dict.fromkeys(("mde", "detectable_trend"), 0.02)
    return replace(finding.check(name), values={**needed, **finding.check(name).values})


@pytest.mark.parametrize("plot", [plot_event_study, plot_balance, plot_overlap])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_pictures_have_bytes_text_and_caption_and_are_the_same_twice(finding, plot, lang):
    picture = plot(finding, lang)
    width, height = struct.unpack(">II", picture.png[16:24])
    assert picture.png.startswith(b"\x89PNG")
    assert width > 1_000
    assert height > 300
    assert picture.caption
    assert re.search(r"\d", picture.alt)
    assert plot(finding, lang).png == picture.png


def test_alternative_texts_carry_the_numbers_of_the_picture(finding):
    last = finding.event_study.points[-1]
    assert text("en", "unit.points", number="1") == "1 percentage points"
    assert f"{abs(percent_of(last.estimate)):.1f}%" in plot_event_study(finding, "en").alt
