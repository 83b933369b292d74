"""Sign-off: a statement by an office, bound by Ed25519 to the hash of everything that a run put out.

A signature names the run, the hash of its manifest (which holds the hash of
every file) and the hash of what the report says. Who may sign is listed in
``signers.toml`` beside the published folder, where the factory never writes.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sme_research.errors import FactoryError
from sme_research.factory.locale import BEIJING
from sme_research.factory.site.layout import SIGNATURES
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.runs import PublishedRun
from sme_research.toml import read_toml

SIGNERS_NAME: Final = "signers.toml"
PURPOSE: Final = b"sme-research sign-off 1\n"
ROLE: Final = r"^[a-z][a-z0-9_-]*$"
State = Literal["in_force", "lapsed", "invalid"]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Signer(_Record):
    """An office that may sign in a role. ``public_key`` is the raw key in base64; dates are inclusive."""

    role: str = Field(pattern=ROLE)
    office: str = Field(min_length=1)
    public_key: str
    valid_from: date
    valid_until: date | None = None


class Statement(_Record):
    """What an office signs."""

    slug: str
    run_id: str
    manifest_sha256: str
    content_sha256: str
    role: str = Field(pattern=ROLE)
    signed_at: str
    note: str
    public_key: str


class Signature(Statement):
    """A statement with its signature, as the file holds it."""

    signature: str


@dataclass(frozen=True, slots=True)
class SignOff:
    """A signature as the site shows it: ``fault`` is empty where it holds for the run that it names."""

    run_id: str
    role: str
    office: str
    signed_at: str
    note: str
    manifest_sha256: str
    content_sha256: str
    fault: str

    def state_for(self, run: PublishedRun) -> State:
        """Whether it still stands for a run, be it the signed one or a newer one."""
        if self.fault:
            return "invalid"
        if self.run_id == run.manifest.run_id:
            return "in_force"
        same = bool(self.content_sha256) and self.content_sha256 == run.manifest.content_sha256
        return "in_force" if same else "lapsed"


def signers_path(reports: Path) -> Path:
    """Where the list of those who may sign lies: beside the published folder."""
    return reports.resolve().parent / SIGNERS_NAME


def read_signers(path: Path) -> tuple[Signer, ...]:
    """Who may sign; nobody where there is no such file.

    Raises
    ------
    FactoryError
        The file breaks its declaration.
    """
    if not path.exists():
        return ()
    try:
        entries = read_toml(path).get("signer", [])
        signers = tuple(Signer.model_validate(entry) for entry in entries)
        for signer in signers:
            _public_key(signer.public_key)
    except (ValueError, TypeError) as fault:
        raise FactoryError(f"{path.name}: {_first(fault)}; see docs/decisions/0012-sign-off.md.") from None
    return signers


def new_key(role: str, office: str, out: Path, *, password: str) -> str:
    """Write a private key that only its owner can read, and return the entry for ``signers.toml``.

    Raises
    ------
    FactoryError
        The file is there already.
    """
    key = Ed25519PrivateKey.generate()
    locked = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    content = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise FactoryError(f"{out.name} is there already, and no key is written over; choose another name.") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    words = (f"role = {_quoted(role)}", f"office = {_quoted(office)}", f'public_key = "{_public_text(key)}"')
    return "\n".join(("[[signer]]", *words, f"valid_from = {datetime.now(BEIJING).date().isoformat()}", ""))


def read_key(path: Path, password: str) -> Ed25519PrivateKey:
    """A private key from its file.

    Raises
    ------
    FactoryError
        It cannot be read, the password is wrong, it is of another kind, or others may read it.
    """
    if path.stat().st_mode & 0o077:
        raise FactoryError(f"{path.name} can be read by others; chmod 600 it, and make a new key if they may have.")
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password.encode() if password else None)
    except (ValueError, TypeError):
        raise FactoryError(f"{path.name} cannot be opened: wrong password, or no private key.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise FactoryError(f"{path.name} is no Ed25519 key; make one with sme-research keys new.")
    return key


def needs_password(path: Path) -> bool:
    """Whether a key file is locked."""
    return b"ENCRYPTED" in path.read_bytes()


def sign_run(
    ledger: Ledger, run: PublishedRun, key: Ed25519PrivateKey, *, role: str, note: str, signers: tuple[Signer, ...]
) -> str:
    """Sign a run; the caller holds the lock. Returns the signature's path within the site.

    Raises
    ------
    FactoryError
        The key is not one that may sign in this role today, or the role has signed this run.
    """
    path = f"{SIGNATURES}/{run.path}/{role}.json"
    if (ledger.reports / path).exists():
        raise FactoryError(f"{run.path} is signed by {role!r} already; a sign-off is never written over.")
    statement = Statement(
        slug=run.manifest.slug,
        run_id=run.manifest.run_id,
        manifest_sha256=run.manifest_sha256,
        content_sha256=run.manifest.content_sha256,
        role=role,
        signed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        note=note,
        public_key=_public_text(key),
    )
    if _trusted(statement, signers) is None:
        raise FactoryError(
            f"this key may not sign as {role!r} today, must be listed in {SIGNERS_NAME} for that role; "
            "ask whoever keeps that file."
        )
    signature = base64.b64encode(key.sign(_signed_bytes(statement))).decode()
    record = {**statement.model_dump(), "signature": signature}
    ledger.place(path, (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode())
    return path


def read_sign_offs(reports: Path, run: PublishedRun, signers: tuple[Signer, ...]) -> tuple[SignOff, ...]:
    """All sign-offs of a run, each with its fault if it has one."""
    folder = reports / SIGNATURES / run.path
    return tuple(_read_sign_off(path, run, signers) for path in sorted(folder.glob("*.json")))


def _read_sign_off(path: Path, run: PublishedRun, signers: tuple[Signer, ...]) -> SignOff:
    try:
        signed = Signature.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return SignOff(run.manifest.run_id, path.stem, "", "", "", "", "", "cannot be read")
    signer = _trusted(signed, signers)
    return SignOff(
        run_id=signed.run_id,
        role=signed.role,
        office=signer.office if signer else "",
        signed_at=signed.signed_at,
        note=signed.note,
        manifest_sha256=signed.manifest_sha256,
        content_sha256=signed.content_sha256,
        fault=_fault(signed, path.stem, run, signer),
    )


def _fault(signed: Signature, role: str, run: PublishedRun, signer: Signer | None) -> str:
    """Why a signature does not hold; empty where it does."""
    told = (signed.slug, signed.run_id, signed.role)
    if told != (run.manifest.slug, run.manifest.run_id, role):
        return "names another run or role"
    if (signed.manifest_sha256, signed.content_sha256) != (run.manifest_sha256, run.manifest.content_sha256):
        return "is over other outputs than those that lie there"
    if signer is None:
        return f"is by a key that {SIGNERS_NAME} does not list for this role at that time"
    statement = Statement.model_validate(signed.model_dump(exclude={"signature"}))
    try:
        _public_key(signer.public_key).verify(
            base64.b64decode(signed.signature, validate=True), _signed_bytes(statement)
        )
    except (InvalidSignature, ValueError):
        return "was not made by the key that it names"
    return ""


def _trusted(statement: Statement, signers: tuple[Signer, ...]) -> Signer | None:
    """Entry of the list that lets this key sign in this role at that time."""
    try:
        day = datetime.fromisoformat(statement.signed_at).astimezone(BEIJING).date()
    except ValueError:
        return None
    for signer in signers:
        known = (signer.role, signer.public_key) == (statement.role, statement.public_key)
        if known and signer.valid_from <= day <= (signer.valid_until or date.max):
            return signer
    return None


def _signed_bytes(statement: Statement) -> bytes:
    content = json.dumps(statement.model_dump(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return PURPOSE + content.encode()


def _public_text(key: Ed25519PrivateKey) -> str:
    raw = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def _public_key(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _first(fault: Exception) -> Any:
    if isinstance(fault, ValidationError):
        error = fault.errors()[0]
        return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
    return fault
