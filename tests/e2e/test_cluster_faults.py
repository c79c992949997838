"""Each fault of a cluster once, while tasks of both backends run; then the history is judged."""

import pytest

from tests.cluster.plugin import Images
from tests.e2e.installation import Installation
from tests.faults.cluster.course import run
from tests.faults.cluster.mix import tasks
from tests.faults.cluster.planning import ON_THE_NODE, Fault, each_once
from tests.faults.cluster.world import a_world

pytestmark = [pytest.mark.disruptive, pytest.mark.timeout(1200)]

SEED = 1


def test_faults_of_the_cluster_leave_no_instant_without_its_one_true_record(
    installation: Installation, images: Images
) -> None:
    with a_world(installation, images.faulty, tasks()) as world:
        faults = [f for f in Fault if world.node.is_container or f not in ON_THE_NODE]
        judgement = run(world, each_once(SEED, faults))
    assert judgement.is_good, judgement.text()
    assert judgement.due_cron > 0
    assert judgement.due_loop > 0
