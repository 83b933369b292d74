"""Qualifications of other departments: one row an enterprise, kind and day of the grant."""

from __future__ import annotations

from typing import Final

from sme_research.tables.columns import LISTED_ID, day, may_be_future, text
from sme_research.tables.declare import Table

TABLE: Final = Table(
    name="qualifications",
    label_zh="资质",
    label_en="Qualifications",
    key=("enterprise_id", "kind", "granted_on"),
    columns=(
        LISTED_ID,
        text(
            "kind",
            "资质类别",
            "Kind",
            "Kind such as tech_sme, high_tech, ip_advantage, rd_institution or management_certificate.",
            required=True,
        ),
        day("granted_on", "认定日期", "Granted on", "Day of the notice.", required=True),
        text("level", "级别", "Level", "Level such as national, provincial or municipal."),
        may_be_future(day("expires_on", "有效期至", "Expires on", "Last day of validity.")),
    ),
)
