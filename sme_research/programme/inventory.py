"""Everything that the department's account of the programme names, and where each item lives here.

The inventory is data (``data/reference/programme_inventory.yml``);
``docs/programme.md`` is written from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import yaml

from sme_research.errors import DataError
from sme_research.programme.reconcile.perimeters import AXES, vocabulary
from sme_research.tables import reference_path

INVENTORY: Final = "programme_inventory.yml"
_KEYS: Final = ("id", "zh", "en", "account", "duty", "feeds", "functions", "sections")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a notebook, in English."""

    notebook: str
    heading: str


@dataclass(frozen=True, slots=True)
class Item:
    """One system, programme, number or rule of the account, and where it lives.

    ``account`` is the part of the account that names it, ``role`` what a document
    or body is for here, by language, and ``functions`` are ``module:name``.
    """

    id: str
    label: Mapping[str, str]
    account: str
    duties: tuple[str, ...]
    trap: str
    role: Mapping[str, str]
    tables: tuple[str, ...]
    figures: tuple[str, ...]
    functions: tuple[str, ...]
    sections: tuple[Section, ...]


@cache
def load_inventory() -> tuple[Item, ...]:
    """All items in the account's order.

    Raises
    ------
    DataError
        An item lacks a field.
    """
    entries: list[dict[str, Any]] = yaml.safe_load(reference_path(INVENTORY).read_text(encoding="utf-8"))
    return tuple(_item(entry) for entry in entries)


def _item(entry: Mapping[str, Any]) -> Item:
    lacking = [key for key in _KEYS if key not in entry]
    if lacking:
        raise DataError(f"data/reference/{INVENTORY}, item {entry.get('id', '?')}: lacks {', '.join(lacking)}.")
    return Item(
        id=entry["id"],
        label={"zh": entry["zh"], "en": entry["en"]},
        account=entry["account"],
        duties=tuple(entry["duty"]),
        trap=entry.get("trap", ""),
        role=entry.get("role", {}),
        tables=tuple(entry["feeds"].get("tables", ())),
        figures=tuple(entry["feeds"].get("figures", ())),
        functions=tuple(entry["functions"]),
        sections=tuple(Section(**section) for section in entry["sections"]),
    )


def documents() -> tuple[Item, ...]:
    """Documents and bodies: items that hold no number to be counted, but say how numbers are to be read."""
    return tuple(item for item in load_inventory() if item.role)


def inventory_page(items: Sequence[Item]) -> str:
    """The inventory as a table in Markdown, as ``docs/programme.md`` holds it."""
    head = ["No.", "Item", "Duty", "Trap", "Fed by", "Computed by", "Shown in"]
    return _markdown(head, [_page_row(item) for item in items])


def _page_row(item: Item) -> list[str]:
    fed = [f"`{name}`" for name in item.tables] + [f"figure `{name}`" for name in item.figures]
    return [
        item.id,
        f"{item.label['zh']} · {item.label['en']}",
        ", ".join(item.duties),
        item.trap or "–",
        ", ".join(fed) or "the documents themselves",
        ", ".join(f"`{name.removeprefix('sme_research.')}`" for name in item.functions),
        "; ".join(f"{section.notebook}: {section.heading}" for section in item.sections),
    ]


def perimeter_page() -> str:
    """The words by which perimeters are read, as a table in Markdown: one row an axis and value."""
    words: dict[tuple[str, str], list[str]] = {}
    for word, means in vocabulary():
        for pair in means.items():
            words.setdefault(pair, []).append(word)
    ranked = sorted(words, key=lambda pair: (list(AXES).index(pair[0]), AXES[pair[0]].index(pair[1])))
    return _markdown(["Axis", "Value", "Words"], [[*pair, ", ".join(sorted(words[pair]))] for pair in ranked])


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)
