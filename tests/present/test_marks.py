"""Withheld numbers in tables, pictures and sentences: the mark, its note, and no sentence with a hole in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_findings import full

from sme_research.present.checking import check_sentence
from sme_research.present.figures import plot_bars
from sme_research.present.sentences import absent
from sme_research.present.show import Group, HtmlTable
from sme_research.present.words import MARK, count, fields, money, share, text, texts
from sme_research.results import Check


def test_a_table_explains_its_marks_once_in_its_own_language():
    rows = [("a", MARK), Group("b"), ("c", f"{MARK} ({MARK})")]
    for lang, caption in (("zh", "企业数"), ("en", "Enterprises")):
        shown = HtmlTable(caption, ["", "n"], rows, "first note")._repr_html_()
        assert shown.count(text(lang, "disclosure.mark")) == 1
        assert shown.index("first note") < shown.index(text(lang, "disclosure.mark"))
        assert text(lang, "disclosure.mark") not in HtmlTable(caption, ["", "n"], [("a", "12")])._repr_html_()


def test_withheld_numbers_are_written_as_the_mark():
    assert [count(None), share(None), money(None, "zh"), money(None, "en")] == [MARK] * 4


def test_a_withheld_bar_is_marked_in_the_picture_and_its_numbers():
    picture = plot_bars(["2019", "2020"], [None, 120.0], x="year", y="n", alt="", caption="")
    assert [row["n"] for row in picture.data] == [MARK, 120]


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verdict", ["pass", "warn", "fail", "not_applicable"])
def test_a_check_without_its_numbers_still_says_its_verdict(lang, verdict):
    for name in ("attrition", "above_scale", "composition", "influence", "bundle", "sample_flow", "overlap"):
        told = check_sentence(Check(name, verdict, None, None), lang, "log points")
        assert told
        assert "{" not in told
        assert MARK not in told


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sentences_for_withheld_numbers_ask_for_no_other_number_than_their_full_form(lang):
    for section, entries in texts(lang).items():
        for key in entries if isinstance(entries, dict) else ():
            full = str(key).removesuffix("_withheld")
            if full != key and full in entries:
                assert fields(lang, f"{section}.{key}") <= fields(lang, f"{section}.{full}") | {"p_value"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_withheld_part_says_that_it_is_withheld_and_not_that_data_lack(lang):
    finding = replace(full(), unanswered={"dose": "withheld", "cost": "withheld"})
    for part in ("dose", "cost"):
        assert str(absent(finding, part, lang)) == text(lang, f"absent.withheld_{part}")
        assert str(absent(finding, part, lang)) != text(lang, f"absent.{part}")
