"""A diagnosis as one object for machines: names as the code has them, numbers in their units, null for unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sme_research.programme.diagnosis.records import Change, Diagnosis, GateStatus, Path, ScoreStatus, TierStatus


def diagnosis_to_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """Everything that the record holds, without the peers' own values."""
    subject = diagnosis.subject
    return {
        "kind": "diagnosis",
        "enterprise_id": subject.enterprise_id or None,
        "on": diagnosis.on.isoformat(),
        "occasion": diagnosis.occasion,
        "industry": subject.industry or None,
        "size": subject.size or None,
        "held": list(subject.held),
        "peers": {
            "basis": diagnosis.peers.basis,
            "industry": diagnosis.peers.industry or None,
            "size": diagnosis.peers.size or None,
            "n": diagnosis.peers.n,
        },
        "inputs": {
            standing.metric.name: {
                "value": standing.value,
                "unit": standing.metric.unit,
                "group": standing.metric.group,
                "source": standing.source or None,
                "year": standing.year,
                "percentile": standing.percentile,
                "quartiles": [standing.low_quartile, standing.median, standing.high_quartile],
                "n_peers": standing.n_peers,
            }
            for standing in diagnosis.standings
        },
        "tiers": [_tier(tier) for tier in diagnosis.tiers],
    }


def _tier(tier: TierStatus) -> dict[str, Any]:
    return {
        "tier": tier.rules.tier,
        "rule_set": tier.rules.rule_set,
        "applies": tier.applies,
        "status": tier.status,
        "score": None if tier.score_low is None else [tier.score_low, tier.score_high],
        "gates": [_gate(gate) for gate in tier.gates],
        "scored": [_score(entry) for entry in tier.scored],
        "asked": [
            {"metric": one.metric.name, "gates": list(one.gates), "required": one.required} for one in tier.asked
        ],
        "paths": [_path(path) for path in tier.paths],
        "unavoidable": [metric.name for metric in tier.unavoidable],
        "still_unmet": tier.still_unmet,
    }


def _gate(gate: GateStatus) -> dict[str, Any]:
    return {
        "id": gate.id,
        "label": dict(gate.label),
        "status": gate.status,
        "reason": None if gate.reason is None else dict(gate.reason),
        "parts": [
            {
                "metric": part.metric.name,
                "value": part.value,
                "op": part.op,
                "threshold": part.threshold,
                "short": part.short,
                "unit": part.metric.unit,
                "status": part.status,
                "source": part.source or None,
                "year": part.year,
            }
            for part in gate.parts
        ],
    }


def _score(entry: ScoreStatus) -> dict[str, Any]:
    following: Mapping[str, Any] | None = None
    if entry.next_metric is not None:
        following = {"metric": entry.next_metric, "value": entry.next_value, "points": entry.next_points}
    return {
        "id": entry.id,
        "label": dict(entry.label),
        "status": entry.status,
        "points": [entry.low, entry.high],
        "most": entry.most,
        "next": following,
    }


def _path(path: Path) -> dict[str, Any]:
    return {
        "titles": [_change(change) for change in path.titles],
        "changes": [_change(change) for change in path.changes],
        "fill_in": [_change(change) for change in path.fill_in],
        "effort": path.effort,
        "judged": path.judged,
    }


def _change(change: Change) -> dict[str, Any]:
    return {
        "metric": change.metric.name,
        "present": change.present,
        "needed": change.needed,
        "unit": change.metric.unit,
        "nature": change.nature,
        "implies": dict(change.implies),
    }
