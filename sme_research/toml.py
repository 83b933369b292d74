"""TOML files out of a person's hands: their content, or one sentence on why there is none."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any


def read_toml(path: Path) -> dict[str, Any]:
    """Content of a TOML file in UTF-8; a byte order mark, which some editors write, does no harm.

    Raises
    ------
    OSError
        The file cannot be opened.
    ValueError
        It is no TOML; the message says why, and where that is known.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1:,} is not UTF-8; save the file as UTF-8") from None
    except RecursionError:
        raise ValueError("its lists or tables are nested too deeply; write them flat") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError:  # Python reads no number of thousands of digits
        raise ValueError("a number has thousands of digits; write one that is meant") from None
