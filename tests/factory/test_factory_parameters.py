import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from sme_research.errors import FactoryError
from sme_research.factory.parameters import accept_value, read_parameters


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    cells = [new_code_cell(source, metadata={"tags": ["parameters"]}) for source in sources]
    return new_notebook(cells=cells)


def declared(source: str):
    return read_parameters(notebook_of(source), "n.ipynb")


def test_types_come_from_annotations_or_literals():
    source = 'a: int | None = None  # years\nb = 1.5\nc: Literal["x", "y"] = "x"\nd: list[str] = []'
    found = declared(source)
    assert [parameter.type_text for parameter in found.values()] == [
        "int | None",
        "float",
        "one of 'x', 'y'",
        "list",
    ]
    assert found["a"].comment == "years"
    assert found["b"].default == 1.5


@pytest.mark.parametrize(
    ("source", "text", "value"),
    [
        ("p: int = 1", "12", 12),
        ("p: float = 1.0", "2", 2.0),
        ("p: bool = True", "false", False),
        ("p: str = 'a'", "12", "12"),
        ("p: int | None = 1", "None", None),
        ("p: list[str] = []", "['a', 'b']", ["a", "b"]),
        ("p: Literal[1, 2] = 1", "2", 2),
        ("p: float = 1", "1e-3", 0.001),
    ],
)
def test_texts_become_values_of_the_declared_type(source, text, value):
    accepted = accept_value(declared(source)["p"], text, place="n")
    assert accepted == value
    assert type(accepted) is type(value)


@pytest.mark.parametrize(
    ("source", "given"),
    [
        ("p: int = 1", "oops"),
        ("p: int = 1", "1.5"),
        ("p: int = 1", True),
        ("p: int = 1", "True"),
        ("p: bool = True", "True"),
        ("p: bool = True", "1"),
        ("p: str = 'a'", 3),
        ("p: Literal['x', 'y'] = 'x'", "z"),
        ("p: Literal[1, 2] = 1", True),
    ],
)
def test_values_of_another_type_are_refused(source, given):
    with pytest.raises(FactoryError, match=r"parameter 'p' is .*, must be"):
        accept_value(declared(source)["p"], given, place="n")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("p = len('a')", "is not a literal"),
        ("import os", "is not an assignment of a literal"),
        ("p: int = 'a'", "'p' is 'a', must be int"),
        ("p: Path = 'a'", "type 'Path' is not understood"),
        ("p = 1\np = 2", "set twice"),
        ("p = = 1", "is not Python"),
        ("%matplotlib inline", "is not Python"),
    ],
)
def test_a_parameters_cell_with_more_than_literals_is_refused(source, fault):
    with pytest.raises(FactoryError, match=f"n.ipynb, cell 1 .*{fault}"):
        declared(source)


@pytest.mark.parametrize("sources", [(), ("a = 1", "b = 2")])
def test_there_is_exactly_one_parameters_cell(sources):
    with pytest.raises(FactoryError, match="tagged 'parameters', must be one"):
        read_parameters(notebook_of(*sources), "n.ipynb")
