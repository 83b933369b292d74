"""What an answer depends on besides its data: code, texts, reference facts, environment.

Read off the imports, without running anything: the modules that a notebook or
a module can come to use, whether or not a given run uses them.
"""

from __future__ import annotations

import ast
import hashlib
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import grimp

ROOT: Final = "sme_research"
PACKAGE: Final = Path(__file__).resolve().parent
REFERENCE: Final = PACKAGE.parent / "data" / "reference"
LOCK: Final = PACKAGE.parent / "requirements.lock"
DATA_SUFFIXES: Final = (".yml", ".yaml", ".csv", ".json")


@dataclass(frozen=True, slots=True)
class Reach:
    """SHA-256 over the reached modules, the texts beside them, and the reference facts they name."""

    code: str
    texts: str
    reference: str


def reach_of_notebook(sources: Iterable[str], modules: Iterable[str] = ()) -> Reach:
    """Reach of a notebook's code cells, and of modules that its metadata name."""
    roots = set(modules)
    for source in sources:
        roots |= _imported(source)
    return reach_of_modules(frozenset(roots))


@cache
def reach_of_modules(roots: frozenset[str]) -> Reach:
    """Reach of modules by dotted name."""
    files = {name: _file_of(name) for name in sorted(modules_reached(roots))}
    texts = {path for file in files.values() for path in _data_beside(file)}
    contents = [file.read_text(encoding="utf-8") for file in files.values()]
    facts = [path for path in _reference_files() if any(path.name in content for content in contents)]
    return Reach(code=digest_files(files.values()), texts=digest_files(texts), reference=digest_files(facts))


def modules_reached(roots: frozenset[str]) -> frozenset[str]:
    """The modules of this package that may be imported, directly or not, once the roots are."""
    found: set[str] = set()
    waiting = set(roots)
    while waiting:
        name = waiting.pop()
        if name in found or name not in _graph().modules:
            continue
        found.add(name)
        parent = name.rpartition(".")[0]
        waiting |= {parent} if parent else set()
        waiting |= _graph().find_modules_directly_imported_by(name)
        if _discovers(name):
            waiting |= _graph().find_children(name)
    return frozenset(found)


def digest_files(paths: Iterable[Path]) -> str:
    """SHA-256 over names and contents of this package's or its reference files, in a stable order."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(PACKAGE.parent).as_posix()} {content}\n".encode())
    return digest.hexdigest()


@cache
def packages_digest() -> str:
    """SHA-256 over the Python version and the sorted ``name==version`` lines of all that is installed."""
    names = {f"{found.metadata['Name']}=={found.version}" for found in distributions()}
    return hashlib.sha256("\n".join([platform.python_version(), *sorted(names)]).encode()).hexdigest()


def _imported(source: str) -> set[str]:
    """Modules of this package that a cell's code imports; all of them where the code cannot be read."""
    plain = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!", "?")))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return set(_graph().modules)
    roots: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
            roots |= set(_graph().modules) if ROOT in names else {n for n in names if n.startswith(f"{ROOT}.")}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            roots |= _from(node.module, [alias.name for alias in node.names])
    return roots


def _from(module: str, names: list[str]) -> set[str]:
    if module == ROOT:
        homes = _public_homes()
        return set(_graph().modules) if "*" in names else {homes.get(name, f"{ROOT}.{name}") for name in names}
    if not module.startswith(f"{ROOT}."):
        return set()
    return {module, *(f"{module}.{name}" for name in names if f"{module}.{name}" in _graph().modules)}


@cache
def _public_homes() -> dict[str, str]:
    """Module of each public name, as the stub says."""
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    return {alias.name: f"{ROOT}.{node.module}" for node in imports for alias in node.names}


@cache
def _graph() -> grimp.ImportGraph:
    return grimp.build_graph(ROOT, cache_dir=None, exclude_type_checking_imports=True)


@cache
def _discovers(name: str) -> bool:
    """Whether a package imports its own modules by names that it makes up when it runs."""
    file = _file_of(name)
    return file.name == "__init__.py" and "import_module(f" in file.read_text(encoding="utf-8")


def _file_of(name: str) -> Path:
    path = PACKAGE.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _data_beside(file: Path) -> list[Path]:
    """Texts and tables in the package whose ``__init__`` this is, or in folders of it that hold no code."""
    if file.name != "__init__.py" or file.parent == PACKAGE:
        return []
    folders = [file.parent, *(path for path in file.parent.iterdir() if path.is_dir() and not any(path.glob("*.py")))]
    return [path for folder in folders for path in folder.iterdir() if path.suffix in DATA_SUFFIXES]


def _reference_files() -> list[Path]:
    return sorted(REFERENCE.rglob("*.*")) if REFERENCE.is_dir() else []
