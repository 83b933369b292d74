"""Recognition awards: one row a payment."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import ENTERPRISE_ID, day, identifier, money, must_be_there, one_of, text
from sme_research.tables.declare import Table
from sme_research.tables.declared.recognitions import TIERS

PAYERS: Final = ("province", "city")

TABLE: Final = Table(
    name="awards",
    label_zh="奖励",
    label_en="Awards",
    key=("award_id",),
    columns=(
        identifier("award_id", "奖励编号", "Award id", "One id a payment."),
        ENTERPRISE_ID,
        one_of(text("tier", "认定层级", "Tier", "Title that the award is paid for."), TIERS),
        day("paid_on", "发放日期", "Paid on", "Day of the payment.", required=True),
        must_be_there(money("amount", "奖励金额", "Amount", "Amount paid.")),
        one_of(text("payer", "发放单位", "Payer", "Who pays: the province, or the city on top of it."), PAYERS),
    ),
)
