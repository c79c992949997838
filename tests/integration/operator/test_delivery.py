"""`jvscheduler diff`, `apply` and `delete` on a real API server, with the operator."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jvscheduler import names
from tests.cluster.api_server import ApiServer
from tests.support.command import run_command
from tests.support.operator.shop import TASKS, Shop, open_shop

pytestmark = pytest.mark.usefixtures("operator")

HEAD = "from jvscheduler import on_schedule\n"
CLEAN_UP = """
@on_schedule("{schedule}", retry_count=1{options})
def clean_up() -> None: ...
"""
REPORT = """
@on_schedule("hourly")
def {name}() -> None: ...
"""


@dataclass(frozen=True)
class Project:
    """A folder with an application, and the namespace in which its tasks are."""

    folder: Path
    shop: Shop
    kubeconfig: Path

    def write(self, *parts: str) -> None:
        (self.folder / "shop.py").write_text(HEAD + "".join(parts))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return run_command(self.folder, *words, KUBECONFIG=str(self.kubeconfig))

    def apply(self, *words: str) -> str:
        done = self.run("apply", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tasks(self) -> dict[str, Any]:
        return {task["spec"]["taskID"]: task["spec"] for task in self.shop.all(TASKS)}


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    """The operator's own, which starts with it; each test has a namespace of its own."""
    return open_shop(api_server, "delivery")


@pytest.fixture
def project(api_server: ApiServer, request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    name = request.node.name.removeprefix("test_").replace("_", "-")[:40].strip("-")
    shop = open_shop(api_server, name)
    (tmp_path / "pyproject.toml").write_text(
        "[tool.jvscheduler]\napplication = 'shop'\nmodules = ['shop']\nimage = 'shop:1'\n"
        f"namespace = '{name}'\nenvironments.prod.image = 'shop:2'\n"
    )
    return Project(tmp_path, shop, api_server.kubeconfig)


def clean_up(schedule: str = "daily", options: str = "") -> str:
    return CLEAN_UP.format(schedule=schedule, options=options)


def report(name: str = "report") -> str:
    return REPORT.format(name=name)


def test_tasks_come_change_and_go(project: Project) -> None:
    project.write(clean_up(), report())
    assert project.run("diff").returncode == 1
    assert "2 to create" in project.apply("--wait")
    (labelled, _) = project.shop.all(TASKS)
    assert labelled["metadata"]["labels"][names.APPLICATION_LABEL] == "shop"
    done = project.run("diff")
    assert (done.returncode, done.stdout) == (0, "the cluster has the tasks of the code\n")

    project.write(clean_up("hourly"))
    done = project.run("diff", "--env", "prod")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert {"~ shop.clean_up", "    spec.image: shop:1 → shop:2", "- shop.report"} <= set(lines)
    assert "    spec.schedule: daily → hourly" in lines
    assert "give --prune" in project.apply("--env", "prod")
    assert set(project.tasks()) == {"shop.clean_up", "shop.report"}
    project.apply("--env", "prod", "--prune")
    assert {task: spec["image"] for task, spec in project.tasks().items()} == {
        "shop.clean_up": "shop:2"
    }


def test_what_was_suspended_by_hand_stays_suspended(project: Project) -> None:
    project.write(clean_up(), report())
    project.apply()
    project.shop.patch(TASKS, "shop-clean-up", {"spec": {"suspend": True}})
    project.write(clean_up("hourly"), report())
    assert "spec.suspend: True (set by " in project.apply()
    assert project.tasks()["shop.clean_up"]["suspend"] is True
    assert project.tasks()["shop.clean_up"]["schedule"] == "hourly"

    built = project.run("build").stdout
    words = ("apply", "--server-side", "--force-conflicts", "-f", "-")
    project.shop.server.kubectl(*words, stdin=built)
    assert project.tasks()["shop.clean_up"]["suspend"] is True


def test_what_the_code_suspends_the_code_resumes(project: Project) -> None:
    project.write(clean_up(options=", enabled=False"))
    project.apply()
    assert project.tasks()["shop.clean_up"]["suspend"] is True
    project.write(clean_up())
    project.apply()
    assert not project.tasks()["shop.clean_up"].get("suspend")


def test_an_edit_by_hand_is_shown_and_undone(project: Project) -> None:
    project.write(clean_up())
    project.apply()
    by_hand = {"backoffLimit": 5, "activeDeadlineSeconds": 60}
    project.shop.patch(TASKS, "shop-clean-up", {"spec": by_hand})
    shown = project.run("diff").stdout
    assert "spec.backoffLimit: 5 → 1 (set by " in shown
    assert "spec.activeDeadlineSeconds: 60 (set by " in shown
    project.apply()
    spec = project.tasks()["shop.clean_up"]
    assert (spec["backoffLimit"], spec["activeDeadlineSeconds"]) == (1, 60)


def test_a_renamed_function_is_asked_about(project: Project) -> None:
    project.write(report("sales"))
    project.apply()
    project.write(report("income"))
    shown = project.apply()
    assert "is shop.income the task shop.sales under a new name?" in shown
    assert set(project.tasks()) == {"shop.sales", "shop.income"}


def test_a_task_of_another_application_is_left_alone(project: Project) -> None:
    project.write(report())
    project.apply()
    done = project.run("apply", "--application", "bakery")
    assert done.returncode == 1
    assert "is of the application 'shop', and this one is 'bakery'" in done.stderr


def test_tasks_are_deleted_by_name_and_all_at_once(project: Project) -> None:
    project.write(clean_up(), report("sales"), report("income"))
    project.apply()
    project.shop.apply_task("of-nobody")
    assert "name the tasks to delete, or give --all" in project.run("delete").stderr
    done = project.run("delete", "shop.tax")
    assert "has brought no task shop.tax" in done.stderr
    assert project.run("delete", "shop.sales").stdout == "- shop.sales\n"
    assert project.run("delete", "--all").stdout == "- shop.clean_up\n- shop.income\n"
    assert len(project.tasks()) == 1


def test_a_refused_task_ends_the_wait(project: Project) -> None:
    project.write(report(), clean_up(options=", pod={'service_account': 'admin'}"))
    done = project.run("apply", "--wait")
    assert done.returncode == 1
    assert "shop-clean-up: TemplateForbidden" in done.stderr


def test_what_cannot_be_reached_is_named(project: Project) -> None:
    project.write(report())
    done = project.run("diff", "--context", "nowhere")
    assert done.returncode == 2
    assert "--context nowhere: the kubeconfig has " in done.stderr
    done = project.run("apply", "--namespace", "not-there")
    assert done.returncode == 1
    assert 'namespaces "not-there" not found' in done.stderr
    assert set(project.tasks()) == set()
