"""The public edition, from a run to the bytes of its site: who is in the data is nowhere in it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pytest
from factory_cases import FINDING, code, records, write

from sme_research.errors import FactoryError
from sme_research.factory.editions import seal_key, site_root
from sme_research.factory.freshness import newest_run
from sme_research.factory.run import RunRequest, plan_reports, run_reports
from sme_research.factory.site.verification import verify_site
from sme_research.tables import make_codes

CODES = [str(made) for made in make_codes("350199", np.arange(12))]
NAME = "青石岭精密铸造有限公司"
PARAMETERS = 'lang: str = "zh"\ndata: str = "../data"\nedition: str = "internal"'
READ = "from sme_research import load_tables, trace_tables, tabulate_provenance\ntables = load_tables(data)\n"
SHOW = "\ndisplay(tabulate_provenance(trace_tables(tables), lang))"
CLEAN = "print(len(tables['enterprises']) // 10 * 10)"
LEAKS = {
    "code": "print(tables['enterprises']['enterprise_id'].iloc[3])",
    "name": "display(tables['enterprises'][['name']].head(2))",
    "picture": (
        "from PIL import Image, PngImagePlugin\nimport io, base64\nfrom IPython.display import publish_display_data\n"
        "info = PngImagePlugin.PngInfo()\ninfo.add_text('Comment', tables['enterprises']['name'].iloc[0], zip=True)\n"
        "held = io.BytesIO()\nImage.new('RGB', (2, 2)).save(held, 'png', pnginfo=info)\n"
        "publish_display_data({'image/png': base64.b64encode(held.getvalue()).decode()},"
        " {'image/png': {'alt': 'two dots', 'caption': 'dots', 'data': [{'x': 1}]}})"
    ),
}


@pytest.fixture
def request_of(tmp_path, inline):
    data = tmp_path / "data"
    data.mkdir()
    rows = [f"{code_},{NAME}{number},350100,3741" for number, code_ in enumerate(CODES)]
    head = "enterprise_id,name,city_code,industry_code"
    (data / "enterprises.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    (data / "truth.json").write_text("{}", encoding="utf-8")

    def make(*bodies: str) -> RunRequest:
        for number, body in enumerate(bodies):
            cell = code(READ + body + SHOW)
            write(tmp_path / f"notebooks/n{number}.ipynb", cell, records(FINDING), parameters=PARAMETERS, meta=META)
        return RunRequest(
            (tmp_path / "notebooks",),
            site_root(tmp_path / "reports", "public"),
            data=data,
            edition="public",
        )

    return make


META = {"title": {"zh": "标题", "en": "Title"}}


def said(content: bytes) -> str:
    """Bytes as they are and unpacked one way after the other, by code of this test's own."""
    texts = [content.decode("utf-8", "replace")]
    texts.append(re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), texts[0]))
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            texts += [said(archive.read(name)) for name in archive.namelist()]
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            texts.append(zlib.decompress(stream.rstrip(b"\r\n")).decode("latin-1"))
        except zlib.error:
            continue
    for letters in re.findall(r"[A-Za-z0-9+/]{64,}={0,2}", texts[0]):
        whole = letters[: len(letters) // 4 * 4]
        texts.append(base64.b64decode(whole).decode("latin-1"))
    return "\n".join(texts)


def test_the_bytes_of_a_public_site_name_nobody_and_no_plain_hash_of_a_table(request_of):
    request = request_of(CLEAN)
    outcome = run_reports(request, progress=False)
    assert [str(failed.failure) for failed in outcome.failed] == []
    files = [path for path in request.reports.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".pdf", ".docx", ".zip", ".json", ".ipynb"}
    _, manifest = newest_run(request.reports, "n0-en")
    digest = hashlib.sha256((request.data / "enterprises.csv").read_bytes()).hexdigest()
    for path in files:
        text = said(path.read_bytes())
        assert NAME not in text, path
        assert not any(code_ in text for code_ in CODES), path
        assert digest not in text, path
    assert (manifest.edition, len(manifest.tables[0].sha256)) == ("public", 64)
    assert verify_site(request.reports).faults == ()


@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_a_report_that_names_somebody_fails_and_leaves_nothing_in_the_public_site(request_of, leak):
    request = request_of(CLEAN, leak)
    outcome = run_reports(request, progress=False)
    assert ([report.slug for report in outcome.published], len(outcome.failed)) == (["n0-en"], 1)
    told = str(outcome.failed[0].failure)
    assert "the public edition names what it must not" in told
    assert NAME not in told
    assert not any(code_ in told for code_ in CODES)
    for path in request.reports.rglob("*"):
        assert not path.is_file() or NAME not in said(path.read_bytes()), path
    kept = request.reports.parent / ".sme-research/failed-public/n1-en"
    assert [path.name for path in kept.glob("*/failure.json")] == ["failure.json"]
    judged, _ = plan_reports(request)
    assert {one.planned.slug: one.reasons for one in judged} == {"n0-en": (), "n1-en": ("it was never made",)}


def test_a_changed_table_is_seen_through_its_seal(request_of):
    request = request_of(CLEAN)
    run_reports(request, progress=False)
    (request.data / "enterprises.csv").write_bytes((request.data / "enterprises.csv").read_bytes() + b"\n")
    judged, _ = plan_reports(request)
    assert judged[0].reasons == ("table enterprises has changed",)
    assert len(seal_key(request.reports)) == 64


def test_a_notebook_that_knows_no_edition_makes_no_public_report(request_of, tmp_path):
    request = request_of(CLEAN)
    path = write(tmp_path / "notebooks/n9.ipynb", records(FINDING), meta=META)
    judged, left_out = plan_reports(request)
    assert [one.planned.slug for one in judged] == ["n0-en"]
    assert left_out == ("n9.ipynb declares no parameter 'edition', so it cannot make a public edition",)
    with pytest.raises(FactoryError, match="declares no parameter 'edition'"):
        plan_reports(replace(request, notebooks=(path,), data=None))
    with pytest.raises(FactoryError, match="give it as --edition"):
        plan_reports(replace(request, edition="internal", parameters={"edition": "public"}))
