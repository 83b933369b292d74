from .errors import DataError, FactoryError, IdentificationError, SmeResearchError, StudyError
from .estimators import estimate_att, estimate_event_study
from .evaluation import Evaluation, evaluate
from .instruments import INSTRUMENTS
from .outcomes import OUTCOMES
from .present.figures import plot_balance, plot_event_study, plot_overlap
from .present.notes import (
    compare_with_truth,
    describe_training,
    explain_difference,
    plot_years,
    summarise_quality,
    tabulate_effects,
    tabulate_ladder,
    tabulate_missing,
    tabulate_provenance,
    tabulate_published,
    tabulate_tables,
)
from .present.sentences import (
    describe,
    describe_design,
    describe_flow,
    describe_limits,
    headline,
    summarise,
)
from .present.tabulate import (
    tabulate_balance,
    tabulate_checks,
    tabulate_effect,
    tabulate_event_study,
    tabulate_flow,
    tabulate_grade,
    tabulate_question,
)
from .provenance import planted_att, trace_tables
from .quality import (
    count_by_year,
    count_in_force,
    count_training,
    inspect_tables,
    last_count_day,
    rank_missing,
)
from .replication import GRANT_LABEL, load_job_training, reproduce_job_training
from .results import Check, Effect, EventStudy, Finding, Grade, SampleFlow
from .sample import load_sample
from .study import Study
from .tables import TABLES, Tables, load_tables

__version__: str

__all__ = [
    "GRANT_LABEL",
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
