"""A rule file says what it may say and nothing else; next year's rules are one file."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from sme_research.errors import DataError
from sme_research.rules import choose_rules, evaluate, load_rule_sets, read_rule_set
from sme_research.tables.reference import reference_path

GOOD = """\
id: cn-2030-1
title: {zh: 新办法, en: New measures}
document: 〔2030〕1号
sources: [a made-up notice]
confidence: A
tiers:
  srdi:
    label: {zh: 专精特新中小企业, en: SRDI SME}
    in_force: [{from: 2030-01-01}]
    gates:
      - id: X-1
        group: scale
        label: {zh: 营业收入, en: Revenue}
        condition: {metric: revenue, op: ">=", value: 9000, unit: 万元}
    scored:
      - id: P-1
        group: innovation
        label: {zh: 研发费用占比, en: R&D share}
        most: 10
        bands:
          - {points: 10, condition: {metric: rd_ratio, op: ">=", value: 0.1, unit: fraction}}
          - {points: 5, condition: {metric: rd_ratio, op: ">=", value: 0.05, unit: fraction}}
"""
REVENUE = 'metric: revenue, op: ">=", value: 9000, unit: 万元'
BROKEN = [
    ('op: ">=", value: 9000', 'op: "=>", value: 9000', 14, "operator '=>' is not known; choose one of >=, <=, ==, <"),
    ("unit: 万元", "unit: 元", 14, "unit '元' is not that of revenue, which is in '万元'"),
    ("metric: revenue", "metric: turnover", 14, "metric 'turnover' is not known"),
    ("value: 9000", "value: many", 14, "'many' must be a number"),
    ("value: 9000", "value: 1:30", 14, "'1:30' must be a number"),
    ("value: 9000", "value: !!python/object:os.system 3", 14, "'3' is no value of its kind"),
    ("confidence: A", "confidence: A\nvalidity_years: -2.5", 6, "-2.5 must be a whole number, 1 or more"),
    ("group: scale", "kind: scale", 12, "key 'kind' is not known here"),
    ("label: {zh: 营业收入, en: Revenue}", "label: {zh: 营业收入}", 13, "key 'en' is missing"),
    ("confidence: A\n", "", 1, "key 'confidence' is missing"),
    ("value: 9000", "value: .nan", 14, ".nan decides nothing; write the number that is meant"),
    ("value: 9000", "value: .inf", 14, ".inf decides nothing"),
    ("value: 9000", "value: -.inf", 14, "-.inf decides nothing"),
    ("most: 10", "most: .nan", 19, ".nan decides nothing"),
    ("confidence: A", "confidence: A\nvalidity_years: .nan", 6, ".nan decides nothing"),
    ("value: 9000", "value: -1", 14, "-1 is no threshold of revenue: it must be at least 0 in '万元'; write it so"),
    ("value: 0.1,", "value: 10,", 21, "10 is no threshold of rd_ratio: it must be at least 0 and at most 1"),
    (REVENUE, 'metric: market_share, op: ">=", value: 70, unit: fraction', 14, "70 is no threshold of market_share"),
    (REVENUE, 'metric: profit_margin, op: ">=", value: 2, unit: fraction', 14, "it must be at most 1 in 'fraction'"),
    (REVENUE, 'metric: domestic_rank, op: "<=", value: 0, unit: rank', 14, "it must be at least 1 in 'rank'"),
    (REVENUE, 'metric: science_award, op: ">=", value: 5, unit: level', 14, "at least 0 and at most 4 in 'level'"),
    (REVENUE, 'score: innovation, op: ">=", value: 11, unit: points', 14, "11 is no threshold of score 'innovation'"),
    ("id: P-1", "id: X-1", 16, "id 'X-1' is there twice in tier 'srdi', first in line 11; give each its own"),
    ("{points: 5,", "{points: 10,", 22, "bands go from the best down"),
    ("{points: 10,", "{points: 11,", 21, "the first at most 10"),
    ("from: 2030-01-01", "from: soon", 9, "'soon' must be a day such as 2026-04-01"),
    ("from: 2030-01-01", "from: 2030-01-01T08:00:00", 9, "'2030-01-01T08:00:00' must be a day such as"),
    ("from: 2030-01-01", "from: 2030-01-01, to: 2030-12-31 00:00:00", 9, "'2030-12-31 00:00:00' must be a day"),
    ("from: 2030-01-01", "from: 2030-02-30", 9, "'2030-02-30' is no value of its kind; write one that exists"),
    ("from: 2030-01-01", "from: 2030-01-01, to: 2029-01-01", 9, "before it begins"),
    ("in_force: [{from: 2030-01-01}]", "in_force: []", 9, "must be a list with at least one entry"),
    ("title: {zh", "title: [zh", 2, "is no YAML"),
]


def write(folder, content):
    path = folder / "cn-2030-1.yml"
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(("good", "bad", "line", "rule"), BROKEN, ids=[case[3] for case in BROKEN])
def test_what_a_file_may_not_say_is_refused_with_its_line(tmp_path, good, bad, line, rule):
    assert GOOD.count(good) >= 1
    path = write(tmp_path, GOOD.replace(good, bad, 1))
    with pytest.raises(DataError) as told:
        read_rule_set(path)
    assert str(told.value).startswith(f"cn-2030-1.yml, line {line}: ")
    assert rule in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("raw", "rule"),
    [
        (GOOD.encode("gb18030"), "is not UTF-8; save the file as UTF-8"),
        (GOOD.encode() + b"\0", "holds the character U+0000; remove it"),
        (GOOD.replace(f"{{{REVENUE}}}", "&a {all_of: [*a]}").encode(), "hold each other without end"),
        (b"id: " + b"[" * 9000, "hold each other without end"),
    ],
)
def test_a_file_that_is_no_text_or_has_no_end_is_one_message(tmp_path, raw, rule):
    path = tmp_path / "cn-2030-1.yml"
    path.write_bytes(raw)
    with pytest.raises(DataError) as told:
        read_rule_set(path)
    assert str(told.value).startswith("cn-2030-1.yml: ")
    assert rule in str(told.value)
    assert "\n" not in str(told.value)


def test_an_empty_file_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match="holds no rule set"):
        load_rule_sets(tmp_path)
    with pytest.raises(DataError, match="is empty"):
        read_rule_set(write(tmp_path, ""))


def test_one_id_in_two_files_is_refused(tmp_path):
    write(tmp_path, GOOD)
    (tmp_path / "copy.yml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(DataError, match="'cn-2030-1' is there twice"):
        load_rule_sets(tmp_path)


def test_next_years_rules_are_one_file_and_no_code(tmp_path):
    write(tmp_path, GOOD)
    rules = choose_rules("srdi", date(2030, 6, 1), rule_sets=load_rule_sets(tmp_path))
    found = evaluate(pd.DataFrame({"revenue": [9_000.0, 8_999.0], "rd_ratio": [0.05, 0.2]}), rules)
    assert list(found.verdict) == [1, 0]
    assert list(found.score_low) == [5.0, 10.0]


def test_every_shipped_file_is_named_by_the_reader():
    # A report's reach holds the reference files that its code names.
    files = {path.stem for path in reference_path("rules").glob("*.yml")}
    assert files == set(load_rule_sets())
