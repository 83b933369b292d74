"""A page of the site: a template with its style, its script and a policy that admits only these two."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2
from markupsafe import Markup

from sme_research.factory.locale import HTML_LANG, local_time
from sme_research.factory.plan import Language
from sme_research.factory.site.words import clock, day, say
from sme_research.factory.typeface import embed_glyphs

TEMPLATES: Final = Path(__file__).parent / "template"
SHAPING: Final = (".py", ".j2", ".css", ".js", ".yml")


def render_site_page(template: str, language: Language, *, script: str, **values: Any) -> bytes:
    """One page in one language.

    Parameters
    ----------
    script : str
        Name of the script, which the page can do without.
    values
        What the template shows; ``data`` is handed to the script as JSON.
    """
    page = _pages().get_template(template)
    code = _read(script)
    shared = {
        **values,
        "language": language,
        "html_lang": HTML_LANG,
        "say": lambda key, **at: say(language, key, **at),
    }
    shared["clock"] = lambda moment: clock(moment, language)
    shared["day"] = lambda moment: day(moment, language)
    draft = page.render(css="", script="", policy="", **shared)
    css = _read("site.css") + embed_glyphs(draft)
    allowed = f"img-src data:; font-src data:; style-src {_source(css)}; script-src {_source(code)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    return page.render(css=Markup(css), script=Markup(code), policy=policy, **shared).encode()


@cache
def shape_sha256() -> str:
    """Hash over all that shapes the site's pages: they are written anew when it changes."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in SHAPING and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def hash_of(*parts: Any) -> str:
    """Hash over what a page is made from, its shape included."""
    content = json.dumps([shape_sha256(), *parts], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def as_data(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it ends that element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("&", "\\u0026").replace(">", "\\u003e"))


@cache
def _pages() -> jinja2.Environment:
    pages = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["local"] = local_time
    pages.filters["as_data"] = as_data
    return pages


@cache
def _read(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _source(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
