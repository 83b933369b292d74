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
from sme_research.present.notes import (
    compare_with_truth,
    describe_training,
    explain_difference,
    plot_years,
    record_finding,
    summarise_quality,
    tabulate_effects,
    tabulate_ladder,
    tabulate_missing,
    tabulate_provenance,
    tabulate_published,
    tabulate_tables,
)
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
from sme_research.provenance import planted_att, trace_tables
from sme_research.quality import (
    count_by_year,
    count_in_force,
    count_training,
    inspect_tables,
    last_count_day,
    rank_missing,
)
from sme_research.replication import load_job_training, reproduce_job_training
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
    "compare_with_truth",
    "count_by_year",
    "count_in_force",
    "count_training",
    "describe",
    "describe_design",
    "describe_flow",
    "describe_limits",
    "describe_training",
    "estimate_att",
    "estimate_event_study",
    "evaluate",
    "explain_difference",
    "headline",
    "inspect_tables",
    "last_count_day",
    "load_job_training",
    "load_sample",
    "load_tables",
    "planted_att",
    "plot_balance",
    "plot_event_study",
    "plot_overlap",
    "plot_years",
    "rank_missing",
    "record_finding",
    "reproduce_job_training",
    "summarise",
    "summarise_quality",
    "tabulate_balance",
    "tabulate_checks",
    "tabulate_effect",
    "tabulate_effects",
    "tabulate_event_study",
    "tabulate_flow",
    "tabulate_grade",
    "tabulate_ladder",
    "tabulate_missing",
    "tabulate_provenance",
    "tabulate_published",
    "tabulate_question",
    "tabulate_tables",
    "trace_tables",
]
