"""Does faults to a world. Each leaves it as it should recover from: everything is there again."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Final

import psutil

from tests.cluster.commands import start, stop
from tests.faults.mix import edit
from tests.faults.planning import Fault, Injection
from tests.faults.sessions import CUT
from tests.faults.world import World
from tests.support.loop.process import Container, LoopPod
from tests.support.waiting import eventually

_HOUR: Final = 3600
_EDIT_PAUSE: Final = 1.0
_BUSY_PER_CORE: Final = 2
_TAKES_UP_WORK: Final = 4.0
"""Seconds after which a loop that was started does what it would do wrong."""


def inject(world: World, injection: Injection) -> None:
    _ACTS[injection.fault](world, injection)


def _kill_loop(world: World, _: Injection) -> None:
    _restart(world.pod.loop)


def _kill_worker(world: World, _: Injection) -> None:
    _restart(world.pod.worker)


def _kill_both(world: World, _: Injection) -> None:
    containers = (world.pod.loop, world.pod.worker)
    for container in containers:
        container.kill()
    for container in containers:
        _start_anew(container)


def _restart(container: Container) -> None:
    container.kill()
    _start_anew(container)


def _start_anew(container: Container) -> None:
    """With a log of its own."""
    stem, _, number = container.log.stem.partition("-")
    container.log = container.log.with_stem(f"{stem}-{int(number or 1) + 1}")
    container.start()


def _runs(pod: LoopPod) -> list[psutil.Process]:
    process = pod.worker.process
    assert process is not None
    try:
        return psutil.Process(process.pid).children()
    except psutil.NoSuchProcess:
        return []


def _kill_child(world: World, injection: Injection) -> None:
    children = _runs(world.pod)
    if children:
        with suppress(psutil.NoSuchProcess):  # it has just ended by itself
            random.Random(injection.draw).choice(children).kill()


def _delete_pod(world: World, _: Injection) -> None:
    """Delete the pod; it ends when it has recorded everything.

    Its replacement starts at once. While the database is away it starts when nothing runs in
    the old pod any more: two pods that cannot ask the database would exceed a limit together.
    """
    before = world.pod
    before.terminate()
    if world.is_database_away:
        eventually(lambda: not _runs(before), "nothing runs in the pod that ends")
    world.add_pod()
    world.ending.append(before)
    world.pod.until_ready()


def _roll_out_image(world: World, _: Injection) -> None:
    """As the operator: the new one is ready before it gets the tasks, then the old one ends."""
    before = world.pod
    world.add_pod(world.new_name()).until_ready()
    world.tasks.assign_all(list(world.specs), world.pod.name)
    before.stop()


def _edit_tasks(world: World, injection: Injection) -> None:
    chance = random.Random(injection.draw)
    names, end = list(world.specs), time.monotonic() + injection.lasts
    while time.monotonic() < end:
        name, changes = edit(names, chance)
        world.tasks.patch(name, **changes)
        time.sleep(_EDIT_PAUSE)
    world.tasks.apply_all(world.specs, world.pod.name)


def _stop_database(world: World, injection: Injection) -> None:
    world.postgres.stop()
    try:
        with world.without_database():
            _meanwhile(world, injection)
    finally:
        world.postgres.start()


def _freeze_database(world: World, injection: Injection) -> None:
    assert world.postgres.process is not None
    process = psutil.Process(world.postgres.process.pid)
    frozen = [process, *process.children()]
    _signal_all(frozen, signal.SIGSTOP)
    try:
        with world.without_database():
            _meanwhile(world, injection)
    finally:
        _signal_all(frozen, signal.SIGCONT)


def _signal_all(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):  # a session that has ended
            process.send_signal(number)


def _cut_connections(world: World, _: Injection) -> None:
    world.execute(CUT)


def _stop_api_server(world: World, injection: Injection) -> None:
    world.gate.shut()
    try:
        _meanwhile(world, injection)
    finally:
        world.gate.open()


def _saturate_cpu(world: World, injection: Injection) -> None:
    with ExitStack() as stack:
        for _ in range(_BUSY_PER_CORE * (os.cpu_count() or 1)):
            process = start([sys.executable, "-c", "while True: pass"], world.folder / "busy.log")
            stack.callback(stop, process)
        _meanwhile(world, injection)


def _set_clock_ahead(world: World, injection: Injection) -> None:
    _set_clock(world, _HOUR, injection)


def _set_clock_back(world: World, injection: Injection) -> None:
    _set_clock(world, -_HOUR, injection)


def _set_clock(world: World, seconds: int, injection: Injection) -> None:
    """A loop that was killed while its clock was wrong is killed again when it is right."""
    world.set_clock(seconds)
    try:
        _meanwhile(world, injection)
    finally:
        world.set_clock(0)
    if injection.companion is not None:
        time.sleep(_TAKES_UP_WORK)
        inject(world, injection.companion)
        time.sleep(_TAKES_UP_WORK)


def _meanwhile(world: World, injection: Injection) -> None:
    time.sleep(injection.lasts / 2)
    if injection.companion is not None:
        inject(world, injection.companion)
    time.sleep(injection.lasts / 2)


_ACTS: Final[Mapping[Fault, Callable[[World, Injection], None]]] = {
    Fault.LOOP_KILLED: _kill_loop,
    Fault.WORKER_KILLED: _kill_worker,
    Fault.CHILD_KILLED: _kill_child,
    Fault.BOTH_KILLED: _kill_both,
    Fault.POD_DELETED: _delete_pod,
    Fault.IMAGE_ROLLED_OUT: _roll_out_image,
    Fault.TASKS_EDITED: _edit_tasks,
    Fault.DATABASE_STOPPED: _stop_database,
    Fault.DATABASE_FROZEN: _freeze_database,
    Fault.DATABASE_FROZEN_LONG: _freeze_database,
    Fault.DATABASE_RESTARTED: _stop_database,
    Fault.DATABASE_CUT: _cut_connections,
    Fault.API_SERVER_STOPPED: _stop_api_server,
    Fault.CPU_SATURATED: _saturate_cpu,
    Fault.CLOCK_BACK: _set_clock_back,
    Fault.CLOCK_AHEAD: _set_clock_ahead,
}
