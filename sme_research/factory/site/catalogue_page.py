"""The catalogue: every family of reports in one language of the reader, with what the search looks through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sme_research.factory.plan import LANGUAGES, Language
from sme_research.factory.site.estimates import EstimateOf, check_name, estimates_of, unit_name, verdict_word
from sme_research.factory.site.histories import History
from sme_research.factory.site.layout import CATALOGUES, INDEX_NAME
from sme_research.factory.site.page import hash_of, render_site_page
from sme_research.factory.site.standing import Standing, signed_state, standings_of, status_of, tell_standing
from sme_research.factory.site.words import month, say

FACETS: Final = ("instrument", "outcome", "unit", "language", "month", "grade", "status", "signed")
MOST_HEADLINES: Final = 3
DOUBTED: Final = ("warn", "fail")


@dataclass(frozen=True, slots=True)
class Entry:
    """One family in the catalogue: ``shown`` is the report in the reader's language, or the only one there is."""

    shown: History
    other: History | None
    estimates: tuple[EstimateOf, ...]
    standings: tuple[tuple[Standing, str], ...]

    @property
    def headlines(self) -> list[str]:
        """One sentence a finding, in the report's language and in the words that its grade permits."""
        told = [estimate.headline.get(self.shown.language or "", "") for estimate in self.estimates]
        return [line for line in told if line]

    @property
    def grades(self) -> list[int]:
        """Levels of evidence, each once."""
        return sorted({estimate.sms_level for estimate in self.estimates if estimate.sms_level is not None})

    @property
    def signed(self) -> str:
        """State of the sign-offs in one word."""
        return signed_state([standing for standing, _ in self.standings])


def catalogue_source(histories: Iterable[History]) -> str:
    """Hash over what both catalogues show."""
    return hash_of([_source(history) for history in histories])


def render_catalogue(histories: list[History], language: Language, *, public: bool) -> bytes:
    """The catalogue in one language."""
    entries = _entries(histories, language)
    names = _group_names(histories, language)
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(names.get(entry.shown.report, entry.shown.report.replace("_", " ")), []).append(entry)
    found = [entry for group in groups.values() for entry in group]
    return render_site_page(
        "catalogue.html.j2",
        language,
        script="catalogue.js",
        groups=groups,
        numbers={entry.shown.slug: number for number, entry in enumerate(found)},
        facets=_facets(found, language),
        most=MOST_HEADLINES,
        status_of=status_of,
        public=public,
        made_up=any(history.newest and history.newest.manifest.made_up for history in histories),
        damaged=[f"{history.slug}/{run}" for history in histories for run in history.damaged],
        others=[(other, CATALOGUES[other]) for other in LANGUAGES if other != language],
        data={
            "entries": [_searched(entry, language) for entry in found],
            "texts": {key: say(language, f"search.{key}", n="{n}") for key in _TOLD},
        },
    )


_TOLD: Final = ("found", "found_all", "found_none", "found_near")


def _entries(histories: list[History], language: Language) -> list[Entry]:
    families: dict[str, dict[Language, History]] = {}
    for history in histories:
        if history.language is not None:
            families.setdefault(history.family, {})[history.language] = history
    return [_entry(family, language) for family in families.values()]


def _entry(family: Mapping[Language, History], language: Language) -> Entry:
    shown = family.get(language) or next(iter(family.values()))
    other = next((history for history in family.values() if history is not shown), None)
    estimates = tuple(estimates_of(shown.newest).values()) if shown.newest else ()
    told = tuple((standing, tell_standing(standing, shown, language)) for standing in standings_of(shown))
    return Entry(shown, other, estimates, told)


def _group_names(histories: list[History], language: Language) -> dict[str, str]:
    """Heading of each kind of report, as its newest run in that language gives it, else in the other one."""
    names: dict[str, str] = {}
    for history in sorted(histories, key=lambda history: history.language == language):
        if history.newest:
            names[history.report] = history.newest.manifest.group
    return names


def _searched(entry: Entry, language: Language) -> dict[str, Any]:
    """What the search looks through: words in every language of the family, and the value of every facet."""
    histories = [history for history in (entry.shown, entry.other) if history is not None]
    words = [word for history in histories for word in _words(history)]
    return {"words": " \n".join(dict.fromkeys(words)), "facets": _values(entry, histories, language)}


def _words(history: History) -> Iterable[str]:
    yield history.title
    told: Language = history.language or "en"
    if history.newest is None:
        return
    yield history.newest.manifest.group
    for estimate in estimates_of(history.newest).values():
        for label in estimate.labels.values():
            yield from label.values()
        yield estimate.headline.get(told, "")
        for name, verdict in estimate.checks.items():
            if verdict in DOUBTED:
                yield f"{check_name(name, told)} {verdict_word(verdict, told)}"


def _values(entry: Entry, histories: list[History], language: Language) -> dict[str, list[str]]:
    newest = entry.shown.newest
    estimates = entry.estimates
    return {
        "instrument": _named(estimates, "instrument", language),
        "outcome": _named(estimates, "outcome", language),
        "unit": list(dict.fromkeys(unit_name(one.unit, language) for one in estimates if one.unit)),
        "language": [say(language, f"facet.{history.language}") for history in histories if history.newest],
        "month": [month(newest.manifest.started_at, language)] if newest else [],
        "grade": [say(language, "facet.grade", level=level) for level in entry.grades],
        "status": [say(language, f"facet.{status_of(entry.shown)}")],
        "signed": [say(language, f"facet.{entry.signed}")],
    }


def _named(estimates: tuple[EstimateOf, ...], kind: str, language: Language) -> list[str]:
    return list(dict.fromkeys(label for one in estimates if (label := one.labels[kind].get(language))))


def _facets(entries: list[Entry], language: Language) -> dict[str, list[str]]:
    """Options of every filter, each value once; one with fewer than two is no choice but stays, so all see it."""
    facets: dict[str, set[str]] = {name: set() for name in FACETS}
    for entry in entries:
        histories = [history for history in (entry.shown, entry.other) if history is not None]
        for name, values in _values(entry, histories, language).items():
            facets[name].update(values)
    ordered = {name: sorted(values) for name, values in facets.items()}
    moments = [entry.shown.newest.manifest.started_at for entry in entries if entry.shown.newest]
    ordered["month"] = list(dict.fromkeys(month(moment, language) for moment in sorted(moments, reverse=True)))
    return ordered


def _source(history: History) -> list[Any]:
    newest = history.newest
    return [
        history.slug,
        newest.path if newest else None,
        newest.manifest_sha256 if newest else None,
        len(history.runs),
        history.damaged,
        [str(part) for part in (history.failure,)],
        [str(sign_off) for sign_off in history.sign_offs],
    ]


__all__ = ["CATALOGUES", "INDEX_NAME", "catalogue_source", "render_catalogue"]
