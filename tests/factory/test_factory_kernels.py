"""Forked kernels: nothing of one reaches another, and what ends one ends no other."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kernel_cases import outputs, pictures, run_cells, said

from sme_research.factory.kernels.start import warm_kernels

STATE = """
import gc, json, logging, os, signal, sys, threading, warnings
import matplotlib, numpy as np, pandas as pd
import matplotlib.pyplot as plt
import sme_research
for name in sme_research.__all__:
    getattr(sme_research, name)
UNLIKE = {"JPY_PARENT_PID", "IPYTHONDIR", "PWD", "OLDPWD", "PYTEST_CURRENT_TEST"}
per_run = lambda text: text.replace(os.path.dirname(os.getcwd()), "RUN")
def options(node, path=""):
    for key, value in node.items():
        if isinstance(value, dict):
            yield from options(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", repr(value)
from pandas._config import config as pandas_config
print(json.dumps({
    "variables": sorted(name for name in globals() if not name.startswith("_")),
    "environment": {k: per_run(v) for k, v in os.environ.items() if k not in UNLIKE},
    "folder": per_run(os.getcwd()),
    "sys.path": [per_run(path) for path in sys.path],
    "rcParams": {k: repr(v) for k, v in matplotlib.rcParams.items()},
    "rcParamsOrig": {k: repr(v) for k, v in matplotlib.rcParamsOrig.items() if k != "backend"},
    "units": sorted(map(str, matplotlib.units.registry)),
    "pandas": dict(options(pandas_config._global_config)),
    "numpy": {k: repr(v) for k, v in np.get_printoptions().items()} | {k: repr(v) for k, v in np.geterr().items()},
    "log level": logging.root.level,
    "log handlers": [repr(type(handler)) for handler in logging.root.handlers],
    "signals": {str(n): repr(signal.getsignal(n)) for n in (2, 15, 17, 1)},
    "blocked": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
    "gc": [gc.isenabled(), gc.get_threshold()],
    "recursion": sys.getrecursionlimit(),
    "umask": os.umask(os.umask(0o22)) or os.umask(0o22),
    "threads": sorted(thread.name.split("-")[0] for thread in threading.enumerate()),
    "main": __name__,
    "hash": hash("a word"),
    "time": __import__("time").tzname,
    "own session": os.getsid(0) == os.getpid() == os.getpgid(0),
    "open files": sorted(per_run(found) for found in (
        os.readlink(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")
        if os.path.lexists(f"/proc/self/fd/{number}")
    ) if found.startswith("/") and "/proc/" not in found and found != "/dev/null" and "pytest" not in found),
}))
"""
SPOIL = """
import json, logging, os, sys, warnings, random
import matplotlib, numpy as np, pandas as pd
leaked = 1
os.environ["LEAKED"] = "1"
os.chdir("/")
sys.path.insert(0, "/leaked")
matplotlib.rcParams["figure.dpi"] = 33
pd.set_option("display.max_rows", 3)
np.random.seed(1), random.seed(1)
logging.basicConfig(level=1)
warnings.simplefilter("error")
spilt = open("/tmp/" + "leaked", "w"); os.unlink(spilt.name)
import sme_research; sme_research.leaked = 1; json.leaked = 1
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory):
    """One warm process for all tests of this file."""
    with warm_kernels(tmp_path_factory.mktemp("warm")) as held:
        assert held is not None
        yield held


@pytest.fixture
def forked(warm, tmp_path):
    """Run cells in a kernel that must be a forked one."""

    def run(*sources, **options):
        execution = run_cells(tmp_path, *sources, warm=warm.socket, **options)
        assert execution.kernel == "forked", execution.kernel_note
        return execution

    return run


@pytest.fixture
def ordinary(tmp_path):
    def run(*sources):
        execution = run_cells(tmp_path, *sources)
        assert execution.kernel == "ordinary"
        return execution

    return run


def test_a_forked_kernel_starts_in_the_state_of_an_ordinary_one(forked, ordinary):
    expected, found = said(ordinary(STATE)), said(forked(STATE))
    for name, value in expected.items():
        assert found[name] == value, name


def test_nothing_that_a_notebook_changes_reaches_the_next_one(forked):
    before = said(forked(STATE))
    forked(SPOIL)
    assert said(forked(STATE)) == before
    leaked = "import json, warnings, sme_research; [hasattr(sme_research, 'leaked'), hasattr(json, 'leaked')"
    assert (
        said(forked(leaked.replace("; [", "; print(json.dumps([") + ", len(warnings.filters)]))"))[:2] == [False] * 2
    )


def test_warning_filters_are_those_that_the_imports_set(forked, ordinary):
    source = "import warnings, json, sme_research, statsmodels.api, pyfixest.estimation, pandera.strategies\n"
    source += "for name in sme_research.__all__: getattr(sme_research, name)\n"
    source += "print(json.dumps(sorted({str(found) for found in warnings.filters})))"
    assert said(forked(source)) == said(ordinary(source))


def test_random_numbers_differ_between_kernels_and_follow_a_seed(forked, ordinary):
    draw = "import json, random, uuid, numpy as np\n"
    draw += "numbers = [random.random(), np.random.rand(), np.random.default_rng().random(), str(uuid.uuid4())]\n"
    draw += "random.seed(5); np.random.seed(5)\n"
    draw += "print(json.dumps([numbers, [random.random(), np.random.rand()]]))"
    (first, seeded), (second, again) = said(forked(draw)), said(forked(draw))
    assert not set(first) & set(second)
    assert seeded == again == said(ordinary(draw))[1]


def test_figures_are_the_same_bytes_in_both_kernels(forked, ordinary):
    cells = (
        "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2], label='a')\nplt.legend()",
        "figure, axes = plt.subplots(figsize=(3, 2)); axes.hist([1, 2, 2]); axes.set_title('$x^2$')",
        "%matplotlib inline\nplt.rcParams['figure.dpi'] = 50\nplt.plot([1, 2])\nplt.show()",
        "import pandas as pd; pd.DataFrame({'a': [1, 2]}).plot()",
    )
    drawn, expected = pictures(forked(*cells)), pictures(ordinary(*cells))
    assert len(expected) == 4
    assert drawn == expected


def test_outputs_of_every_kind_are_the_same_in_both_kernels(forked, ordinary):
    cells = (
        "import sys, logging; print('out'); print('err', file=sys.stderr); logging.warning('once')",
        "from IPython.display import HTML, Markdown, display; display(HTML('<b>x</b>'), Markdown('x'))",
        "import pandas as pd; pd.DataFrame({'a': [1.5, None], '列': ['x', 'y']})",
        "!echo from a shell",
        "import ipywidgets; slider = ipywidgets.IntSlider(value=3); slider.value",
        "import multiprocessing as m\nwith m.get_context('spawn').Pool(1) as pool: print(pool.map(abs, [-1]))",
        "child = m.get_context('fork').Process(target=print, args=('child',)); child.start(); child.join()",
        "import time; time.sleep(0.5)",
        "from joblib import Parallel, delayed; Parallel(n_jobs=2)(delayed(abs)(-n) for n in range(3))",
        "import threading; t = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
    )

    def shown(execution):
        return [(o.output_type, o.get("name"), o.get("text"), o.get("data")) for o in outputs(execution)]

    assert shown(forked(*cells)) == shown(ordinary(*cells))


ENDS = {
    "segfault": "import ctypes; ctypes.string_at(0)",
    "segfault by signal": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "exit": "import os; os._exit(0)",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "group killed": "import os, signal; os.killpg(0, signal.SIGKILL)",
}


def test_what_ends_a_kernel_ends_no_other_and_is_told_of_it_alone(warm, tmp_path):
    sibling, _ = start_sibling(tmp_path, warm.socket)
    for name, source in ENDS.items():
        ended = run_cells(tmp_path, "1", source, "2", warm=warm.socket)
        assert ended.kernel == "forked"
        assert (ended.failure.error, ended.failure.cell) == ("KernelDied", 3), name
    assert warm.process.poll() is None
    (tmp_path / "go").touch()
    assert sibling.stdout.readline() == "forked None\n"
    assert sibling.wait(timeout=10) == 0
    assert run_cells(tmp_path, "1", warm=warm.socket).kernel == "forked"


SIBLING = """
import sys, time
sys.path.insert(0, "tests/factory")
from pathlib import Path
from threading import Thread
from kernel_cases import run_cells
root = Path(sys.argv[1])
wait = f"import os, pathlib, time\\nroot = pathlib.Path({str(root)!r})\\n"
wait += "(root / 'part').write_text(str(os.getpid())); (root / 'part').rename(root / 'up')\\n"
wait += "while not (root / 'go').exists(): time.sleep(0.01)"
def tell():
    while not (root / "up").exists():
        time.sleep(0.01)
    print((root / "up").read_text(), flush=True)
Thread(target=tell).start()
done = run_cells(root, wait, warm=Path(sys.argv[2]))
print(done.kernel, done.failure, flush=True)
"""


def start_sibling(root: Path, warm: Path) -> tuple[subprocess.Popen, int]:
    """A process that runs a notebook until there is a file ``go``, and the number of its kernel."""
    command = [sys.executable, "-c", SIBLING, str(root), str(warm)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def test_a_cell_that_takes_too_long_is_ended_with_its_kernel(forked, tmp_path):
    mark = tmp_path / "pid"
    source = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    assert forked(source, timeout=1).failure.error == "CellTimeout"
    assert not Path(f"/proc/{mark.read_text()}").exists()


def test_a_kernel_ends_when_the_process_that_asked_for_it_is_killed(warm, tmp_path):
    sibling, kernel = start_sibling(tmp_path, warm.socket)
    assert Path(f"/proc/{kernel}").exists()
    sibling.kill()
    sibling.wait()
    assert_ends(kernel)
    assert warm.process.poll() is None


def assert_ends(pid: int) -> None:
    deadline = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{pid}").exists()


HOLDER = """
import sys, time
from pathlib import Path
from sme_research.factory.kernels.start import warm_kernels
with warm_kernels(Path(sys.argv[1])) as warm:
    print(warm.process.pid, warm.socket, flush=True)
    time.sleep(60)
"""


def test_the_warm_process_and_its_kernels_end_when_the_run_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pid, path = run.stdout.readline().split()
    other, kernel = start_sibling(tmp_path, Path(path))
    run.kill()
    run.wait()
    assert_ends(int(pid))
    assert_ends(kernel)
    other.kill()
    other.wait()


def listening_ports(pid: int) -> list[str]:
    """Addresses at which a process listens by TCP, of either kind."""
    paths = [f"/proc/{pid}/fd/{number}" for number in os.listdir(f"/proc/{pid}/fd")]
    held = {os.readlink(path) for path in paths if os.path.lexists(path)}
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in held:
                found.append(fields[1])
    return found


def test_the_search_for_ports_finds_one():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        assert len(listening_ports(os.getpid())) == 1


def test_neither_kernel_nor_warm_process_listens_at_a_port_and_only_the_owner_reaches_their_sockets(forked, warm):
    look = f"import os, sys, json; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
    look += "from test_factory_kernels import listening_ports\n"
    look += "folder = os.path.abspath('../kernel')\n"
    look += "print(json.dumps([listening_ports(os.getpid()), oct(os.stat(folder).st_mode), os.listdir(folder)]))"
    ports, mode, files = said(forked(look))
    assert ports == listening_ports(warm.process.pid) == []
    assert mode == "0o40700"
    assert sum(name.startswith("socket-") for name in files) >= 4
    assert oct(warm.socket.parent.stat().st_mode) == "0o40700"
    assert oct(warm.socket.stat().st_mode) == "0o140600"


def test_the_environment_of_the_run_is_the_kernels(warm, tmp_path, monkeypatch):
    monkeypatch.setenv("SME_RESEARCH_PROCESSES", "1")
    source = "import os, json; from sme_research.processes import allowed_processes as n\n"
    source += "print(json.dumps([n(), os.environ['SPECIAL'], os.environ.get('JE_ARROW_MALLOC_CONF')]))"
    monkeypatch.setenv("SPECIAL", "yes")
    assert said(run_cells(tmp_path, source, warm=warm.socket)) == [1, "yes", None]
