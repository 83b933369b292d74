"""A small province of six enterprises, as frames and as a folder of canonical CSV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sme_research.tables import make_codes, write_tables

N = 6


def small_frames() -> dict[str, pd.DataFrame]:
    ids = pd.Series(make_codes("350199", np.arange(N)), dtype="str")
    enterprises = pd.DataFrame(
        {
            "enterprise_id": ids,
            "name": [f"虚构企业{number}号" for number in range(N)],
            "city_code": ["350100", "350200", "350500", "350600", "350900", "350100"],
            "county_code": ["350128", "350203", "350582", None, "350981", "350102"],
            "industry_code": ["3612", "39", "181", "0111", "3912", "65"],
            "founded_on": pd.Timestamp("2001-02-03"),
            "ownership": "private",
            "listed_on": [pd.Timestamp("2020-05-06"), *[pd.NaT] * (N - 1)],
        }
    )
    accounts = pd.DataFrame(
        {
            "enterprise_id": ids.repeat(2).reset_index(drop=True),
            "year": [2022, 2023] * N,
            "revenue": [1234.5 + 100 * row for row in range(2 * N - 1)] + [np.nan],
            "employees": pd.array([*range(50, 50 + 2 * N - 1), None], dtype="Int64"),
            "profit": [-12.25] * (2 * N),
            "above_scale": pd.array([True, False] * N, dtype="boolean"),
        }
    )
    loans = pd.DataFrame(
        {
            "loan_id": ["L1", "L2", "L3"],
            "enterprise_id": ids[[0, 1, 1]].to_list(),
            "phase": ["1", "1", "2"],
            "bank": "甲银行",
            "drawn_on": pd.to_datetime(["2024-01-31", "2024-02-29", "2025-03-01"]),
            "amount": [1278.0, 500.5, 2000.0],
            "rate": [2.29, 2.45, 1.78],
            "term_days": [360, 180, 365],
        }
    )
    recognitions = pd.DataFrame(
        {
            "enterprise_id": ids[[0, 1, 2]].to_list(),
            "tier": ["innovative", "srdi", "little_giant"],
            "granted_on": pd.Timestamp("2022-11-30"),
            "expires_on": pd.Timestamp("2098-11-30"),
        }
    )
    training = pd.DataFrame(
        {
            "session_id": ["S1", "S1"],
            "enterprise_id": ids[[0, 3]].to_list(),
            "held_on": pd.Timestamp("2023-06-01"),
            "participants": [3, 1],
        }
    )
    clusters = pd.DataFrame(
        {
            "cluster_id": ["K1"],
            "name": ["虚构集群"],
            "level": ["national"],
            "designated_on": [pd.Timestamp("2022-12-01")],
            "county_code": ["350582"],
            "industry_code": ["1951"],
        }
    )
    members = pd.DataFrame(
        {"cluster_id": ["K1"], "enterprise_id": [ids[2]], "joined_on": [pd.Timestamp("2023-01-01")]}
    )
    return {
        "enterprises": enterprises,
        "accounts": accounts,
        "loans": loans,
        "recognitions": recognitions,
        "training": training,
        "clusters": clusters,
        "cluster_members": members,
    }


@pytest.fixture
def frames() -> dict[str, pd.DataFrame]:
    return small_frames()


@pytest.fixture
def folder(tmp_path: Path, frames: dict[str, pd.DataFrame]) -> Path:
    place = tmp_path / "data"
    write_tables(frames, place)
    return place
