"""Every fault once, and every two that overlap, done to loops that run; the checker judges.

Two loops share the faults and run side by side, each in a world of its own, because most of a
fault's time is waiting. `python -m tests.faults` is the long form. It alone freezes the database
for longer than its slots live, which takes half a minute.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster.api_server import ApiServer
from tests.faults.course import run
from tests.faults.judging import Judgement
from tests.faults.mix import tasks
from tests.faults.planning import OVERLAPS, Fault, plan
from tests.faults.world import a_world
from tests.support.operator.custom_resource import install_crd

pytestmark = pytest.mark.long

SEED = 7
TASKS = 10
"""One of each kind."""
WORLDS = 2


def test_no_fault_makes_a_loop_lose_or_repeat_a_due_instant(
    api_server: ApiServer, tmp_path: Path
) -> None:
    install_crd(api_server)
    faults = [fault for fault in Fault if fault is not Fault.DATABASE_FROZEN_LONG]
    injections = list(plan(SEED, 0, faults, brief=True))
    assert len(injections) == len(faults) + len(OVERLAPS)

    def judged(number: int) -> Judgement:
        name = f"loop-faults-{number}"
        with a_world(tmp_path / name, api_server, name) as world:
            world.serve(dict(tasks(TASKS)))
            judgement = run(world, injections[number::WORLDS])
            assert judgement.is_good, f"{judgement.text()}\n{world.pod.logs()[-8000:]}"
        return judgement

    with ThreadPoolExecutor() as pool:
        judgements = list(pool.map(judged, range(WORLDS)))
    assert min(j.report.due for j in judgements) > 150
    assert min(j.testimony.begun for j in judgements) > 100
    assert sum(j.report.due for j in judgements) > 300
    assert sum(j.testimony.begun for j in judgements) > 200
