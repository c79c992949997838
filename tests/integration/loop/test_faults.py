"""Every fault once, and every two that overlap, done to a loop that runs; the checker judges.

`python -m tests.faults` is the long form. It alone freezes the database for longer than its
slots live, which takes half a minute.
"""

from pathlib import Path

from tests.cluster.api_server import ApiServer
from tests.faults.course import run
from tests.faults.mix import tasks
from tests.faults.planning import OVERLAPS, Fault, plan
from tests.faults.world import a_world
from tests.support.operator.custom_resource import install_crd

SEED = 7
TASKS = 10
"""One of each kind."""


def test_no_fault_makes_a_loop_lose_or_repeat_a_due_instant(
    api_server: ApiServer, tmp_path: Path
) -> None:
    install_crd(api_server)
    faults = [fault for fault in Fault if fault is not Fault.DATABASE_FROZEN_LONG]
    injections = list(plan(SEED, 0, faults, brief=True))
    assert len(injections) == len(faults) + len(OVERLAPS)
    with a_world(tmp_path / "world", api_server, "loop-faults") as world:
        world.serve(dict(tasks(TASKS)))
        judgement = run(world, injections)
        assert judgement.is_good, f"{judgement.text()}\n{world.pod.logs()[-8000:]}"
    assert judgement.report.due > 300
    assert judgement.testimony.begun > 200
