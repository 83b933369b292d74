"""How a page says which language it is in and what time it is: in Beijing, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Final

from sme_research.factory.plan import Language

HTML_LANG: Final[Mapping[Language, str]] = {"zh": "zh-CN", "en": "en"}
BEIJING: Final = timezone(timedelta(hours=8))


def local_time(moment: str, language: str) -> str:
    """A UTC moment in ISO format as its readers tell the time."""
    told = datetime.fromisoformat(moment).astimezone(BEIJING)
    if language.startswith("zh"):
        return f"{told.year}年{told.month}月{told.day}日 {told:%H:%M}（北京时间）"
    return f"{told:%Y-%m-%d %H:%M} (Beijing time)"
