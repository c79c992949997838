"""One task for each way to go wrong, and one that looks at its own confinement."""

import asyncio
import os
import signal
from pathlib import Path

from jvscheduler import on_schedule
from jvscheduler.environment import TASK_ID

CHUNK = 4 * 2**20
TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def eat_memory() -> None:
    hoard = []
    while True:
        hoard.append(b"x" * CHUNK)


if os.environ.get(TASK_ID, "").endswith(".eats_memory_at_import"):
    eat_memory()


@on_schedule("* * * * *")
def raises() -> None:
    raise ValueError("the warehouse is on fire")


@on_schedule("* * * * *", timeout_seconds=2)
def hangs() -> None:
    """In plain Python, deaf to SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        pass


@on_schedule("* * * * *", timeout_seconds=2)
async def hangs_async() -> None:
    await asyncio.Event().wait()


@on_schedule("* * * * *")
def eats_memory() -> None:
    eat_memory()


@on_schedule("* * * * *")
def eats_memory_at_import() -> None:
    """Never called: its process is killed while it imports this module."""


@on_schedule("* * * * *")
def checks_its_confinement() -> dict[str, str]:
    status = dict(
        line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines()
    )
    assert os.getuid() != 0, "the task runs as root"
    assert not TOKEN.exists(), "the task has a service account's token"
    assert int(status["CapEff"], 16) == 0, f"capabilities {status['CapEff']}"
    assert status["NoNewPrivs"].strip() == "1", "the task may gain privileges"
    assert status["Seccomp"].strip() == "2", "no seccomp filter"
    assert _refuses_files(Path.cwd()), "the root file system can be written"
    services = {name for name in os.environ if name.endswith("_SERVICE_HOST")}
    assert services <= {"KUBERNETES_SERVICE_HOST"}, f"service links: {services}"
    return {"uid": str(os.getuid())}


def _refuses_files(folder: Path) -> bool:
    try:
        (folder / "written").touch()
    except OSError:
        return True
    return False
