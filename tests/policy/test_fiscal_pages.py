"""Costs in both languages and editions: the unknown is never told as zero, few are withheld, words keep to grades."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sme_research.lending import assess_loans
from sme_research.policy.beliefs import Belief
from sme_research.policy.fiscal import COLUMNS, Costs, Spent, account_costs
from sme_research.policy.published_costs import TOTAL, list_costs
from sme_research.policy.worth.additionality import split_additional
from sme_research.policy.worth.base import Base
from sme_research.policy.worth.cost import weigh_in_real, weigh_worth
from sme_research.policy.worth.value import Value
from sme_research.present.parts.fiscal import (
    describe_costs,
    describe_worth,
    plot_costs,
    plot_worth,
    tabulate_costs,
    tabulate_deadweight,
    tabulate_loan_rules,
    tabulate_outlay_items,
    tabulate_worth,
)
from sme_research.present.show import Picture, Text
from sme_research.present.wording import causal_words
from sme_research.present.words import LANGUAGES, MARK
from sme_research.tables import tables_from_frames

EDITIONS = ("internal", "public")


@pytest.fixture(scope="module")
def tables(small_province):
    return tables_from_frames(small_province.tables, made_up=True)


@pytest.fixture(scope="module")
def costs(tables):
    return account_costs(tables)


def value_of(estimate, error, *, wording="effect", n=100, outcome="log_employees", instrument="loan_subsidy"):
    belief = Belief(instrument, outcome, estimate, error, "log points", wording)
    spent = Spent(instrument, 10.0, 9.0, 2024, n, 0, 0.02)
    nominal = weigh_worth(belief, spent, Base(120.0, "nominal", None, n))
    return Value(nominal, weigh_in_real(nominal, spent), split_additional(belief, (0.1, 0.01, n)))


def cells_of(table):
    return [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>.*?</t[dh]>", table._repr_html_())]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("edition", EDITIONS)
def test_every_part_is_made_in_both_languages_and_editions(tables, costs, lang, edition):
    values = [
        value_of(0.05, 0.01),
        value_of(0.0, 0.05, instrument="award"),
        value_of(-0.2, 0.01, instrument="training"),
    ]
    parts = [
        describe_costs(costs, lang, edition=edition),
        tabulate_costs(costs, lang, edition=edition),
        tabulate_outlay_items(costs, lang, edition=edition),
        tabulate_loan_rules(assess_loans(tables), lang, edition=edition),
        plot_costs(costs, lang, edition=edition),
        tabulate_worth(values, lang, edition=edition),
        describe_worth(values, lang, edition=edition),
        plot_worth(values, lang, measure="job", edition=edition),
        tabulate_deadweight(values, lang, edition=edition),
    ]
    for part in parts:
        if isinstance(part, Picture):
            shown = part.alt + part.caption
        else:
            shown = str(part) if isinstance(part, Text) else " ".join([part.caption, part.note, *cells_of(part)])
        assert re.findall(r"\bnan\b|\binf\b|{\w+}", shown) == []
        assert len(shown) > 10


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_has_no_price_is_named_and_never_zero(costs, lang):
    label = {"zh": "企业家培训", "en": "Entrepreneur training"}[lang]
    assert label in str(describe_costs(costs, lang))
    row = next(row for row in tabulate_costs(costs, lang).rows if row[0] == label)
    told = set(row[2:])
    assert told == {{"zh": "不详", "en": "not known"}[lang]}
    assert label in plot_costs(costs, lang).caption


def test_the_picture_draws_the_numbers_of_the_table(costs):
    drawn = pd.DataFrame(plot_costs(costs, "en").data).set_index("Year")
    listed = list_costs(costs)
    for name, label in (("award", "Recognition award"), ("loan_subsidy", "Loan subsidy")):
        own = listed[(listed["instrument"] == name) & (listed["year"] != TOTAL)].set_index("year")["cost"]
        shown = drawn[f"{label} (million yuan)"].dropna()
        assert shown.to_dict() == pytest.approx((own[own > 0] / 100).to_dict(), abs=1e-4)


def outlays_of(rows):
    """Costs of one instrument from (enterprise, year, cost)."""
    frame = pd.DataFrame(rows, columns=["enterprise_id", "year", "cost"])
    same = {"instrument": "award", "item": "srdi", "payer": "province", "unit": "award", "n_units": 1.0}
    return Costs(frame.assign(**same, basis="recorded", reason="")[list(COLUMNS)], ())


def test_a_year_of_few_is_withheld_and_cannot_be_had_by_subtracting():
    rows = [(f"E{at}", 2021, 20.0) for at in range(40)] + [(f"F{at}", 2022, 20.0) for at in range(30)]
    rows += [(f"G{at}", 2023, 20.0) for at in range(3)]
    told = list_costs(outlays_of(rows), public=True).set_index("year")
    assert told.loc[2023, "withheld"]
    assert told["withheld"].sum() >= 2
    assert told.loc[told["withheld"], ["cost", "cost_real", "n_enterprises", "n_units"]].isna().all(axis=None)
    assert MARK in cells_of(tabulate_costs(outlays_of(rows), "en", edition="public"))
    assert not list_costs(outlays_of(rows))["withheld"].any()


def test_a_year_that_one_enterprise_dominates_is_withheld():
    rows = [(f"E{at}", year, 20.0) for at in range(40) for year in (2021, 2022)] + [("E1", 2023, 9_000.0)]
    rows += [(f"E{at}", 2023, 1.0) for at in range(2, 30)]
    told = list_costs(outlays_of(rows), public=True).set_index("year")
    assert told.loc[2023, "withheld"]


def test_an_instrument_of_few_enterprises_in_many_years_is_withheld_wholly():
    told = list_costs(
        outlays_of([(f"E{at}", year, 20.0) for at in range(6) for year in range(2019, 2024)]), public=True
    )
    assert told["withheld"].all()


def test_published_amounts_have_three_digits_and_counts_are_tens(costs):
    told = list_costs(costs, public=True)
    known = told[told["cost"].notna() & (told["cost"] > 0)]
    assert len(known) > 5
    for amount in known["cost"]:
        assert float(f"{amount:.3g}") == pytest.approx(amount)
    assert (known["n_enterprises"] % 10 == 0).all()


def test_rules_that_cut_few_loans_are_not_told_in_public(tables):
    loans = assess_loans(tables)
    few = loans.assign(cut_by=np.where(np.arange(len(loans)) < 3, "cap", ""))
    assert len(tabulate_loan_rules(few, "en", edition="public").rows) == 1
    assert len(tabulate_loan_rules(few, "en").rows) > 5


def test_few_or_dominated_outlays_are_withheld_beside_a_finding():
    value = value_of(0.05, 0.01, n=9)
    assert MARK in cells_of(tabulate_worth([value], "en", edition="public"))
    assert MARK not in cells_of(tabulate_worth([value], "en"))
    assert isinstance(plot_worth([value], "en", measure="job", edition="public"), Text)
    dominated = replace(value.nominal, n_enterprises=100, largest_share=0.9)
    assert MARK in cells_of(tabulate_worth([replace(value, nominal=dominated)], "en", edition="public"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_below_the_causal_grade_no_word_of_cause_is_used(lang):
    values = [value_of(0.05, 0.01), value_of(0.05, 0.001, wording="association", instrument="training")]
    table, said = tabulate_worth(values, lang), describe_worth(values, lang)
    dead, picture = tabulate_deadweight(values, lang), plot_worth(values, lang, measure="job")
    assert table.finding_wording == said.finding_wording == dead.finding_wording == "association"
    for passage in (table._repr_html_(), str(said), dead._repr_html_(), picture.alt + picture.caption):
        assert causal_words(passage, lang) == []


def test_an_interval_without_an_upper_limit_is_said_so_and_drawn_as_an_arrow():
    value = value_of(0.01, 0.02)
    assert "no upper limit" in " ".join(cells_of(tabulate_worth([value], "en")))
    assert "at least" in str(describe_worth([value], "en"))
    drawn = plot_worth([value], "en", measure="job").data[0]
    assert drawn["Interval high (blank: none)"] is None
    assert drawn["Interval low"] == pytest.approx(value.nominal.cost.low * 10, abs=1e-3)


def test_a_cost_by_hand_is_written_in_money():
    # 120 x (e^0.05 - 1) = 6.1525 jobs for 10 x 10,000 yuan: 16,254 yuan a job, in three digits 16,300.
    said = str(describe_worth([value_of(0.05, 0.001)], "en"))
    assert "**16,300 yuan**" in said
    assert "**1.6 万元**" in str(describe_worth([value_of(0.05, 0.001)], "zh"))
