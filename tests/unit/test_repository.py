"""The README's statements about the repository are true."""

import re
import tomllib
from pathlib import Path

import yaml

from jvscheduler.version import __version__

ROOT = Path(__file__).parents[2]


def readme_commands() -> str:
    return "\n".join(re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL))


def test_ci_runs_the_readmes_test_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    for command in ("cat tests/cluster/packages.txt", "make test"):
        assert command in script
        assert command in readme_commands()


def test_every_make_target_in_the_readme_exists_and_is_explained() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make (?:--silent )?([a-z0-9-]+)", readme_commands()))
    assert named
    assert named <= targets


def test_links_in_the_documentation_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_chart_has_the_projects_version() -> None:
    chart = yaml.safe_load((ROOT / "charts/jvscheduler/Chart.yaml").read_text())
    assert chart["version"] == chart["appVersion"] == __version__


def test_every_image_of_the_project_is_named_with_its_version() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    files = [*pages, *(ROOT / "examples").rglob("Dockerfile"), ROOT / "tests/e2e/image/Dockerfile"]
    named = re.compile(r"jvscheduler/(?:operator|server|runner):([\w.-]+)")
    tags = [tag for file in files for tag in named.findall(file.read_text())]
    assert len(tags) > 5
    assert set(tags) == {__version__}


def test_the_macos_job_names_tests_that_exist() -> None:
    job = yaml.safe_load((ROOT / ".github/workflows/macos.yml").read_text())["jobs"]["tests"]
    named = [path for step in job["steps"] for path in re.findall(r"tests/[\w/.]+", str(step))]
    assert {"tests/unit", "tests/integration/cases"} < set(named)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_locks_name_no_index() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text()


def test_every_extra_has_a_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for extra in project["optional-dependencies"]:
        assert (ROOT / "requirements" / f"{extra}.txt").exists()
