"""`jvscheduler build`, run as a process like in a user's shell."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from jvscheduler.configuration.values import check_image
from jvscheduler.version import __version__
from tests.support.command import run_command as run

TASKS = """
from jvscheduler import on_schedule

@on_schedule("every 5 minutes", description="Größe: 1 #", timeout_seconds=30)
def second() -> None: ...

@on_schedule("0 9 * * MON-FRI", task_id="1e3", enabled=False, time_zone="Europe/Berlin")
async def first() -> None: ...
"""
EXPECTED = """\
---
apiVersion: jvscheduler.dev/v1alpha1
kind: ScheduledTask
metadata:
  name: "1e3"
  namespace: shop
spec:
  taskID: "1e3"
  entrypoint: shop:first
  schedule: "0 9 * * mon-fri"
  timeZone: Europe/Berlin
  suspend: true
  maxConcurrency: 1
  backoffLimit: 0
  image: shop:1
---
apiVersion: jvscheduler.dev/v1alpha1
kind: ScheduledTask
metadata:
  name: shop-second
  namespace: shop
spec:
  taskID: shop.second
  entrypoint: shop:second
  schedule: every 5 minutes
  timeZone: UTC
  maxConcurrency: 1
  activeDeadlineSeconds: 30
  backoffLimit: 0
  description: "Größe: 1 #"
  image: shop:1
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(TASKS, encoding="utf-8")
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    return tmp_path


def test_it_prints_the_same_yaml_each_time(folder: Path) -> None:
    for _ in range(2):
        done = run(folder, "build", "shop", "--image", "shop:1", "--namespace", "shop")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == EXPECTED


def test_a_yaml_parser_reads_the_same_values(folder: Path) -> None:
    first, second = yaml.safe_load_all(run(folder, "build", "shop", "--image", "s:1").stdout)
    assert first["metadata"] == {"name": "1e3"}
    assert first["spec"]["taskID"] == "1e3"
    assert second["spec"]["description"] == "Größe: 1 #"


def test_the_built_in_task_is_built_with_others(folder: Path) -> None:
    done = run(folder, "build", "shop", "jvscheduler.history.pruning", "--image", "shop:1")
    pruning = next(
        t
        for t in yaml.safe_load_all(done.stdout)
        if t["metadata"]["name"] == "jvscheduler-history-prune"
    )
    assert pruning["spec"]["taskID"] == "jvscheduler.history.prune"
    assert pruning["spec"]["schedule"] == "daily at 03:30"


def test_output_is_a_file(folder: Path) -> None:
    words = ("build", "shop", "--image", "shop:1", "--namespace", "shop", "--output")
    done = run(folder, *words, "tasks.yaml")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "tasks.yaml").read_text(encoding="utf-8") == EXPECTED


def test_a_failure_writes_nothing_and_leaves_the_file_as_it_was(folder: Path) -> None:
    (folder / "tasks.yaml").write_text("before", encoding="utf-8")
    before = sorted(folder.iterdir())
    done = run(folder, "build", "shop", "broken", "--image", "shop:1", "--output", "tasks.yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert "jvscheduler: error: module 'broken' cannot be imported: ZeroDivision" in done.stderr
    assert (folder / "tasks.yaml").read_text(encoding="utf-8") == "before"
    assert [path for path in sorted(folder.iterdir()) if path.name != "__pycache__"] == before


def test_a_file_that_cannot_be_written_is_named(folder: Path) -> None:
    done = run(folder, "build", "shop", "--image", "shop:1", "--output", "nowhere/tasks.yaml")
    assert done.returncode == 1
    assert "jvscheduler: error: --output nowhere/tasks.yaml: No such file" in done.stderr


def test_a_device_is_written_to(folder: Path) -> None:
    done = run(folder, "build", "shop", "--image", "s", "--output", "/dev/stdout")
    assert done.returncode == 0
    assert done.stdout.startswith("---\napiVersion:")


def test_a_slow_import_meets_the_time_limit(folder: Path) -> None:
    (folder / "slow.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    done = run(folder, "build", "slow", "--image", "shop:1", "--import-timeout", "2")
    assert (done.returncode, done.stdout) == (1, "")
    assert "module 'slow' was not imported within 2 s" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("no-such",), "invalid choice: 'no-such'"),
        (("build", "shop", "--image", ""), "argument --image: expected an image"),
        (("build", "shop", "--image", "a b"), "argument --image: expected an image"),
        (("build", "shop", "--image", "x", "--namespace", "A_b"), "argument --namespace"),
        (("build", "shop", "--image", "x", "--namespace", "x" * 64), "argument --namespace"),
        (("build", "shop", "--image", "x", "--import-timeout", "0"), "argument --import-timeout"),
        (("build", "shop", "--image", "x", "--import-timeout", "nan"), "argument --import-timeout"),
        (("build", "shop", "--image", "x", "--import-timeout", "inf"), "argument --import-timeout"),
    ],
)
def test_a_wrong_command_line(folder: Path, words: tuple[str, ...], message: str) -> None:
    done = run(folder, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_the_version(folder: Path) -> None:
    assert run(folder, "--version").stdout == f"jvscheduler {__version__}\n"


def test_help_names_the_commands(folder: Path) -> None:
    text = run(folder, "--help").stdout
    assert "build" in text
    assert "dev" in text


def test_a_reader_that_ends_early_causes_no_traceback(folder: Path) -> None:
    many = "".join(
        f"@on_schedule('daily')\ndef task_{number}() -> None: ...\n" for number in range(2000)
    )
    (folder / "many.py").write_text(f"from jvscheduler import on_schedule\n{many}", "utf-8")
    build = f"{sys.executable} -m jvscheduler.cli build many --image x"
    done = subprocess.run(
        ["sh", "-c", f"{build} | head -1"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("---\n", "")


@pytest.mark.parametrize(
    ("schedule", "reason", "nearest"),
    [
        ("'every 7 minutes'", "an interval that cron cannot say", "'every 6 minutes'"),
        ("'every 20 to 40 seconds'", "a random interval that cron cannot", "'every minute'"),
        ("'daily at 02:30', dst='once'", "not what cron does", "'daily at 02:30' with dst='cron'"),
    ],
)
def test_a_task_that_no_cronjob_can_carry_is_named(
    folder: Path, schedule: str, reason: str, nearest: str
) -> None:
    text = f"from jvscheduler import on_schedule\n\n@on_schedule({schedule})\ndef often(): ...\n"
    (folder / "loop.py").write_text(text, encoding="utf-8")
    words = ("build", "loop", "shop", "--image", "shop:1", "--backend", "CronJob")
    done = run(folder, *words)
    assert (done.returncode, done.stdout) == (1, "")
    for text in ("task 'loop.often': ", reason, "ask for the Loop", nearest):
        assert text in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "backends"),
    [((), [None, None]), (("--backend", "Loop"), ["Loop", "Loop"])],
    ids=["left to the operator", "asked for"],
)
def test_a_backend_is_written_when_it_is_asked_for(
    folder: Path, words: tuple[str, ...], backends: list[str | None]
) -> None:
    done = run(folder, "build", "shop", "--image", "shop:1", *words)
    assert done.returncode == 0
    assert [task["spec"].get("backend") for task in yaml.safe_load_all(done.stdout)] == backends


def test_what_a_task_says_itself_wins_over_the_backend_of_all(folder: Path) -> None:
    text = (
        "from jvscheduler import on_schedule\n"
        "@on_schedule('daily', backend='CronJob', successful_jobs_history_limit=0)\n"
        "def says_it(): ...\n"
        "@on_schedule('daily', concurrency_policy='Replace', starting_deadline_seconds=60)\n"
        "def replaces(): ...\n"
    )
    (folder / "own.py").write_text(text, encoding="utf-8")
    words = ("build", "own", "--image", "shop:1", "--backend", "Loop")
    replaces, says_it = (t["spec"] for t in yaml.safe_load_all(run(folder, *words).stdout))
    assert (replaces["backend"], says_it["backend"]) == ("Loop", "CronJob")
    assert (replaces["concurrencyPolicy"], replaces["startingDeadlineSeconds"]) == ("Replace", 60)
    assert says_it["successfulJobsHistoryLimit"] == 0
    assert "failedJobsHistoryLimit" not in says_it
    done = run(folder, *words[:-1], "CronJob")
    assert (done.returncode, done.stdout) == (1, "")
    assert "task 'own.replaces': concurrencyPolicy Replace needs the Loop" in done.stderr


def test_a_task_that_only_the_loop_carries_is_built(folder: Path) -> None:
    text = (
        "from jvscheduler import on_schedule\n\n@on_schedule('every 7 seconds')\ndef often(): ...\n"
    )
    (folder / "loop.py").write_text(text, encoding="utf-8")
    (task,) = yaml.safe_load_all(run(folder, "build", "loop", "--image", "shop:1").stdout)
    assert task["spec"]["schedule"] == "every 7 seconds"


@pytest.mark.parametrize(
    "image",
    [
        "shop",
        "shop:1",
        "team/shop:1.2_3-x",
        "localhost:5000/shop",
        "REGISTRY.example/shop:Latest",
        "[::1]:5000/shop:1",
        f"shop@sha256:{'a' * 64}",
        f"registry.example/team/shop:1@sha256:{'0' * 64}",
    ],
)
def test_an_image_as_container_runtimes_read_it_is_taken(image: str) -> None:
    assert check_image(image) == image


@pytest.mark.parametrize(
    "image",
    [
        "",
        "http://x/y",
        "https://registry.example/shop:1",
        "docker://shop:1",
        "Shop:1",
        "shop:",
        "shop:1:2",
        "/shop",
        "shop/",
        "team//shop",
        "shop:-1",
        "shop@sha256:abc",
        "shop 1",
        "-shop",
        "$IMAGE",
        "x" * 1025,
    ],
)
def test_any_other_image_is_refused(image: str) -> None:
    with pytest.raises(ValueError, match="without http://"):
        check_image(image)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--image", "x"), "name at least one module of tasks, such as shop.tasks"),
        (("shop",), "name the container image with the modules: --image"),
    ],
)
def test_what_no_file_says_the_command_line_has_to(
    folder: Path, words: tuple[str, ...], message: str
) -> None:
    done = run(folder, "build", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
