"""Subsidised loans: one row a drawdown."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, MOST_MONEY, day, identifier, money, text
from sme_research.tables.declare import Column, Table

LEAST_AMOUNT: Final = 0.0001  # 万元: one yuan, so that an amount is always positive

TABLE: Final = Table(
    name="loans",
    label_zh="贴息贷款",
    label_en="Subsidised loans",
    key=("loan_id",),
    columns=(
        identifier("loan_id", "贷款编号", "Loan id", "One id a drawdown."),
        ENTERPRISE_ID,
        text("phase", "期次", "Phase", "Phase of the loan programme."),
        text("bank", "银行", "Bank", "Lending bank."),
        day("drawn_on", "放款日期", "Drawn on", "Day of the drawdown.", required=True),
        Column(
            name="amount",
            kind="number",
            label_zh="贷款金额",
            label_en="Amount",
            unit="万元",
            meaning="Amount drawn.",
            required=True,
            nullable=False,
            minimum=LEAST_AMOUNT,
            maximum=MOST_MONEY,
        ),
        Column(
            name="rate",
            kind="number",
            label_zh="贷款利率",
            label_en="Rate",
            unit="%",
            meaning="Yearly rate that the enterprise pays after the subsidy.",
            required=True,
            nullable=False,
            minimum=0,
            maximum=36,
        ),
        Column(
            name="subsidy_points",
            kind="number",
            label_zh="贴息点数",
            label_en="Subsidy points",
            unit="%",
            meaning="Percentage points of the rate that the subsidy takes over.",
            minimum=0,
            maximum=5,
        ),
        Column(
            name="term_days",
            kind="integer",
            label_zh="贷款天数",
            label_en="Term",
            unit="days",
            meaning="Agreed term of the loan.",
            minimum=1,
            maximum=3650,
        ),
        money("applied_amount", "申请金额", "Applied amount", "Amount asked for, before the cap of the programme."),
    ),
)
