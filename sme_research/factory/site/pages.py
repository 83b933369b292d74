"""Every page of the site, rewritten where it lags behind what the folder holds."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from sme_research.factory.plan import Language
from sme_research.factory.site.catalogue_page import catalogue_source, render_catalogue
from sme_research.factory.site.histories import History, edition_of, read_histories
from sme_research.factory.site.history_page import history_source, render_history
from sme_research.factory.site.layout import CATALOGUES, INDEX_NAME
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.page import hash_of
from sme_research.factory.site.signatures import read_signers, signers_path

SHOW_BAR_AFTER_S = 2


def write_pages(reports: Path, ledger: Ledger, *, without: frozenset[str] = frozenset()) -> None:
    """Write every page that is missing, changed or made from something else; the caller holds the lock.

    Parameters
    ----------
    without : set of "slug/run_id"
        Runs that are about to be removed: no page leads to them any more.
    """
    histories = read_histories(reports, ledger, read_signers(signers_path(reports)))
    histories = [history.without(without) for history in histories]
    languages: dict[str, list[Language]] = {}
    for history in histories:
        if history.language is not None:
            languages.setdefault(history.family, []).append(history.language)
    public = edition_of(reports) == "public"
    told = [history for history in histories if history.language is not None]
    for history in tqdm(told, desc="pages", unit="page", delay=SHOW_BAR_AFTER_S, leave=False, disable=None):
        _write_history(ledger, history, tuple(languages[history.family]), public=public)
    source = hash_of(catalogue_source(histories), public)
    for language, name in CATALOGUES.items():
        if not ledger.holds(name, source):
            ledger.place(name, render_catalogue(histories, language, public=public), source=source)


def _write_history(ledger: Ledger, history: History, languages: tuple[Language, ...], *, public: bool) -> None:
    path = f"{history.slug}/{INDEX_NAME}"
    source = history_source(history, languages, public=public)
    if not ledger.holds(path, source):
        ledger.place(path, render_history(history, languages, public=public), source=source)
