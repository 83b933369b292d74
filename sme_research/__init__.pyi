from .errors import DataError, FactoryError, IdentificationError, SmeResearchError, StudyError
from .estimators import estimate_att, estimate_event_study
from .evaluation import Evaluation, evaluate, sketch
from .evaluation.plan import save_plan
from .explorer import explore
from .explorer_diagnosis import explore_diagnosis
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
from .present.parts.cost import describe_cost, tabulate_cost
from .present.parts.density import describe_density, plot_density, tabulate_density
from .present.parts.designs import (
    describe_contrast,
    describe_entry_margin,
    describe_threshold,
    describe_triple_difference,
    tabulate_cohorts,
    tabulate_contrast,
    tabulate_inferences,
    tabulate_single_clusters,
)
from .present.parts.diagnosis import (
    plot_standing,
    summarise_diagnosis,
    tabulate_gate_counts,
    tabulate_gates,
    tabulate_inputs,
    tabulate_paths,
    tabulate_rules,
    tabulate_scores,
    tabulate_services,
)
from .present.parts.disclosure import describe_disclosure
from .present.parts.dose import describe_dose, plot_dose, tabulate_dose
from .present.parts.family import plot_family, tabulate_family
from .present.parts.ladder import (
    describe_ladder_limits,
    describe_last_gates,
    describe_rates,
    describe_rule_change,
    plot_incidence,
    plot_stocks,
    summarise_ladder,
    tabulate_incidence,
    tabulate_ladder_cohorts,
    tabulate_ladder_groups,
    tabulate_last_gates,
    tabulate_rates,
    tabulate_renewals,
    tabulate_rule_change,
    tabulate_rule_change_groups,
    tabulate_stocks,
)
from .present.parts.literature import plot_literature, tabulate_literature
from .present.parts.outcomes import tabulate_outcomes
from .present.parts.plan import tabulate_facts, tabulate_plan, tabulate_points
from .present.parts.pool import (
    describe_model,
    describe_pool,
    plot_calibration,
    tabulate_candidates,
    tabulate_pool_gates,
    tabulate_pool_sources,
)
from .present.parts.sensitivity import describe_sensitivity, plot_sensitivity, tabulate_sensitivity
from .present.parts.specifications import describe_specifications, plot_specifications, tabulate_specifications
from .present.parts.spillovers import describe_spillovers, tabulate_attrition
from .present.parts.subgroups import describe_subgroups, plot_subgroups, tabulate_subgroups
from .present.parts.theory import plot_theory
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
from .programme.diagnosis import assessment_day, count_statuses, diagnose_for_report, load_population
from .programme.ladder import backtest_stocks, hold_against_rules, project_stocks, read_ladder, read_targets
from .programme.pool import screen_pool
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
from .present.parts.inventory import tabulate_documents
from .present.parts.reconcile.report import (
    describe_public_shares,
    describe_traps,
    summarise_reconciliation,
    tabulate_figures,
    tabulate_public_figures,
    tabulate_traps,
    tabulate_unchecked,
)
from .present.parts.reconcile.split import describe_growth_split, plot_growth_split, tabulate_growth_split
from .programme.inventory import documents, load_inventory
from .programme.reconcile import check_public_figures, public_figures, reconcile

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
    "assessment_day",
    "backtest_stocks",
    "check_public_figures",
    "compare_with_truth",
    "count_by_year",
    "count_in_force",
    "count_statuses",
    "count_training",
    "describe",
    "describe_contrast",
    "describe_cost",
    "describe_density",
    "describe_design",
    "describe_disclosure",
    "describe_dose",
    "describe_entry_margin",
    "describe_flow",
    "describe_growth_split",
    "describe_ladder_limits",
    "describe_last_gates",
    "describe_limits",
    "describe_model",
    "describe_pool",
    "describe_public_shares",
    "describe_rates",
    "describe_rule_change",
    "describe_sensitivity",
    "describe_specifications",
    "describe_spillovers",
    "describe_subgroups",
    "describe_threshold",
    "describe_training",
    "describe_traps",
    "describe_triple_difference",
    "diagnose_for_report",
    "documents",
    "estimate_att",
    "estimate_event_study",
    "evaluate",
    "explain_difference",
    "explore",
    "explore_diagnosis",
    "headline",
    "hold_against_rules",
    "inspect_tables",
    "last_count_day",
    "load_inventory",
    "load_job_training",
    "load_population",
    "load_sample",
    "load_tables",
    "planted_att",
    "plot_balance",
    "plot_calibration",
    "plot_density",
    "plot_dose",
    "plot_event_study",
    "plot_family",
    "plot_growth_split",
    "plot_incidence",
    "plot_literature",
    "plot_overlap",
    "plot_sensitivity",
    "plot_specifications",
    "plot_standing",
    "plot_stocks",
    "plot_subgroups",
    "plot_theory",
    "plot_years",
    "project_stocks",
    "public_figures",
    "rank_missing",
    "read_ladder",
    "read_targets",
    "reconcile",
    "reproduce_job_training",
    "save_plan",
    "screen_pool",
    "sketch",
    "summarise",
    "summarise_diagnosis",
    "summarise_ladder",
    "summarise_quality",
    "summarise_reconciliation",
    "tabulate_attrition",
    "tabulate_balance",
    "tabulate_candidates",
    "tabulate_checks",
    "tabulate_cohorts",
    "tabulate_contrast",
    "tabulate_cost",
    "tabulate_density",
    "tabulate_documents",
    "tabulate_dose",
    "tabulate_effect",
    "tabulate_effects",
    "tabulate_event_study",
    "tabulate_facts",
    "tabulate_family",
    "tabulate_figures",
    "tabulate_flow",
    "tabulate_gate_counts",
    "tabulate_gates",
    "tabulate_grade",
    "tabulate_growth_split",
    "tabulate_incidence",
    "tabulate_inferences",
    "tabulate_inputs",
    "tabulate_ladder",
    "tabulate_ladder_cohorts",
    "tabulate_ladder_groups",
    "tabulate_last_gates",
    "tabulate_literature",
    "tabulate_missing",
    "tabulate_outcomes",
    "tabulate_paths",
    "tabulate_plan",
    "tabulate_points",
    "tabulate_pool_gates",
    "tabulate_pool_sources",
    "tabulate_provenance",
    "tabulate_public_figures",
    "tabulate_published",
    "tabulate_question",
    "tabulate_rates",
    "tabulate_renewals",
    "tabulate_rule_change",
    "tabulate_rule_change_groups",
    "tabulate_rules",
    "tabulate_scores",
    "tabulate_sensitivity",
    "tabulate_services",
    "tabulate_single_clusters",
    "tabulate_specifications",
    "tabulate_stocks",
    "tabulate_subgroups",
    "tabulate_tables",
    "tabulate_traps",
    "tabulate_unchecked",
    "trace_tables",
]
