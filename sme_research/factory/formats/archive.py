"""ZIP files whose bytes depend on their content only."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

EARLIEST: Final = 315_532_800
"""1980-01-01, before which a ZIP file tells no time, in seconds since 1970."""


def pack(members: Mapping[str, bytes], *, epoch: int) -> bytes:
    """A ZIP file of members in the given order, all of one moment."""
    moment = datetime.fromtimestamp(max(epoch, EARLIEST), UTC)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, moment.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return target.getvalue()


def repack(content: bytes, *, epoch: int) -> bytes:
    """The same ZIP file with one moment for all its members."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return pack({info.filename: archive.read(info) for info in archive.infolist()}, epoch=epoch)
