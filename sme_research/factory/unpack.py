"""Every text in a file, however it is wrapped: archives, documents, pictures' metadata, encodings in encodings."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import html
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

import pyarrow.parquet as pq
from PIL import ExifTags, Image
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject, TextStringObject

from sme_research.errors import FactoryError

MOST_DEPTH: Final = 12
MOST_BYTES: Final = 1 << 30
"""Bytes to which one file may unpack in all."""

_BASE64: Final = re.compile(r"""[A-Za-z0-9+/_-]{12,}(?:(?:\s|\\[nr]|",)+"?[A-Za-z0-9+/_-]{4,})*={0,2}""")
_BETWEEN: Final = re.compile(r"""(?:\s|\\[nr]|[",=])+""")
_UNREADABLE: Final = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufffd]")
_ESCAPED: Final = re.compile(r"\\+u\{?([0-9A-Fa-f]{4,6})\}?|\\+x([0-9A-Fa-f]{2})")
_QUOTED: Final = re.compile(r"=([0-9A-Fa-f]{2})")
_LONG_BASE64: Final = 4096
_SAMPLE: Final = 20_000
_READABLE: Final = 0.9
_INTACT: Final = 0.95
_PDF_STREAM: Final = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Found:
    """A text and where in the file it stands; a noisy one is bytes of another form read as text."""

    place: str
    text: str
    noisy: bool = False


class _Unpacking:
    """One file's way through its wrappings: what was seen already, and how much it has become."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._seen: set[tuple[type, int, int]] = set()
        self._bytes = 0

    def is_new(self, content: str | bytes) -> bool:
        # Bytes and their text share a hash.
        key = (type(content), len(content), hash(content))
        if key in self._seen:
            return False
        self._seen.add(key)
        self._bytes += len(content)
        if self._bytes > MOST_BYTES:
            raise FactoryError(
                f"{self.name} unpacks to more than {MOST_BYTES >> 20} MiB; it cannot be searched whole."
            )
        return True

    def check_depth(self, depth: int, place: str) -> None:
        if depth > MOST_DEPTH:
            raise FactoryError(f"{self.name}, {place}: wrapped more than {MOST_DEPTH} times; it cannot be searched.")


def texts_of(content: bytes, name: str) -> Iterator[Found]:
    """Every text in a file's bytes, with the place where it stands.

    What words look like in pixels or outlines is not read.

    Raises
    ------
    FactoryError
        A part is encrypted, broken or wrapped too often, so it cannot be searched.
    """
    yield from _from_bytes(content, "", 0, _Unpacking(name))


def _from_bytes(
    content: bytes, place: str, depth: int, state: _Unpacking, *, certain: bool = True
) -> Iterator[Found]:
    """Texts of bytes that are a container or a text; uncertain ones may be an artefact of reading a text wrongly."""
    if not content or not state.is_new(content):
        return
    state.check_depth(depth, place)
    for magic, unpack in _UNPACKERS:
        if content.startswith(magic):
            try:
                yield from unpack(content, place, depth, state)
            except _BROKEN as fault:
                if certain or "encrypted" in str(fault):
                    raise FactoryError(
                        f"{state.name}{place and ', ' + place}: cannot be searched "
                        f"({type(fault).__name__}: {fault}); publish it unencrypted and whole, or leave it out."
                    ) from None
            yield from _noise(content, place, state)
            return
    yield from _plain(content, place, depth, state)


def _plain(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    """Bytes that are no container: a text in its encoding, or a form of its own that may hold words."""
    if not content:
        return
    text = _as_text(content)
    if text is not None:
        yield from _from_text(text, place, depth, state)
    if text is None or len(text.encode("utf-8", "replace")) != len(content):
        yield from _noise(content, place, state)


def _as_text(content: bytes) -> str | None:
    """The bytes as the text that they are, by the encodings that files here come in; None where they are none."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    # A few broken bytes make no text another thing.
    text = content.decode("utf-8", "ignore").replace("\0", "")
    if len(text.encode()) >= _INTACT * len(content) and _is_readable(text):
        return text
    if b"\0" in content:
        # Read from the wrong end, letters become rare characters.
        texts = [content.decode(encoding, "replace") for encoding in ("utf-16-le", "utf-16-be")]
        text = max(texts, key=lambda text: sum(character.isascii() for character in text[:_SAMPLE]))
    else:
        text = content.decode("gb18030", "replace")
    return text if _is_readable(text) else None


def _is_readable(text: str) -> bool:
    sample = text[:_SAMPLE]
    return len(_UNREADABLE.findall(sample)) <= (1 - _READABLE) * len(sample)


def _noise(content: bytes, place: str, state: _Unpacking) -> Iterator[Found]:
    """Bytes of whatever form in every encoding and alignment; what looks like a short word in them is chance."""
    for encoding, shifts in (("utf-8", 1), ("gb18030", 2), ("utf-16-le", 2), ("utf-16-be", 2)):
        for shift in range(shifts):
            text = content[shift:].decode(encoding, "ignore")
            if text and state.is_new(text):
                yield Found(place, text, noisy=True)


def _from_text(text: str, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    """A text, what it says once read as markup or escapes, and what its base64 holds."""
    if not text or not state.is_new(text):
        return
    state.check_depth(depth, place)
    rest, last = [], 0
    for run in _BASE64.finditer(text):
        for content in _decoded(run[0]):
            yield from _from_bytes(content, _inside(place, "base64"), depth + 1, state, certain=False)
            if len(run[0]) >= _LONG_BASE64 and content.startswith(_MARKS):
                # A picture was searched now; as text, markup or escapes its letters are only noise.
                rest.append(text[last : run.start()])
                last = run.end()
    rest.append(text[last:])
    written = "".join(rest)
    yield Found(place, written)
    if written != text:
        yield Found(place, text, noisy=True)
    for read in (_from_json, _unescape, html.unescape, _strip_tags, _unquote, _unquote_printable):
        said = read(written)
        if said != written:
            yield from _from_text(said, place, depth + 1, state)


def _from_json(text: str) -> str:
    """Every string of a JSON document; lists of strings, as notebooks keep long ones, also joined."""
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return text
    # Not by a line break alone, over which base64 may run on.
    return "\n|\n".join(_strings(document))


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, list):
        if document and all(isinstance(item, str) for item in document):
            yield "".join(document)
        for item in document:
            yield from _strings(item)
    elif isinstance(document, dict):
        for key, item in document.items():
            yield key
            yield from _strings(item)


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    said = _ESCAPED.sub(
        lambda match: chr(int(match[1] or match[2], 16)) if int(match[1] or match[2], 16) < 0x110000 else "", text
    )
    # Characters beyond the basic plane come as pairs.
    return said.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\\n", "\n")


def _strip_tags(text: str) -> str:
    return re.sub(r"<[^<>]*>", "", text) if "<" in text else text


def _unquote(text: str) -> str:
    return unquote(text) if re.search(r"%[0-9A-Fa-f]{2}", text) else text


def _unquote_printable(text: str) -> str:
    if not re.search(r"(?:=[0-9A-Fa-f]{2}){3}", text):
        return text
    raw = re.sub(r"=\r?\n", "", text).encode()
    return re.sub(rb"=([0-9A-Fa-f]{2})", lambda match: bytes.fromhex(match[1].decode()), raw).decode(
        "utf-8", "ignore"
    )


def _decoded(run: str) -> Iterator[bytes]:
    """Bytes of a run of base64; a short one may begin late, where letters happen to precede it."""
    letters = _BETWEEN.sub("", run).replace("-", "+").replace("_", "/")
    for start in range(4 if len(letters) < _LONG_BASE64 else 1):
        part = letters[start:]
        part = part[: len(part) - (len(part) % 4 == 1)]
        try:
            content = base64.b64decode(part + "=" * (-len(part) % 4))
        except binascii.Error:
            continue
        if _may_say(content):
            yield content


def _may_say(content: bytes) -> bool:
    """Whether decoded bytes are a known container or text, and not letters taken for base64."""
    if content.startswith(_MARKS):
        return True
    if len(content) >= _LONG_BASE64 or content.count(0) >= len(content) // 3:
        return _as_text(content) is not None
    # Most short runs are words; hardly any of them decodes to whole characters.
    try:
        return _is_readable(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _inside(place: str, part: str) -> str:
    return f"{place} > {part}" if place else part


# Containers


def _zip(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        yield from _plain(archive.comment, _inside(place, "comment"), depth + 1, state)
        for member in archive.infolist():
            inner = _inside(place, member.filename)
            yield Found(inner, member.filename)
            for extra in (member.comment, member.extra):
                yield from _plain(extra, inner, depth + 1, state)
            if not member.is_dir():
                yield from _from_bytes(archive.read(member), inner, depth + 1, state)


def _tar(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive:
            inner = _inside(place, member.name)
            yield Found(inner, f"{member.name}\n{member.linkname}")
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                yield from _from_bytes(file.read(), inner, depth + 1, state)


def _packed(decompress: Callable[[bytes], bytes]) -> Callable[[bytes, str, int, _Unpacking], Iterator[Found]]:
    def unpack(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
        inner = decompress(content)
        # A tar has its mark late.
        if inner[257:262] == b"ustar":
            yield from _tar(inner, _inside(place, "unpacked"), depth + 1, state)
        yield from _from_bytes(inner, _inside(place, "unpacked"), depth + 1, state)

    return unpack


def _parquet(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    frame = pq.read_table(io.BytesIO(content)).to_pandas()
    for name in frame.columns:
        text = "\n".join(map(str, [name, *frame[name].unique()]))
        yield from _from_text(text, _inside(place, f"column {name}"), depth + 1, state)


def _png(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    at = 8
    while at + 8 <= len(content):
        size, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + size]
        inner = _inside(place, f"PNG {kind.decode('latin-1')}")
        if kind in (b"tEXt", b"iTXt", b"zTXt", b"iCCP"):
            key, _, rest = body.partition(b"\0")
            yield from _plain(key, inner, depth + 1, state)
            yield from _plain(rest, inner, depth + 1, state)
            for start in range(min(len(rest), 128)):
                if rest[start : start + 1] == b"\x78":
                    yield from _plain(_inflate(rest[start:]), inner, depth + 1, state)
        elif kind not in (b"IDAT", b"IHDR", b"PLTE"):
            yield from _plain(body, inner, depth + 1, state)
        at += 12 + size
        if kind == b"IEND":
            break
    if content[at:]:
        yield from _from_bytes(content[at:], _inside(place, "behind the picture"), depth + 1, state)
    yield from _exif(content, place, depth, state)


def _exif(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    with Image.open(io.BytesIO(content)) as image:
        exif = image.getexif()
        values = [*exif.values(), *image.info.values()]
        for directory in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop):
            values += exif.get_ifd(directory).values()
    for value in values:
        if isinstance(value, bytes):
            yield from _plain(value, _inside(place, "EXIF"), depth + 1, state)
        elif isinstance(value, str):
            yield from _from_text(value, _inside(place, "EXIF"), depth + 1, state)


def _inflate(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, MOST_BYTES)
    except zlib.error:
        return b""


def _pdf(content: bytes, place: str, depth: int, state: _Unpacking) -> Iterator[Found]:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        raise PyPdfError("encrypted")
    for number, page in enumerate(reader.pages, start=1):
        yield from _from_text(page.extract_text(), _inside(place, f"page {number}"), depth + 1, state)
    numbers = {(number, generation) for generation, table in reader.xref.items() for number in table}
    for number, generation in sorted(numbers | {(number, 0) for number in reader.xref_objStm}):
        inner = _inside(place, f"object {number}")
        for said in _pdf_object(reader.get_object(IndirectObject(number, generation, reader))):
            if isinstance(said, bytes):
                yield from _from_bytes(said, inner, depth + 1, state)
            else:
                yield from _from_text(said, inner, depth + 1, state)
    # Streams of earlier revisions hang on no table any more, but they are in the file.
    for stream in _PDF_STREAM.finditer(content):
        yield from _from_bytes(_inflate(stream[1]), _inside(place, "stream"), depth + 1, state)
    trailer = "\n".join(said for said in _pdf_object(reader.trailer) if isinstance(said, str))
    yield from _from_text(trailer, _inside(place, "trailer"), depth + 1, state)


def _pdf_object(value: Any) -> Iterator[str | bytes]:
    """Texts and streams of one object, without those it refers to."""
    if isinstance(value, StreamObject):
        yield value.get_data()
    if isinstance(value, DictionaryObject):
        for key, item in value.items():
            yield str(key)
            yield from _pdf_object(value.raw_get(key) if isinstance(item, DictionaryObject) else item)
    elif isinstance(value, ArrayObject):
        for item in list.__iter__(value):
            yield from _pdf_object(item)
    elif isinstance(value, (TextStringObject, str)):
        yield str(value)
    elif isinstance(value, bytes):
        yield bytes(value)


_UNPACKERS: Final[tuple[tuple[bytes, Callable[[bytes, str, int, _Unpacking], Iterator[Found]]], ...]] = (
    (b"PK\x03\x04", _zip),
    (b"PK\x05\x06", _zip),
    (b"\x1f\x8b\x08", _packed(gzip.decompress)),
    (b"BZh", _packed(bz2.decompress)),
    (b"\xfd7zXZ", _packed(lzma.decompress)),
    (b"%PDF", _pdf),
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _exif),
    (b"PAR1", _parquet),
)
_MARKS: Final = tuple(magic for magic, _ in _UNPACKERS)
_BROKEN: Final = (
    zipfile.BadZipFile, tarfile.TarError, PyPdfError, OSError, EOFError, RuntimeError, NotImplementedError,
    zlib.error, lzma.LZMAError, ValueError, KeyError, TypeError, AttributeError, IndexError,
)  # fmt: skip
