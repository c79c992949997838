"""The pages under docs/reference leave out no option, field, value or variable of the code."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from jvscheduler.cli import _COMMANDS, _parser
from jvscheduler.history import ScheduledJob
from jvscheduler.history.backends.registry import BACKENDS
from jvscheduler.manifests.crd import crd
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.manifests.status import ScheduledTaskStatus
from jvscheduler.verification.findings import Kind
from jvscheduler_operator.objects.reasons import ConditionType
from jvscheduler_server.cluster.objects import FAILING
from jvscheduler_server.settings import _parser as server_parser
from tests.support.docs.markdown import DOCS, first_names, section
from tests.support.readme import ROOT

CLI, CRD, VALUES, ENVIRONMENT = (
    (DOCS / "reference" / f"{name}.md").read_text()
    for name in ("cli", "crd", "values", "environment")
)


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Each command that takes arguments, by the words that call it."""
    for name in _COMMANDS:
        yield from _leaves(f"jvscheduler {name}", _command(_parser([name]), name))
    yield "python -m jvscheduler_server", server_parser()


def _leaves(
    words: str, parser: argparse.ArgumentParser
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    inner = _subcommands(parser)
    if not inner:
        yield words, parser
    for name, command in inner.items():
        yield from _leaves(f"{words} {name}", command)


def _command(parser: argparse.ArgumentParser, name: str) -> argparse.ArgumentParser:
    return _subcommands(parser)[name]


def _subcommands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001
    return dict(actions[0].choices) if actions else {}


def arguments(parser: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in parser._actions:  # noqa: SLF001
        found |= set(action.option_strings) or {str(action.metavar)}
    return found - {"-h", "--help"}


@pytest.mark.parametrize(("words", "parser"), [pytest.param(*c, id=c[0]) for c in commands()])
def test_the_page_has_every_argument_of_a_command(
    words: str, parser: argparse.ArgumentParser
) -> None:
    named = {name.replace("\\|", "|") for name in first_names(section(CLI, words))}
    assert named == arguments(parser)


@pytest.mark.parametrize(
    ("heading", "model"), [("spec", ScheduledTaskSpec), ("status", ScheduledTaskStatus)]
)
def test_the_page_has_every_field_of_the_custom_resource(heading: str, model: Any) -> None:
    fields = {field.alias for field in model.model_fields.values()}
    assert set(first_names(section(CRD, heading))) == fields


def test_the_page_has_every_condition() -> None:
    of_the_operator = {str(c) for c in ConditionType}
    assert set(first_names(section(CRD, "Conditions"))) == {*of_the_operator, FAILING}


def test_the_page_has_every_value_of_the_chart_at_its_default() -> None:
    values = yaml.safe_load((ROOT / "charts/jvscheduler/values.yaml").read_text())
    named = dict(re.findall(r"^\| `([\w.]+)` \| ([^|]*) \|", VALUES, re.MULTILINE))
    assert named.keys() == set(_keys(values))
    for key, shown in named.items():
        assert _is_shown(_at(values, key.split(".")), shown), f"{key}: {shown}"


def _is_shown(default: Any, shown: str) -> bool:
    """True when the page shows the default.

    It says an empty value and a list in words, and shows resources as a whole.
    """
    text = str(default).lower() if isinstance(default, bool) else str(default)
    return isinstance(default, dict | list) or default == "" or shown.strip("`") == text


def _keys(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """Down to values, and to resources, which are Kubernetes' own."""
    for name, value in values.items():
        if isinstance(value, dict) and name != "resources":
            yield from _keys(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _at(values: Any, path: list[str]) -> Any:
    return _at(values[path[0]], path[1:]) if path else values


def test_the_page_has_every_environment_variable() -> None:
    named = [n for n in first_names(ENVIRONMENT) if re.fullmatch("[A-Z_]+", n)]
    assert sorted(named) == sorted(set(named))
    assert set(named) == set(_variables())


def test_the_page_has_the_url_of_every_database() -> None:
    forms = section(ENVIRONMENT, "Where the history is")
    assert {e.name for e in BACKENDS if f"| `{e.schemes[0]}://" not in forms} == set()


def _variables() -> Iterator[str]:
    """What the three packages and the chart name in quotes or in a container's `env`."""
    pattern = re.compile(r"(?:\"|name: )(JVSCHEDULER_[A-Z_]+|KUBECONFIG|NO_COLOR|FORCE_COLOR)\b")
    for folder, kind in (
        ("runner", "py"),
        ("operator", "py"),
        ("server", "py"),
        ("charts", "yaml"),
    ):
        for file in (ROOT / folder).rglob(f"*.{kind}"):
            yield from pattern.findall(file.read_text())


def test_the_page_on_seams_has_every_protocol() -> None:
    page = (DOCS / "internals/seams.md").read_text()
    assert {name for name in _protocols() if f"`{name}`" not in page} == set()


def test_the_page_on_seams_counts_them() -> None:
    page = (DOCS / "internals/seams.md").read_text()
    seams = page.partition("\n## Other Protocols")[0]
    lines = [line for line in seams.splitlines() if line.startswith("| ")]
    named = [name for name in _protocols() if f"`{name}`" in seams]
    assert (len(lines[2:]), len(named)) == (4, 8)
    assert "There are four seams. They have nine types: eight Protocols" in seams


def test_the_page_on_seams_has_every_contract_suite() -> None:
    page = (DOCS / "internals/seams.md").read_text()
    suites = {path.name for path in (ROOT / "tests/contracts").glob("*.py")} - {"__init__.py"}
    assert {name for name in suites if f"`tests/contracts/{name}`" not in page} == set()


def _protocols() -> Iterator[str]:
    for folder in ("runner", "operator", "server"):
        for file in (ROOT / folder).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT / folder).with_suffix("").parts)
            for name in re.findall(r"^class (\w+)\(.*\bProtocol\)", file.read_text(), re.MULTILINE):
                yield f"{module}.{name}"


def test_the_page_on_the_format_has_every_field_of_a_record() -> None:
    page = (DOCS / "internals/history-format.md").read_text()
    fields = set(ScheduledJob.model_fields) - {"id", "entity", "type_code"}
    assert set(first_names(section(page, "`ScheduledJob`"))) == fields


def test_the_page_on_verifying_has_every_finding() -> None:
    page = (DOCS / "operations/verify.md").read_text()
    assert set(first_names(section(page, "What it finds"))) == {str(kind) for kind in Kind}


def test_the_page_on_architecture_has_the_layers_in_their_order() -> None:
    page = (DOCS / "internals/architecture.md").read_text()
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [
        c["layers"] for c in contracts["contracts"] if c.get("containers") == ["jvscheduler"]
    ]
    (shown,) = [part for part in page.split("\n\n") if part.startswith("`cli`")]
    assert re.findall(r"`(\w+)`", shown) == re.findall(r"\w+", " ".join(layers))


def test_the_page_has_the_columns_of_kubectl_in_their_order() -> None:
    (version,) = crd()["spec"]["versions"]
    always, wide = section(CRD, "In `kubectl get`").splitlines()[-2:]
    for row, priority in (always, 0), (wide, 1):
        columns = version["additionalPrinterColumns"]
        names = [c["name"].upper() for c in columns if c["priority"] == priority]
        assert re.findall(r"`([A-Z]+)`", row) == names
