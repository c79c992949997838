"""The docker engine that kind runs on.

A docker that already runs here and can pull the stock node image is used as it
is. Otherwise Debian's dockerd is started in a network namespace of its own (it
sets the FORWARD policy to DROP where it runs; and deleting the namespace removes
all it made) with a runtime wrapper for machines without CAP_SYS_RESOURCE.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cache import discard
from tests.cluster.commands import run, say, succeeds, wait_until
from tests.cluster.leftovers import CGROUPS, HOST_LINK, NAME, NAMESPACE, end_leftovers
from tests.cluster.prerequisites import OWN_ENGINE, require_programs, require_root
from tests.cluster.settings import Settings
from tests.cluster.versions import STOCK_NODE_IMAGE

WRAPPER = Path(__file__).parent / "node" / "runc-nocap"
HOST_ADDRESS, ENGINE_ADDRESS = "10.78.0.1", "10.78.0.2"
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
    """`state` goes with the engine, `data` (its images) stays in the cache."""

    settings: Settings

    @property
    def state(self) -> Path:
        return self.settings.cache / "engine"

    @property
    def data(self) -> Path:
        return self.settings.cache / "docker"

    @property
    def engine(self) -> Engine:
        return Engine(own=True, host=f"unix://{self.state / 'docker.sock'}")

    @property
    def environment(self) -> dict[str, str]:
        return {**self.settings.environment, **self.engine.variables}

    def is_up(self) -> bool:
        return (self.state / "docker.sock").exists() and succeeds(
            "docker", "version", env=self.environment
        )

    def up(self) -> bool:
        """True if it was started, False if it ran already."""
        if self.is_up():
            return False
        require_root("a docker engine of the tests' own")
        require_programs(OWN_ENGINE, "a docker engine of the tests' own")
        self.clean()
        self.state.mkdir(parents=True)
        lay_network()
        self._start()
        return True

    def down(self) -> None:
        if self.is_up():
            run("pkill", "--pidfile", self.state / "docker.pid")
            wait_until(lambda: not (self.state / "docker.pid").exists(), "dockerd ends")
        self.clean()

    def clean(self) -> None:
        end_leftovers(self.settings.cache)
        discard(self.state)

    def _start(self) -> None:
        wrapper = Path(shutil.copy(WRAPPER, self.state))
        wrapper.chmod(0o755)
        log = self.state / "dockerd.log"
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
        return [
            *("nsenter", f"--net={NAMESPACE}", "dockerd"),
            *("-H", f"unix://{self.state / 'docker.sock'}"),
            *("--data-root", self.data, "--exec-root", self.state / "exec"),
            *("--pidfile", self.state / "docker.pid", "--cgroup-parent", f"/{NAME}"),
            *("--add-runtime", f"nocap={wrapper}", "--default-runtime", "nocap"),
        ]


def lay_network() -> None:
    """A namespace of its own that the host reaches: the API server is published there."""
    inside = ("ip", "-n", NAME)
    run("ip", "netns", "add", NAME)
    run("ip", "link", "add", HOST_LINK, "type", "veth", "peer", "name", "eth0", "netns", NAME)
    run("ip", "addr", "add", f"{HOST_ADDRESS}/24", "dev", HOST_LINK)
    run("ip", "link", "set", HOST_LINK, "up")
    run(*inside, "addr", "add", f"{ENGINE_ADDRESS}/24", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    run(*inside, "link", "set", "lo", "up")
    run(*inside, "route", "add", "default", "via", HOST_ADDRESS)
