"""Records that an executed notebook hands to the factory beside what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sme_research.errors import FactoryError
from sme_research.factory.manifest import FileUsed, TableUsed

RECORD_MIMETYPE = "application/vnd.sme-research.record+json"


class Provenance(BaseModel):
    """What a report says of its data; further keys are kept out of the manifest."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    made_up: bool
    tables: list[TableUsed]
    absent: list[str] = Field(default_factory=list)
    files: list[FileUsed] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Records:
    """The one provenance record of a report and its findings, in order."""

    provenance: Provenance
    findings: tuple[dict[str, Any], ...]


def collect_records(notebook: NotebookNode, name: str) -> Records:
    """Take the records out of an executed notebook.

    Raises
    ------
    FactoryError
        Not exactly one provenance record, or a record that cannot be understood.
    """
    findings: list[dict[str, Any]] = []
    provenances: list[Provenance] = []
    for number, cell in enumerate(notebook.cells, start=1):
        for record in _records_of(cell):
            kind = record.get("kind")
            if kind == "finding":
                findings.append(_finite(record))
            elif kind == "provenance":
                provenances.append(_provenance(record, f"{name}, cell {number}"))
            else:
                raise FactoryError(
                    f"{name}, cell {number}: record kind {kind!r} is not known; choose 'finding' or 'provenance'."
                )
    if len(provenances) != 1:
        raise FactoryError(
            f"{name}: {len(provenances)} provenance records, must be one; "
            "end the notebook with one cell that shows the provenance of its tables."
        )
    return Records(provenances[0], tuple(findings))


def _records_of(cell: NotebookNode) -> list[dict[str, Any]]:
    found = [output.get("data", {}).get(RECORD_MIMETYPE) for output in cell.get("outputs", [])]
    return [record for record in found if isinstance(record, dict)]


def _provenance(record: dict[str, Any], place: str) -> Provenance:
    try:
        return Provenance.model_validate(record)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FactoryError(f"{place}: provenance record, {where}: {first['msg']}.") from None


def _finite(value: Any) -> Any:
    """JSON has no NaN or infinity: both become null."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
