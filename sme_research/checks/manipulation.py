"""Do reported figures gather just over a rule's threshold? (threat: figures made to fit)."""

from __future__ import annotations

from typing import Any

from sme_research.checks._judging import DOUBT, holm, judge_p, not_applicable
from sme_research.results import Check, Estimation


def check_manipulation(estimation: Estimation) -> Check:
    """Tests that the density of reported figures does not jump at the rules' thresholds.

    It speaks to designs that compare both sides of a threshold, and to reported
    figures used as covariates; it says nothing against a comparison over time
    that uses neither.

    Returns
    -------
    Check
        ``p_value`` is the smallest one, adjusted by Holm over the thresholds:
        fail where p < 0.01, warn where p < 0.05; ``statistic`` belongs to it.
        ``table`` names every threshold. Not applicable without a density.

    References
    ----------
    McCrary (2008), Journal of Econometrics 142(2); Cattaneo, Jansson and Ma (2020), JASA 115(531).
    """
    densities = estimation.densities
    if not densities:
        return not_applicable("manipulation")
    adjusted = holm([density.p_value for density in densities])
    table: tuple[dict[str, Any], ...] = tuple(
        {
            "threshold": density.name,
            "label": dict(density.label),
            "at": density.threshold,
            "unit": density.unit,
            "statistic": density.statistic,
            "p_value": density.p_value,
            "p_adjusted": float(p_value),
            "n_below": density.n_below,
            "n_above": density.n_above,
        }
        for density, p_value in zip(densities, adjusted, strict=True)
    )
    lowest = min(table, key=lambda row: (row["p_adjusted"], row["p_value"]))
    values = {
        "n_thresholds": float(len(densities)),
        "n_jumps": float((adjusted < DOUBT).sum()),
        "threshold": float(lowest["at"]),
    }
    p_value = float(lowest["p_adjusted"])
    return Check("manipulation", judge_p(p_value), float(lowest["statistic"]), p_value, values=values, table=table)
