"""The factory against a loop of papermill and nbconvert over the same 24 effect reports, in one run.

Three instruments, four outcomes, two languages; HTML only. Wall time and CPU
seconds (with all children) of both, then of an unchanged second run and of a
run after one table has changed. Use: python benchmarks/factory.py [--quick]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
INSTRUMENTS = ("training", "loan_subsidy", "cluster_membership")
OUTCOMES = ("log_revenue", "log_employees", "rd_intensity", "profit_margin")
LANGUAGES = ("zh", "en")


def timed(*commands: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of commands run one after the other."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return ended - began, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def loop(notebook: Path, data: Path, out: Path, questions: list[tuple[str, str]]) -> tuple[float, float]:
    """papermill, then nbconvert, report after report."""
    commands = []
    for (instrument, outcome), language in itertools.product(questions, LANGUAGES):
        made = out / f"{instrument}-{outcome}-{language}.ipynb"
        asked = {"instrument": instrument, "outcome": outcome, "lang": language, "data": str(data)}
        given = [part for name, value in asked.items() for part in ("-p", name, value)]
        papermill = [str(BIN / "papermill"), str(notebook), str(made), *given, "--no-progress-bar", "-k", "python3"]
        commands += [papermill, [str(BIN / "jupyter"), "nbconvert", "--to", "html", str(made)]]
    return timed(*commands)


def with_matrix(notebook: Path, folder: Path, instruments: list[str], outcomes: list[str]) -> Path:
    """The same notebook, asked for these instruments and outcomes."""
    content = nbformat.read(notebook, as_version=4)
    content.metadata["sme_research"]["matrix"] = {"instrument": instruments, "outcome": outcomes}
    path = folder / notebook.name
    nbformat.write(content, path)
    return path


def change_table(data: Path, name: str) -> None:
    """The same rows in another order of bytes: a change that every reader must notice."""
    (path,) = [file for file in data.iterdir() if file.stem == name]
    path.write_bytes(path.read_bytes().rstrip(b"\n"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one instrument and two outcomes: 4 reports")
    parser.add_argument("--enterprises", type=int, default=6_000)
    parser.add_argument("--json", type=Path, help="write the figures there")
    asked = parser.parse_args()
    instruments, outcomes = (INSTRUMENTS[:1], OUTCOMES[:2]) if asked.quick else (INSTRUMENTS, OUTCOMES)
    questions = list(itertools.product(instruments, outcomes))
    command = str(BIN / "sme-research")
    folder = Path(tempfile.mkdtemp(prefix="sme-bench-"))
    try:
        data, loops = folder / "data", folder / "loop"
        loops.mkdir()
        timed([command, "demo", "--enterprises", str(asked.enterprises), "--out", str(data)])
        notebook = with_matrix(ROOT / "notebooks/20_effect.ipynb", folder, list(instruments), list(outcomes))
        run = [command, "run", str(notebook), "--data", str(data), "--reports", str(folder / "reports")]
        run += ["--format", "html"]
        figures = {"factory": timed(run)}
        made = len(list((folder / "reports").glob("*/*/index.html")))
        assert made == len(questions) * len(LANGUAGES), f"{made} reports were made"
        figures["unchanged"] = timed(run)
        change_table(data, "training")
        figures["one table changed"] = timed(run)
        remade = len(list((folder / "reports").glob("*/*/index.html"))) - made
        readers = sum("training" in _tables(path) for path in (folder / "reports").glob("*/*/manifest.json")) - remade
        figures["papermill + nbconvert"] = loop(notebook, data, loops, questions)
        ratio = [slow / fast for slow, fast in zip(figures["papermill + nbconvert"], figures["factory"], strict=True)]
        print(f"{made} reports of {asked.enterprises:,} enterprises, {os.cpu_count()} processors")
        for name, (wall, cpu) in figures.items():
            print(f"{name:<24} {wall:8.1f} s wall {cpu:8.1f} s CPU")
        print(f"ratio                    {ratio[0]:8.1f}   wall {ratio[1]:8.1f}   CPU")
        print(f"one table changed: {remade} remade, read by {readers}")
        if asked.json:
            asked.json.write_text(json.dumps({"figures": figures, "ratio": ratio, "remade": remade}, indent=1))
    finally:
        shutil.rmtree(folder)


def _tables(manifest: Path) -> list[str]:
    return [table["name"] for table in json.loads(manifest.read_text(encoding="utf-8"))["tables"]]


if __name__ == "__main__":
    main()
