"""What programs read is published: the JSON of every command keeps to its schema in docs/schema, and no looser."""

import json
import re
import sys
from pathlib import Path

import click
import jsonschema
import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from sme_research.cli import cli
from sme_research.factory.feed import feed_schema
from sme_research.factory.findings import findings_schema
from sme_research.factory.schedule import work
from sme_research.programme.diagnosis import write_form
from sme_research.synthetic import WorldSpec, write_province

sys.path.insert(0, str(Path(__file__).parent / "factory"))
sys.path.insert(0, str(Path(__file__).parent / "factory" / "schedule"))
from schedule_cases import STAND_IN, Office
from site_cases import finding, manifest, publish_runs

SCENARIO = """
name = "one-measure"
first_year = 2025
budget = [300.0]
rules = "cn-2022-63"
draws = 50
title = { zh = "试", en = "Try" }
[measures.training]
cost = 2.0
"""
REPOSITORY = Path(__file__).parents[1]
SCHEMAS = REPOSITORY / "docs" / "schema"
OWNED = {"findings-1": findings_schema, "findings-feed-1": feed_schema}
SLUG = "effect-loan_subsidy-zh"

# Command line by name of the case; the schema is the command's own. Words in braces are paths of `world`.
CASES = {
    "effect": "effect --data {data} --instrument training --json",
    "effect, few clusters": "effect --data {data} --instrument cluster_membership --covariates '' --json",
    "plan": "plan {notebooks}/20_effect.ipynb --data {fewer} --reports {root}/none --json",
    "compare": f"compare {SLUG} --reports {{reports}} --json",
    "compare, other estimates": f"compare {SLUG} effect-training-zh --reports {{reports}} --json",
    "verify": "verify --reports {reports} --json",
    "verify, damaged": "verify --reports {damaged} --json",
    "monitor": "monitor {data} --json",
    "monitor, public": "monitor {data} --edition public --json",
    "reconcile": "reconcile {data} --json",
    "reconcile, public": "reconcile {data} --edition public --json",
    "screen": "screen {data} --json",
    "screen, with a model": "screen {larger} --json",
    "screen, public": "screen {larger} --edition public --json",
    "diagnose": "diagnose {enterprise} --data {data} --json",
    "diagnose, form": "diagnose --form {form} --on 2026-06-30 --json",
    "runs": "runs --config {workbench} --json",
    "health": "health --config {workbench} --json",
    "allocate": "allocate {scenario} --data {larger} --json",
    "findings": "findings --reports {reports}",
    "findings, damaged": "findings --reports {damaged} --since 2026-11-01",
}
SCHEMA_OF = {"findings": "findings-feed-1"}
# What a case is there for: a part of its answer that must not be empty.
SHOWS = {
    "effect, few clusters": lambda told: told["inferences"],
    "plan": lambda told: {entry["do"] for entry in told["reports"]} == {"new", "left out"},
    "compare": lambda told: told["estimates"][1]["old"] is None and told["estimates"][0]["checks"],
    "compare, other estimates": lambda told: told["causes"],
    "verify, damaged": lambda told: told["faults"],
    "monitor, public": lambda told: {row["status"] for row in told["series"]} == {"known", "unknown", "withheld"},
    "reconcile, public": lambda told: any(figure["withheld"] for figure in told["figures"]),
    "screen, with a model": lambda told: told["model"] and told["candidates"],
    "screen, public": lambda told: told["model"] and "candidates" not in told,
    "allocate": lambda told: told["segments"] and told["measures"][0]["money"] == [300.0],
    "diagnose": lambda told: any(tier["paths"] for tier in told["tiers"]),
    "diagnose, form": lambda told: told["inputs"]["revenue"]["value"] == 1_200 and told["enterprise_id"] is None,
    "runs": lambda told: {run["status"] for run in told["runs"]} == {"done", "failed"},
    "health": lambda told: told["jobs"][0]["last_done"] and told["jobs"][0]["faults"],
    "findings, damaged": lambda told: told["unread"] and told["findings"],
}
MAY_FAIL = {"verify, damaged", "findings, damaged", "health"}


@pytest.fixture(scope="module")
def world(small_folder, tmp_path_factory) -> dict[str, str]:
    """Paths that the cases read."""
    root = tmp_path_factory.mktemp("schemas")
    register = pd.read_csv(small_folder / "enterprises.csv", dtype=str)
    (root / "fewer").mkdir()
    for name in ("enterprises", "accounts", "training", "recognitions"):
        (root / f"fewer/{name}.csv").write_bytes((small_folder / f"{name}.csv").read_bytes())
    write_province(WorldSpec(n_enterprises=1_500), root / "larger")
    (root / "scenario.toml").write_text(SCENARIO, encoding="utf-8")
    for name in ("reports", "damaged"):
        publish_runs(
            root / name,
            (manifest(1), [finding()]),
            (manifest(2, parameters={"instrument": "award"}), [finding(estimate=0.05, checks=[]), finding("award")]),
            (manifest(1, instrument="training"), [finding("training", std_error=None)]),
        )
    (root / "damaged" / SLUG / manifest(2).run_id / "findings.json").write_text("[]")
    (root / "office").mkdir()
    paths = {name: str(root / name) for name in ("fewer", "larger", "reports", "damaged")}
    paths["scenario"] = str(root / "scenario.toml")
    return paths | {
        "root": str(root),
        "data": str(small_folder),
        "notebooks": str(REPOSITORY / "notebooks"),
        "enterprise": register["enterprise_id"].iloc[3],
        "form": str(filled_form(root / "form.xlsx")),
        "workbench": str(office(root / "office").config),
    }


def filled_form(path: Path) -> Path:
    """A form that knows an enterprise's revenue and nothing else."""
    write_form(path, "en")
    book = openpyxl.load_workbook(path)
    for row in book["Economic benefit"].iter_rows(min_row=4):
        if row[0].value == "revenue":
            row[2].value = 1_200
    book.save(path)
    return path


def office(root: Path) -> Office:
    """A workbench with a run that was done and one that failed."""
    office = Office(root).write()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "PROGRAM", (sys.executable, "-c", STAND_IN))
        office.clock.set("2024-10-01 12:00")
        office.look()
        office.clock.set("2024-10-26 04:00")
        office.look()
        office.do("raise SystemExit(1)")
        office.clock.set("2024-11-26 04:00")
        office.look()
    return office


def command_of(case: str) -> str:
    return case.partition(",")[0]


def schema(name: str) -> dict:
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))


def commands_with_json(group: click.Group = cli, within: str = "") -> set[str]:
    found = set()
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands_with_json(command, f"{within}{name}-")
        elif any("--json" in option.opts for option in command.params):
            found.add(f"{within}{name}")
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_json_of_a_command_keeps_to_its_schema_and_no_field_may_come_or_go(world, case):
    arguments = [part.format(**world).strip("'") for part in CASES[case].split()]
    answer = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert answer.exit_code == 0 or case in MAY_FAIL, answer.stderr
    told = json.loads(answer.stdout)
    assert SHOWS.get(case, bool)(told)
    validator = jsonschema.Draft202012Validator(schema(SCHEMA_OF.get(command_of(case), command_of(case))))
    assert [f"{fault.json_path}: {fault.message[:200]}" for fault in validator.iter_errors(told)] == []
    short = {name: part[:2] if isinstance(part, list) else part for name, part in told.items()}
    assert validator.is_valid(short)
    assert not validator.is_valid({**short, "unforeseen": 1})
    for name in short:
        assert not validator.is_valid({key: part for key, part in short.items() if key != name}), name


def test_every_command_that_prints_json_has_a_schema_and_a_case():
    commands = commands_with_json()
    assert {"effect", "health", "diagnose"} <= commands
    assert {name for name in commands if not (SCHEMAS / f"{name}.schema.json").is_file()} == set()
    assert commands <= {command_of(case) for case in CASES}


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_a_schema_is_one_of_its_draft_and_leaves_no_object_open(path):
    content = schema(path.name.removesuffix(".schema.json"))
    jsonschema.Draft202012Validator.check_schema(content)
    assert content["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert re.fullmatch(r"urn:sme-research:schema:[a-z-]+:\d+", content["$id"])
    waiting = [content]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get("type") == "object" or "object" in (node.get("type") or ()):
                assert "additionalProperties" in node, node
                assert node["additionalProperties"] is False or "properties" not in node, node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


@pytest.mark.parametrize("name", OWNED)
def test_a_schema_that_a_model_owns_is_published_as_the_model_has_it(name):
    assert schema(name) == OWNED[name](), "write it with: python docs/schema/write.py"
