"""The account's 46 items: each has its place, every place named exists, and the page says what the data say."""

import importlib
import re
from pathlib import Path

import nbformat
import pytest

from sme_research.programme.inventory import documents, inventory_page, load_inventory, perimeter_page
from sme_research.programme.reconcile import INDICATORS
from sme_research.tables import TABLES

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "programme.md").read_text(encoding="utf-8")
COUNTS = {"L": 5, "B": 2, "P": 5, "F": 8, "C": 2, "T": 4, "S": 3, "N": 2, "R": 6, "V": 3, "D": 6}
IDS = {f"{letter}{number}" for letter, count in COUNTS.items() for number in range(1, count + 1)}
DUTIES = {"monitor", "reconcile", "evaluate", "screen", "diagnose", "simulate", "document"}


def headings(notebook):
    cells = nbformat.read(REPOSITORY / "notebooks" / f"{notebook}.ipynb", as_version=4).cells
    english = [cell.source for cell in cells if "lang-en" in cell.metadata.get("tags", [])]
    return set(re.findall(r"^#+ (.*)$", "\n".join(english), re.MULTILINE))


def test_all_items_of_the_account_are_there():
    assert len(load_inventory()) == len(IDS) == 46
    assert {item.id for item in load_inventory()} == IDS
    assert all(item.duties and set(item.duties) <= DUTIES for item in load_inventory())


def is_balanced(name):
    stripped = re.sub(r"[^()（）“”]", "", name).translate(str.maketrans("（）“”", "()()"))
    while "()" in stripped:
        stripped = stripped.replace("()", "")
    return not stripped


@pytest.mark.parametrize("item", load_inventory(), ids=lambda item: item.id)
def test_a_name_is_whole(item):
    # Lists in names were once cut off at their first comma.
    for name in item.label.values():
        assert is_balanced(name), name
        assert name == name.strip(" ,;，；、")
    assert len(item.label["en"]) >= len("listed")
    assert len(item.label["zh"]) >= len("资金奖励")


@pytest.mark.parametrize(
    ("number", "last"),
    [
        ("R2", "IP-advantage enterprises)"),
        ("R4", "investors"),
        ("R6", "market regulation)"),
        ("V1", "third-party providers"),
        ("D6", "large-small integration"),
    ],
)
def test_a_name_that_is_a_list_goes_on_to_its_last_part(number, last):
    (item,) = (item for item in load_inventory() if item.id == number)
    assert item.label["en"].endswith(last)


@pytest.mark.parametrize("cut", ["coordination mechanism (leading group", "facility) for SMEs", "一“直通车"])
def test_a_name_that_was_cut_off_is_seen(cut):
    assert not is_balanced(cut)


@pytest.mark.parametrize("item", load_inventory(), ids=lambda item: item.id)
def test_an_item_names_what_feeds_computes_and_shows_it(item):
    assert set(item.tables) <= set(TABLES)
    assert set(item.figures) <= set(INDICATORS)
    # A document holds no number; all else is fed by a table or by a published figure.
    assert item.tables or item.figures or item in documents()
    assert item.functions
    assert item.sections
    for function in item.functions:
        module, name = function.split(":")
        assert callable(getattr(importlib.import_module(module), name)), function


def test_every_section_that_is_named_is_a_heading_of_its_notebook():
    named = {(section.notebook, section.heading) for item in load_inventory() for section in item.sections}
    known = {notebook: headings(notebook) for notebook in {notebook for notebook, _ in named}}
    assert {(notebook, heading) for notebook, heading in named if heading not in known[notebook]} == set()


def test_items_without_a_number_are_told_among_documents_and_bodies():
    assert {item.id for item in documents()} >= {"P1", "F7", "R6", "N1"}
    assert all(set(item.role) == {"zh", "en"} for item in documents())


def test_no_person_is_named():
    text = (REPOSITORY / "data" / "reference" / "programme_inventory.yml").read_text(encoding="utf-8")
    assert not re.search(r"联系人|签发人|电话|1[3-9]\d{9}", text)


@pytest.mark.parametrize(
    ("mark", "written"),
    [("inventory", inventory_page(load_inventory())), ("perimeters", perimeter_page())],
)
def test_the_page_says_what_the_data_say(mark, written):
    # To make it anew, put what `inventory_page(load_inventory())` and `perimeter_page()` give between the marks.
    assert PAGE.split(f"<!-- {mark} -->\n")[1].split(f"\n<!-- end of {mark} -->")[0] == written
