"""The docker engine that kind runs on.

A docker that already runs here and can pull the stock node image is used as it
is. Otherwise Debian's dockerd is started in a network namespace of its own (it
sets the FORWARD policy to DROP where it runs; and deleting the namespace removes
all it made) with a runtime wrapper for machines without CAP_SYS_RESOURCE.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cache import discard
from tests.cluster.commands import run, say, succeeds, wait_until
from tests.cluster.layout import EngineLayout
from tests.cluster.leftovers import CGROUPS, end_leftovers
from tests.cluster.prerequisites import OWN_ENGINE, require_programs, require_root
from tests.cluster.settings import Settings
from tests.cluster.versions import STOCK_NODE_IMAGE

WRAPPER = Path(__file__).parent / "node" / "runc-nocap"
# The containers' control groups must be siblings of the engine's in every
# hierarchy, so a shell that sits in a child of the memory hierarchy leaves it.
LAUNCH = '[ ! -w "$1" ] || echo $$ > "$1"; shift; exec "$@"'


@dataclass(frozen=True)
class Engine:
    """`own` tells ours from a docker that was there before; `host` is its socket's URL."""

    own: bool
    host: str | None

    @property
    def variables(self) -> dict[str, str]:
        return {"DOCKER_HOST": self.host} if self.host else {}


def find_stock_engine(settings: Settings) -> Engine | None:
    env = settings.environment
    if not shutil.which("docker") or not succeeds("docker", "version", env=env):
        return None
    here = succeeds("docker", "image", "inspect", STOCK_NODE_IMAGE, env=env)
    if here or succeeds("docker", "pull", STOCK_NODE_IMAGE, env=env):
        return Engine(own=False, host=env.get("DOCKER_HOST"))
    return None


@dataclass(frozen=True)
class OwnEngine:
    layout: EngineLayout
    settings: Settings

    @property
    def engine(self) -> Engine:
        return Engine(own=True, host=f"unix://{self.socket}")

    @property
    def socket(self) -> Path:
        return self.layout.state / "docker.sock"

    @property
    def pid_file(self) -> Path:
        return self.layout.state / "docker.pid"

    @property
    def environment(self) -> dict[str, str]:
        return {**self.settings.environment, **self.engine.variables}

    def is_up(self) -> bool:
        return self.socket.exists() and succeeds("docker", "version", env=self.environment)

    def up(self) -> None:
        if self.is_up():
            return
        require_root("a docker engine of the tests' own")
        require_programs(OWN_ENGINE, "a docker engine of the tests' own")
        self.clean()
        self.layout.state.mkdir(parents=True)
        create_network(self.layout)
        self._start()

    def down(self) -> None:
        if self.is_up():
            run("pkill", "--pidfile", self.pid_file)
            wait_until(lambda: not self.pid_file.exists(), "dockerd ends")
        if os.geteuid() == 0:
            self.clean()

    def clean(self) -> None:
        end_leftovers(self.layout)
        discard(self.layout.state)

    def _start(self) -> None:
        wrapper = Path(shutil.copy(WRAPPER, self.layout.state))
        wrapper.chmod(0o755)
        log = self.layout.state / "dockerd.log"
        command = ("sh", "-c", LAUNCH, "launch", CGROUPS / "memory" / "tasks")
        with log.open("wb") as output:
            subprocess.Popen(
                [str(word) for word in (*command, *self._command(wrapper))],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(self.is_up, "dockerd answers", log=log)
        say("dockerd is up")

    def _command(self, wrapper: Path) -> list[str | Path]:
        layout = self.layout
        return [
            *("nsenter", f"--net={layout.namespace}", "dockerd", "-H", f"unix://{self.socket}"),
            *("--data-root", layout.data, "--exec-root", layout.state / "exec"),
            *("--pidfile", self.pid_file, "--cgroup-parent", f"/{layout.name}"),
            *("--add-runtime", f"nocap={wrapper}", "--default-runtime", "nocap"),
        ]


def create_network(layout: EngineLayout) -> None:
    """A namespace of its own that the host reaches: the API server is published there."""
    name, link = layout.name, layout.host_link
    inside = ("ip", "-n", name)
    run("ip", "netns", "add", name)
    run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
    run("ip", "addr", "add", f"{layout.host_address}/24", "dev", link)
    run("ip", "link", "set", link, "up")
    run(*inside, "addr", "add", f"{layout.engine_address}/24", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "route", "add", "default", "via", layout.host_address)
