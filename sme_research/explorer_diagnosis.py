"""An enterprise's inputs as widgets: a researcher moves one and sees the gates change at once.

Gates are held against the rules at every move; the smallest changes, which take a
second, are computed when asked for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from html import escape
from typing import Any, Final

import ipywidgets as widgets

from sme_research.errors import StudyError
from sme_research.present.parts.diagnosis.summary import smallest_sentence, standing_sentence
from sme_research.present.parts.diagnosis.tables import GROUPS, gate_table
from sme_research.present.parts.diagnosis.wording import level_name, tier_name
from sme_research.present.words import text
from sme_research.programme.diagnosis import (
    TIERS,
    Diagnosis,
    TierStatus,
    assessment_day,
    diagnose,
    find_changes,
    find_example,
    load_population,
    next_tier,
)
from sme_research.programme.diagnosis.form import UNITS
from sme_research.programme.diagnosis.making import rules_of
from sme_research.programme.diagnosis.statuses import assess_tier
from sme_research.rules import METRICS, Metric, TierRules
from sme_research.tables import load_tables

WIDE: Final = {"layout": {"width": "420px"}, "style": {"description_width": "250px"}}


class DiagnosisExplorer:
    """Widgets for the inputs of one enterprise.

    Attributes
    ----------
    inputs
        The widget of each metric that some title asks for; empty text is not known.
    choice
        The title and rule set that the gates are shown of.
    status
        How the inputs stand against it.
    panel
        Everything, for display.
    """

    def __init__(self, diagnosis: Diagnosis, *, lang: str) -> None:
        self._lang, self._diagnosis = lang, diagnosis
        self._rules = self._all_rules(diagnosis.on)
        options = [(self._rules_label(rules), key) for key, rules in self._rules.items()]
        self.choice = widgets.Dropdown(options=options, value=self._first(), description=self._text("tier"))
        self.inputs = self._ask(diagnosis.values)
        self.message, self.gates, self.found = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.search = widgets.Button(description=self._text("search"), button_style="primary")
        self.search.on_click(lambda _: self.find())
        for widget in (self.choice, *self.inputs.values()):
            widget.observe(lambda _: self.refresh(), names="value")
        answer = widgets.VBox([self.choice, self.message, self.search, self.found, self.gates], layout={"flex": "1"})
        self.panel = widgets.HBox([self._tabs(), answer])
        self.refresh()

    @property
    def values(self) -> dict[str, float]:
        """Inputs as the widgets have them, in the metric's unit; NaN where not known.

        Raises
        ------
        StudyError
            A field holds no number.
        """
        given = {name: math.nan if value is None else value for name, value in self._diagnosis.values.items()}
        return given | {name: self._read(METRICS[name], widget.value) for name, widget in self.inputs.items()}

    @property
    def rules(self) -> TierRules:
        """The rules chosen."""
        return self._rules[self.choice.value]

    def refresh(self) -> None:
        """Hold the inputs as they are against the rules; a field that is no number says so instead."""
        self.found.value = f"<p><em>{self._text('wait')}</em></p>"
        self.status: TierStatus | None = None
        try:
            self.status = self._assess()
        except StudyError as error:
            self.message.value, self.gates.value = f"<p role='alert'>{escape(str(error))}</p>", ""
            return
        told = standing_sentence(self.status, self._lang).replace("**", "")
        self.message.value = f"<p>{escape(told)}</p>"
        self.gates.value = gate_table([self.status], self._lang)._repr_html_()

    def find(self) -> None:
        """Compute the smallest change for the inputs as they are."""
        if self.status is None:
            return
        outcome = find_changes(self.values, self.rules, self._diagnosis.occasion)
        self.status = self._assess(outcome=outcome)
        self.found.value = f"<p>{escape(smallest_sentence(self.status, self._lang))}</p>"

    def _assess(self, **outcome: Any) -> TierStatus:
        applies = any(tier.applies for tier in self._diagnosis.tiers if tier.rules == self.rules)
        origins = self._diagnosis.subject.origins
        occasion = self._diagnosis.occasion
        return assess_tier(self.values, self.rules, applies=applies, occasion=occasion, origins=origins, **outcome)

    def _ipython_display_(self) -> None:
        from IPython.display import display  # noqa: PLC0415  only where there is a notebook

        display(self.panel)  # type: ignore[no-untyped-call]

    def _text(self, key: str) -> str:
        return text(self._lang, f"diagnosis.explorer.{key}")

    def _all_rules(self, on: date) -> dict[str, TierRules]:
        found = [rules for tier in TIERS for rules, _ in rules_of(tier, on, self._diagnosis.occasion)]
        return {f"{rules.rule_set}/{rules.tier}": rules for rules in found}

    def _rules_label(self, rules: TierRules) -> str:
        year = text(self._lang, "diagnosis.rules_of", year=rules.in_force[0].first_day.year)
        return f"{tier_name(rules.tier, self._lang)} · {year}"

    def _first(self) -> str:
        """The next title by the rules of the day, else the first."""
        found = self._diagnosis.of(next_tier(self._diagnosis))
        return next(iter(self._rules)) if found is None else f"{found.rules.rule_set}/{found.rules.tier}"

    def _ask(self, values: Mapping[str, float | None]) -> dict[str, Any]:
        asked = {name for rules in self._rules.values() for name in rules.metrics()}
        return {name: self._widget(metric, values[name]) for name, metric in METRICS.items() if name in asked}

    def _widget(self, metric: Metric, value: float | None) -> Any:
        label = metric.label[self._lang]
        if metric.kind in ("boolean", "level"):
            names = [("diagnosis.is_no", 0.0), ("diagnosis.is_yes", 1.0)]
            options: list[tuple[str, float | None]] = [(text(self._lang, key), number) for key, number in names]
            if metric.kind == "level":
                levels = range(int(metric.most or 0) + 1)
                options = [(level_name(float(level), metric, self._lang), float(level)) for level in levels]
            options = [(self._text("unknown"), None), *options]
            return widgets.Dropdown(
                options=options, value=value, description=label, tooltip=metric.meaning[self._lang], **WIDE
            )
        percent = metric.unit == "fraction"
        shown = "" if value is None else f"{value * (100 if percent else 1):.6g}"
        unit = f" ({UNITS[metric.unit][self._lang]})" if metric.unit in UNITS else ""
        return widgets.Text(
            value=shown, description=label + unit, placeholder=self._text("unknown"), continuous_update=False, **WIDE
        )

    def _read(self, metric: Metric, content: object) -> float:
        if content is None or content == "":
            return math.nan
        if isinstance(content, float):
            return content
        shown = str(content).strip().rstrip("%").replace(",", "")
        try:
            number = float(shown) if shown else math.nan
        except ValueError:
            label = metric.label[self._lang]
            raise StudyError(text(self._lang, "diagnosis.explorer.no_number", label=label, value=content)) from None
        return number / 100 if metric.unit == "fraction" else number

    def _tabs(self) -> Any:
        boxes = [
            widgets.VBox([widget for name, widget in self.inputs.items() if METRICS[name].group == group])
            for group in GROUPS
        ]
        titles = [text(self._lang, f"diagnosis.group.{group}") for group in GROUPS]
        return widgets.Tab(children=boxes, titles=titles, layout={"width": "470px"})


def explore_diagnosis(data: str = "../data/demo", enterprise: str = "", *, lang: str = "zh") -> DiagnosisExplorer:
    """Widgets with the inputs of one enterprise, whose gates change as they are moved.

    Parameters
    ----------
    data : str
        Folder with the tables.
    enterprise : str
        Its id; the holder of SRDI nearest to little giant where not given.
    lang : {"zh", "en"}

    Raises
    ------
    DataError
        The folder holds no tables.
    StudyError
        There is no such enterprise, or none to choose.
    """
    tables = load_tables(data)
    day = assessment_day(tables)
    population = load_population(tables, day)
    chosen = enterprise or find_example(tables, population, on=day)
    if not chosen:
        raise StudyError("no holder of SRDI is short of little giant by a number; name an enterprise.")
    return DiagnosisExplorer(diagnose(tables, chosen, on=day, population=population), lang=lang)
