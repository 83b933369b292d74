"""Which tables a report has read, by fingerprint, and whether they are made up."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from sme_research.errors import DataError
from sme_research.processes import SEAL_VARIABLE
from sme_research.study import Study
from sme_research.tables import TABLES, Tables

TRUTH = "truth.json"


def trace_tables(tables: Tables) -> dict[str, Any]:
    """Tables read so far with rows and SHA-256, as the factory's manifest keeps them."""
    made_up = tables.made_up
    key = os.environ.get(SEAL_VARIABLE, "")
    used = [_trace(name, tables, key) for name in tables.used]
    labels = {name: {"zh": TABLES[name].label_zh, "en": TABLES[name].label_en} for name in tables.used}
    files = [{"path": path.as_posix(), "sha256": seal(sha256, key)} for path, sha256 in tables.files.items()]
    return {
        "kind": "provenance",
        "made_up": made_up,
        "tables": used,
        "absent": list(tables.missed),
        "files": files,
        "labels": labels,
        "rounded": bool(key),
    }


def _trace(name: str, tables: Tables, key: str) -> dict[str, Any]:
    from sme_research.disclosure import coarse_count  # noqa: PLC0415  brings an optimiser, which few need

    n_rows = tables.n_rows(name)
    told = coarse_count(n_rows) if key else n_rows
    return {"name": name, "rows": told, "sha256": seal(tables.digest(name), key)}


def seal(sha256: str, key: str) -> str:
    """A table's hash as an edition shows it: as it is, or with a key, so that no guess at the table is confirmed."""
    if not key or not sha256:
        return sha256
    return hmac.new(bytes.fromhex(key), sha256.encode(), hashlib.sha256).hexdigest()


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
