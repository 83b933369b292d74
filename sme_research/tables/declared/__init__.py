"""The declared tables: every module of this folder holds one ``TABLE`` and is found by itself."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from sme_research.tables.declare import Table


def find_tables() -> dict[str, Table]:
    """Every declared table by name, in alphabetical order.

    Returns
    -------
    dict of str to Table

    Raises
    ------
    TypeError
        A module of this folder declares no ``TABLE``, or under another name than its own.
    """
    tables: dict[str, Table] = {}
    for module in pkgutil.iter_modules(__path__):
        declared = getattr(importlib.import_module(f"{__name__}.{module.name}"), "TABLE", None)
        if not isinstance(declared, Table) or declared.name != module.name:
            raise TypeError(f"{__name__}.{module.name} must declare TABLE = Table(name={module.name!r}, ...)")
        tables[module.name] = declared
    return tables


TABLES: Final[dict[str, Table]] = find_tables()
