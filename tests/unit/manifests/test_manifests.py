"""The custom resource: its CRD, its model and its YAML agree."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from jvscheduler import names, parse_schedule
from jvscheduler.manifests import patterns
from jvscheduler.manifests.__main__ import PATHS, crd_yaml, main
from jvscheduler.manifests.crd import crd, structural
from jvscheduler.manifests.resource import resource, to_yaml
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.tasks import Task

ROOT = Path(__file__).parents[3]
TASK = Task(
    task_id="shop.clean_up",
    entrypoint="shop.tasks:clean_up",
    schedule=parse_schedule("daily at 03:00", "Europe/Berlin"),
    enabled=False,
    max_concurrent=2,
    timeout_seconds=60,
    retry_count=3,
    description="Deletes old records",
)


def schema() -> dict[str, Any]:
    (version,) = crd()["spec"]["versions"]
    root: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return root


def nodes(node: dict[str, Any], path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield path, node
    for name, part in node.get("properties", {}).items():
        yield from nodes(part, f"{path}.{name}")
    if "items" in node:
        yield from nodes(node["items"], f"{path}[]")


@pytest.mark.parametrize("path", PATHS)
def test_the_definition_in_the_repository_is_current(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == crd_yaml(), "run `make generate`"


def test_generating_writes_each_file(tmp_path: Path) -> None:
    main(tmp_path)
    written = {path: yaml.safe_load((tmp_path / path).read_text()) for path in PATHS}
    assert written == dict.fromkeys(PATHS, crd())


def test_every_field_has_a_description_that_is_a_sentence() -> None:
    bad = [path for path, node in nodes(schema(), "") if not _is_sentence(node)]
    assert bad == [".metadata"], "the API server refuses a description of metadata, it has its own"


def _is_sentence(node: dict[str, Any]) -> bool:
    text: str = node.get("description", "")
    return len(text) > 10 and text.endswith(".")


def test_every_field_has_a_type_and_only_parts_of_the_pod_take_anything() -> None:
    found = dict(nodes(schema(), ""))
    assert {path for path, node in found.items() if "type" not in node} == set()
    free = {p for p, node in found.items() if "x-kubernetes-preserve-unknown-fields" in node}
    pod = ".spec.template.spec"
    containers = {f"{pod}.{kind}[]" for kind in ("containers", "initContainers")}
    variables = {f"{container}.env[]" for container in containers}
    assert free == {pod, *containers, *variables, ".spec.args", ".spec.argsSchema"}


def test_every_text_of_the_spec_has_a_limit() -> None:
    spec = schema()["properties"]["spec"]["properties"]
    texts = {n: node for n, node in spec.items() if node["type"] == "string" and "enum" not in node}
    assert {name for name, node in texts.items() if "maxLength" not in node} == set()


def test_required_fields_and_defaults_are_those_of_the_model() -> None:
    spec = schema()["properties"]["spec"]
    assert spec["required"] == ["taskID", "entrypoint", "schedule", "image"]
    defaults = {n: node["default"] for n, node in spec["properties"].items() if "default" in node}
    assert defaults == {
        "timeZone": "UTC",
        "dst": "cron",
        "suspend": False,
        "maxConcurrency": 1,
        "concurrencyPolicy": "Forbid",
        "backoffLimit": 0,
        "retryDelaySeconds": 10,
        "jitterSeconds": 0,
        "description": "",
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
    }


def test_the_status_is_a_subresource_and_the_columns_read_fields_that_exist() -> None:
    (version,) = crd()["spec"]["versions"]
    assert version["subresources"] == {"status": {}}
    paths = {path for path, _ in nodes(schema(), "")}
    for column in version["additionalPrinterColumns"]:
        field = column["jsonPath"].partition("[?")[0]
        assert field in paths or field == ".metadata.creationTimestamp"


def test_the_short_name_is_not_one_of_kubernetes() -> None:
    taken = {"sts", "svc", "sa", "sc", "cj", "rs", "ds", "po", "ns", "st"}
    assert taken.isdisjoint(crd()["spec"]["names"]["shortNames"])


def test_a_schema_that_has_no_structural_form_is_an_error() -> None:
    class Odd(BaseModel):
        value: tuple[int, str]

    with pytest.raises(ValueError, match=r"no structural form is known for .*prefixItems"):
        structural(Odd)


def test_the_model_reads_a_built_resource() -> None:
    built = resource(TASK, "shop:1", "shop")
    assert built["metadata"] == {"name": "shop-clean-up", "namespace": "shop"}
    assert (built["apiVersion"], built["kind"]) == (names.API_VERSION, names.KIND)
    spec = ScheduledTaskSpec.model_validate(built["spec"])
    assert (spec.task_id, spec.entrypoint) == (TASK.task_id, TASK.entrypoint)
    assert (spec.schedule, spec.time_zone) == ("daily at 03:00", "Europe/Berlin")
    assert (spec.suspend, spec.max_concurrency) == (True, 2)
    assert (spec.active_deadline_seconds, spec.backoff_limit) == (60, 3)
    assert (spec.description, spec.image) == ("Deletes old records", "shop:1")


def test_dst_is_written_when_it_is_not_the_default() -> None:
    once = replace(TASK, schedule=parse_schedule("daily at 02:30", "Europe/Berlin", dst="once"))
    built = [resource(task, "shop:1", None)["spec"] for task in (TASK, once)]
    assert [spec.get("dst") for spec in built] == [None, "once"]
    assert [ScheduledTaskSpec.model_validate(spec).dst for spec in built] == ["cron", "once"]


@pytest.mark.parametrize(
    "changes",
    [
        {"dst": "twice"},
        {"dst": None},
        {"taskID": "a b"},
        {"taskID": "a\n"},
        {"entrypoint": "shop.tasks"},
        {"entrypoint": "shop.tasks:F.g.h"},
        {"timeZone": "../../etc/passwd"},
        {"maxConcurrency": 0},
        {"maxConcurrency": "1"},
        {"backoffLimit": -1},
        {"backoffLimit": True},
        {"activeDeadlineSeconds": 0},
        {"startingDeadlineSeconds": 9},
        {"suspend": 0},
        {"image": ""},
        {"image": "a b"},
        {"retries": 3},
        {"template": {"pod": {}}},
        {"schedule": ""},
    ],
)
def test_a_spec_that_the_model_refuses(changes: dict[str, Any]) -> None:
    spec = {**resource(TASK, "shop:1", None)["spec"], **changes}
    with pytest.raises(ValidationError):
        ScheduledTaskSpec.model_validate(spec)


@pytest.mark.parametrize(
    "text",
    [
        *("plain words", "a: b", "a #b", "- a", "yes", "No", "null", "1e3", "0x1f", "1:30", "~"),
        *("", " ", "a ", "'", '"', "\\", "{}", "[x]", "*", "&a", "!t", "%", "@", "`", "|", ">"),
        *("Größe", "日本", "😀", "a\nb", "tab\t", "\x85", "\u2028", "\ufeff", "\x9f", "a:", "a:b"),
    ],
)
def test_any_text_survives_yaml(text: str) -> None:
    built = {"metadata": {"name": "a"}, "spec": {"description": text}}
    assert list(yaml.safe_load_all(to_yaml([built]))) == [built]


def test_any_arguments_survive_yaml() -> None:
    args = {
        "texts": ["plain", "a, b]", "1e3", "no", "", "ü\n"],
        "numbers": [1, -(2**63), 1.5, 1e22, 1e-7, 0.1, -0.0],
        "others": [True, False, None, [], {}, [[{"a: b": {"$ref": "#/x"}}]]],
        "none": {},
        "object": {"no": 1, "$defs": {"1": {"on": []}}, "a: b": "c", "": 1},
    }
    built = {"metadata": {"name": "a"}, "spec": {"args": args}}
    assert list(yaml.safe_load_all(to_yaml([built]))) == [built]


@pytest.mark.parametrize(
    "value",
    [
        *([], {}, None, True, 1, 1.5, ["a", 1, None], [[1, 2], [], [["x"]]], [{}, {"a": {}}]),
        {"on": "off", "1": 1, "a: b": {"": "x"}, "app.kubernetes.io/name": "shop"},
        [{"name": "task", "env": [{"name": "A", "value": "a\nb: c"}], "args": ["-c", "x # y"]}],
        [{"a": [{"b": {"c": [1]}}, {"d": "e"}]}, "end"],
    ],
)
def test_any_json_survives_yaml(value: Any) -> None:
    built = {"metadata": {"name": "a"}, "spec": {"template": value, "after": "x"}}
    assert list(yaml.safe_load_all(to_yaml([built]))) == [built]


def test_documents_are_sorted_by_name() -> None:
    documents = [{"metadata": {"name": name}} for name in ("b", "c", "a")]
    loaded = yaml.safe_load_all(to_yaml(documents))
    assert [item["metadata"]["name"] for item in loaded] == ["a", "b", "c"]


@pytest.mark.parametrize("zone", ["Local", "local", "localtime", "posixrules", "right/UTC"])
def test_the_machines_own_zone_is_refused_at_admission(zone: str) -> None:
    assert re.match(patterns.MACHINE_ZONE, zone)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Localia/X"])
def test_other_zones_are_not(zone: str) -> None:
    assert re.match(patterns.MACHINE_ZONE, zone) is None
