"""HTML of cells: made harmless, then given ids, numbers, scopes and boxes that scroll."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag
from bs4.element import PreformattedString

ALLOWED_TAGS = frozenset(
    re.split(
        r"\s+",
        "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure "
        "h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp section small span strong sub "
        "summary sup table tbody td tfoot th thead tr u ul var",
    )
)
# Their content is no text, so it must go with them.
DROPPED_TAGS = ("script", "style", "template", "iframe", "object", "noscript", "svg", "math")
PLAIN_ATTRIBUTES = frozenset(
    re.split(r"\s+", "class title lang dir colspan rowspan scope alt start open data-wording")
)
SAFE_LINK = re.compile(r"^(https?:|mailto:|#)", re.IGNORECASE)
SAFE_IMAGE = re.compile(r"^data:image/(png|jpeg|gif|svg\+xml);base64,", re.IGNORECASE)
UNNUMBERED = ("摘要", "Summary")
"""Headings that stand before the first numbered one."""
DIGITS = "零一二三四五六七八九"
PARTS = ("h2", "h3", "h4", "h5", "h6")
LISTED = ("h2", "h3")
"""Headings of which the table of contents consists."""
# Digits, signs and units, and the words that join two numbers.
_NUMBER_PART = r"(?:[\s\[\](),;:…±*%‰+\-−–—≥≤<>=.\deE]|\bto\b|\bor\b|至|或|上升|下降)*"
NUMERIC = re.compile(rf"^{_NUMBER_PART}\d{_NUMBER_PART}$")
NOTHING = ("", "–", "*")
"""What stands where there is no number: none, or one that is withheld."""


@dataclass(frozen=True, slots=True)
class Heading:
    """One entry of the table of contents."""

    level: int
    id: str
    text: str


def clean_html(source: str) -> str:
    """HTML without scripts, styles, forms, foreign resources, comments or unknown elements."""
    soup = BeautifulSoup(source, "html.parser")
    for hidden in soup.find_all(string=lambda text: isinstance(text, PreformattedString)):
        hidden.extract()
    for element in soup.find_all(DROPPED_TAGS):
        element.decompose()
    for element in soup.find_all(True):
        if element.name not in ALLOWED_TAGS:
            element.unwrap()
        else:
            element.attrs = {key: value for key, value in element.attrs.items() if _allowed(element, key)}
    return str(soup)


def structure(soup: BeautifulSoup, texts: Mapping[str, str], language: str) -> list[Heading]:
    """Number headings, figures and tables of a report's body in place; return its table of contents.

    A first heading of level 1 is dropped: the page shows the report's title
    there. Where a figure stands before the second heading of level 2, all up
    to there is set off as the front: the report on one page.
    """
    contents = _name_headings(soup, language)
    _number(soup, "figcaption", texts["figure"])
    _number(soup, "caption", texts["table"])
    for table in soup.find_all("table"):
        _scope_headers(table)
        _align_numbers(table)
        _box(soup, table)
    for image in soup.find_all("img"):
        if not image.get("src"):
            image.decompose()
    _set_off_front(soup)
    return contents


def number_heading(counts: Sequence[int], language: str) -> str:
    """Number of a heading from the counts of its own level and those above: 一、 （一） 1. or, in English, 1.2."""
    if language != "zh":
        return ".".join(map(str, counts))
    own = counts[-1]
    return (f"{_in_chinese(own)}、", f"（{_in_chinese(own)}）", f"{own}. ", f"（{own}）", f"{own}）")[len(counts) - 1]


def _in_chinese(number: int) -> str:
    """A number below 100 in characters."""
    tens, ones = divmod(number, 10)
    if not tens:
        return DIGITS[ones]
    return f"{DIGITS[tens] if tens > 1 else ''}十{DIGITS[ones] if ones else ''}"


def _allowed(element: Tag, name: str) -> bool:
    value = str(element[name]).strip()
    if element.name == "a" and name == "href":
        return bool(SAFE_LINK.match(value))
    if element.name == "img" and name == "src":
        return bool(SAFE_IMAGE.match(value))
    return name in PLAIN_ATTRIBUTES


def _name_headings(soup: BeautifulSoup, language: str) -> list[Heading]:
    headings = soup.find_all(["h1", *PARTS])
    if headings and headings[0].name == "h1":
        headings.pop(0).decompose()
    contents: list[Heading] = []
    counts = [0] * len(PARTS)
    for number, heading in enumerate(headings, start=1):
        if heading.name == "h1":
            heading.name = "h2"
        heading["id"] = f"s{number}"
        level = PARTS.index(heading.name)
        if heading.get_text(strip=True) not in UNNUMBERED:
            counts[level:] = [counts[level] + 1, *[0] * (len(PARTS) - level - 1)]
            _write_number(soup, heading, number_heading(counts[: level + 1], language), language)
        if heading.name in LISTED:
            contents.append(Heading(level + 2, f"s{number}", re.sub(r"\s+", " ", heading.get_text()).strip()))
    return contents


def _write_number(soup: BeautifulSoup, heading: Tag, number: str, language: str) -> None:
    label = soup.new_tag("span", attrs={"class": "heading-number"})
    label.string = number if language == "zh" else f"{number} "
    heading.insert(0, label)


def _set_off_front(soup: BeautifulSoup) -> None:
    cells = soup.find_all("section", class_="cell", recursive=False)
    headed = [place for place, cell in enumerate(cells) if cell.find("h2")]
    if len(headed) == 1 or not headed or not any(cell.find("figure") for cell in cells[: headed[1]]):
        return
    front = soup.new_tag("div", attrs={"class": "front", "id": "front"})
    cells[0].insert_before(front)
    for cell in cells[: headed[1]]:
        front.append(cell.extract())


def _number(soup: BeautifulSoup, element: str, text: str) -> None:
    for number, caption in enumerate(soup.find_all(element), start=1):
        label = soup.new_tag("span", attrs={"class": "number"})
        label.string = text.format(number)
        caption.insert(0, label, " ")


def _scope_headers(table: Tag) -> None:
    for header in table.find_all("th"):
        if not header.get("scope"):
            header["scope"] = "col" if header.find_parent("thead") else "row"


def _align_numbers(table: Tag) -> None:
    """Mark the headers and cells of columns in which numbers prevail; a cell that says nothing goes with them."""
    cells = [
        (place, cell, cell.get_text(strip=True))
        for row in table.find_all("tr")
        if not row.find_parent("thead")
        for place, cell in enumerate(row.find_all(["th", "td"], recursive=False))
        if cell.name == "td"
    ]
    told = Counter(place for place, _, said in cells if said not in NOTHING)
    counts = Counter(place for place, _, said in cells if NUMERIC.match(said))
    headers = [
        (place, cell, "")
        for row in table.select("thead tr")
        for place, cell in enumerate(row.find_all("th", recursive=False))
    ]
    for place, cell, said in [*cells, *headers]:
        if 2 * counts[place] > told[place] and (said in NOTHING or NUMERIC.match(said)):
            _add_class(cell, "num")


def _add_class(element: Tag, name: str) -> None:
    element["class"] = " ".join([*(str(old) for old in element.get_attribute_list("class") if old), name])


def _box(soup: BeautifulSoup, table: Tag) -> None:
    """Wrap a table so that a wide one scrolls by itself, with the keyboard too."""
    caption = table.find("caption")
    box = soup.new_tag("div", attrs={"class": "scroll", "tabindex": "0", "role": "region"})
    box["aria-label"] = caption.get_text(" ", strip=True) if caption else "table"
    table.wrap(box)
