"""Forked kernels for JupyterLab, nbval and nbconvert, by a kernelspec: what their users expect still holds."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from factory_cases import code
from nbformat.v4 import new_notebook, new_output

from sme_research.cli.kernel import kernel
from sme_research.factory.kernels.spec import KERNELSPEC, install_kernelspec

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Variables under which the kernelspec and the entry points are found, as after an installation."""
    root = tmp_path_factory.mktemp("j")
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]
    info = root / "site/sme_research-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sme-research\nVersion: 0.1.0\n")
    lines = [f"[{group}]\n" + "".join(f"{n}={v}\n" for n, v in named.items()) for group, named in points.items()]
    (info / "entry_points.txt").write_text("\n".join(lines))
    install_kernelspec(prefix=root)
    (root / "run").mkdir(mode=0o700)
    yield {
        **os.environ,
        "JUPYTER_PATH": str(root / "share/jupyter"),
        "JUPYTER_RUNTIME_DIR": str(root / "runtime"),
        "IPYTHONDIR": str(root / "ipython"),
        "XDG_RUNTIME_DIR": str(root / "run"),
        "PYTHONPATH": os.pathsep.join([str(root / "site"), str(ROOT), str(Path(__file__).parent)]),
    }
    end_warm_processes(root)


def end_warm_processes(root: Path) -> None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            mine = os.readlink(process / "cwd").startswith(str(root / "run"))
        except OSError:
            continue
        if mine:
            os.kill(int(process.name), 15)


def run(environment, *command: str, cwd: Path) -> subprocess.CompletedProcess:
    """A command that ends well; its outcome."""
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


TALK = """
import json, os, signal, sys, time
from pathlib import Path
from jupyter_client.manager import start_new_kernel
from test_factory_kernels import listening_ports

def ask(client, source, **options):
    said = []
    reply = client.execute_interactive(source, timeout=30, output_hook=said.append, **options)
    text = "".join(message["content"].get("text", "") for message in said)
    return reply["content"]["status"], text.strip()

def pid(client):
    return int(ask(client, "import os; print(os.getpid())")[1])

manager, client = start_new_kernel(kernel_name="sme-warm")
found = {"kind": manager.provisioner.kind, "transport": manager.transport, "ports": listening_ports(pid(client))}
found["server ports"] = listening_ports(os.getpid())

first = pid(client)
ask(client, "kept = 1")
message = client.execute("import time\\ntry:\\n    time.sleep(60)\\nexcept KeyboardInterrupt:\\n    raise")
time.sleep(1)
manager.interrupt_kernel()
found["interrupted"] = client.get_shell_msg(timeout=20)["content"]["ename"]
# For a moment after an interrupt a kernel answers with "aborted" what it took for queued before.
for _ in range(50):
    found["kept"] = ask(client, "print(kept)")
    if found["kept"][0] != "aborted":
        break
    time.sleep(0.1)

asked = []
def answer(request):
    asked.append(request["content"]["prompt"])
    client.input("an answer")
found["input"] = ask(client, "print(input('a question '))", allow_stdin=True, stdin_hook=answer), asked

message = client.session.msg("debug_request", {"type": "request", "seq": 1, "command": "debugInfo", "arguments": {}})
client.control_channel.send(message)
found["debugger"] = client.get_control_msg(timeout=20)["content"]["success"]

manager.restart_kernel(now=False)
client.wait_for_ready(timeout=60)
found["restarted"] = manager.provisioner.kind, pid(client) != first, ask(client, "kept")[0]
found["first is gone"] = not Path(f"/proc/{first}").exists()
ask(client, "held = open('buffered', 'w'); held.write('x')")
ask(client, "import atexit; atexit.register(open('at-exit', 'w').write, 'x')")
last = pid(client)
folder = manager.provisioner._sockets
client.stop_channels()
manager.shutdown_kernel()
left = Path("at-exit").read_text(), Path("buffered").read_text()
found["ended"] = not Path(f"/proc/{last}").exists(), *left, folder.exists()
print(json.dumps(found))
"""


def test_a_kernel_of_the_kernelspec_behaves_as_its_users_expect(environment, tmp_path):
    done = run(environment, sys.executable, "-c", TALK, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert found.pop("input") == [["ok", "an answer"], ["a question "]]
    assert found.pop("restarted") == ["forked", True, "error"]
    assert found.pop("ended") == [True, "x", "x", False]
    assert found == {
        "kind": "forked",
        "transport": "ipc",
        "ports": [],
        "server ports": [],
        "interrupted": "KeyboardInterrupt",
        "kept": ["ok", "1"],
        "debugger": True,
        "first is gone": True,
    }


def test_a_kernel_of_the_kernelspec_that_cannot_be_forked_is_ordinary_and_says_so(environment, tmp_path):
    done = run({**environment, "SME_RESEARCH_NO_FORK": "1"}, sys.executable, "-c", TALK, cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["kind"], found["restarted"], found["ports"]) == ("ordinary", ["ordinary", True, "error"], [])
    assert "an ordinary kernel was started: SME_RESEARCH_NO_FORK is set." in done.stderr


@pytest.fixture
def notebook(tmp_path):
    """A notebook that says whether its kernel was forked, with the answer that it should."""
    path = tmp_path / "forked.ipynb"
    asks = code(
        "from pathlib import Path; import os\n'kernels.warm' in Path(f'/proc/{os.getppid()}/cmdline').read_text()"
    )
    asks.outputs = [new_output("execute_result", {"text/plain": "True"}, execution_count=1)]
    asks.execution_count = 1
    kernelspec = {"name": KERNELSPEC, "display_name": KERNELSPEC}
    nbformat.write(new_notebook(cells=[asks], metadata={"kernelspec": kernelspec}), path)
    return path


def test_nbconvert_and_papermill_get_forked_kernels(environment, notebook):
    tools = Path(sys.executable).parent
    convert = [str(tools / "jupyter"), "nbconvert", "--to", "notebook", "--execute", "--output", "converted.ipynb"]
    run(environment, *convert, str(notebook), cwd=notebook.parent)
    mill = [str(tools / "papermill"), "--engine", "sme-forked", str(notebook)]
    run(environment, *mill, str(notebook.with_name("milled.ipynb")), cwd=notebook.parent)
    for name in ("converted.ipynb", "milled.ipynb"):
        made = nbformat.read(notebook.with_name(name), 4)
        assert made.cells[0].outputs[0].data["text/plain"] == "True", name


def test_nbval_gets_forked_kernels(environment, notebook):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", str(notebook)]
    assert "1 passed" in run(environment, *command, cwd=notebook.parent).stdout


def test_the_command_installs_the_kernelspec(tmp_path):
    done = CliRunner().invoke(kernel, ["install", "--prefix", str(tmp_path)])
    assert done.exit_code == 0, done.output
    spec = json.loads((tmp_path / "share/jupyter/kernels" / KERNELSPEC / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable
    assert spec["metadata"]["kernel_provisioner"] == {"provisioner_name": "sme-forked"}
    assert CliRunner().invoke(kernel, ["install", "--user", "--prefix", str(tmp_path)]).exit_code == 2
