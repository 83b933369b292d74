"""Where a kernel cannot be forked, an ordinary one does the work, and that is said."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kernel_cases import run_cells

from sme_research.factory.kernels import start
from sme_research.factory.kernels.client import NotForkedError, fork_kernel
from sme_research.factory.kernels.environment import environment_of_reports
from sme_research.factory.kernels.identity import code_fingerprint
from sme_research.factory.kernels.start import warm_kernels

THREADED = """
import threading, time
from sme_research.factory.kernels import preload, warm
preload.MODULES = ()
preload._own_modules = lambda: ()
preload.sme_research.__all__ = ()
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
warm.main()
"""


def test_a_run_that_may_not_fork_says_so_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SME_RESEARCH_NO_FORK", "1")
    with warm_kernels(tmp_path) as warm:
        assert warm is None
    assert capsys.readouterr().err == "kernels start one by one: SME_RESEARCH_NO_FORK is set.\n"
    assert run_cells(tmp_path, "1").kernel == "ordinary"


def test_a_system_that_cannot_fork_says_so_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "platform", "darwin")
    with warm_kernels(tmp_path) as warm:
        assert warm is None
    assert capsys.readouterr().err == "kernels start one by one: kernels are forked on Linux only, not on darwin.\n"


def test_a_dead_warm_process_leaves_ordinary_kernels_and_one_line_a_run(tmp_path, capsys):
    with warm_kernels(tmp_path) as warm:
        warm.process.kill()
        warm.process.wait()
        for _ in range(2):
            done = run_cells(tmp_path, "1", warm=warm.socket)
            assert (done.kernel, done.failure) == ("ordinary", None)
            assert "the warm process cannot be reached" in done.kernel_note
    assert len(re.findall("an ordinary kernel was started: ", capsys.readouterr().err)) == 1


def test_a_warm_process_with_a_second_thread_does_not_fork(tmp_path, monkeypatch):
    script = tmp_path / "threaded.py"
    script.write_text(THREADED)
    assert refusal(tmp_path, monkeypatch, script) == "2 threads run in the warm process"


def test_a_warm_process_that_fails_to_load_is_not_waited_for(tmp_path, monkeypatch):
    script = tmp_path / "broken.py"
    script.write_text("import no_such_module")
    assert refusal(tmp_path, monkeypatch, script) == "the warm process ended before it answered"


def refusal(folder: Path, monkeypatch, script: Path) -> str:
    """What a warm process answers that is started by a script."""
    popen = subprocess.Popen

    def instead(command, **options):
        return popen([sys.executable, "-P", str(script), *command[4:]], **options)

    monkeypatch.setattr(start.subprocess, "Popen", instead)
    with warm_kernels(folder) as warm, open(os.devnull) as nothing, pytest.raises(NotForkedError) as refused:
        fork_kernel(warm.socket, [], environment_of_reports(os.environ), folder, [nothing.fileno()] * 3)
    return str(refused.value)


@pytest.fixture
def package(tmp_path):
    """Folder with a copy of this package, which may be changed."""
    copy = tmp_path / "copy"
    shutil.copytree(Path(start.__file__).parents[2], copy / "sme_research", ignore=shutil.ignore_patterns("__pyc*"))
    return copy


HELD = """
import os, sys
from pathlib import Path
from sme_research.factory.kernels import start
from sme_research.factory.kernels.client import NotForkedError, fork_kernel
from sme_research.factory.kernels.environment import environment_of_reports
def ask(warm, **more):
    with open(os.devnull) as nothing:
        streams = [nothing.fileno()] * 3
        environment = {**environment_of_reports(os.environ), **more}
        try:
            kernel = fork_kernel(warm, ["-f", "kernel.json"], environment, Path.cwd(), streams)
            kernel.kill()
            return kernel.wait(10)
        except NotForkedError as reason:
            return reason
with start.warm_kernels(Path.cwd()) as warm:
    print(ask(warm.socket))
    print(ask(warm.socket, PYTHONPATH="/other"))
    with open(sys.argv[1], "a") as changed:
        changed.write("# changed\\n")
    print(ask(warm.socket))
    print(ask(warm.socket))
"""
OWN = """
import os, sys
from pathlib import Path
from sme_research.factory.kernels.manager import ForkedKernelManager
import asyncio
async def main():
    first, second = ForkedKernelManager(), ForkedKernelManager()
    await first.start_kernel()
    with open(sys.argv[1], "a") as changed:
        changed.write("# changed\\n")
    await second.start_kernel()
    parents = [Path(f"/proc/{m.provisioner.pid}/stat").read_text().split()[3] for m in (first, second)]
    print([m.provisioner.kind for m in (first, second)], [await m.is_alive() for m in (first, second)])
    print(parents[0] != parents[1])
    await first.shutdown_kernel(now=True)
    await asyncio.sleep(2.5)
    print([Path(f"/proc/{pid}/stat").read_text().split()[2] in "ZX" for pid in parents])
    await second.shutdown_kernel(now=True)
    os.kill(int(parents[1]), 15)
asyncio.run(main())
"""


def test_a_warm_process_never_serves_older_code_than_is_on_disk_nor_another_environment(package, tmp_path):
    changed = package / "sme_research/study.py"
    command = [sys.executable, "-c", HELD, str(changed)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "-9",
        "the warm process was started with another PYTHONPATH",
        "the code on disk has changed since the warm process loaded it",
        "the code on disk has changed since the warm process loaded it",
    ]


def test_the_users_own_warm_process_makes_room_for_newer_code_and_its_kernels_live_on(package, tmp_path):
    command = [sys.executable, "-c", OWN, str(package / "sme_research/study.py")]
    environment = {**os.environ, "PYTHONPATH": str(package), "XDG_RUNTIME_DIR": str(tmp_path)}
    answers = subprocess.check_output(command, cwd=tmp_path, env=environment, text=True)
    assert answers.splitlines() == ["['forked', 'forked'] [True, True]", "True", "[True, False]"]


def test_the_fingerprint_of_the_code_is_stable():
    assert code_fingerprint() == code_fingerprint()


def test_a_folder_that_others_may_enter_holds_no_socket(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / f"sme-research-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(NotForkedError, match="is not a folder that only its owner may enter"):
        start.own_warm_process(os.environ)


def test_a_socket_lies_elsewhere_where_its_path_would_be_too_long(tmp_path):
    folder = tmp_path / ("long-" * 20)
    folder.mkdir()
    with warm_kernels(folder) as warm:
        assert len(str(warm.socket)) <= start.LONGEST_SOCKET
        assert stat.S_IMODE(warm.socket.parent.stat().st_mode) == 0o700
        private = warm.socket.parent
    assert not private.exists()
    assert list(folder.iterdir()) == []


def test_a_run_that_is_over_leaves_no_warm_process(tmp_path):
    with warm_kernels(tmp_path) as warm:
        pass
    assert warm.process.returncode in {0, -signal.SIGTERM}
    assert list(tmp_path.iterdir()) == []


def test_the_users_own_warm_process_ends_when_it_is_idle(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(start, "IDLE_S", 0.5)
    path = start.own_warm_process(os.environ)
    assert start.own_warm_process(os.environ) == path
    deadline = time.monotonic() + 60
    while start._listens(path) and time.monotonic() < deadline:
        time.sleep(0.7)
    assert not start._listens(path)


def test_a_notebook_whose_warm_process_dies_is_run_again_in_an_ordinary_kernel(tmp_path, capsys):
    mark = tmp_path / "second"
    ends = f"import os, pathlib, signal, time\nfirst = not pathlib.Path({str(mark)!r}).exists()\n"
    ends += f"pathlib.Path({str(mark)!r}).touch(); open('made', 'x')\n"
    ends += "if first: os.kill(os.getppid(), signal.SIGKILL); time.sleep(60)"
    with warm_kernels(tmp_path) as warm:
        done = run_cells(tmp_path, ends, warm=warm.socket)
    assert (done.kernel, done.failure) == ("ordinary", None)
    assert done.kernel_note == "the warm process ended while notebooks ran; they were run again in ordinary kernels"
    assert capsys.readouterr().err.count(done.kernel_note) == 1


def test_a_notebook_that_fails_in_a_forked_kernel_is_not_run_again(tmp_path):
    with warm_kernels(tmp_path) as warm:
        done = run_cells(tmp_path, "1 / 0", warm=warm.socket)
    assert (done.kernel, done.kernel_note, done.failure.error) == ("forked", "", "ZeroDivisionError")
