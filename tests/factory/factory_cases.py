"""Tiny notebooks for the factory's tests, written to a temporary folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

RECORD = "application/vnd.sme-research.record+json"
# A transparent pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
PROVENANCE = {
    "kind": "provenance",
    "made_up": True,
    "tables": [{"name": "accounts", "rows": 12, "sha256": "ab" * 32}],
}
FINDING = {
    "kind": "finding",
    "instrument": "training",
    "instrument_label": {"zh": "培训", "en": "Training"},
    "outcome": "log_revenue",
    "outcome_label": {"zh": "营业收入", "en": "Revenue"},
    "estimand": "ATT",
    "headline": {"zh": "营业收入高 6%。", "en": "Revenue is 6% higher."},
    "effect": {"estimate": 0.059, "std_error": 0.0194, "ci_low": 0.021, "ci_high": 0.097, "level": 0.95}
    | {"unit": "log points", "n_enterprises": 1376, "n_treated": 693},
    "checks": [{"name": "pretrends", "verdict": "pass"}],
    "grade": {"sms_level": 4, "wording": "effect"},
}
PARAMETERS = 'lang: str = "zh"\nword: str = "a"  # what to say\nseed: int = 3'


def code(source: str, *tags: str):
    return new_code_cell(source, metadata={"tags": list(tags)})


def text(source: str, *tags: str):
    return new_markdown_cell(source, metadata={"tags": list(tags)})


def records(*shown: dict[str, Any]):
    lines = ["from IPython.display import publish_display_data as show"]
    lines += [f"show({{{RECORD!r}: {record!r}, 'text/plain': 'hidden' + ' repr'}})" for record in shown]
    return code("\n".join(lines))


def write(path: Path, *cells: Any, parameters: str = PARAMETERS, meta: dict[str, Any] | None = None) -> Path:
    """A notebook that is a report, with the given cells after its parameters."""
    own = {"report": path.stem, "title": {"zh": "标题 {word}", "en": "Title {word}"}, "languages": ["en"]}
    notebook = new_notebook(cells=[code(parameters, "parameters"), *cells])
    notebook.metadata["sme_research"] = {**own, **(meta or {})}
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path
