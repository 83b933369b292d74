"""Monitoring: the programme's indicators as a time series by reporting unit."""

from sme_research.programme.monitor.as_json import monitoring_to_json
from sme_research.programme.monitor.composing import monitor_programme
from sme_research.programme.monitor.coverage import newest_month
from sme_research.programme.monitor.records import (
    ALL,
    FLOW_MONTHS,
    PROVINCE,
    Indicator,
    Monitoring,
    Progress,
    Unknown,
    Window,
)
from sme_research.programme.monitor.registry import GROUPS, INDICATORS
from sme_research.programme.monitor.waiting import median_wait

__all__ = [
    "ALL",
    "FLOW_MONTHS",
    "GROUPS",
    "INDICATORS",
    "PROVINCE",
    "Indicator",
    "Monitoring",
    "Progress",
    "Unknown",
    "Window",
    "median_wait",
    "monitor_programme",
    "monitoring_to_json",
    "newest_month",
]
