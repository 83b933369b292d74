"""Study and tables to estimates, checks and grade: the one composition that all front ends share."""

from sme_research.evaluation.compose import Evaluation, evaluate, sketch

__all__ = ["Evaluation", "evaluate", "sketch"]
