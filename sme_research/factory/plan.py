"""What would run: notebooks x matrix values x languages, all checked before anything runs."""

from __future__ import annotations

import hashlib
import importlib
import itertools
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sme_research.errors import FactoryError
from sme_research.factory.notebooks import parse_notebook
from sme_research.factory.parameters import (
    Parameter,
    accept_parameters,
    accept_value,
    read_parameters,
    unknown_parameter,
)
from sme_research.factory.studies import SUFFIX as STUDY_SUFFIX
from sme_research.factory.studies import read_study
from sme_research.reach import Reach, reach_of_notebook

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
Format = Literal["html", "pdf", "docx"]
FORMATS: tuple[Format, ...] = ("html", "pdf", "docx")
Edition = Literal["internal", "public"]
EDITIONS: tuple[Edition, ...] = ("internal", "public")
METADATA_KEY = "sme_research"
DEFAULT_TIMEOUT_S = 600
# Where a report runs does not change which report it is.
NOT_IN_SLUG = ("lang", "data", "edition")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the caller asks to run.

    ``notebooks`` are files, or folders of which every report is meant, or
    study files, each a notebook with its parameters.
    ``parameters`` may be texts, as on the command line, or values.
    ``languages``: None means all that a notebook offers. ``jobs``: None means
    two, or one on a machine with one processor. ``timeout`` is in seconds a cell.
    ``formats``: HTML is always made; the others beside it. ``edition`` decides
    whether enterprises may be shown, and into which site reports are published.
    ``force`` makes also what is up to date. ``scheduler`` is the address of a
    Dask cluster, None for this machine.
    """

    notebooks: tuple[Path, ...]
    reports: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    data: Path | None = None
    languages: tuple[str, ...] | None = None
    jobs: int | None = None
    timeout: int = DEFAULT_TIMEOUT_S
    formats: tuple[Format, ...] = FORMATS
    edition: Edition = "internal"
    force: bool = False
    scheduler: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedReport:
    """One report to make: a notebook, its parameters and its language.

    ``family`` is the slug without the language; ``group`` the heading under
    which the catalogue lists it; ``data`` the folder behind the
    parameter of that name, None where the notebook reads none.
    """

    slug: str
    family: str
    report: str
    group: str
    notebook: Path
    notebook_sha256: str
    parameters: Mapping[str, Any]
    data: Path | None
    language: Language
    title: str
    reach: Reach
    edition: Edition = "internal"
    formats: tuple[Format, ...] = FORMATS


@dataclass(frozen=True, slots=True)
class Plan:
    """All reports of one run, the notebooks that are no reports, and the reports that the data cannot answer.

    ``left_out`` has a sentence for each value of a matrix whose tables the data
    folder does not hold; a value asked for by name is never left out.
    """

    reports: tuple[PlannedReport, ...]
    skipped: tuple[Path, ...]
    left_out: tuple[str, ...] = ()


class ReportMeta(BaseModel):
    """What a notebook's ``sme_research`` metadata declare.

    A list of matrix values, or the labels of a parameter, may be named instead
    of written out: ``sme_research.module:NAME`` stands for a mapping whose keys
    are the values and whose entries carry ``label``, a text by language.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    report: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: dict[Language, str]
    group: dict[Language, str] = Field(default_factory=dict)
    languages: list[Language] = Field(default=list(LANGUAGES), min_length=1)
    matrix: dict[str, list[Any]] = Field(default_factory=dict)
    labels: dict[str, dict[str, dict[Language, str]]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Source:
    """A notebook that is a report, read and checked once."""

    path: Path
    sha256: str
    meta: ReportMeta
    declared: Mapping[str, Parameter]
    reach: Reach
    needs: Mapping[str, Mapping[Any, tuple[str, ...]]]
    """By matrix parameter and value: tables without which there is no such report."""

    @property
    def name(self) -> str:
        return self.path.name


def make_plan(request: RunRequest) -> Plan:
    """Every report that the request asks for, checked, in a stable order.

    Raises
    ------
    FactoryError
        A notebook, parameter, language or data folder is unknown or unfit, or
        two reports would share a slug.
    """
    studies = [path for path in request.notebooks if path.suffix == STUDY_SUFFIX]
    plain = tuple(path for path in request.notebooks if path.suffix != STUDY_SUFFIX)
    asked = [replace(request, notebooks=plain)] if plain or not studies else []
    for path in studies:
        notebook, parameters = read_study(path)
        asked.append(replace(request, notebooks=(notebook,), parameters={**parameters, **request.parameters}))
    reports: list[PlannedReport] = []
    skipped: list[Path] = []
    left_out: list[str] = []
    for one in asked:
        sources, none = _read_sources(one)
        given = _checked_request(one, sources)
        languages = _languages(one, given, sources)
        for source in sources:
            reports += _plan_source(source, given, languages, one, left_out)
        skipped += none
    _refuse_twins(reports)
    return Plan(tuple(reports), tuple(skipped), tuple(left_out))


def _plan_source(
    source: _Source, given: Mapping[str, Any], languages: tuple[str, ...], request: RunRequest, left_out: list[str]
) -> Iterator[PlannedReport]:
    if request.edition == "public" and "edition" not in source.declared:
        sentence = f"{source.name} declares no parameter 'edition', so it cannot make a public edition"
        if source.path in request.notebooks:
            raise FactoryError(f"{sentence}; add the parameter and protect what it shows.")
        left_out.append(sentence)
        return
    known = {name: value for name, value in given.items() if name in source.declared and name not in NOT_IN_SLUG}
    chosen = accept_parameters(source.declared, known, place=source.name)
    data = _data_folder(source, request, given)
    matrix = _answerable(source, _matrix(source, chosen), chosen, data, left_out)
    for values in itertools.product(*matrix.values()):
        cell = dict(zip(matrix, values, strict=True))
        for language in source.meta.languages:
            if language in languages:
                yield _planned(source, {**chosen, **cell}, language, data, request)


def _planned(
    source: _Source, chosen: Mapping[str, Any], language: Language, data: Path | None, request: RunRequest
) -> PlannedReport:
    matrix = list(source.meta.matrix)
    parameters = {name: chosen.get(name, parameter.default) for name, parameter in source.declared.items()}
    parameters["lang"] = language
    if "edition" in parameters:
        parameters["edition"] = request.edition
    if data is not None:
        parameters["data"] = shown_path(data)
    words = [source.meta.report, *(_word(parameters[name]) for name in matrix)]
    for name, parameter in source.declared.items():
        if name not in (*NOT_IN_SLUG, *matrix) and parameters[name] != parameter.default:
            words.append(f"{name}_{_word(parameters[name])}")
    family = "-".join(words)
    return PlannedReport(
        slug=f"{family}-{language}",
        family=family,
        report=source.meta.report,
        group=source.meta.group.get(language, source.meta.report.replace("_", " ")),
        notebook=source.path,
        notebook_sha256=source.sha256,
        parameters=parameters,
        data=data,
        language=language,
        title=_title(source, parameters, language),
        reach=source.reach,
        edition=request.edition,
        formats=request.formats,
    )


def shown_path(path: Path) -> str:
    """Path as reports may show it: from the caller's folder down, else the last name only."""
    here = Path.cwd().resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) and path != here else path.name


def _read_sources(request: RunRequest) -> tuple[list[_Source], list[Path]]:
    sources: list[_Source] = []
    skipped: list[Path] = []
    for path in dict.fromkeys(path for given in request.notebooks for path in _notebook_files(given)):
        source = _read_source(path)
        if source is not None:
            sources.append(source)
        elif path in request.notebooks:
            raise FactoryError(
                f"{path.name} is not a report: its metadata have no {METADATA_KEY!r}; "
                "add them or name another notebook."
            )
        else:
            skipped.append(path)
    if not sources:
        raise FactoryError("no notebook to run: none given or found is a report.")
    return sources, skipped


def _notebook_files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.glob("*.ipynb"))
    if path.is_file():
        return [path]
    names = [other.name for other in sorted(path.parent.glob("*.ipynb"))]
    near = get_close_matches(path.name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(names) or 'none'}."
    raise FactoryError(f"notebook {str(path)!r} does not exist.{hint}")


def _read_source(path: Path) -> _Source | None:
    content = path.read_bytes()
    notebook = parse_notebook(content, path.name)
    if METADATA_KEY not in notebook.metadata:
        return None
    try:
        meta = ReportMeta.model_validate(_resolved(notebook.metadata[METADATA_KEY], path.name))
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FactoryError(f"{path.name}, metadata {METADATA_KEY}.{where}: {first['msg']}.") from None
    declared = read_parameters(notebook, path.name)
    _check_source(path.name, meta, declared)
    needs = _needed_tables(notebook.metadata[METADATA_KEY], path.name)
    return _Source(path, hashlib.sha256(content).hexdigest(), meta, declared, _reach(notebook), needs)


def _reach(notebook: NotebookNode) -> Reach:
    """What the notebook's cells, and the registries that its metadata name, can come to use."""
    declared = notebook.metadata[METADATA_KEY]
    named = [entry for key in ("matrix", "labels") for entry in declared.get(key, {}).values()]
    modules = [entry.partition(":")[0] for entry in named if isinstance(entry, str)]
    return reach_of_notebook([cell.source for cell in notebook.cells if cell.cell_type == "code"], modules)


def _needed_tables(declared: Mapping[str, Any], name: str) -> dict[str, dict[Any, tuple[str, ...]]]:
    """Tables of the entries of each named matrix, where they declare any."""
    matrix = declared.get("matrix", {})
    named = {parameter: value for parameter, value in matrix.items() if isinstance(value, str)}
    found = {parameter: _named_mapping(value, f"{name}, matrix.{parameter}") for parameter, value in named.items()}
    return {
        parameter: {value: entry.tables for value, entry in entries.items()}
        for parameter, entries in found.items()
        if all(hasattr(entry, "tables") for entry in entries.values())
    }


def _resolved(declared: Any, name: str) -> Any:
    """Metadata in which named mappings are replaced by their values and labels."""
    if not isinstance(declared, dict):
        return declared
    resolved = dict(declared)
    for key, take in (("matrix", list), ("labels", _labels_of)):
        if isinstance(resolved.get(key), dict):
            resolved[key] = {
                parameter: take(_named_mapping(value, f"{name}, {key}.{parameter}"))
                if isinstance(value, str)
                else value
                for parameter, value in resolved[key].items()
            }
    return resolved


def _labels_of(mapping: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    labels = {name: entry.label for name, entry in mapping.items()}
    return {name: {language: label[language] for language in LANGUAGES} for name, label in labels.items()}


def _named_mapping(reference: str, place: str) -> Mapping[str, Any]:
    module, _, attribute = reference.partition(":")
    # A notebook's metadata may not make the factory import whatever it names.
    if re.fullmatch(r"sme_research(\.\w+)+", module):
        with suppress(ImportError):
            found = getattr(importlib.import_module(module), attribute, None)
            if isinstance(found, Mapping):
                return found
    raise FactoryError(
        f"{place}: {reference!r} names no mapping of this package; write 'sme_research.module:NAME' or the values."
    )


def _check_source(name: str, meta: ReportMeta, declared: Mapping[str, Parameter]) -> None:
    if "lang" not in declared:
        raise FactoryError(f"{name}: no parameter 'lang' is declared; add lang: str = \"zh\" to the cell.")
    for parameter, values in meta.matrix.items():
        if parameter not in declared:
            raise FactoryError(f"{name}, matrix: {unknown_parameter(parameter, declared)}")
        if not values:
            raise FactoryError(f"{name}, matrix: {parameter!r} has no values; list at least one.")
        for value in values:
            _refuse_text_for_other(declared[parameter], value, name)
    for language in meta.languages:
        if language not in meta.title:
            raise FactoryError(f"{name}: title has no {language!r}, a declared language; add it.")


def _refuse_text_for_other(parameter: Parameter, value: Any, name: str) -> None:
    """Refuse a text that the command line would convert: a matrix holds values, and text is no number."""
    accepted = accept_value(parameter, value, place=f"{name}, matrix")
    if isinstance(value, str) and not isinstance(accepted, str):
        raise FactoryError(
            f"{name}, matrix: {parameter.name!r} is the text {value!r}, must be {parameter.type_text}."
        )


def _checked_request(request: RunRequest, sources: list[_Source]) -> dict[str, Any]:
    """Given parameters, each known to at least one notebook."""
    for name, value in (("jobs", request.jobs), ("timeout", request.timeout)):
        if value is not None and value < 1:
            raise FactoryError(f"{name} is {value}, must be 1 or more.")
    everything = {name: parameter for source in sources for name, parameter in source.declared.items()}
    for name in request.parameters:
        if name not in everything:
            raise FactoryError(
                f"{', '.join(source.name for source in sources)}: {unknown_parameter(name, everything)}"
            )
    if request.parameters.get("edition", request.edition) != request.edition:
        raise FactoryError("the edition is no parameter of one report; give it as --edition.")
    if request.data is not None and "data" in request.parameters:
        raise FactoryError("the data folder is given twice, as data and as parameter 'data'; give one.")
    if request.data is not None and "data" not in everything:
        raise FactoryError("a data folder is given, but no chosen notebook has a parameter 'data'.")
    return dict(request.parameters)


def _languages(request: RunRequest, given: Mapping[str, Any], sources: list[_Source]) -> tuple[str, ...]:
    offered = {language for source in sources for language in source.meta.languages}
    if request.languages is not None and not request.languages:
        raise FactoryError(
            f"languages (--lang) is an empty list, must name one or more of {', '.join(sorted(offered))}; "
            "leave it out for all."
        )
    if "lang" in given and request.languages not in (None, (given["lang"],)):
        raise FactoryError("the language is given twice, as languages and as parameter 'lang'; give one.")
    wanted = (given["lang"],) if "lang" in given else request.languages or LANGUAGES
    for language in wanted:
        if language not in offered and (request.languages is not None or "lang" in given):
            raise FactoryError(
                f"language {language!r} is offered by no chosen notebook; choose from {', '.join(sorted(offered))}."
            )
    return tuple(wanted)


def _matrix(source: _Source, chosen: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Matrix of the notebook, narrowed to the chosen values."""
    for name, values in source.meta.matrix.items():
        if name in chosen and chosen[name] not in values:
            near = get_close_matches(str(chosen[name]), [str(value) for value in values], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise FactoryError(
                f"{source.name}: {name} {chosen[name]!r} is not in the matrix; "
                f"choose from {', '.join(repr(value) for value in values)}.{hint}"
            )
    return {name: [chosen[name]] if name in chosen else values for name, values in source.meta.matrix.items()}


def _answerable(
    source: _Source, matrix: dict[str, list[Any]], chosen: Mapping[str, Any], data: Path | None, left_out: list[str]
) -> dict[str, list[Any]]:
    """The matrix without values whose tables the folder lacks; what was asked for by name stays, and will say why."""
    if data is None or not source.needs:
        return matrix
    from sme_research.tables import load_tables  # noqa: PLC0415  a process that makes reports does without pandas

    held = load_tables(data)
    kept = dict(matrix)
    for name, needed in source.needs.items():
        if name in chosen:
            continue
        kept[name] = []
        for value in matrix[name]:
            missing = [table for table in needed[value] if table not in held]
            if missing:
                left_out.append(f"{source.meta.report}, {name} {value}: {data.name} holds no table {missing[0]}")
            else:
                kept[name].append(value)
    return kept


def _data_folder(source: _Source, request: RunRequest, given: Mapping[str, Any]) -> Path | None:
    """Folder behind ``data``: given ones from the caller's folder, the default from the notebook's."""
    if "data" not in source.declared:
        return None
    asked = request.data if request.data is not None else given.get("data")
    default = source.declared["data"].default
    if asked is None and default is None:
        return None
    folder = Path(asked).resolve() if asked is not None else (source.path.parent / default).resolve()
    if not folder.is_dir():
        raise FactoryError(
            f"{source.name}: data folder {str(asked or default)!r} does not exist; "
            "make it, or give another data folder."
        )
    return folder


def _title(source: _Source, parameters: Mapping[str, Any], language: Language) -> str:
    def named(match: re.Match[str]) -> str:
        name = match[1]
        if name not in parameters:
            raise FactoryError(
                f"{source.name}, title.{language}: {{{name}}} is no parameter; choose from {', '.join(parameters)}."
            )
        value = str(parameters[name])
        return source.meta.labels.get(name, {}).get(value, {}).get(language, value)

    return re.sub(r"\{(\w+)\}", named, source.meta.title[language])


def _word(value: Any) -> str:
    """Value as part of a folder's name: itself where that is safe, else a short hash."""
    text = str(value)
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.]{0,39}", text):
        return text
    return hashlib.sha256(repr(value).encode()).hexdigest()[:8]


def _refuse_twins(reports: list[PlannedReport]) -> None:
    seen: dict[str, PlannedReport] = {}
    for report in reports:
        twin = seen.setdefault(report.slug.lower(), report)
        if twin is not report:
            raise FactoryError(
                f"{report.notebook.name} and {twin.notebook.name} would both publish {report.slug!r}; "
                "rename 'report' in one or make the matrix values distinct."
            )
