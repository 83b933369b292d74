"""Sign-off: bound to what a run put out, by a key that is trusted, and visibly lapsed when the report changes."""

import base64
import json
import re

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from site_cases import finding, manifest, publish_runs

from sme_research.cli import cli
from sme_research.cli.site import PASSWORD
from sme_research.factory.publish import mend, publishing
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.verification import verify_site

SLUG = "effect-loan_subsidy-zh"
SIGNATURE = f"signatures/{SLUG}/{manifest(1).run_id}/reviewer.json"


class Office:
    """A site with one report, and the commands as an office gives them."""

    def __init__(self, root):
        self.root, self.reports, self.key = root, root / "reports", root / "reviewer.pem"
        publish_runs(self.reports, (manifest(1), [finding()]))
        made = self.run("keys", "new", "--name", "reviewer", "--office", "复核处", "--out", str(self.key), secret="s")
        assert made.exit_code == 0, made.stderr
        self.entry = made.stdout
        (root / "signers.toml").write_text(self.entry, encoding="utf-8")

    def run(self, *arguments, secret=""):
        options = () if arguments[:1] == ("--help",) else ("--reports", str(self.reports))
        return CliRunner().invoke(cli, [*arguments, *options], env={PASSWORD: secret or None})

    def sign(self, run=SLUG, **options):
        return self.run(
            "sign", run, "--key", str(self.key), "--role", "reviewer", "--note", "已核对", secret="s", **options
        )

    def page(self, name="index.html") -> BeautifulSoup:
        return BeautifulSoup((self.reports / name).read_text(encoding="utf-8"), "html.parser")

    def states(self, name="index.html") -> list[str]:
        return [" ".join(told["class"]) for told in self.page(name).select("p.sign")]


@pytest.fixture
def office(tmp_path):
    return Office(tmp_path)


def refusal(done) -> str:
    """Message of a refused command: the error, which the command line prints and ends with 1."""
    assert done.exit_code == 1
    return str(done.exception)


def test_a_sign_off_says_who_signed_what_and_when_and_verifies(office):
    assert office.sign().exit_code == 0
    assert verify_site(office.reports).faults == ()
    record = json.loads((office.reports / SIGNATURE).read_text())
    assert (record["slug"], record["run_id"], record["role"], record["note"]) == (
        SLUG,
        manifest(1).run_id,
        "reviewer",
        "已核对",
    )
    told = office.page().select_one("p.sign").get_text()
    assert re.fullmatch(r"已签发：复核处（复核），\d+年\d+月\d+日，有效", told)
    row = office.page(f"{SLUG}/index.html").select_one("#signatures-caption").parent.select("tbody tr")[0]
    assert "复核处" in row.get_text()
    assert record["manifest_sha256"][:12] in row.get_text()


def test_a_sign_off_lapses_visibly_when_a_newer_run_differs_and_not_when_it_says_the_same(office):
    office.sign()
    assert office.states() == ["sign in_force"]
    same = manifest(2, content_sha256=manifest(1).content_sha256)
    publish_runs(office.reports, (same, [finding()]))
    assert office.states() == ["sign in_force"]
    assert "本份内容与之相同" in office.page().get_text()
    publish_runs(office.reports, (manifest(3), [finding(estimate=0.01)]))
    assert office.states() == office.states(f"{SLUG}/index.html") == ["sign lapsed"]
    assert "签发已失效" in office.page().select_one("p.sign").get_text()
    assert (
        "之后的报告内容有变" in office.page(f"{SLUG}/index.html").select_one("#signatures-caption").parent.get_text()
    )
    assert office.page().select_one(".badge.lapsed").get_text() == "签发已失效"
    # The run that was signed is still the run that was signed.
    assert verify_site(office.reports).faults == ()
    assert office.sign().exit_code == 0
    assert office.states() == ["sign in_force"]


def test_runs_without_a_hash_of_what_they_say_are_never_taken_to_say_the_same(tmp_path):
    office = Office(tmp_path)
    publish_runs(office.reports, (manifest(2, content_sha256=""), [finding()]))
    office.sign()
    publish_runs(office.reports, (manifest(3, content_sha256=""), [finding()]))
    assert office.states() == ["sign lapsed"]


def test_a_sign_off_is_never_written_over(office):
    office.sign()
    assert "is signed by 'reviewer' already" in refusal(office.sign())


@pytest.mark.parametrize("field", ["note", "signed_at", "manifest_sha256", "run_id"])
def test_a_signature_over_changed_words_does_not_hold_even_where_the_ledger_agrees(office, field):
    office.sign()
    path = office.reports / SIGNATURE
    record = json.loads(path.read_text())
    record[field] = record[field][:-1] + ("0" if record[field][-1] != "0" else "1")
    with publishing(office.reports):
        Ledger(office.reports).place(SIGNATURE, json.dumps(record, ensure_ascii=False).encode())
    mend(office.reports)
    assert any(fault.startswith(SIGNATURE) for fault in verify_site(office.reports).faults)
    assert office.page().select_one(".badge.invalid").get_text() == "签发无法核验"


def test_a_key_that_is_struck_off_the_list_no_longer_counts(office):
    office.sign()
    (office.root / "signers.toml").write_text("")
    (fault,) = verify_site(office.reports).faults
    assert fault == f"{SIGNATURE}: is by a key that signers.toml does not list for this role at that time"
    mend(office.reports)
    assert office.states() == ["sign invalid"]


def test_a_key_may_sign_only_in_its_role_and_in_its_time(office):
    other = ("sign", SLUG, "--key", str(office.key), "--role", "approver")
    assert "may not sign as 'approver' today" in refusal(office.run(*other, secret="s"))
    ended = office.entry + "valid_until = 2020-01-01\n"
    (office.root / "signers.toml").write_text(ended.replace("valid_from = 20", "valid_from = 19"))
    assert "may not sign as 'reviewer' today" in refusal(office.sign())


def test_another_office_s_key_cannot_pass_for_the_listed_one(office):
    office.run("keys", "new", "--name", "reviewer", "--office", "x", "--out", str(office.root / "b.pem"), secret="s")
    done = office.run("sign", SLUG, "--key", str(office.root / "b.pem"), "--role", "reviewer", secret="s")
    assert "this key may not sign" in refusal(done)


def test_a_run_that_is_not_as_it_was_published_is_not_signed(office):
    (office.reports / SLUG / manifest(1).run_id / "index.html").write_text("x")
    assert "is not as it was published, so it cannot be signed" in refusal(office.sign())
    assert not (office.reports / SIGNATURE).exists()


def test_a_key_is_locked_its_owner_s_alone_and_kept_off_the_site(office):
    assert office.key.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in office.key.read_bytes()
    wrong = office.run("sign", SLUG, "--key", str(office.key), "--role", "reviewer", secret="wrong")
    assert "wrong password" in refusal(wrong)
    inside = ("keys", "new", "--name", "a", "--office", "b", "--out", str(office.reports / "k.pem"), "--no-password")
    assert "is never published" in refusal(office.run(*inside))
    again = ("keys", "new", "--name", "a", "--office", "b", "--out", str(office.key), "--no-password")
    assert "no key is written over" in refusal(office.run(*again))
    office.key.chmod(0o644)
    assert "can be read by others" in refusal(office.sign())
    private = office.key.read_text().splitlines()[1]
    published = [path.read_bytes() for path in office.reports.rglob("*") if path.is_file()]
    assert not any(private.encode() in content for content in published)


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ("[[signer]]\nrole = 'Big Boss'\noffice = 'x'\npublic_key = ''\nvalid_from = 2026-01-01", "role"),
        ("[[signer]]\nrole = 'a'\noffice = 'x'\npublic_key = 'no'\nvalid_from = 2026-01-01", "signers.toml"),
        ("[[signer", "signers.toml"),
    ],
)
def test_a_list_of_signers_that_cannot_be_read_is_said(office, listed, told):
    (office.root / "signers.toml").write_text(listed)
    message = refusal(office.run("verify"))
    assert told in message
    assert "docs/decisions/0012-sign-off.md" in message


def test_the_listed_public_key_is_what_the_signature_names(office):
    office.sign()
    record = json.loads((office.reports / SIGNATURE).read_text())
    assert f'public_key = "{record["public_key"]}"' in office.entry
    assert len(base64.b64decode(record["public_key"])) == 32
