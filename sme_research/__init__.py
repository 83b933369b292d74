"""How a province's SME instruments relate to enterprise growth: what a notebook may use.

>>> from sme_research import Study, evaluate, load_tables, plot_event_study
>>> tables = load_tables("../data/demo")
>>> evaluation = evaluate(Study(instrument="training"), tables)
>>> evaluation
>>> plot_event_study(evaluation.finding, "en")
"""

from sme_research.errors import DataError, FactoryError, IdentificationError, SmeResearchError, StudyError
from sme_research.estimators import estimate_att, estimate_event_study
from sme_research.evaluation import Evaluation, evaluate
from sme_research.instruments import INSTRUMENTS
from sme_research.outcomes import OUTCOMES
from sme_research.present.figures import plot_balance, plot_event_study, plot_overlap
from sme_research.present.sentences import (
    describe,
    describe_design,
    describe_flow,
    describe_limits,
    headline,
    summarise,
)
from sme_research.present.tabulate import (
    tabulate_balance,
    tabulate_checks,
    tabulate_effect,
    tabulate_event_study,
    tabulate_flow,
    tabulate_grade,
    tabulate_question,
)
from sme_research.results import Check, Effect, EventStudy, Finding, Grade, SampleFlow
from sme_research.sample import load_sample
from sme_research.study import Study
from sme_research.tables import TABLES, Tables, load_tables

__version__ = "0.1.0"

__all__ = [
    "INSTRUMENTS",
    "OUTCOMES",
    "TABLES",
    "Check",
    "DataError",
    "Effect",
    "Evaluation",
    "EventStudy",
    "FactoryError",
    "Finding",
    "Grade",
    "IdentificationError",
    "SampleFlow",
    "SmeResearchError",
    "Study",
    "StudyError",
    "Tables",
    "describe",
    "describe_design",
    "describe_flow",
    "describe_limits",
    "estimate_att",
    "estimate_event_study",
    "evaluate",
    "headline",
    "load_sample",
    "load_tables",
    "plot_balance",
    "plot_event_study",
    "plot_overlap",
    "summarise",
    "tabulate_balance",
    "tabulate_checks",
    "tabulate_effect",
    "tabulate_event_study",
    "tabulate_flow",
    "tabulate_grade",
    "tabulate_question",
]
