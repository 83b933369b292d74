"""Policy instruments: one a file, each found by itself."""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from sme_research.instruments.declare import Instrument


def _discover() -> dict[str, Instrument]:
    modules = (module.name for module in iter_modules(__path__))
    names = sorted(name for name in modules if name != "declare" and not name.startswith("_"))
    found = (import_module(f"{__name__}.{name}").INSTRUMENT for name in names)
    return {instrument.name: instrument for instrument in found}


INSTRUMENTS: Final[Mapping[str, Instrument]] = _discover()

__all__ = ["INSTRUMENTS", "Instrument"]
