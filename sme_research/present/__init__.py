"""Figures, tables and sentences of a report, in its language."""
