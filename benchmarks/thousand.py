"""A thousand small notebooks through the factory: no hang, no leak, no mixed-up output.

Each notebook prints and records a number of its own. Measured are the seconds,
the memory of the process that plans and publishes after the first tenth and at
the end, and that every report says its own number and no other.
Use: python benchmarks/thousand.py [--notebooks 1000]
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

from sme_research.factory import run
from sme_research.factory.run import RunRequest, run_reports

RECORD = "application/vnd.sme-research.record+json"


def write_notebook(path: Path, number: int) -> None:
    """A report that says its number in its text, its variable and its finding."""
    parameters = new_code_cell('lang: str = "zh"', metadata={"tags": ["parameters"]})
    provenance = {"kind": "provenance", "made_up": True, "tables": []}
    label = {"zh": "第", "en": "Number"}
    finding = {"kind": "finding", "instrument": "training", "instrument_label": label}
    finding |= {"outcome": "log_revenue", "outcome_label": label, "estimand": "ATT", "unit": "log points"}
    finding |= {"estimate": number, "std_error": 1, "ci_low": number - 2, "ci_high": number + 2, "level": 0.95}
    finding |= {"n_enterprises": 99, "n_treated": 49, "headline": label, "checks": []}
    finding["grade"] = {"sms_level": 3, "wording": "effect"}
    first = new_code_cell(f"assert 'seen' not in globals()\nseen = {number}")
    show = new_code_cell(
        "from IPython.display import publish_display_data as show\n"
        f"print(f'number <{{seen}}>')\nshow({{{RECORD!r}: {finding!r}}})\nshow({{{RECORD!r}: {provenance!r}}})"
    )
    notebook = new_notebook(cells=[parameters, first, show])
    title = {"zh": f"第 {number} 号", "en": f"Number {number}"}
    notebook.metadata["sme_research"] = {"report": path.stem, "title": title, "languages": ["en"]}
    nbformat.write(notebook, path)


def memory_mib() -> float:
    """Resident memory of this process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notebooks", type=int, default=1_000)
    parser.add_argument("--json", type=Path, help="write the figures there")
    asked = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="sme-thousand-"))
    samples: list[float] = []
    settle = run._settle

    def watched(*given: Any, **named: Any) -> Any:
        samples.append(memory_mib())
        return settle(*given, **named)

    run._settle = watched
    try:
        (root / "notebooks").mkdir()
        for number in range(asked.notebooks):
            write_notebook(root / f"notebooks/n{number:04}.ipynb", number)
        request = RunRequest((root / "notebooks",), root / "reports", formats=("html",))
        began = time.monotonic()
        outcome = run_reports(request, progress=True)
        seconds = time.monotonic() - began
        if outcome.failed:
            sys.exit(f"{len(outcome.failed)} failed, first: {outcome.failed[0]}")
        for report in outcome.published:
            number = int(report.slug[1:5])
            page = (report.path / "index.html").read_text(encoding="utf-8")
            assert re.findall(r"number &lt;(\d+)&gt;", page) == [str(number)], report.slug
            findings = json.loads((report.path / "findings.json").read_text(encoding="utf-8"))["findings"]
            assert [finding["estimate"] for finding in findings] == [number], report.slug
        early, late = samples[len(samples) // 10], samples[-1]
        began = time.monotonic()
        again = run_reports(request, progress=False)
        unchanged = time.monotonic() - began
        assert len(again.fresh) == asked.notebooks
        print(
            f"{asked.notebooks} notebooks in {seconds:.0f} s, each says its own number; unchanged {unchanged:.1f} s"
        )
        print(
            f"memory of the parent {early:.0f} MiB after a tenth, {late:.0f} MiB at the end: {late / early - 1:+.1%}"
        )
        if asked.json:
            figures = {"seconds": seconds, "early_mib": early, "late_mib": late, "unchanged": unchanged}
            asked.json.write_text(json.dumps(figures, indent=1))
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
