"""Does faults to a world. Each returns when what it stopped is there again."""

import random
import time
from collections.abc import Callable, Mapping
from typing import Final

from jvscheduler import names
from tests.e2e.installation import NAMESPACE
from tests.faults.cluster.mix import edit
from tests.faults.cluster.planning import Fault, Injection
from tests.faults.cluster.world import World
from tests.faults.sessions import CUT
from tests.support.waiting import eventually

_DATABASE: Final = "jvscheduler-postgresql"
_EDIT_PAUSE: Final = 1.0


def inject(world: World, injection: Injection) -> None:
    _ACTS[injection.fault](world, injection)


def _stop_kubelet(world: World, injection: Injection) -> None:
    world.node.stop_kubelet()
    try:
        time.sleep(injection.lasts)
    finally:
        world.node.start_kubelet()


def _restart_containerd(world: World, _: Injection) -> None:
    world.node.restart_containerd()


def _stop_api_server(world: World, injection: Injection) -> None:
    world.node.stop_api_server()
    try:
        time.sleep(injection.lasts)
    finally:
        world.node.start_api_server()


def _stop_operator(world: World, injection: Injection) -> None:
    """Tasks are edited meanwhile, and are so when it is back."""
    world.scale("operator", 0)
    try:
        _edit(world, injection)
    finally:
        world.scale("operator", 1)
    world.until_observed()
    _restore(world)


def _stop_server(world: World, injection: Injection) -> None:
    world.scale("server", 0)
    try:
        time.sleep(injection.lasts)
    finally:
        world.scale("server", 1)


def _delete_loop_pod(world: World, _: Injection) -> None:
    world.kubectl("delete", "pods", "-l", names.LOOP_LABEL, "--wait=false")
    world.until_ready()


def _kill_loop(world: World, injection: Injection) -> None:
    _kill(world, injection, names.LOOP_LABEL, names.LOOP_CONTAINER)


def _kill_worker(world: World, injection: Injection) -> None:
    _kill(world, injection, names.LOOP_LABEL, names.WORKER_CONTAINER)


def _kill_task(world: World, injection: Injection) -> None:
    """In a pod of its own, of a task that lasts."""
    _kill(world, injection, f"{names.TASK_LABEL}=cron-long-1", names.TASK_CONTAINER)


def _kill(world: World, injection: Injection, label: str, container: str) -> None:
    chance = random.Random(injection.draw)

    def killed() -> bool:
        found = world.containers(label, container)
        return bool(found) and world.node.kills(chance.choice(found))

    eventually(killed, f"a {container} runs and is killed")


def _roll_out_image(world: World, injection: Injection) -> None:
    """A new name for the same; another loop serves the tasks then."""
    before = world.loops()
    image = f"{world.image.rpartition(':')[0]}:{injection.draw}"
    world.node.tag(world.image, image)
    world.image = image
    _restore(world)
    eventually(lambda: not before & world.loops(), "another loop serves all tasks")


def _edit_tasks(world: World, injection: Injection) -> None:
    _edit(world, injection)
    _restore(world)


def _edit(world: World, injection: Injection) -> None:
    chance, end = random.Random(injection.draw), time.monotonic() + injection.lasts
    while time.monotonic() < end:
        world.patch(*edit(list(world.specs), chance))
        time.sleep(_EDIT_PAUSE)


def _restore(world: World) -> None:
    world.apply()
    world.until_ready()


def _saturate_node(world: World, injection: Injection) -> None:
    world.node.saturate(injection.lasts)


def _kill_database(world: World, _: Injection) -> None:
    """Without a chance to end in good order."""
    pod = ("-n", NAMESPACE, f"pod/{_DATABASE}-0")
    world.cluster.kubectl("delete", *pod, "--grace-period=1")
    ready = ("wait", *pod, "--for=condition=Ready", "--timeout=5s")
    eventually(lambda: world.cluster.answers(*ready), "the database is ready", timeout=180)


def _freeze_database(world: World, injection: Injection) -> None:
    where = ("-n", NAMESPACE, f"pod/{_DATABASE}-0", "-o")
    status = "jsonpath={.status.containerStatuses[0].containerID}"
    with world.node.frozen(world.cluster.kubectl("get", *where, status)):
        time.sleep(injection.lasts)


def _cut_connections(world: World, _: Injection) -> None:
    where = ("-n", NAMESPACE, f"{_DATABASE}-0", "--")
    psql = ("psql", "-U", "postgres", "-d", "jvscheduler", "-Atc", CUT)
    world.cluster.kubectl("exec", *where, *psql)


_ACTS: Final[Mapping[Fault, Callable[[World, Injection], None]]] = {
    Fault.KUBELET_STOPPED: _stop_kubelet,
    Fault.CONTAINERD_RESTARTED: _restart_containerd,
    Fault.API_SERVER_STOPPED: _stop_api_server,
    Fault.OPERATOR_STOPPED: _stop_operator,
    Fault.SERVER_STOPPED: _stop_server,
    Fault.LOOP_POD_DELETED: _delete_loop_pod,
    Fault.LOOP_KILLED: _kill_loop,
    Fault.WORKER_KILLED: _kill_worker,
    Fault.IMAGE_ROLLED_OUT: _roll_out_image,
    Fault.TASK_KILLED: _kill_task,
    Fault.TASKS_EDITED: _edit_tasks,
    Fault.NODE_SATURATED: _saturate_node,
    Fault.DATABASE_KILLED: _kill_database,
    Fault.DATABASE_FROZEN: _freeze_database,
    Fault.DATABASE_CUT: _cut_connections,
}
