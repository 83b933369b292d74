"""The published site on this machine alone: the published files, and nothing else that lies in the folder."""

from __future__ import annotations

import functools
import sys
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sme_research.errors import FactoryError
from sme_research.factory.site.layout import LEDGER

HOST: Final = "127.0.0.1"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".ipynb": "application/x-ipynb+json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".zip": "application/zip",
}


def make_server(reports: Path, port: int) -> ThreadingHTTPServer:
    """A server of the site, bound to the loopback address; port 0 takes any that is free.

    Raises
    ------
    FactoryError
        There is no published folder, or the port is taken.
    """
    if not reports.is_dir():
        raise FactoryError(f"{reports.name!r} is no folder; make reports with: sme-research run")
    handler = functools.partial(_Handler, directory=str(reports.resolve()))
    try:
        return ThreadingHTTPServer((HOST, port), handler)
    except OSError as fault:
        raise FactoryError(f"port {port} cannot be used ({fault.strerror}); choose another with --port.") from None


class _Handler(SimpleHTTPRequestHandler):
    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, **TYPES}  # noqa: RUF012  (declared by the base class)
    server_version = "sme-research"
    sys_version = ""

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/favicon.ico":
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
            return
        super().do_GET()

    def send_head(self) -> Any:
        """The file asked for; nothing that begins with a dot, not the ledger, and nothing outside by a link."""
        parts = [part for part in unquote(urlsplit(self.path).path).split("/") if part]
        root = Path(self.directory).resolve()
        inside = Path(self.translate_path(self.path)).resolve().is_relative_to(root)
        if any(part.startswith(".") for part in parts) or parts == [LEDGER] or not inside:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def list_directory(self, path: Any) -> BytesIO | None:  # noqa: ARG002  (its name is the base class's)
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        super().end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  (its name is the base class's)
        """Say nothing of what is fetched; errors are the browser's to show."""


def serve_until_interrupted(server: ThreadingHTTPServer) -> None:
    """Serve until Ctrl-C, then let go of the port."""
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        server.server_close()
