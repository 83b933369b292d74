"""A researcher's own question, asked with a few choices and answered at once.

The explorer shows what `sketch` finds: sample flow, event study and the quick
checks. It never calls an estimate an effect, since most checks are not made;
"save as study" writes the question down for a full report.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Final

import ipywidgets as widgets

from sme_research.covariates import COVARIATES
from sme_research.errors import SmeResearchError, StudyError
from sme_research.evaluation import Evaluation, sketch
from sme_research.factory.studies import write_study
from sme_research.instruments import INSTRUMENTS
from sme_research.outcomes import OUTCOMES
from sme_research.present.figures import plot_event_study
from sme_research.present.sentences import headline
from sme_research.present.tabulate import tabulate_checks, tabulate_flow
from sme_research.present.words import text
from sme_research.study import Study
from sme_research.tables import Tables, area_name, load_tables

REMEMBERED: Final = 64
"""Questions whose answers are kept, so that going back costs nothing."""
FIRST: Final = "training"
"""Instrument shown at the start where the tables record it."""
REPORT: Final = "20_effect.ipynb"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_ESTIMATORS: Final = ("callaway_santanna", "imputation", "sun_abraham")


class Explorer:
    """Widgets for one folder of tables.

    Attributes
    ----------
    choices
        The widgets that ask, by the name of the study's part.
    panel
        Everything, for display.
    evaluation
        What the choices found last; None where they cannot be answered.
    """

    def __init__(self, tables: Tables, *, data: str, lang: str, studies: Path, notebooks: Path) -> None:
        self._tables, self._data, self._lang = tables, data, lang
        self._studies, self._notebooks = studies, notebooks
        self._answer = lru_cache(maxsize=REMEMBERED)(self._sketch)
        self.evaluation: Evaluation | None = None
        self.choices = self._ask()
        self.message, self.flow, self.checks = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.picture = widgets.Image(format="png", layout={"max_width": "760px"})
        self.name = widgets.Text(description=self._text("name"), placeholder="my-study")
        self.save = widgets.Button(description=self._text("save"), button_style="primary")
        self.saved = widgets.HTML()
        self.save.on_click(lambda _: self._save())
        for choice in self.choices.values():
            choice.observe(lambda _: self.refresh(), names="value")
        asking = widgets.VBox([*self.choices.values(), self.name, self.save, self.saved], layout={"width": "330px"})
        answer = widgets.VBox([self.message, self.picture, self.flow, self.checks], layout={"flex": "1"})
        self.panel = widgets.HBox([asking, answer])
        self.refresh()

    def study(self) -> Study:
        """The question as it stands."""
        asked = {name: choice.value for name, choice in self.choices.items()}
        return Study(**asked)

    def refresh(self) -> None:
        """Answer the question as it stands; what cannot be answered says why in place of the answer."""
        try:
            self.evaluation = self._answer(self.study())
        except SmeResearchError as error:
            self.evaluation = None
            self.message.value = f"<p role='alert'>{self._text('cannot')} {escape(str(error))}</p>"
            self.picture.value, self.flow.value, self.checks.value = b"", "", ""
            return
        finding = self.evaluation.finding
        plain = headline(finding, self._lang).replace("**", "")
        self.message.value = f"<p>{escape(plain)}</p><p><em>{self._text('quick')}</em></p>"
        self.picture.value = plot_event_study(finding, self._lang).png
        self.flow.value = tabulate_flow(finding.flow, self._lang)._repr_html_()
        self.checks.value = tabulate_checks(finding, self._lang)._repr_html_()

    def save_study(self, name: str) -> Path:
        """Write the question as a study file that ``sme-research run`` makes a report of.

        Raises
        ------
        StudyError
            The name does not fit a file.
        FactoryError
            There is such a study already.
        """
        if not _NAME.fullmatch(name):
            raise StudyError(
                f"study name {name!r} must be small letters, digits, - and _, such as 'training-quanzhou'."
            )
        study = self.study()
        defaults = Study(instrument=study.instrument)
        asked = {
            part: getattr(study, part)
            for part in self.choices
            if part in ("instrument", "outcome") or getattr(study, part) != getattr(defaults, part)
        }
        path = self._studies / f"{name}.toml"
        notebook = os.path.relpath(self._notebooks / REPORT, self._studies)
        data = os.path.relpath(self._data)
        write_study(path, Path(notebook).as_posix(), {**asked, "data": Path(data).as_posix()})
        return path

    def _ipython_display_(self) -> None:
        from IPython.display import display  # noqa: PLC0415  only where there is a notebook

        display(self.panel)  # type: ignore[no-untyped-call]

    def _sketch(self, study: Study) -> Evaluation:
        return sketch(study, self._tables)

    def _save(self) -> None:
        try:
            path = self.save_study(self.name.value.strip())
        except SmeResearchError as error:
            self.saved.value = f"<p role='alert'>{escape(str(error))}</p>"
        else:
            command = escape(f"sme-research run {Path(os.path.relpath(path)).as_posix()}")
            self.saved.value = f"<p>{self._text('saved')} <code>{command}</code></p>"

    def _text(self, key: str) -> str:
        return text(self._lang, f"explorer.{key}")

    def _ask(self) -> dict[str, Any]:
        """One widget a part of the study; only what the tables can answer is offered."""
        lang, wide = self._lang, {"layout": {"width": "310px"}, "style": {"description_width": "92px"}}
        instruments = [
            (item.label[lang], name) for name, item in INSTRUMENTS.items() if set(item.tables) <= set(self._tables)
        ]
        names = [name for _, name in instruments]
        first = FIRST if FIRST in names else next(iter(names), None)
        outcomes = [
            (item.label[lang], name)
            for name, item in OUTCOMES.items()
            if all(place.split(".")[0] in self._tables for place in item.columns) and self._holds(item.columns)
        ]
        cities = sorted(self._tables["enterprises"]["city_code"].dropna().unique())
        comparisons = [(self._text(name), name) for name in ("not_yet_treated", "never_treated")]
        populations = [(self._text("eligible"), "eligible"), (self._text("all_population"), "all")]
        estimators = [(self._text("default"), None), *((self._text(name), name) for name in _ESTIMATORS)]
        covariates = [
            (self._text("declared"), None),
            (self._text("none"), ()),
            (self._text("all"), tuple(COVARIATES)),
        ]
        return {
            "instrument": widgets.Dropdown(
                options=instruments, value=first, description=self._text("instrument"), **wide
            ),
            "outcome": widgets.Dropdown(
                options=outcomes, value="log_revenue", description=self._text("outcome"), **wide
            ),
            "comparison": widgets.Dropdown(options=comparisons, description=self._text("comparison"), **wide),
            "population": widgets.Dropdown(options=populations, description=self._text("population"), **wide),
            "covariates": widgets.Dropdown(options=covariates, description=self._text("covariates"), **wide),
            "estimator": widgets.Dropdown(options=estimators, description=self._text("estimator"), **wide),
            "cities": widgets.SelectMultiple(
                options=[(area_name(code, lang), code) for code in cities],
                description=self._text("cities"),
                rows=6,
                **wide,
            ),
        }

    def _holds(self, columns: tuple[str, ...]) -> bool:
        places = [place.split(".") for place in columns]
        return all(
            column in self._tables[table] and self._tables[table][column].notna().any() for table, column in places
        )


def explore(
    data: str = "../data/demo", *, lang: str = "zh", studies: str = "../studies", notebooks: str = "."
) -> Explorer:
    """Widgets that ask a question of the tables in a folder and answer it as it changes.

    Parameters
    ----------
    data : str
        Folder with the tables.
    lang : {"zh", "en"}
    studies : str
        Folder into which "save as study" writes.
    notebooks : str
        Folder of the report's notebook.

    Raises
    ------
    DataError
        The folder holds no tables.
    """
    return Explorer(load_tables(data), data=data, lang=lang, studies=Path(studies), notebooks=Path(notebooks))
