"""The reserve pool: who may become a little giant, by the account's rule, gate by gate, and by chance."""

from __future__ import annotations

from sme_research.programme.pool.chance import Calibration, ChanceModel, fit_chance
from sme_research.programme.pool.screening import Pool, PoolCounts, count_pool, screen_pool
from sme_research.programme.pool.worklist import write_worklist

__all__ = [
    "Calibration",
    "ChanceModel",
    "Pool",
    "PoolCounts",
    "count_pool",
    "fit_chance",
    "screen_pool",
    "write_worklist",
]
