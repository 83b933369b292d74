"""SIGKILL of any process of a run at random moments, and a disk that fills: the site always opens and verifies.

At each moment one process of the run is chosen at random, the run itself, a
worker, the warm process, a kernel, and killed while reports are made and
published. Then: every link of the catalogue opens, `verify` passes, and in the
end one more run completes. Use: python benchmarks/kills.py [--moments 200]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from tqdm import tqdm

BIN = Path(sys.executable).parent / "sme-research"
RECORD = "application/vnd.sme-research.record+json"
PROVENANCE = {"kind": "provenance", "made_up": True, "tables": []}
END_S = 120


def write_notebook(path: Path) -> None:
    """A report that is made in a moment."""
    parameters = new_code_cell('lang: str = "zh"', metadata={"tags": ["parameters"]})
    show = f"from IPython.display import publish_display_data as show\nshow({{{RECORD!r}: {PROVENANCE!r}}})"
    notebook = new_notebook(cells=[parameters, new_code_cell("print(sum(range(10)))"), new_code_cell(show)])
    notebook.metadata["sme_research"] = {"report": path.stem, "title": {"zh": "试", "en": "Try"}}
    nbformat.write(notebook, path)


def command(root: Path, *words: str) -> list[str]:
    return [str(BIN), *words, "--reports", str(root / "reports")]


def start(root: Path) -> subprocess.Popen[bytes]:
    make = command(root, "run", str(root / "notebooks"), "--force", "--format", "html")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(make, cwd=root, start_new_session=True, **quiet)


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def role(pid: int, first: int) -> str:
    """What a process is, as its command line tells."""
    if pid == first:
        return "run"
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "gone"
    return "worker" if "spawn_main" in line or "multiprocessing" in line else "kernel or warm process"


def wait_for_all(members: list[int]) -> None:
    """Wait until none of them lives."""
    end = time.monotonic() + END_S
    while time.monotonic() < end:
        if not any(_lives(pid) for pid in members):
            return
        time.sleep(0.02)
    sys.exit(f"processes are left behind: {[pid for pid in members if _lives(pid)]}")


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def check_site(root: Path) -> None:
    """Every page that the catalogue links to opens, and verify passes."""
    index = (root / "reports/index.html").read_text(encoding="utf-8")
    assert index.rstrip().endswith("</html>")
    for link in set(re.findall(r'href="([^"#:]+\.html)', index)):
        assert (root / "reports" / link).read_text(encoding="utf-8").rstrip().endswith("</html>"), link
    verified = subprocess.run(command(root, "verify"), cwd=root, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def kill_once(root: Path, longest: float, chance: random.Random) -> str:
    """Kill one process of a run at a random moment; what it was."""
    process = start(root)
    time.sleep(chance.uniform(0, longest))
    members = family(process.pid)
    victim = chance.choice(members)
    what = role(victim, process.pid) if process.poll() is None else "none, the run was over"
    if process.poll() is None:
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            what = "gone"
    code = process.wait(timeout=END_S)
    wait_for_all(members)
    if what not in ("run", "gone") and code not in (0, 1):
        sys.exit(f"a killed {what} took the run down: exit code {code}")
    return what


def fill_disk(root: Path, moments: int, chance: random.Random) -> str:
    """Fill the disk under a run at random moments, then free it; what the runs said."""
    mount = root / "disk"
    mount.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(mount)], check=False)
    if mounted.returncode:
        return "not tried: no small disk can be mounted here"
    said: Counter[str] = Counter()
    try:
        shutil.copytree(root / "notebooks", mount / "notebooks")
        began = time.monotonic()
        assert start(mount).wait(timeout=END_S) == 0
        longest = time.monotonic() - began
        for _ in range(moments):
            process = start(mount)
            time.sleep(chance.uniform(0, longest))
            fill(mount / "filler")
            code = process.wait(timeout=END_S)
            check_site(mount)
            (mount / "filler").unlink()
            said[f"exit {code}"] += 1
            assert code in (0, 1), code
        assert start(mount).wait(timeout=END_S) == 0, "a rerun did not complete"
        check_site(mount)
        return f"filled at {moments} moments: {dict(said)}"
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def fill(path: Path) -> None:
    """Take all the room there is."""
    with path.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while True:
                    file.write(b"0" * size)
            except OSError:
                continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures there")
    asked = parser.parse_args()
    root = Path(tempfile.mkdtemp(prefix="sme-kills-"))
    chance = random.Random(asked.seed)
    try:
        (root / "notebooks").mkdir()
        for name in ("one", "two", "three"):
            write_notebook(root / f"notebooks/{name}.ipynb")
        began = time.monotonic()
        assert start(root).wait(timeout=END_S) == 0
        longest = time.monotonic() - began
        killed: Counter[str] = Counter()
        for _ in tqdm(range(asked.moments)):
            killed[kill_once(root, longest, chance)] += 1
            check_site(root)
        assert start(root).wait(timeout=END_S) == 0, "a rerun did not complete"
        check_site(root)
        left = list((root / "reports/.staging").glob("*"))
        disk = fill_disk(root, max(asked.moments // 10, 3), chance)
        print(f"killed at {asked.moments} moments of {longest:.1f} s: {dict(killed)}; left in staging: {len(left)}")
        print(f"full disk: {disk}")
        if asked.json:
            asked.json.write_text(json.dumps({"killed": killed, "disk": disk}, ensure_ascii=False, indent=1))
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
