"""The declared parameters of a notebook, and the strict gate for given ones."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from nbformat import NotebookNode

from sme_research.errors import FactoryError
from sme_research.factory.notebooks import has_tag

KINDS = ("str", "int", "float", "bool", "list", "dict", "tuple", "None")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared parameter.

    ``kinds`` are the names of the types it may have, empty where any literal
    may stand; ``choices`` the only values allowed, empty where all are.
    """

    name: str
    kinds: tuple[str, ...]
    default: Any
    choices: tuple[Any, ...] = ()
    comment: str = ""

    @property
    def type_text(self) -> str:
        """How messages name the type: ``int | None`` or ``one of 'a', 'b'``."""
        if self.choices:
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        return " | ".join(self.kinds) or "any literal"


def read_parameters(notebook: NotebookNode, name: str) -> dict[str, Parameter]:
    """Read the declared parameters of a notebook, in their order.

    Parameters
    ----------
    notebook : NotebookNode
        With exactly one code cell tagged ``parameters`` that holds only
        assignments of literals, annotated or not.
    name : str
        How messages name the notebook.

    Raises
    ------
    FactoryError
        The cell is missing, doubled or holds anything but literals.
    """
    place, source = _parameters_cell(notebook, name)
    try:
        statements = ast.parse(source).body
    except SyntaxError as fault:
        raise FactoryError(f"{place}: line {fault.lineno} is not Python ({fault.msg}); mend it.") from None
    comments = _comments(source)
    declared: dict[str, Parameter] = {}
    for statement in statements:
        parameter = _parameter(statement, comments.get(statement.end_lineno or 0, ""), place)
        if parameter is None:
            continue
        if parameter.name in declared:
            raise FactoryError(f"{place}: {parameter.name!r} is set twice; keep one.")
        declared[parameter.name] = parameter
    return declared


def accept_parameters(declared: Mapping[str, Parameter], given: Mapping[str, Any], *, place: str) -> dict[str, Any]:
    """Given values checked against, and where they are texts converted to, the declared types.

    Raises
    ------
    FactoryError
        A name is not declared or a value breaks the declared type.
    """
    for name in given:
        if name not in declared:
            raise FactoryError(f"{place}: {unknown_parameter(name, declared)}")
    return {name: accept_value(declared[name], value, place=place) for name, value in given.items()}


def unknown_parameter(name: str, declared: Mapping[str, Parameter]) -> str:
    """Message for a parameter that is not declared, with the nearest name and all names."""
    near = get_close_matches(name, declared, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    known = ", ".join(f"{parameter.name} ({parameter.type_text})" for parameter in declared.values())
    return f"parameter {name!r} is not known.{hint} The parameters are: {known or 'none'}."


def accept_value(parameter: Parameter, value: Any, *, place: str) -> Any:
    """One value, converted from text where the declared type is not text.

    Raises
    ------
    FactoryError
        The value breaks the declared type or is not among its choices.
    """
    accepted = _from_text(parameter, value) if isinstance(value, str) else value
    if "float" in parameter.kinds and type(accepted) is int and "int" not in parameter.kinds:
        accepted = float(accepted)
    if _fits(parameter, accepted):
        return accepted
    fault = f"parameter {parameter.name!r} is {value!r}, must be {parameter.type_text}."
    raise FactoryError(f"{place}: {fault}{_near(parameter, value)}")


def _near(parameter: Parameter, value: Any) -> str:
    near = get_close_matches(str(value), [str(choice) for choice in parameter.choices], n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _fits(parameter: Parameter, value: Any) -> bool:
    if parameter.choices:
        return any(type(choice) is type(value) and choice == value for choice in parameter.choices)
    kind = "None" if value is None else type(value).__name__
    return kind in (parameter.kinds or KINDS)


def _from_text(parameter: Parameter, text: str) -> Any:
    """Value meant by a text: itself where texts are allowed, else a literal of the declared type."""
    kinds = parameter.kinds
    if "None" in kinds and text == "None":
        return None
    if "str" in kinds or text in parameter.choices:
        return text
    if "bool" in kinds and text in ("true", "false"):
        return text == "true"
    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        return text
    return text if isinstance(value, bool) else value


def _parameters_cell(notebook: NotebookNode, name: str) -> tuple[str, str]:
    found = [
        (number, cell)
        for number, cell in enumerate(notebook.cells, start=1)
        if cell.cell_type == "code" and has_tag(cell, "parameters")
    ]
    if len(found) != 1:
        raise FactoryError(
            f"{name}: {len(found)} code cells are tagged 'parameters', must be one; "
            "tag the cell that holds the notebook's literals."
        )
    number, cell = found[0]
    return f"{name}, cell {number} (parameters)", cell.source


def _parameter(statement: ast.stmt, comment: str, place: str) -> Parameter | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return None
    place = f"{place}, line {statement.lineno}"
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
            kinds, choices = _annotated(annotation, place)
            default = _literal(value, place)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            default = _literal(value, place)
            kinds, choices = (() if default is None else (type(default).__name__,)), ()
        case _:
            raise FactoryError(
                f"{place}: {ast.unparse(statement)!r} is not an assignment of a literal; move it to another cell."
            )
    parameter = Parameter(name, kinds, default, choices, comment)
    if _fits(parameter, default) or (kinds == ("float",) and type(default) is int):
        return parameter
    raise FactoryError(f"{place}: {name!r} is {default!r}, must be {parameter.type_text}.")


def _literal(node: ast.expr, place: str) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise FactoryError(f"{place}: {ast.unparse(node)!r} is not a literal; write the value itself.") from None


def _annotated(node: ast.expr, place: str) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """Kinds and choices that an annotation allows."""
    match node:
        case ast.Name(id=kind) if kind in KINDS:
            return (kind,), ()
        case ast.Constant(value=None):
            return ("None",), ()
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _either(_annotated(left, place), _annotated(right, place))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return (), tuple(_literal(element, place) for element in elements)
        case ast.Subscript(value=ast.Name(id=("list" | "dict" | "tuple") as kind)):
            return (kind,), ()
    raise FactoryError(
        f"{place}: type {ast.unparse(node)!r} is not understood; use {', '.join(KINDS)}, Literal or '|'."
    )


def _either(
    left: tuple[tuple[str, ...], tuple[Any, ...]], right: tuple[tuple[str, ...], tuple[Any, ...]]
) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    kinds, choices = left[0] + right[0], left[1] + right[1]
    if choices and kinds == ("None",):
        return (), (*choices, None)
    return kinds, choices


def _comments(source: str) -> dict[int, str]:
    """Comment at the end of each line, by line number."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip() for token in tokens if token.type == tokenize.COMMENT}
