"""Which tables a report has read, by fingerprint, and whether they are made up."""

from __future__ import annotations

import json
from typing import Any

from sme_research.errors import DataError
from sme_research.study import Study
from sme_research.tables import TABLES, Tables

TRUTH = "truth.json"


def trace_tables(tables: Tables) -> dict[str, Any]:
    """Tables read so far with rows and SHA-256, as the factory's manifest keeps them."""
    made_up = tables.made_up
    used = [{"name": name, "rows": tables.n_rows(name), "sha256": tables.digest(name)} for name in tables.used]
    labels = {name: {"zh": TABLES[name].label_zh, "en": TABLES[name].label_en} for name in tables.used}
    files = [{"path": path.as_posix(), "sha256": sha256} for path, sha256 in tables.files.items()]
    return {
        "kind": "provenance",
        "made_up": made_up,
        "tables": used,
        "absent": list(tables.missed),
        "files": files,
        "labels": labels,
    }


def planted_att(study: Study, tables: Tables) -> float | None:
    """Planted effect of a made-up province, in the outcome's unit; None where no truth is known."""
    if tables.folder is None:
        return None
    path = tables.folder / TRUTH
    tables.note_file(path)
    if not path.exists():
        return None
    try:
        truth = json.loads(path.read_text(encoding="utf-8"))
        att = truth.get(study.instrument, {}).get(study.outcome, {}).get("att")
        return None if att is None else float(att)
    except (ValueError, AttributeError, TypeError):
        raise DataError(
            f"{path.name} tells no truth of a made-up province; write it with: sme-research demo."
        ) from None
