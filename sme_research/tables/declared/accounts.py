"""Yearly accounts: one row an enterprise and year."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, calendar_year, may_be_negative, money, persons
from sme_research.tables.declare import Column, Table

TABLE: Final = Table(
    name="accounts",
    label_zh="年度经营",
    label_en="Yearly accounts",
    key=("enterprise_id", "year"),
    columns=(
        ENTERPRISE_ID,
        calendar_year("Calendar year of the accounts."),
        money("revenue", "营业收入", "Revenue", "Operating revenue of the year.", required=True),
        money("main_revenue", "主营业务收入", "Main business revenue", "Revenue of the main business."),
        may_be_negative(money("profit", "利润总额", "Profit", "Total profit; a loss is negative.")),
        may_be_negative(money("tax", "税收", "Tax", "Tax paid less tax refunded in the year.")),
        persons("employees", "从业人数", "Employees", "Staff at the end of the year.", required=True),
        money("assets", "资产总额", "Assets", "Total assets at the end of the year."),
        money("liabilities", "负债总额", "Liabilities", "Total liabilities at the end of the year."),
        money("loan_balance", "贷款余额", "Loan balance", "Bank loans outstanding at the end of the year."),
        money("fixed_assets", "固定资产", "Fixed assets", "Fixed assets at the end of the year."),
        money("rd_expense", "研发费用", "R&D expense", "Expense on research and development."),
        persons("rd_staff", "研发人员", "R&D staff", "Staff in research and development."),
        money("exports", "出口额", "Exports", "Value of exports in the year."),
        Column(
            name="scrap_rate",
            kind="number",
            label_zh="废品率",
            label_en="Scrap rate",
            unit="%",
            meaning="Items scrapped of a hundred produced in the year.",
            minimum=0,
            maximum=100,
        ),
        Column(
            name="above_scale",
            kind="boolean",
            label_zh="规上",
            label_en="Above designated size",
            unit="1 or 0",
            meaning="Industry above designated size in the year: main revenue of 2,000 万元 or more.",
        ),
    ),
)
