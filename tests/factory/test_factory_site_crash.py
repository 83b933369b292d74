"""A writer that is killed, or finds the disk full, at every single step: the site opens, verifies and is mended."""

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from site_cases import finding, manifest, publish_runs

from sme_research.errors import FactoryError
from sme_research.factory.publish import mend, publishing
from sme_research.factory.site.layout import full_disk_told
from sme_research.factory.site.ledger import Ledger
from sme_research.factory.site.pruning import prune
from sme_research.factory.site.runs import newest_run
from sme_research.factory.site.signatures import new_key, read_key, read_signers, sign_run, signers_path
from sme_research.factory.site.verification import verify_site

STEPS = ("fsync", "rename", "replace", "write", "ftruncate", "unlink", "rmdir")
MOST_STEPS = 200


def publish_more(reports: Path) -> None:
    publish_runs(reports, (manifest(9), [finding(estimate=0.05)]))


def prune_old(reports: Path) -> None:
    with publishing(reports):
        prune(reports, keep=1)


def sign_newest(reports: Path) -> None:
    key = read_key(reports.parent / "key.pem", "")
    with full_disk_told(reports), publishing(reports):
        run = newest_run(reports, "effect-loan_subsidy-zh")
        signers = read_signers(signers_path(reports))
        sign_run(Ledger(reports), run, key, role="reviewer", note="", signers=signers)


WORKS = {"publishing": publish_more, "pruning": prune_old, "signing": sign_newest}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A site of two runs of one report, and one who may sign."""
    root = tmp_path_factory.mktemp("published")
    runs = [(manifest(day), [finding(estimate=0.06 + day / 1000)]) for day in (1, 2)]
    publish_runs(root / "reports", *runs)
    entry = new_key("reviewer", "Office", root / "key.pem", password="")
    (root / "signers.toml").write_text(entry)
    for work in WORKS.values():  # pages of this kind are now known, so that the children need not make their letters
        copy = shutil.copytree(root, root.with_name(f"warm-{work.__name__}"))
        work(copy / "reports")
        mend(copy / "reports")
    return root


def disturb(at: int, action) -> list[int]:
    """Let ``action`` happen in place of step number ``at`` of those that touch the disk."""
    count = [0]
    for name in STEPS:
        real = getattr(os, name)

        def step(*arguments, _real=real, _name=name, **options):
            count[0] += 1
            if count[0] == at:
                if _name == "write":  # half of a line is what a killed writer leaves
                    _real(arguments[0], arguments[1][: len(arguments[1]) // 2])
                action()
            return _real(*arguments, **options)

        setattr(os, name, step)
    return count


def in_child(work, reports: Path, at: int, action) -> int:
    """Wait status of a child process that works and is disturbed; 0 where it got to the end untouched."""
    child = os.fork()
    if child == 0:
        status = 9
        try:
            count = disturb(at, action)
            try:
                work(reports)
                status = 0 if count[0] < at else 7
            except FactoryError as fault:
                status = 3 if "is full" in str(fault) else 4
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def assert_opens(reports: Path) -> None:
    """Every page is whole and every link of it leads somewhere."""
    for page in (reports / "index.html", reports / "en.html", *reports.glob("*/index.html")):
        text = page.read_text(encoding="utf-8")
        assert text.rstrip().endswith("</html>")
        for link in re.findall(r'href="([^"#]+)"', text):
            assert (page.parent / link).exists(), link


def assert_mends(reports: Path) -> None:
    mend(reports)
    assert verify_site(reports).faults == ()
    assert_opens(reports)
    assert list((reports / ".staging").iterdir()) == []
    listed = (reports / "effect-loan_subsidy-zh/index.html").read_text(encoding="utf-8")
    for run in reports.glob("effect-loan_subsidy-zh/*/"):
        assert run.name in listed


def assert_goes_on(reports: Path) -> None:
    publish_runs(reports, (manifest(20), [finding(estimate=0.04)]))
    assert verify_site(reports).faults == ()


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run_out_of_space() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_a_writer_killed_at_any_step_leaves_a_site_that_opens_and_verifies(published, tmp_path, work):
    for at in range(1, MOST_STEPS):
        site = shutil.copytree(published, tmp_path / str(at)) / "reports"
        status = in_child(work, site, at, kill)
        assert verify_site(site).faults == (), f"step {at}"
        assert_opens(site)
        if status == 0:
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert_mends(site)
        if at % 4 == 0:
            assert_goes_on(site)
        shutil.rmtree(site)
    assert 5 < at < MOST_STEPS - 1


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_a_disk_that_is_full_at_any_step_is_told_and_leaves_a_site_that_opens_and_verifies(published, tmp_path, work):
    told = 0
    for at in range(1, MOST_STEPS):
        site = shutil.copytree(published, tmp_path / str(at)) / "reports"
        status = in_child(work, site, at, run_out_of_space)
        assert verify_site(site).faults == (), f"step {at}"
        assert_opens(site)
        if status == 0:
            break
        # Where only litter could not be removed, the work itself is done.
        assert os.WEXITSTATUS(status) in (3, 7), f"step {at}"
        told += os.WEXITSTATUS(status) == 3
        assert_mends(site)
        if at % 4 == 0:
            assert_goes_on(site)
        shutil.rmtree(site)
    assert 5 < at < MOST_STEPS - 1
    assert told > 3


FILL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from site_cases import finding, manifest, publish_runs
from sme_research.errors import FactoryError
from sme_research.factory import publish
from sme_research.factory.publish import mend
from sme_research.factory.site.verification import verify_site
publish.LEAST_FREE_BYTES = 0
reports = Path(sys.argv[1]) / "reports"
told = ""
for day in range(1, 29):
    try:
        publish_runs(reports, (manifest(day, parameters={"filler": "x" * 60_000}), [finding()]))
    except FactoryError as fault:
        told = str(fault)
        break
    except OSError as fault:  # the report itself could not be written aside
        told = f"is full {fault.errno}"
        break
assert "is full" in told, told
assert day > 2
found = verify_site(reports)
assert found.ok, found.faults
(reports.parent / "ballast").unlink()
mend(reports)
publish_runs(reports, (manifest(day, "en"), [finding()]))
found = verify_site(reports)
assert found.ok, found.faults
print("n_runs", found.n_runs)
"""


def test_a_real_disk_that_fills_up_keeps_what_was_published(tmp_path):
    mounted = ["unshare", "-rm", "sh", "-c"]
    if subprocess.run(
        [*mounted, f"mount -t tmpfs -o size=4m none {tmp_path}"], capture_output=True, check=False
    ).returncode:
        pytest.skip("this machine lets nobody mount a small disk")
    here = Path(__file__).parent
    (tmp_path.parent / "fill.py").write_text(FILL)
    command = (
        f"mount -t tmpfs -o size=4m none {tmp_path} && head -c 2000000 /dev/zero > {tmp_path}/ballast && "
        f"{sys.executable} {tmp_path.parent}/fill.py {tmp_path} {here}"
    )
    done = subprocess.run([*mounted, command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "n_runs" in done.stdout


def test_a_run_does_not_begin_on_a_disk_that_is_nearly_full(tmp_path, monkeypatch):
    monkeypatch.setattr("sme_research.factory.publish.LEAST_FREE_BYTES", 2**60)
    with pytest.raises(FactoryError, match=r"MB free, must have 1099511627776 MB or more"):
        publish_more(tmp_path / "reports")
