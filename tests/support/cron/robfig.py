"""robfig/cron itself, the library with which Kubernetes schedules CronJobs, as a program."""

import json
import os
import zoneinfo
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from tests.cluster.binaries import FLAGS, STRIPPED
from tests.cluster.cache import build_once, content_key
from tests.cluster.commands import run
from tests.cluster.prerequisites import require_go
from tests.cluster.settings import Settings

MODULE = Path(__file__).with_name("oracle")


@dataclass(frozen=True)
class Question:
    """`after` is in Unix seconds. With an empty zone, the text names no zone."""

    expression: str
    zone: str = ""
    after: Sequence[int] = ()


@dataclass(frozen=True)
class Oracle:
    program: Path

    def ask(self, questions: Iterable[Question]) -> list[dict[str, Any]]:
        """Answer each question with `error`, or with `next`: Unix seconds, None, or "loops"."""
        lines = "".join(json.dumps(asdict(question)) + "\n" for question in questions)
        answers = run(self.program, stdin=lines, env={"ZONEINFO": _time_zones()})
        return [json.loads(line) for line in answers.splitlines()]


def build_oracle(settings: Settings) -> Oracle:
    sources = [MODULE / name for name in ("go.mod", "go.sum", "main.go")]
    target = settings.cache / f"oracle-{content_key([require_go(), *sources])}"
    return Oracle(build_once(target, partial(_compile, dict(settings.environment))))


def _compile(environment: dict[str, str], target: Path) -> None:
    env = environment | {"CGO_ENABLED": "0"}
    run("go", "build", *FLAGS, STRIPPED, "-o", target, ".", cwd=MODULE, env=env)


def _time_zones() -> str:
    """Return the folder that Python reads, so that both use the same release of the database."""
    system = [folder for folder in zoneinfo.TZPATH if os.path.exists(f"{folder}/UTC")]  # noqa: PTH110
    return system[0] if system else str(files("tzdata") / "zoneinfo")
