"""The public edition names nobody: what is planted is found wherever it hides; and each edition has its place."""

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import tarfile
import zipfile
from urllib.parse import quote

import nbformat
import openpyxl
import pandas as pd
import pytest
import typst
from docx import Document
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, create_string_object

from sme_research.errors import FactoryError
from sme_research.factory.editions import EDITION_MARK, claim_site, find_secrets, gate, site_root
from sme_research.factory.secrets import Secrets, load_secrets

CODE = "91350199000005821M"
NAME = "虚构精密机械有限公司"
LOAN = "L0000001"
SHORT = "宏达"
SECRETS = Secrets(
    {CODE: "enterprises.enterprise_id", NAME: "enterprises.name", LOAN: "loans.loan_id", SHORT: "enterprises.name"},
    ordinary=["福州市"],
)
BOTH = f"{CODE} {NAME}"
DRAWING = quote(f"<svg><title>{BOTH}</title></svg>")
CELLS = ("stream", "html", "png", "png in lines", "error", "metadata")


def escaped(text):
    return json.dumps(text)[1:-1]


def b64(content):
    return base64.b64encode(content.encode() if isinstance(content, str) else content).decode()


def zipped(name="inner.txt", content=BOTH, comment=""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        archive.comment = comment.encode()
    return stream.getvalue()


def tarred():
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.txt")
        member.size = len(BOTH.encode())
        archive.addfile(member, io.BytesIO(BOTH.encode()))
    return stream.getvalue()


def png(kind="tEXt"):
    stream, info = io.BytesIO(), PngInfo()
    image = Image.new("RGB", (8, 8))
    if kind == "EXIF":
        exif = Image.Exif()
        exif[0x010E] = CODE
        exif[0x9C9C] = BOTH.encode("utf-16-le")
        image.save(stream, "PNG", exif=exif)
        return stream.getvalue()
    if kind == "behind":
        image.save(stream, "PNG")
        return stream.getvalue() + zipped()
    if kind == "tEXt":
        info.add_text("Author", CODE)
        info.add_itxt("Title", NAME)
    else:
        info.add_itxt("Comment", BOTH, zip=True) if kind == "iTXt" else info.add_text("Comment", CODE, zip=True)
        info.add_itxt("Comment", NAME)
    image.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def jpeg():
    stream, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = CODE
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=exif, comment=NAME.encode())
    return stream.getvalue()


def docx(where="body"):
    stream, document = io.BytesIO(), Document()
    if where == "body":
        paragraph = document.add_paragraph()
        # Word cuts runs wherever somebody stopped typing.
        for piece in (CODE[:7], CODE[7:], " ", NAME[:3], NAME[3:]):
            paragraph.add_run(piece)
    else:
        document.core_properties.title = BOTH
    document.add_picture(io.BytesIO(png())) if where == "picture" else None
    document.save(stream)
    return stream.getvalue()


def xlsx():
    stream, book = io.BytesIO(), openpyxl.Workbook()
    book.active["B7"] = CODE
    book.create_sheet(NAME)
    book.save(stream)
    return stream.getvalue()


def pdf(where="text"):
    page = typst.compile(f"#set text(size: 9pt)\n{CODE if where == 'text' else 'nothing'}".encode())
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(page)))
    stream = io.BytesIO()
    if where in ("text", "metadata"):
        writer.add_metadata({"/Title": NAME, "/Keywords": CODE})
    elif where == "attachment":
        writer.add_attachment("rows.gz", gzip.compress(BOTH.encode()))
    elif where == "outline":
        writer.add_outline_item(title=BOTH, page_number=0)
    elif where == "XMP":
        writer.xmp_metadata = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><a>{BOTH}</a></x:xmpmeta>".encode()
    elif where == "alternative text":
        writer.root_object[NameObject("/StructTreeRoot")][NameObject("/Alt")] = create_string_object(BOTH)
    if where in ("text", "metadata", "outline"):
        writer.compress_identical_objects()
    writer.write(stream)
    return stream.getvalue()


def notebook(where):
    outputs = {
        "stream": new_output("stream", text=f"see {BOTH}"),
        "html": new_output("display_data", {"text/html": [f"<td>{CODE}</td>\n", f"<b>{NAME[:4]}</b>{NAME[4:]}"]}),
        "png": new_output("display_data", {"image/png": b64(png())}),
        "png in lines": new_output("display_data", {"image/png": base64.encodebytes(png()).decode()}),
        "error": new_output("error", ename="KeyError", evalue=CODE, traceback=[f"\x1b[31m{NAME}\x1b[0m"]),
    }
    made = new_notebook(cells=[new_code_cell("1", outputs=[outputs[where]] if where in outputs else [])])
    if where == "metadata":
        made.metadata["papermill"] = {"parameters": {"only": CODE, NAME: 1}}
    return nbformat.writes(made).encode()


def parquet():
    stream = io.BytesIO()
    pd.DataFrame({"id": [CODE] * 9, NAME: range(9)}).to_parquet(stream)
    return stream.getvalue()


PLANTED = {
    "plain text": ("a.txt", BOTH.encode()),
    "a table in GB18030": ("a.csv", f"代码,名称\n{CODE},{NAME}\n".encode("gb18030")),
    "UTF-16 with a mark": ("a.txt", BOTH.encode("utf-16")),
    "UTF-16 without one": ("a.txt", f"{'abc ' * 20}{BOTH}".encode("utf-16-be")),
    "text with a broken byte": ("a.html", b"<p>" + b"word " * 40 + b"\xff" + html.escape(BOTH).encode()),
    "lower case and full width": ("a.txt", f"{CODE.lower()} {NAME.translate({0x41: 0xFF21})}".encode()),
    "full-width digits": ("a.txt", "".join(chr(ord(c) + 0xFEE0) for c in CODE).encode() + NAME.encode()),
    "broken over lines": ("a.txt", f"{CODE[:9]}\n  {CODE[9:]} {NAME[:5]}\n{NAME[5:]}".encode()),
    "with invisible characters": ("a.txt", f"{CODE[:9]}\u200b{CODE[9:]} {NAME[:5]}\u00ad{NAME[5:]}".encode()),
    "in a longer word": ("a.txt", f"id{CODE}x在{NAME}的".encode()),
    "JSON": ("a.json", json.dumps({CODE: [NAME]}).encode()),
    "JSON in JSON": ("a.json", json.dumps({"a": json.dumps({"b": BOTH})}).encode()),
    "escapes in a script": ("a.html", f"<script>x = '{escaped(BOTH)}'</script>".encode()),
    "escapes escaped": ("a.txt", escaped(escaped(BOTH)).encode()),
    "decimal entities": ("a.html", "".join(f"&#{ord(c)};" for c in BOTH).encode()),
    "hexadecimal entities": ("a.html", "".join(f"&#x{ord(c):x};" for c in BOTH).encode()),
    "entities in an attribute": ("a.html", f"<img alt='{''.join(f'&amp;#{ord(c)};' for c in BOTH)}'>".encode()),
    "cut by tags": ("a.html", f"<b>{CODE[:5]}</b>{CODE[5:]}<i>{NAME[:2]}</i><u>{NAME[2:]}</u>".encode()),
    "a comment of HTML": ("a.html", f"<p>x</p><!-- {BOTH} -->".encode()),
    "percent signs": ("a.html", f"<a href='?q={quote(BOTH)}'>x</a>".encode()),
    "percent signs twice": ("a.html", quote(quote(BOTH)).encode()),
    "quoted printable": ("a.eml", "".join(f"={byte:02X}" for byte in BOTH.encode()).encode()),
    "a data address": ("a.html", f"<img src='data:text/plain;base64,{b64(BOTH)}'>".encode()),
    "a drawing in a data address": ("a.html", f"url(data:image/svg+xml,{DRAWING})".encode()),
    "base64 in base64": ("a.txt", b64("x" + b64("yz" + b64(BOTH))).encode()),
    "base64 for addresses": ("a.txt", base64.urlsafe_b64encode(f"?>{BOTH}~".encode())),
    "base64 in lines": ("a.txt", base64.encodebytes(("pad " * 30 + BOTH).encode())),
    "base64 behind letters": ("a.txt", ("ab" + b64(BOTH)).encode()),
    "packed base64": ("a.html", f"<script>'{b64(gzip.compress(BOTH.encode()))}'</script>".encode()),
    "PNG, tEXt and iTXt": ("a.png", png("tEXt")),
    "PNG, packed iTXt": ("a.png", png("iTXt")),
    "PNG, zTXt": ("a.png", png("zTXt")),
    "PNG, EXIF": ("a.png", png("EXIF")),
    "behind a PNG": ("a.png", png("behind")),
    "JPEG": ("a.jpg", jpeg()),
    "a picture in HTML": ("a.html", f"<img src='data:image/png;base64,{b64(png())}'>".encode()),
    "a drawing": ("a.svg", f"<svg><title>{NAME}</title><desc>{CODE}</desc></svg>".encode()),
    "DOCX, cut into runs": ("a.docx", docx()),
    "DOCX, properties": ("a.docx", docx("properties")),
    "XLSX": ("a.xlsx", xlsx()),
    "PDF, text and title": ("a.pdf", pdf()),
    "PDF, metadata": ("a.pdf", pdf("metadata")),
    "PDF, attachment": ("a.pdf", pdf("attachment")),
    "PDF, outline": ("a.pdf", pdf("outline")),
    "PDF, XMP": ("a.pdf", pdf("XMP")),
    "PDF, alternative text": ("a.pdf", pdf("alternative text")),
    "ZIP": ("a.zip", zipped()),
    "ZIP in ZIP": ("a.zip", zipped("b.zip", zipped())),
    "a name in a ZIP": ("a.zip", zipped(f"{BOTH}.csv", "1")),
    "a ZIP's comment": ("a.zip", zipped(content="1", comment=BOTH)),
    "GZ": ("a.gz", gzip.compress(BOTH.encode())),
    "BZ2": ("a.bz2", bz2.compress(BOTH.encode())),
    "XZ": ("a.xz", lzma.compress(BOTH.encode())),
    "TAR": ("a.tgz", tarred()),
    "Parquet": ("a.parquet", parquet()),
    "a file's name": (f"{BOTH}.txt", b"1"),
    "a folder's name": (f"{CODE}/{NAME}/a.txt", b"1"),
    "a file without an ending": ("data", BOTH.encode()),
    "a wrong ending": ("a.css", zipped()),
    **{f"a notebook's {where}": ("a.ipynb", notebook(where)) for where in CELLS},
}  # fmt: skip


def put(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return folder


@pytest.mark.parametrize(("name", "content"), PLANTED.values(), ids=PLANTED.keys())
def test_what_is_planted_is_found(tmp_path, name, content):
    found = {leak.kind for leak in find_secrets(put(tmp_path, name, content), SECRETS)}
    assert found == {"enterprises.enterprise_id", "enterprises.name"}


def test_an_earlier_revision_of_a_pdf_is_searched_too(tmp_path):
    first = pdf("attachment")
    # A later revision that knows nothing of the attachment: its table replaces all.
    later = pdf("nothing")
    with pytest.raises(FactoryError, match="names what it must not"):
        gate(put(tmp_path, "a.pdf", first.replace(b"/EmbeddedFiles", b"/EmbeddedNixes") + later), SECRETS)


def test_short_ids_and_names_are_found_as_whole_words_only(tmp_path):
    put(tmp_path, "found.txt", f"贷款编号{LOAN}，企业“{SHORT}”".encode())
    put(tmp_path, "other.txt", f"XL00000011 {LOAN}5 宏达路 {LOAN}A".encode())
    assert {(leak.file, leak.kind) for leak in find_secrets(tmp_path, SECRETS)} == {
        ("found.txt", "loans.loan_id"),
        ("found.txt", "enterprises.name"),
    }


def test_ordinary_reports_name_nobody(tmp_path):
    noise = b64(Image.effect_noise((400, 400), 90).tobytes())
    text = "福州市 2019 年共有 1,350 家企业参加，营业收入 91350 万元。SHA-256 " + "9135019900" * 6
    put(
        tmp_path,
        "a.html",
        f"<p>{text}</p><img src='data:image/png;base64,{noise}'>".encode(),
    )
    put(tmp_path, "a.ipynb", nbformat.writes(new_notebook(cells=[new_code_cell(text)])).encode())
    assert find_secrets(tmp_path, SECRETS) == []
    gate(tmp_path, SECRETS)


def test_the_gate_says_where_and_not_whom(tmp_path):
    put(tmp_path, f"figures/{CODE}.csv", b"1")
    put(tmp_path, "report.docx", docx("properties"))
    put(tmp_path, "a.zip", zipped(f"{NAME}.csv", SHORT))
    with pytest.raises(FactoryError) as refused:
        gate(tmp_path, SECRETS)
    message = str(refused.value)
    assert "report.docx, docProps/core.xml: enterprises.enterprise_id 9135… (SHA-256 " in message
    assert "its name: enterprises.enterprise_id" in message
    assert not any(secret in message for secret in (CODE, NAME, SHORT))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.zip", zipped()[:-30], "cannot be searched"),
        ("a.pdf", b"%PDF-1.7 nothing", "cannot be searched"),
        ("a.gz", b"\x1f\x8b\x08 nothing at all", "cannot be searched"),
        ("a.png", b"\x89PNG\r\n\x1a\nnothing", "cannot be searched"),
    ],
)
def test_what_cannot_be_searched_does_not_pass(tmp_path, name, content, said):
    with pytest.raises(FactoryError, match=said):
        gate(put(tmp_path, name, content), SECRETS)


def test_an_encrypted_pdf_does_not_pass(tmp_path):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("nothing"))))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "a.pdf")
    with pytest.raises(FactoryError, match="cannot be searched"):
        gate(tmp_path, SECRETS)


def test_an_encrypted_pdf_in_base64_does_not_pass_either(tmp_path):
    stream, writer = io.BytesIO(), PdfWriter(clone_from=PdfReader(io.BytesIO(pdf("nothing"))))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(stream)
    with pytest.raises(FactoryError, match=r"a.html, base64: cannot be searched"):
        gate(put(tmp_path, "a.html", f"<a href='data:;base64,{b64(stream.getvalue())}'>".encode()), SECRETS)


def test_a_picture_that_only_a_wrong_reading_breaks_passes(tmp_path):
    # Read as quoted printable, as escapes or as an address, the letters of a picture mean something else.
    stream = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(stream, "PNG")
    letters = b64(stream.getvalue())
    assert "+" in letters
    page = f"<p>\\u0041 %41 =41=42=43</p><img src='data:image/png;base64,{letters}'>"
    gate(put(tmp_path, "a.html", page.encode()), SECRETS)
    cut = f"<img src='data:image/png;base64,{letters[:400]}%2B{letters[400:]}'>"
    gate(put(tmp_path, "b.html", cut.encode()), SECRETS)


def test_a_link_does_not_pass(tmp_path):
    (tmp_path / "a.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FactoryError, match="link"):
        gate(tmp_path, SECRETS)


def test_what_unpacks_without_end_does_not_pass(tmp_path, monkeypatch):
    monkeypatch.setattr("sme_research.factory.unpack.MOST_BYTES", 1 << 20)
    with pytest.raises(FactoryError, match="MiB"):
        gate(put(tmp_path, "a.gz", gzip.compress(b"0" * (2 << 20))), SECRETS)


# The secrets of a folder


def test_all_that_identifies_is_a_secret_and_what_is_public_is_none(small_folder):
    secrets = load_secrets(small_folder)
    read = {
        name: pd.read_csv(small_folder / f"{name}.csv", dtype=str) for name in ("enterprises", "loans", "clusters")
    }
    for table, column in (
        ("enterprises", "enterprise_id"),
        ("enterprises", "name"),
        ("loans", "loan_id"),
        ("clusters", "cluster_id"),
    ):
        for value in read[table][column].dropna().head(20):
            assert {hit.kind for hit in secrets.find(f"见 {value}。")} == {f"{table}.{column}"}
    for value in (
        *read["enterprises"]["city_code"].head(5),
        *read["enterprises"]["industry_code"].head(5),
        "福州市",
        "private",
    ):
        assert secrets.find(f"见 {value}。") == set()


def test_names_that_are_ordinary_words_are_left_out_and_counted():
    secrets = Secrets({"福州市": "enterprises.name", NAME: "enterprises.name"}, ordinary=["福州市"])
    assert (secrets.n, secrets.n_ordinary) == (1, 1)
    assert secrets.find("福州市") == set()


def test_ids_that_look_like_figures_are_refused():
    with pytest.raises(FactoryError, match="cannot be told from the figures"):
        Secrets({"1234": "enterprises.enterprise_id"})


def test_hints_never_show_a_whole_name():
    assert {hit.hint[:2] for hit in Secrets({"宏达": "enterprises.name"}).find("宏达")} == {"宏…"}


# Where each edition lies


def test_the_public_site_is_a_sibling_of_the_internal_one(tmp_path):
    reports = tmp_path / "reports"
    assert site_root(reports, "internal") == reports
    assert site_root(reports, "public") == tmp_path / "reports-public"


def test_a_claimed_site_stays_of_its_edition(tmp_path):
    public = site_root(tmp_path / "reports", "public")
    claim_site(public, "public")
    assert site_root(tmp_path / "reports", "public") == public
    put(public, "slug/run/manifest.json", b'{"edition": "public"}')
    assert site_root(tmp_path / "reports", "public") == public
    with pytest.raises(FactoryError, match="marked as the site of the public edition"):
        site_root(public, "internal")
    with pytest.raises(FactoryError, match="marked as the site of the public edition"):
        claim_site(public, "internal")


@pytest.mark.parametrize("manifest", [b'{"edition": "internal"}', b"{}", b"not json"])
def test_a_site_that_held_the_other_edition_is_refused(tmp_path, manifest):
    put(tmp_path, "reports-public/slug/run/manifest.json", manifest)
    (tmp_path / "reports-public" / EDITION_MARK).write_text("public\n")
    with pytest.raises(FactoryError, match="slug/run, which is not of the public edition"):
        site_root(tmp_path / "reports", "public")


def test_internal_reports_are_refused_where_public_ones_lie(tmp_path):
    put(tmp_path, "reports/slug/run/manifest.json", b'{"edition": "public"}')
    with pytest.raises(FactoryError, match="not of the internal edition"):
        site_root(tmp_path / "reports", "internal")


def test_a_folder_with_unmarked_files_does_not_become_the_public_site(tmp_path):
    put(tmp_path, "reports-public/old.html", b"")
    with pytest.raises(FactoryError, match="starts in an empty folder"):
        site_root(tmp_path / "reports", "public")


def test_a_link_into_the_internal_site_is_refused(tmp_path):
    (tmp_path / "reports/inside").mkdir(parents=True)
    (tmp_path / "reports-public").symlink_to(tmp_path / "reports/inside")
    with pytest.raises(FactoryError, match="lies in the internal one"):
        site_root(tmp_path / "reports", "public")


def test_a_short_id_among_the_letters_of_a_picture_is_chance_and_beside_them_a_leak(tmp_path):
    """Cluster ids have four characters, and a picture has a million."""
    secrets = Secrets({"C093": "clusters.cluster_id"})
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40).decode()
    chance = picture[:4000] + "+C093/" + picture[4006:]
    (tmp_path / "notebook.ipynb").write_text(json.dumps({"image/png": chance, "text/plain": "a figure"}))
    assert find_secrets(tmp_path, secrets) == []
    (tmp_path / "notebook.ipynb").write_text(json.dumps({"image/png": chance, "text/plain": "cluster C093"}))
    assert [leak.kind for leak in find_secrets(tmp_path, secrets)] == ["clusters.cluster_id"]
