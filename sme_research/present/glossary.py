"""The terms that reports explain, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from sme_research.present.words import LANGUAGES


@dataclass(frozen=True, slots=True)
class Term:
    """One term by language: its name, what it means, and the forms in which texts use it, the name among them."""

    id: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    forms: Mapping[str, Sequence[str]]


@cache
def load_glossary() -> tuple[Term, ...]:
    """All terms in the order in which a glossary lists them."""
    source = files("sme_research.present").joinpath("texts", "glossary.yml").read_text(encoding="utf-8")
    return tuple(_term(entry) for entry in yaml.safe_load(source))


def _term(entry: Mapping[str, object]) -> Term:
    by_language = {lang: entry[lang] for lang in LANGUAGES}
    name, definition, forms = {}, {}, {}
    for lang, told in by_language.items():
        assert isinstance(told, Mapping)
        name[lang], definition[lang] = str(told["term"]), str(told["definition"])
        forms[lang] = told.get("forms", [name[lang]])
    return Term(str(entry["id"]), name, definition, forms)
