"""Modules are imported in a process of their own. Whatever they do there becomes a clear error."""

import os
import textwrap
from pathlib import Path
from typing import NamedTuple

import pytest

from jvscheduler.discovery import discover, discover_tasks_and_files
from jvscheduler.errors import DiscoveryError
from jvscheduler.schedules import parse_schedule
from tests.support.runner.process import left_running

TASK = """
from jvscheduler import on_schedule

@on_schedule("daily", time_zone="Asia/Tokyo", retry_count=1)
def report() -> None: ...
"""
TIME_LIMIT = 60.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, **modules: str) -> None:
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text), encoding="utf-8")


def test_tasks_come_back_whole_and_by_task_id(folder: Path) -> None:
    second = '@on_schedule("hourly", task_id="a")\nasync def zulu() -> None: ...\n'
    write(folder, shop=TASK + second)
    first, report = discover(["shop"], TIME_LIMIT)
    assert (first.task_id, first.entrypoint) == ("a", "shop:zulu")
    assert (report.task_id, report.retry_count) == ("shop.report", 1)
    assert (report.schedule.cron, report.schedule.time_zone) == ("0 0 * * *", "Asia/Tokyo")


def test_an_interval_and_dst_come_back_too(folder: Path) -> None:
    write(
        folder,
        shop="""
        from jvscheduler import on_schedule

        @on_schedule("every 5 to 10 minutes")
        def restock() -> None: ...

        @on_schedule("daily at 02:30", dst="once", time_zone="Europe/Berlin")
        def sums() -> None: ...
        """,
    )
    restock, sums = (task.schedule for task in discover(["shop"], TIME_LIMIT))
    assert restock == parse_schedule("every 5 to 10 minutes", seed="shop.restock")
    assert sums == parse_schedule("daily at 02:30", "Europe/Berlin", "shop.sums", "once")


def test_a_task_counts_once_wherever_it_is_imported_to(folder: Path) -> None:
    write(folder, shop=TASK, api="from shop import report\nalias = report\n")
    both = discover(["api", "shop", "api"], TIME_LIMIT)
    assert [task.entrypoint for task in both] == ["shop:report"]
    assert discover(["api"], TIME_LIMIT) == both


def test_a_module_in_a_package_is_found_from_the_working_folder(folder: Path) -> None:
    (folder / "pkg").mkdir()
    write(folder / "pkg", __init__="", tasks=TASK)
    assert discover(["pkg.tasks"], TIME_LIMIT)[0].entrypoint == "pkg.tasks:report"


def test_a_walker_is_found(folder: Path) -> None:
    walker = """
        from jvspatial.core import Walker
        from jvscheduler import on_schedule

        @on_schedule("hourly")
        class Visit(Walker):
            depth: int = 1
        """
    write(folder, graph=walker)
    assert discover(["graph"], TIME_LIMIT)[0].entrypoint == "graph:Visit"


def test_a_module_may_print_to_stderr_and_start_daemon_threads(folder: Path) -> None:
    own = "import sys, threading\nprint('hello', file=sys.stderr)\n"
    thread = "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    write(folder, shop=TASK + own + thread)
    assert len(discover(["shop"], TIME_LIMIT)) == 1


class Bad(NamedTuple):
    what: str
    text: str
    message: str


BAD = [
    Bad("raises", "1 / 0", r"'bad' cannot be imported: ZeroDivisionError.*bad.py, line 1"),
    Bad("is not Python", "def", r"'bad' cannot be imported: SyntaxError: .*bad.py, line 1"),
    Bad(
        "raises many lines",
        "raise ValueError('first\\nsecond')",
        r"'bad' cannot be imported: ValueError: first \(.*bad.py, line 1\)$",
    ),
    Bad("lacks a dependency", "import no_such_thing", r"ModuleNotFoundError: .*'no_such_thing'"),
    Bad("exits", "import sys; sys.exit('bye')", r"'bad' exits when imported, with 'bye'"),
    Bad("is interrupted", "raise KeyboardInterrupt", r"'bad' cannot be imported"),
    Bad("leaves", "import os; os._exit(0)", r"'bad' ended its process with exit code 0"),
    Bad("kills itself", "import os; os.kill(os.getpid(), 9)", r"'bad' ended .* by SIGKILL"),
    Bad("prints", "print('hello')", r"'bad' prints to stdout when imported \('hello"),
    Bad("writes to stdout", "import os; os.write(1, b'x')", r"'bad' prints to stdout"),
    Bad("runs a program that prints", "import os; os.system('echo x')", r"'bad' prints to stdout"),
    Bad("asks", "input()", r"'bad' cannot be imported: EOFError"),
    Bad(
        "starts a thread",
        "import threading; threading.Thread(target=threading.Event().wait, name='busy').start()",
        r"'bad' starts threads when imported \(busy\)",
    ),
    Bad("has no tasks", "answer = 42", r"'bad' has no tasks"),
    Bad(
        "has a bad schedule",
        "from jvscheduler import on_schedule\n@on_schedule('dayly')\ndef f(): ...",
        r"'bad' \(.*bad.py, line 2\): schedule 'dayly'",
    ),
    Bad(
        "decorates a lambda",
        "from jvscheduler import on_schedule\nf = on_schedule('daily')(lambda: None)",
        r"'bad' \(.*bad.py, line 2\): .* is a lambda",
    ),
    Bad(
        "decorates a nested function",
        "from jvscheduler import on_schedule\n"
        "def outer():\n  @on_schedule('daily')\n  def f(): ...\nouter()",
        r"'bad' \(.*bad.py, line 3\): .* is defined inside a function",
    ),
    Bad(
        "uses a name twice",
        f"{TASK}@on_schedule('hourly')\ndef report(): ...",
        r"'bad': on_schedule decorates a function report, but after the import report is",
    ),
    Bad(
        "hides a task",
        f"{TASK}kept = report\nreport = None",
        r"'bad': on_schedule decorates a function report, but after the import report is",
    ),
    Bad(
        "uses a task_id twice",
        f"{TASK}@on_schedule('daily', task_id='bad.report')\ndef other(): ...",
        r"bad:report and bad:other have the same task_id 'bad.report'",
    ),
    Bad(
        "uses task_ids that make one name",
        f"{TASK}@on_schedule('daily', task_id='bad-report')\ndef other(): ...",
        r"'bad.report' \(bad:report\) and 'bad-report' \(bad:other\) both make .*'bad-report'",
    ),
]


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.what)
def test_a_module_that(folder: Path, case: Bad) -> None:
    write(folder, good=TASK.replace("report", "other"), bad=case.text)
    with pytest.raises(DiscoveryError, match=case.message):
        discover(["good", "bad"], TIME_LIMIT)


def test_a_module_that_hangs_is_named_and_its_processes_are_ended(folder: Path) -> None:
    hang = """
        import subprocess, sys, os, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        open("pids", "w").write(f"{os.getpid()} {child.pid}")
        time.sleep(600)
        """
    write(folder, good=TASK, slow=hang)
    with pytest.raises(DiscoveryError, match=r"'slow' was not imported within 3 s"):
        discover(["good", "slow"], 3.0)
    assert left_running([int(pid) for pid in (folder / "pids").read_text().split()]) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", "no module 'nowhere': run from the folder that holds 'nowhere'"),
        ("nowhere.tasks", "no module 'nowhere.tasks': run from the folder that holds 'nowhere'"),
        ("os.nowhere", "no module 'os.nowhere'"),
        ("shop/tasks.py", "name it by its import path, as shop.tasks"),
        ("tasks.py", "name it by its import path, as tasks"),
        ("__main__", "by its import path"),
        ("-c", "is not a module"),
        ("", "is not a module"),
        ("a..b", "is not a module"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_name_that_is_no_module(name: str, message: str) -> None:
    with pytest.raises(DiscoveryError, match=message):
        discover([name], TIME_LIMIT)


def test_no_modules_at_all() -> None:
    with pytest.raises(DiscoveryError, match="at least one module"):
        discover([], TIME_LIMIT)


def test_this_process_imports_nothing(folder: Path) -> None:
    write(folder, shop_of_pid=f"{TASK}import os\nopen('pid', 'w').write(str(os.getpid()))\n")
    discover(["shop_of_pid"], TIME_LIMIT)
    assert (folder / "pid").read_text() != str(os.getpid())


def test_the_files_of_the_user_are_found_and_no_others(folder: Path) -> None:
    (folder / "pkg").mkdir()
    write(folder / "pkg", __init__="", tasks="import json, yaml, prices\n" + TASK)
    write(folder, prices="", unrelated="")
    discovery = discover_tasks_and_files(["pkg.tasks"], TIME_LIMIT)
    names = {"pkg/__init__.py", "pkg/tasks.py", "prices.py"}
    assert discovery.files == {folder / name for name in names}


@pytest.mark.parametrize(
    "error",
    [
        'SyntaxError("unexpected token", ("price.tpl", 3, 7, b"{{ price"))',
        'type("Exits", (Exception,), {"__str__": lambda _: exit("no")})()',
    ],
)
def test_a_module_whose_error_cannot_be_shown_is_still_named(error: str, folder: Path) -> None:
    write(folder, shop=f"raise {error}")
    with pytest.raises(DiscoveryError, match="module 'shop' cannot be imported") as raised:
        discover(["shop"], TIME_LIMIT)
    assert "shop.py, line 1" in str(raised.value)
