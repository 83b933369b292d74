"""What the data mean: declared tables, read from files and checked against their declaration."""

from __future__ import annotations

from sme_research.tables.areas import area_name, area_names, reporting_unit, reporting_units
from sme_research.tables.credit_code import are_valid, check_character, have_shape, make_codes, normalise
from sme_research.tables.declare import Column, Table
from sme_research.tables.declared import TABLES
from sme_research.tables.faults import Fault, FaultsError, describe_faults, legible, summarise_faults
from sme_research.tables.folder import Tables, check_folder, load_tables, tables_from_frames
from sme_research.tables.industries import industry_name
from sme_research.tables.reference import reference_path
from sme_research.tables.validity import are_in_force
from sme_research.tables.writing import write_tables

__all__ = [
    "TABLES",
    "Column",
    "Fault",
    "FaultsError",
    "Table",
    "Tables",
    "are_in_force",
    "are_valid",
    "area_name",
    "area_names",
    "check_character",
    "check_folder",
    "describe_faults",
    "have_shape",
    "industry_name",
    "legible",
    "load_tables",
    "make_codes",
    "normalise",
    "reference_path",
    "reporting_unit",
    "reporting_units",
    "summarise_faults",
    "tables_from_frames",
    "write_tables",
]
