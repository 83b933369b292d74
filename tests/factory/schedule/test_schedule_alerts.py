"""Alerts go out by real programs, mail and web servers on this machine, each once, and failures stop nothing."""

import ipaddress
import json
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from schedule_cases import JOB

from sme_research.factory.schedule.health import assess

MAIL = {"host": "127.0.0.1", "sender": "a@b.example", "to": ["c@b.example"]}
ONCE = "[retry]\nattempts = 1\n"
FAIL = "print('FAILED    贷款-zh：第 3 格'); raise SystemExit(1)"


def alert(name: str, kind: str, **keys) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(["\n[[alert]]", f'name = "{name}"', f'kind = "{kind}"', *lines, ""])


def to_file(name: str = "file", *, fails: bool = False, **keys) -> str:
    """An alert by a program that adds what it is told to a file."""
    script = f"(echo $SME_EVENT; cat) >> {name}.txt" + ("; echo no ink >&2; exit 3" if fails else "")
    return alert(name, "command", argv=["sh", "-c", script], **keys)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Mailbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.mails.append((envelope, message_from_bytes(envelope.content, policy=default), session.ssl is not None))
        return "250 taken"

    def only_mail(self):
        ((_, mail, _),) = self.mails
        return mail


@pytest.fixture
def mail_server():
    """A function that starts a mail server and gives its mailbox and port; all end with the test."""
    running = []

    def start(**options):
        mailbox = Mailbox()
        controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), **options)
        controller.start()
        running.append(controller)
        return mailbox, controller.port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def web_server(monkeypatch):
    """A web server that keeps what it is sent and answers what it is told."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.taken.append((self.path, dict(self.headers), json.loads(body)))
            status, answer = server.answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.taken, server.answer = [], (200, "{}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def certificate(tmp_path):
    """A certificate of this machine's own for 127.0.0.1, and a context that serves it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now, here = datetime.now(UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    (tmp_path / "ca.pem").write_bytes(made.public_bytes(encoding))
    (tmp_path / "key.pem").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    return context


def fail(office, *alerts: str, do: str = FAIL):
    """An office whose monthly run has just failed for the last time."""
    office.write(JOB + ONCE + "".join(alerts))
    office.look()
    office.do(do)
    office.clock.set("2026-11-26 03:00")
    return office.look()


def test_failure_is_told_once_after_the_last_attempt_and_so_is_recovery(office):
    office.write(JOB + '[retry]\nattempts = 2\nwait = "1 min"\n' + to_file())
    office.look()
    office.do(FAIL)
    told = office.root / "file.txt"
    office.clock.set("2026-11-26 03:00")
    office.look()
    assert not told.exists()
    for _ in range(3):
        office.clock.pass_by(minutes=5)
        office.look()
    assert told.read_text().count("failed\n") == 1
    office.clock.set("2026-12-26 03:00")
    office.do("print('published 贷款-zh (1.0 s)')")
    office.look()
    office.look()
    text = told.read_text()
    assert text.count("recovered\n") == 1
    assert "【已恢复正常】monthly（2026-12-26 03:00）" in text
    assert "发布报告 1 份" in text
    assert office.runs()[-1].alerts == {"sent": 1}


def test_what_works_is_not_told(office):
    fail(office, to_file(), do="")
    assert not (office.root / "file.txt").exists()


def test_a_mail_says_in_chinese_what_failed_why_and_what_to_do(office, mail_server):
    mailbox, port = mail_server()
    mail = alert(
        "office", "smtp", host="127.0.0.1", port=port, sender="a@b.example", to=["c@b.example", "d@b.example"]
    )
    fail(office, mail)
    assert mailbox.only_mail()["Subject"] == "【报告未生成】monthly（2026-11-26 03:00）"
    assert mailbox.only_mail()["To"] == "c@b.example, d@b.example"
    text = mailbox.only_mail().get_content()
    assert "原因：部分报告未能生成。" in text
    assert "已生成 0 份，未生成 1 份" in text
    assert "FAILED    贷款-zh：第 3 格" in text
    assert "sme-research run-due --again monthly" in text
    assert str(office.state / "logs/000001-monthly.log") in text


def test_a_mail_may_be_english_and_the_job_may_have_a_title(office, mail_server):
    mailbox, port = mail_server()
    mail = alert(
        "office", "smtp", host="127.0.0.1", port=port, sender="a@b.example", to=["c@b.example"], language="en"
    )
    office.write(JOB + 'title = "Monthly reports"\n' + ONCE + mail)
    office.look()
    office.do(FAIL)
    office.clock.set("2026-11-26 03:00")
    office.look()
    assert mailbox.only_mail()["Subject"] == "Reports not made: Monthly reports (2026-11-26 03:00)"
    assert "Cause: some reports failed." in mailbox.only_mail().get_content()


def test_a_password_goes_over_an_encrypted_connection_to_a_server_that_is_known(office, mail_server, certificate):
    def authenticate(server, session, envelope, mechanism, login):
        return AuthResult(success=(login.login, login.password) == (b"reports", b"hush"), handled=False)

    mailbox, port = mail_server(
        tls_context=certificate, require_starttls=True, authenticator=authenticate, auth_required=True
    )
    (office.root / "password").write_text("hush\n")
    (office.root / "password").chmod(0o600)
    keys = {**MAIL, "port": port, "security": "starttls"}
    known = {"ca_file": "ca.pem", "user": "reports", "secret_file": "password"}
    lines = fail(office, alert("strange", "smtp", **keys), alert("known", "smtp", **keys, **known))
    ((_, _, encrypted),) = mailbox.mails
    assert encrypted
    (line,) = [line for line in lines if line.job == "alerts"]
    assert "alert 'strange' (failed, monthly) did not go out" in line.text
    assert "CERTIFICATE_VERIFY_FAILED" in line.text
    (office.root / "password").write_text("wrong")
    office.write(JOB + ONCE + alert("known", "smtp", **keys, **known), do="raise SystemExit(1)")
    office.clock.set("2026-12-26 03:00")
    assert any("SMTPAuthenticationError" in line.text for line in office.look())
    assert "hush" not in str(office.runs()) + "".join(map(str, lines))


def test_a_webhook_is_sent_a_record_with_its_token(office, web_server, monkeypatch):
    monkeypatch.setenv("SME_TEST_TOKEN", "hush")
    url = f"http://127.0.0.1:{web_server.server_port}/hook"
    fail(office, alert("web", "webhook", url=url, secret_env="SME_TEST_TOKEN", language="en"))
    ((path, headers, record),) = web_server.taken
    assert (path, headers["Authorization"]) == ("/hook", "Bearer hush")
    assert (record["event"], record["job"], record["run"]) == ("failed", "monthly", 1)
    assert record["at"] == "2026-11-25T19:00:00+00:00"
    assert "Cause: some reports failed." in record["text"]


def test_a_chat_robot_is_sent_a_text_and_its_refusal_is_seen(office, web_server):
    web_server.answer = (200, '{"errcode": 93000, "errmsg": "invalid key"}')
    url = f"http://127.0.0.1:{web_server.server_port}/robot"
    lines = fail(office, alert("chat", "webhook", url=url, body="chat"))
    assert web_server.taken[0][2]["msgtype"] == "text"
    assert "【报告未生成】" in web_server.taken[0][2]["text"]["content"]
    assert "the robot answered 93000: invalid key" in lines[-1].text


def test_an_alert_that_fails_hides_nothing_stops_no_other_and_is_sent_by_the_next_pass(office, web_server):
    web_server.answer = (503, "")
    url = f"http://127.0.0.1:{web_server.server_port}/hook"
    lines = fail(office, to_file("broken", fails=True), alert("web", "webhook", url=url), to_file("good"))
    assert not lines[0].ok
    assert "some reports failed" in lines[0].text
    faults = [line.text for line in lines if line.job == "alerts"]
    assert "sh ended with 3: no ink" in faults[0]
    assert "HTTP Error 503" in faults[1]
    assert (office.root / "good.txt").exists()
    assert office.runs()[0].alerts == {"sent": 1, "waiting": 2}
    assert "2 alert(s) did not go out" in str(assess(office.bench))
    web_server.answer = (200, "")
    office.look()
    office.look()
    assert len(web_server.taken) == 2
    assert (office.root / "good.txt").read_text().count("failed\n") == 1
    assert office.runs()[0].alerts == {"sent": 2, "waiting": 1}


def test_an_alert_that_fails_for_a_week_is_given_up(office):
    fail(office, to_file(fails=True))
    office.clock.pass_by(days=8)
    office.look()
    assert office.runs()[0].alerts == {"given_up": 1}
    told = (office.root / "file.txt").read_text()
    office.look()
    assert (office.root / "file.txt").read_text() == told


def test_an_alert_is_told_only_of_what_it_asks_for(office):
    fail(office, to_file(on=["stale"]))
    assert not (office.root / "file.txt").exists()


def test_stale_data_are_told_once_an_episode(office):
    office.write(JOB + 'data = "data/{year}-{month}"\n' + to_file(on=["stale"]))
    told = office.root / "file.txt"

    def look(moment: str) -> int:
        office.clock.set(moment)
        office.look()
        return told.read_text().count("stale\n") if told.exists() else 0

    (office.root / "data/2026-10").mkdir(parents=True)
    (office.root / "data/2026-10/accounts.csv").write_text("x")
    assert look("2026-11-01 00:00") == 0
    assert look("2026-12-05 12:00") == 0
    assert look("2026-12-06 12:00") == 1
    assert look("2026-12-07 12:00") == 1
    assert "所用数据截至 2026-10-31，距今 36 天，超过规定的 35 天" in told.read_text()
    (office.root / "data/2026-12").mkdir()
    (office.root / "data/2026-12/accounts.csv").write_text("x")
    assert look("2026-12-25 12:00") == 1
    assert look("2027-02-20 12:00") == 2
