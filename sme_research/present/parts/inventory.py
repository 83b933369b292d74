"""The documents and bodies of the programme, which hold no number but say how numbers are read."""

from __future__ import annotations

from collections.abc import Sequence

from sme_research.present.show import HtmlTable
from sme_research.present.words import text, words
from sme_research.programme.inventory import Item


def tabulate_documents(items: Sequence[Item], lang: str) -> HtmlTable:
    """Each document or body and what it is for here."""
    rows = [(item.id, item.label[lang], item.role[lang]) for item in items]
    caption, note = text(lang, "reconcile.documents_caption"), text(lang, "reconcile.documents_note")
    return HtmlTable(caption, words(lang, "reconcile.documents_head"), rows, note)
