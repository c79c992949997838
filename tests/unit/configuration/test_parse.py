"""The project's file: what is found, what is refused, and in which words."""

from pathlib import Path

import pytest

from jvscheduler.configuration.files import find, read
from jvscheduler.configuration.opening import open_project
from jvscheduler.configuration.parse import parse
from jvscheduler.configuration.project import Fact, Project, Selection
from jvscheduler.errors import InvalidSettings

PYPROJECT = """
[project]
name = "Shop_App"

[tool.jvscheduler]
modules = ["shop.tasks"]
image = "shop:1"

[tool.jvscheduler.environments.prod]
image = "shop:2"
namespace = "shop-prod"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def opened(folder: Path, text: str, environment: str | None = None) -> Project:
    (folder / "pyproject.toml").write_text(text)
    return open_project(Selection(environment=environment))


def test_a_project_has_its_modules_and_facts(folder: Path) -> None:
    project = opened(folder, PYPROJECT)
    assert project.modules == ("shop.tasks",)
    assert project.facts == {
        "application": Fact("shop-app", "project.name"),
        "image": Fact("shop:1", "tool.jvscheduler.image"),
    }


def test_an_environment_comes_before_the_project(folder: Path) -> None:
    project = opened(folder, PYPROJECT, "prod")
    assert project.facts["image"] == Fact("shop:2", "tool.jvscheduler.environments.prod.image")
    assert project.said("namespace") == "shop-prod"


def test_a_file_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    (folder / "jvscheduler.toml").write_text('\ufeffmodules = ["shop"]\n')
    assert open_project(Selection()).modules == ("shop",)


def test_the_prefix_is_for_the_shared_file(folder: Path) -> None:
    (folder / "jvscheduler.toml").write_text('tool.jvscheduler.modules = ["shop"]\n')
    with pytest.raises(InvalidSettings, match="the keys without the prefix"):
        open_project(Selection())


def test_a_file_of_our_own_has_no_prefix(folder: Path) -> None:
    (folder / "jvscheduler.toml").write_text('modules = ["shop"]\nnamespace = "shop"\n')
    project = open_project(Selection())
    assert project.facts == {"namespace": Fact("shop", "namespace")}


def test_a_pyproject_without_the_table_is_no_project(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "shop"\n')
    assert find(folder) is None
    with pytest.raises(InvalidSettings, match="name at least one module of tasks"):
        open_project(Selection())
    with pytest.raises(InvalidSettings, match=r"no table \[tool.jvscheduler\]"):
        read(folder / "pyproject.toml")


def test_modules_of_the_command_line_come_before_those_of_the_file(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(PYPROJECT)
    project = open_project(Selection(("shop.reports",)))
    assert (project.modules, project.is_whole) == (("shop.reports",), False)


def test_two_files_are_refused(folder: Path) -> None:
    (folder / "jvscheduler.toml").write_text("modules = []\n")
    with pytest.raises(InvalidSettings, match="keep one"):
        opened(folder, PYPROJECT)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("imgae = 'shop:1'", "tool.jvscheduler.imgae is not known: did you mean image?"),
        ("image = 'http://shop'", "tool.jvscheduler.image: expected an image such as shop:1"),
        ("image = 5", "tool.jvscheduler.image: Input should be a valid string"),
        ("namespace = 'Shop'", "tool.jvscheduler.namespace: expected at most 63 lower-case"),
        ("modules = 'shop'", "tool.jvscheduler.modules: Input should be a valid list"),
        (
            "defaults.retry_cuont = 2",
            "tool.jvscheduler.defaults.retry_cuont is not known: did you mean retry_count?",
        ),
        ("retry_count = 3", "retry_count is not known: it is an option of tasks: write it below"),
        ("environments.p.retry_count = 3", "environments.p.retry_count is not known: it is an opt"),
        ("environments.defaults.imgae = 'a'", "did you mean image?"),
        ("tasks.shop.tasks.a.enabled = true", "put the whole id in quotes"),
        ("defaults.pod.memroy = '1Gi'", "defaults.pod.memroy is not known: did you mean memory?"),
        ("defaults.pod.volumes.'/x'.claims = 'a'", "claims is not known: did you mean claim?"),
        ("defaults = 3", "tool.jvscheduler.defaults must be a table, got 3"),
        (
            "defaults.retry_count = '3'",
            "retry_count: Input should be a valid integer, got ",
        ),
        ("defaults.schedule = 'daily'", "defaults.schedule is not known: it is for a single task"),
        ("tasks.a.task_id = 'b'", "tasks.a.task_id is not known: "),
        (
            "tasks.'shop.*'.retry_count = '2'",
            'tool.jvscheduler.tasks."shop.*".retry_count: Input should be a valid integer',
        ),
        ("environments.prod.imgae = 'a'", "environments.prod.imgae is not known: did you mean"),
        (
            "environments.prod.tasks.a.enbaled = false",
            "environments.prod.tasks.a.enbaled is not known: did you mean enabled?",
        ),
    ],
)
def test_a_mistake_is_named_with_the_fix(folder: Path, line: str, words: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.jvscheduler]\n{line}\n")
    source = find(folder)
    assert source is not None
    with pytest.raises(InvalidSettings) as caught:
        parse(source)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(folder / "pyproject.toml"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a = ", "is not TOML"),
        (b"a = '\xff'", "is not TOML"),
        (b"[" * 100_000, "is not TOML"),
        (b"#" * 2**21, "more than 1 MiB"),
        (b"a = " + b"1" * 5000, "is not TOML"),
        (b"tool.jvscheduler = 5", "must be a table"),
    ],
)
def test_what_is_no_table_is_refused(folder: Path, content: bytes, words: str) -> None:
    (folder / "pyproject.toml").write_bytes(content)
    with pytest.raises(InvalidSettings, match=words):
        find(folder)


def test_many_mistakes_are_counted(folder: Path) -> None:
    lines = "\n".join(f"x{number} = 1" for number in range(15))
    with pytest.raises(InvalidSettings, match="and 5 more"):
        opened(folder, f"[tool.jvscheduler]\n{lines}\n")


def test_an_environment_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"--env test: .*it has prod"):
        opened(folder, PYPROJECT, "test")
    (folder / "pyproject.toml").unlink()
    with pytest.raises(InvalidSettings, match="--env test: the working folder has no"):
        open_project(Selection(("shop",), "test"))
