"""A server that speaks MongoDB's protocol, on the loopback and in memory.

MongoDB's own server is in no registry. `mongo-java-server` is on Maven Central,
and its few lines of main are in the folder `mongo/`; the jars and the class
are made once, into the cache. It ends with the process that started it.
"""

import itertools
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster.api_server import free_ports
from tests.cluster.cache import build_once, content_key, keep_only
from tests.cluster.commands import run, start, stop, wait_until
from tests.cluster.prerequisites import require_programs
from tests.cluster.settings import Settings

SOURCES = Path(__file__).with_name("mongo")
JAVA = {"javac": "default-jdk-headless", "java": "default-jdk-headless", "mvn": "maven"}


@dataclass(frozen=True)
class MongoServer:
    port: int
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def database(self) -> str:
        """The URL of one that nobody else uses; there is nothing to remove in memory."""
        return f"mongodb://127.0.0.1:{self.port}/test_{next(self.numbers)}"


@contextmanager
def run_mongo(settings: Settings) -> Iterator[MongoServer]:
    classes = find_mongo(settings)
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory(prefix="jvscheduler-mongo-") as folder:
        log = Path(folder) / "log"
        process = start(["java", "-cp", f"{classes}/*:{classes}", "Server", str(port)], log)
        try:
            wait_until(lambda: answers(port), "the MongoDB server accepts connections", log=log)
            yield MongoServer(port)
        finally:
            stop(process)


def find_mongo(settings: Settings) -> Path:
    require_programs(JAVA, "tests with a server of MongoDB's protocol")
    key = content_key([SOURCES / "pom.xml", SOURCES / "Server.java", run("javac", "-version")])
    target = settings.cache / f"mongo-{key}"
    keep_only(settings.cache, "mongo-*", target)
    return build_once(target, make_mongo)


def make_mongo(target: Path) -> None:
    target.mkdir()
    with tempfile.TemporaryDirectory(prefix="jvscheduler-mongo-") as folder:
        pom = shutil.copy(SOURCES / "pom.xml", folder)
        fetch = ("dependency:copy-dependencies", "-DincludeScope=runtime")
        run("mvn", "--batch-mode", "--quiet", "-f", pom, *fetch, f"-DoutputDirectory={target}")
    run("javac", "-d", target, "-cp", f"{target}/*", SOURCES / "Server.java")


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
