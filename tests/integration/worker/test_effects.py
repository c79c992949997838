"""The changes of a module's import hold in its own runs, and in none of another module."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jvscheduler.outcomes import Status
from jvscheduler.worker.messages import Acknowledge, Prepare, Prepared
from tests.support.dev_process import history, run_dev
from tests.support.runner.process import Runner, records
from tests.support.worker_process import Speaker, WorkerProcess, a_worker

SETTINGS = """
import asyncio, contextvars, decimal, faulthandler, gc, json, locale, logging, os, random, resource
import signal, socket, ssl, sys, tempfile, threading, time, warnings

VARIABLE = contextvars.ContextVar("VARIABLE", default="unset")

def name(each):
    return None if each is None else getattr(each, "__qualname__", None) or type(each).__qualname__

def settings():
    shop = logging.getLogger("shop")
    mask = os.umask(0)
    os.umask(mask)
    return {
        "directory": os.path.basename(os.getcwd()),
        "umask": mask,
        "variable": os.environ.get("EFFECT"),
        "removed variable": os.environ.get("REMOVED"),
        "precision": decimal.getcontext().prec,
        "traps": decimal.getcontext().traps[decimal.Inexact],
        "logging disabled": logging.root.manager.disable,
        "root level": logging.root.level,
        "root handlers": [name(each) for each in logging.root.handlers],
        "logger's level": shop.level,
        "enabled": shop.isEnabledFor(logging.WARNING),
        "signal": name(signal.getsignal(signal.SIGUSR1)),
        "locale": locale.setlocale(locale.LC_NUMERIC),
        "recursion limit": sys.getrecursionlimit(),
        "filters": [each[0] for each in warnings.filters if each[0] == "error"],
        "path": [each for each in sys.path if each.startswith("/nowhere")],
        "stdout": name(sys.stdout),
        "excepthook": name(sys.excepthook),
        "thread's excepthook": name(threading.excepthook),
        "socket's timeout": socket.getdefaulttimeout(),
        "seed": random.random() == SEEDED,
        "files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "faulthandler": faulthandler.is_enabled(),
        "policy": name(asyncio.get_event_loop_policy()),
        "collects": gc.isenabled(),
        "threshold": gc.get_threshold()[0],
        "zone": time.tzname[0],
        "context variable": VARIABLE.get(),
        "https": name(ssl._create_default_https_context),
        "temporary": tempfile.tempdir,
        "argv": sys.argv[1:],
    }

random.seed(7)
SEEDED = random.random()
random.seed()
"""

CHANGES = """
from copied.settings import *

class Policy(asyncio.DefaultEventLoopPolicy): ...
class Shown:
    def __init__(self, stream): self._stream = stream
    def __getattr__(self, name): return getattr(self._stream, name)
def shows_error(*_): ...
def on_signal(*_): ...

os.makedirs("/tmp/jvscheduler-effects", exist_ok=True)
os.chdir("/tmp/jvscheduler-effects")
os.umask(0o027)
os.environ["EFFECT"] = "set"
os.environ.pop("REMOVED", None)
os.environ["TZ"] = "Asia/Tokyo"
time.tzset()
decimal.getcontext().prec = 5
decimal.getcontext().traps[decimal.Inexact] = True
logging.disable(logging.WARNING)
logging.basicConfig(level=logging.ERROR)
logging.getLogger("shop").setLevel(logging.DEBUG)
signal.signal(signal.SIGUSR1, on_signal)
locale.setlocale(locale.LC_NUMERIC, "C.UTF-8")
sys.setrecursionlimit(777)
warnings.simplefilter("error")
sys.path.insert(0, "/nowhere/first")
sys.path.append("/nowhere/last")
sys.stdout = Shown(sys.stdout)
sys.excepthook = threading.excepthook = shows_error
socket.setdefaulttimeout(3)
resource.setrlimit(resource.RLIMIT_NOFILE, (500, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
faulthandler.enable()
asyncio.set_event_loop_policy(Policy())
gc.disable()
gc.set_threshold(123)
VARIABLE.set("set")
ssl._create_default_https_context = ssl._create_unverified_context
tempfile.tempdir = "/nowhere"
sys.argv.append("changed")
random.seed(7)
"""

TASK = """
from jvscheduler import on_schedule

@on_schedule("@yearly")
def task():
    return settings()
"""
CHANGED = {
    "directory": "jvscheduler-effects",
    "umask": 0o027,
    "variable": "set",
    "removed variable": None,
    "precision": 5,
    "traps": True,
    "logging disabled": 30,
    "root level": 40,
    "root handlers": ["StreamHandler"],
    "logger's level": 10,
    "enabled": False,
    "signal": "on_signal",
    "locale": "C.UTF-8",
    "recursion limit": 777,
    "filters": ["error"],
    "path": ["/nowhere/first", "/nowhere/last"],
    "stdout": "Shown",
    "excepthook": "shows_error",
    "thread's excepthook": "shows_error",
    "socket's timeout": 3,
    "seed": True,
    "files": 500,
    "faulthandler": True,
    "policy": "Policy",
    "collects": False,
    "threshold": 123,
    "zone": "JST",
    "context variable": "set",
    "https": "_create_unverified_context",
    "temporary": "/nowhere",
    "argv": ["changed"],
}
MODULES = {
    "settings": SETTINGS,
    "plain": "from copied.settings import *" + TASK,
    "changes": CHANGES + TASK,
    "imports": "import copied.changes\nfrom copied.settings import *" + TASK,
    "late": """
from copied.settings import *
def task():
    before = settings()
    import copied.changes
    return [before, settings()]
""",
    "adds": """
from copied.settings import *
sys.path.insert(0, "/nowhere/added")
import copied.changes
sys.path.append("/nowhere/too")
"""
    + TASK,
    "starts_thread": "import copied.changes\nfrom copied.settings import *\n"
    "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()" + TASK,
    "draws": """
from copied.settings import *
random.random()
def task():
    return random.random()
""",
    "lowers": """
from copied.settings import *
os.nice(1)
def task():
    return os.nice(0)
""",
}
TASKS = ["plain", "changes", "imports", "late", "adds", "draws"]
ENVIRON = {"REMOVED": "kept", "TZ": "UTC"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    package = tmp_path / "copied"
    package.mkdir()
    for name, text in MODULES.items():
        (package / f"{name}.py").write_text(textwrap.dedent(text))
    return tmp_path


@pytest.fixture
def worker(folder: Path) -> Iterator[WorkerProcess]:
    with a_worker(folder) as worker:
        yield worker


def run(loop: Speaker, module: str) -> Any:
    loop.run(module, f"{module}.task", package="copied")
    end = loop.end(module)
    loop.say(Acknowledge(module))
    assert end.status == Status.COMPLETED, end
    return end.result


def prepare(loop: Speaker, *modules: str) -> dict[str, str]:
    loop.say(Prepare(tuple(f"copied.{name}" for name in modules)))
    return dict(loop.next(Prepared).failed)


@pytest.mark.parametrize("order", [TASKS, TASKS[::-1]], ids=["in order", "reversed"])
def test_in_a_loops_worker(order: list[str], worker: WorkerProcess) -> None:
    loop = worker.connect()
    unchanged = run(loop, "plain")  # as a run that imports everything itself
    assert prepare(loop, *order) == {}
    assert run(loop, "plain") == unchanged
    assert not [name for name, value in CHANGED.items() if unchanged[name] == value]
    assert run(loop, "changes") == CHANGED
    assert run(loop, "imports") == CHANGED
    assert run(loop, "late") == [unchanged, {**CHANGED, "seed": True}]
    path = ["/nowhere/first", "/nowhere/added", "/nowhere/last", "/nowhere/too"]
    assert run(loop, "adds") == {**CHANGED, "path": path}
    assert run(loop, "plain") == unchanged
    assert run(loop, "draws") != run(loop, "draws")


def test_a_module_that_each_run_imports_has_the_changes_of_what_it_imports(
    worker: WorkerProcess,
) -> None:
    loop = worker.connect()
    failed = prepare(loop, "changes", "starts_thread")
    assert list(failed) == ["copied.starts_thread"]
    assert run(loop, "starts_thread") == CHANGED


def test_a_module_whose_changes_cannot_be_undone_is_imported_by_each_run(
    worker: WorkerProcess,
) -> None:
    loop = worker.connect()
    before = prepare(loop, "plain")
    assert before == {}
    failed = prepare(loop, "lowers")
    if failed:  # root may undo it
        assert (
            "it changes the priority when imported, which cannot be undone"
            in failed["copied.lowers"]
        )
    assert run(loop, "lowers") == 1
    assert run(loop, "plain")


MODES = ["plain", "changes", "imports"]


@pytest.mark.parametrize("module", MODES)
def test_under_dev_once(module: str, folder: Path) -> None:
    words = [f"copied.{name}" for name in MODES]
    done = run_dev(folder, *words, "--once", f"copied.{module}.task")
    assert done.returncode == 0, done.stderr
    (job,) = history(folder)
    assert_as_expected(module, job.result)


@pytest.mark.parametrize("module", MODES)
def test_in_a_pod(module: str, folder: Path) -> None:
    url = f"sqlite:///{folder}/history.db"
    runner = Runner(folder, f"{module}.task", url, package="copied")
    ended = runner.run()
    assert ended.code == 0, ended.output
    (job,) = records(url)
    assert_as_expected(module, job.result)


def assert_as_expected(module: str, result: Any) -> None:
    same = {name for name, value in CHANGED.items() if result[name] == value}
    assert same == (set() if module == "plain" else set(CHANGED))
