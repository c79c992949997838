"""A loop's pod without a node: its two containers are processes that tests start and end.

The ScheduledTasks are a real API server's; the test plays the operator.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from jvscheduler import environment, names
from tests.cluster.commands import start
from tests.cluster.kubectl import Kubectl
from tests.support.readme import ROOT
from tests.support.waiting import eventually

LOOP: Final = "jvscheduler-loop-tests"
GRACE_SECONDS: Final = 60


@dataclass
class Container:
    """`start` may be called again after an end, as a kubelet does it."""

    command: list[str]
    environ: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assignments = [f"{name}={value}" for name, value in self.environ.items()]
        self.process = start(["env", "-i", *assignments, *self.command], self.log)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(GRACE_SECONDS + 30)


@dataclass
class LoopPod:
    """The worker finds the tasks in `pythonpath`."""

    folder: Path
    namespace: str
    kubeconfig: Path
    database_url: str
    name: str = LOOP
    pythonpath: Path = ROOT
    environ: Mapping[str, str] = field(default_factory=dict)
    """Further variables of the loop's container."""
    worker: Container = field(init=False)
    loop: Container = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        shared = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.pythonpath),
            environment.WORKER_SOCKET: str(self.folder / "worker.sock"),
            environment.GRACE_SECONDS: str(GRACE_SECONDS),
            environment.DATABASE_URL: self.database_url,
        }
        own = {
            environment.LOOP_NAME: self.name,
            environment.NAMESPACE: self.namespace,
            environment.SPOOL: str(self.folder / "spool"),
            "KUBECONFIG": str(self.kubeconfig),
            **self.environ,
        }
        python = [sys.executable, "-m"]
        self.worker = Container([*python, "jvscheduler.worker"], shared, self.folder / "worker.log")
        self.loop = Container(
            [*python, "jvscheduler_server.loop_pod"], {**shared, **own}, self.folder / "loop.log"
        )

    def start(self) -> None:
        self.worker.start()
        self.loop.start()

    def until_ready(self) -> None:
        ready = self.folder / "ready"
        eventually(ready.exists, "the loop is ready", pause=0.05)

    def stop(self) -> None:
        """Ends the pod as a kubelet does it."""
        self.terminate()
        self.wait()

    def terminate(self) -> None:
        for container in (self.loop, self.worker):
            container.signal(signal.SIGTERM)

    def wait(self) -> None:
        for container in (self.loop, self.worker):
            container.wait()

    def logs(self) -> str:
        return "\n".join(c.log.read_text() for c in (self.worker, self.loop))


@contextmanager
def a_loop_pod(pod: LoopPod) -> Iterator[LoopPod]:
    pod.start()
    try:
        pod.until_ready()
        yield pod
    finally:
        for container in (pod.loop, pod.worker):
            if container.process is not None and container.process.poll() is None:
                container.kill()


@dataclass
class Tasks:
    """Applies ScheduledTasks of one namespace as users do; assigns them as the operator does."""

    server: Kubectl
    namespace: str

    def apply(self, name: str, *, loop: str | None = LOOP, **spec: Any) -> None:
        task = self._task(name, spec)
        self._kubectl(
            "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(task)
        )
        if loop is not None:
            self.assign(name, loop)

    def apply_all(self, specs: Mapping[str, Mapping[str, Any]], loop: str) -> None:
        """Apply many tasks with few calls."""
        items = [self._task(name, spec) for name, spec in specs.items()]
        objects = {"apiVersion": "v1", "kind": "List", "items": items}
        self._kubectl(
            "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(objects)
        )
        self.assign_all(list(specs), loop)

    def assign(self, name: str, loop: str | None) -> None:
        self.assign_all([name], loop)

    def assign_all(self, tasks: Sequence[str], loop: str | None) -> None:
        patch = {"status": {"backend": "Loop" if loop else "CronJob", "loop": loop}}
        arguments = ("--subresource=status", "--type=merge", "-p", json.dumps(patch))
        self._kubectl("patch", names.PLURAL, *tasks, *arguments)

    def patch(self, name: str, **spec: Any) -> None:
        patch = json.dumps({"spec": spec})
        self._kubectl("patch", names.PLURAL, name, "--type=merge", "-p", patch)

    def delete(self, name: str) -> None:
        self._kubectl("delete", names.PLURAL, name)

    def delete_all(self) -> None:
        self._kubectl("delete", names.PLURAL, "--all")

    def _task(self, name: str, spec: Mapping[str, Any]) -> Mapping[str, Any]:
        base = {"taskID": name.replace("-", "."), "image": "shop:1"}
        return {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {**base, **spec},
        }

    def _kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        return self.server.kubectl("-n", self.namespace, *arguments, stdin=stdin)
