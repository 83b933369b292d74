"""Terms of a report: the first of each in every part leads to what it means, at the report's end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from sme_research.factory.markup import Heading
from sme_research.present.glossary import Term, load_glossary

SILENT = frozenset(("a", "code", "details", "h1", "h2", "h3", "h4", "h5", "h6", "kbd", "pre", "samp"))
"""Elements in which no term counts: headings, code, links."""
UNLINKED = frozenset(("caption", "figcaption", "thead"))
"""Elements whose terms are explained and not linked: heads are repeated on every page of a printed table."""
TERM_ID = "term-{}"


def explain_terms(soup: BeautifulSoup, language: str, title: str) -> list[Heading]:
    """Mark the terms of a report's body in place and add its glossary; return the entry for the contents.

    Within each part (from one heading of level 2 to the next) the first
    occurrence of a term becomes a link. Only terms that occur are listed;
    where there are none there is no glossary.
    """
    pattern, by_form = _forms(language)
    met: set[str] = set()
    in_part: set[str] = set()
    for node in _parts(soup):
        if isinstance(node, Tag):
            in_part = set()
        elif any(parent.name in UNLINKED for parent in node.parents):
            met |= {by_form[match.group().lower()].id for match in pattern.finditer(node)}
        else:
            _mark(soup, node, pattern, by_form, language, in_part)
            met |= in_part
    terms = [term for term in load_glossary() if term.id in met]
    if not terms:
        return []
    soup.append(_glossary(soup, terms, language, title))
    return [Heading(2, "glossary", title)]


@cache
def _forms(language: str) -> tuple[re.Pattern[str], dict[str, Term]]:
    """One pattern over all forms, the longest first, and the term of each form."""
    terms = load_glossary()
    known = {form.lower(): term for term in terms for form in term.forms[language]}
    longest = sorted(known, key=len, reverse=True)
    alternatives = "|".join(re.escape(form) for form in longest)
    pattern = alternatives if language == "zh" else rf"(?<![\w-])(?:{alternatives})(?![\w-])"
    return re.compile(pattern, re.IGNORECASE), known


def _parts(soup: BeautifulSoup) -> Iterator[Tag | NavigableString]:
    """Texts in reading order, and before those of each part its heading."""
    for element in list(soup.descendants):
        if isinstance(element, Tag):
            if element.name == "h2":
                yield element
        elif isinstance(element, NavigableString) and element.strip() and not _is_silent(element):
            yield element


def _is_silent(text: NavigableString) -> bool:
    return any(parent.name in SILENT for parent in text.parents)


def _mark(
    soup: BeautifulSoup,
    text: NavigableString,
    pattern: re.Pattern[str],
    by_form: dict[str, Term],
    language: str,
    marked: set[str],
) -> None:
    """Replace first occurrences in one text by links; ``marked`` grows by the ids of their terms."""
    parts: list[str | Tag] = []
    end = 0
    for match in pattern.finditer(text):
        term = by_form[match.group().lower()]
        if term.id in marked:
            continue
        marked.add(term.id)
        name = TERM_ID.format(term.id)
        link = soup.new_tag("a", attrs={"class": "term", "href": f"#{name}", "aria-describedby": f"{name}-meaning"})
        link["data-meaning"] = term.definition[language]
        link.string = match.group()
        parts += [text[end : match.start()], link]
        end = match.end()
    if parts:
        text.replace_with(*(part for part in [*parts, text[end:]] if part))


def _glossary(soup: BeautifulSoup, terms: list[Term], language: str, title: str) -> Tag:
    section = soup.new_tag("section", attrs={"class": "cell glossary"})
    heading = soup.new_tag("h2", id="glossary")
    heading.string = title
    entries = soup.new_tag("dl")
    for term in terms:
        name = soup.new_tag("dt", id=TERM_ID.format(term.id))
        name.string = term.name[language]
        meaning = soup.new_tag("dd", id=f"{TERM_ID.format(term.id)}-meaning")
        meaning.string = term.definition[language]
        entries.extend([name, meaning])
    section.extend([heading, entries])
    return section
