"""From notebooks to published reports: plan, execute, render, publish, catalogue.

The factory knows a notebook only by its file: a ``parameters`` cell in, cells
and records out. Import from its modules; `run` is the way in.
"""

import sys


def _import_nbformat() -> None:
    """Import nbformat without a grammar of web addresses that jsonschema would compile for it.

    It takes 1.6 s in every process and serves a check that notebooks do not need.
    """
    grammar = "rfc3987_syntax"
    if grammar in sys.modules:
        return
    sys.modules[grammar] = None  # type: ignore[assignment]
    try:
        import nbformat  # noqa: F401, PLC0415
    finally:
        del sys.modules[grammar]


_import_nbformat()
