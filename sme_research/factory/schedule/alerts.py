"""Send what the run table holds for sending: by a program, by mail, or to a web address.

An alert is taken out of the table's waiting list only after it went out. One
that fails waits for the next pass and stops no other.
"""

from __future__ import annotations

import json
import os
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any, Final

from sqlalchemy import RowMapping, select, update

from sme_research.errors import FactoryError
from sme_research.factory.schedule.lease import lease
from sme_research.factory.schedule.store import ALERTS, Store
from sme_research.factory.schedule.workbench import CommandAlert, SmtpAlert, WebhookAlert, Workbench, read_secret

TIMEOUT_S: Final = 30.0
GIVE_UP_AFTER: Final = timedelta(days=7)
ANSWER_BYTES: Final = 64 * 1024


class AlertError(FactoryError):
    """An alert did not go out."""


def deliver(workbench: Workbench, store: Store, now: datetime) -> list[str]:
    """Send all that waits.

    Returns
    -------
    list of str
        A sentence for each that did not go out.
    """
    with lease(workbench.state, ".alerts") as lock:
        if lock is None:  # another process is sending
            return []
        with store.reading() as connection:
            rows = connection.execute(select(ALERTS).where(ALERTS.c.status == "waiting").order_by(ALERTS.c.id))
            waiting = rows.mappings().all()
        return [fault for row in waiting if (fault := _deliver_one(workbench, store, row, now))]


def _deliver_one(workbench: Workbench, store: Store, row: RowMapping, now: datetime) -> str | None:
    error = None
    try:
        _send(workbench, row)
        change: dict[str, Any] = {"status": "sent", "sent_at": now, "error": None}
    except AlertError as fault:
        error = f"alert {row['alert']!r} ({row['event']}, {row['job']}) did not go out: {fault}"
        given_up = now - row["created_at"] > GIVE_UP_AFTER
        change = {"status": "given_up" if given_up else "waiting", "error": str(fault)}
    with store.writing() as connection:
        connection.execute(update(ALERTS).where(ALERTS.c.id == row["id"]).values(tries=row["tries"] + 1, **change))
    return error


def _send(workbench: Workbench, row: RowMapping) -> None:
    """Send one alert; AlertError where it does not go out."""
    alert = next((alert for alert in workbench.alert if alert.name == row["alert"]), None)
    try:
        match alert:
            case CommandAlert():
                _send_to_program(alert, row, workbench.root)
            case SmtpAlert():
                _send_mail(alert, row, workbench.root)
            case WebhookAlert():
                _post(alert, row, workbench.root)
            case None:
                raise AlertError(f"the workbench has no alert {row['alert']!r} any more")
    except AlertError:
        raise
    except FactoryError as fault:
        raise AlertError(str(fault)) from None
    except (OSError, smtplib.SMTPException, subprocess.SubprocessError, ValueError) as fault:
        raise AlertError(f"{type(fault).__name__}: {fault}") from fault


def _send_to_program(alert: CommandAlert, row: RowMapping, root: Path) -> None:
    told = {"SME_EVENT": row["event"], "SME_JOB": row["job"], "SME_SUBJECT": row["subject"]}
    ended = subprocess.run(
        alert.argv,
        input=f"{row['subject']}\n\n{row['body']}".encode(),
        env={**os.environ, **told},
        cwd=root,
        timeout=TIMEOUT_S,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    if ended.returncode:
        said = ended.stderr.decode(errors="replace").strip()[-500:]
        raise AlertError(f"{alert.argv[0]} ended with {ended.returncode}{': ' + said if said else ''}")


def _send_mail(alert: SmtpAlert, row: RowMapping, root: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = alert.sender, ", ".join(alert.to), row["subject"]
    mail["Date"] = format_datetime(row["created_at"])
    mail["Message-ID"] = make_msgid(domain=alert.sender.rpartition("@")[2] or None)
    mail.set_content(row["body"])
    secret = read_secret(alert, root)
    with _connect(alert, root) as server:
        if alert.security == "starttls":
            server.starttls(context=_trust(alert.ca_file, root))
        if alert.user and secret:
            server.login(alert.user, secret)
        refused = server.send_message(mail)
    if refused:
        raise AlertError(f"the server refused {', '.join(sorted(refused))}")


def _connect(alert: SmtpAlert, root: Path) -> smtplib.SMTP:
    if alert.security == "tls":
        return smtplib.SMTP_SSL(alert.host, alert.port, timeout=TIMEOUT_S, context=_trust(alert.ca_file, root))
    return smtplib.SMTP(alert.host, alert.port, timeout=TIMEOUT_S)


def _post(alert: WebhookAlert, row: RowMapping, root: Path) -> None:
    text = f"{row['subject']}\n\n{row['body']}"
    record = {
        "event": row["event"],
        "job": row["job"],
        "run": row["run"],
        "at": row["created_at"].isoformat(timespec="seconds"),
        "subject": row["subject"],
        "text": row["body"],
    }
    content = {"msgtype": "text", "text": {"content": text}} if alert.body == "chat" else record
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if secret := read_secret(alert, root):
        headers["Authorization"] = f"Bearer {secret}"
    request = urllib.request.Request(
        alert.url, json.dumps(content, ensure_ascii=False).encode(), headers, method="POST"
    )
    context = _trust(alert.ca_file, root) if alert.url.startswith("https:") else None
    with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as answer:
        _check_answer(answer.read(ANSWER_BYTES), alert)


def _check_answer(answer: bytes, alert: WebhookAlert) -> None:
    """Chat robots answer 200 also where they refuse, with a code that is not zero."""
    if alert.body != "chat":
        return
    try:
        content = json.loads(answer)
    except ValueError:
        return
    code = content.get("errcode", content.get("code", 0)) if isinstance(content, dict) else 0
    if code:
        raise AlertError(f"the robot answered {code}: {content.get('errmsg', content.get('msg', ''))}")


def _trust(ca_file: str | None, root: Path) -> ssl.SSLContext:
    """Certificates to trust: the machine's, and an own authority's where one is named."""
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(root / ca_file)
    return context
