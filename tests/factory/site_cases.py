"""Sites for tests, made of small runs that are published without any notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sme_research.factory.catalogue import write_index
from sme_research.factory.manifest import (
    MANIFEST_NAME,
    CodeVersion,
    Environment,
    Manifest,
    Reached,
    TableUsed,
    sha256_of,
)
from sme_research.factory.publish import keep_failure, publish, publishing, session
from sme_research.factory.site.histories import failures_folder
from sme_research.factory.site.layout import FAILURE_NAME

PAGE = (
    "<!DOCTYPE html><html lang='{lang}'><head><meta charset='utf-8'><title>{title}</title></head><body></body></html>"
)
NAMES = {
    "loan_subsidy": ("贷款贴息", "Loan subsidy"),
    "training": ("培训", "Training"),
    "award": ("奖励", "Award"),
}


def finding(instrument: str = "loan_subsidy", estimate: float = 0.062, **changes: Any) -> dict[str, Any]:
    """A finding as an evaluation records it, less its long lists."""
    zh, en = NAMES.get(instrument, (instrument, instrument))
    low, high = estimate - 0.035, estimate + 0.035
    made = {
        "kind": "finding",
        "instrument": instrument,
        "outcome": "log_revenue",
        "estimand": "ATT",
        "estimate": estimate,
        "std_error": 0.0179,
        "ci_low": low,
        "ci_high": high,
        "level": 0.95,
        "unit": "log points",
        "n_enterprises": 1376,
        "n_treated": 693,
        "checks": [{"name": "pretrends", "verdict": "pass"}, {"name": "balance", "verdict": "warn"}],
        "grade": {"sms_level": 3, "wording": "effect", "reasons": []},
        "instrument_label": {"zh": zh, "en": en},
        "outcome_label": {"zh": "营业收入", "en": "revenue"},
        "headline": {
            "zh": f"若平行趋势等假设成立，{zh}使参加企业的营业收入平均提高{estimate:.1%}。",
            "en": f"If the assumption holds, {en.lower()} raised revenue by {estimate:.1%} on average.",
        },
    }
    return {**made, **changes}


def manifest(day: int = 1, language: str = "zh", *, instrument: str = "loan_subsidy", **changes: Any) -> Manifest:
    """Manifest of the run of one day of November 2026."""
    zh, en = NAMES.get(instrument, (instrument, instrument))
    made = {
        "run_id": f"202611{day:02}T010000Z-{day:06x}",
        "slug": f"effect-{instrument}-{language}",
        "family": f"effect-{instrument}",
        "report": "effect",
        "group": {"zh": "政策工具评估", "en": "Effects of instruments"}[language],
        "title": {"zh": f"{zh}与营业收入：评估报告", "en": f"{en} and revenue: an evaluation"}[language],
        "language": language,
        "notebook": "20_effect.ipynb",
        "notebook_sha256": "0" * 64,
        "parameters": {"instrument": instrument, "outcome": "log_revenue", "comparison": "not_yet_treated"},
        "made_up": True,
        "tables": [TableUsed(name="accounts", rows=5980, sha256="ab" * 32)],
        "code": CodeVersion(package="0.1.0", commit="c" * 40, dirty=False, source_sha256="d" * 64),
        "reached": Reached(code="a" * 64, texts="b" * 64, reference="c" * 64, template="d" * 64),
        "environment": Environment(python="3.11.7", packages_sha256="e" * 64, lock_sha256="f" * 64),
        "seed": 0,
        "started_at": f"2026-11-{day:02}T01:00:00.000001+00:00",
        "duration_s": 20.5,
        "content_sha256": f"{day:064x}",
    }
    return Manifest(**{**made, **changes})


def stage(folder: Path, made: Manifest, findings: list[dict[str, Any]]) -> Path:
    """The finished folder of a run, ready to publish."""
    staged = folder / made.run_id / made.slug
    staged.mkdir(parents=True)
    (staged / "index.html").write_text(PAGE.format(lang=made.language, title=made.title), encoding="utf-8")
    (staged / "notebook.ipynb").write_text("{}")
    (staged / "findings.json").write_text(json.dumps(findings, ensure_ascii=False), encoding="utf-8")
    outputs = {path.name: sha256_of(path) for path in sorted(staged.iterdir())}
    content = made.model_copy(update={"outputs": outputs}).model_dump_json(indent=1)
    (staged / MANIFEST_NAME).write_text(content, encoding="utf-8")
    return staged


def publish_runs(reports: Path, *runs: tuple[Manifest, list[dict[str, Any]]]) -> None:
    """Publish runs in one session, and the pages once."""
    with session(reports) as staging, publishing(reports):
        for made, findings in runs:
            publish(stage(staging, made, findings), reports, made.slug, made.run_id)
        write_index(reports)


def fail_run(reports: Path, made: Manifest, *, text: str = "DataError: accounts.csv, row 4: revenue is -3") -> None:
    """Keep a failed attempt."""
    with session(reports) as staging, publishing(reports):
        folder = staging / "failed"
        folder.mkdir()
        record = {
            "title": made.title,
            "language": made.language,
            "started_at": made.started_at,
            "cell": 3,
            "text": text,
        }
        (folder / FAILURE_NAME).write_text(json.dumps(record))
        keep_failure(folder, failures_folder(reports), made.slug, made.run_id)
        write_index(reports)
