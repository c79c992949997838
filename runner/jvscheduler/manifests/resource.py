"""The ScheduledTask of a decorated task, and its YAML.

Fields that the decorator decides are written even at their defaults: a reader
of the manifest sees what will run, and `kubectl apply` undoes edits by hand.
Those of `_LEFT_OUT` are not written at their defaults, which is what most tasks have.

Keys have a fixed order and documents are sorted by name, so that equal tasks
give equal bytes. The YAML is written by this module, for two reasons. PyYAML
takes longer to write ten thousand tasks than Python takes to import them. And
it writes texts such as 1e3 without quotes, which other readers take for numbers.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from jvscheduler import names
from jvscheduler.errors import InvalidTask
from jvscheduler.manifests.backends import choose_backend
from jvscheduler.manifests.mapping import to_spec
from jvscheduler.tasks import Backend, Task

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9 _./@-]*(:[A-Za-z0-9_./@-]*)?[A-Za-z0-9]", re.ASCII)
_OTHER_TYPES: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null"})
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

_FIRST_KEYS: Final[dict[str, Any]] = dict.fromkeys(
    ("taskID", "entrypoint", "schedule", "timeZone", "dst", "backend")
)
"""The order in which the spec begins. The other keys follow as `to_spec` has them."""
_LEFT_OUT: Final[dict[str, Any]] = {
    "dst": "cron",
    # Who has suspended the task by hand resumes it by hand: to apply this again does not.
    "suspend": False,
    "description": "",
    "concurrencyPolicy": "Forbid",
    "successfulJobsHistoryLimit": 3,
    "failedJobsHistoryLimit": 3,
    "jitterSeconds": 0,
    "args": {},
    "retryDelaySeconds": 10,
    "noRetryOn": [],
}


def resource(
    task: Task,
    image: str,
    namespace: str | None,
    backend: Backend | None = None,
    application: str | None = None,
) -> dict[str, Any]:
    """The object as `kubectl apply` reads it.

    `application` is the project that has the task. Without a namespace, `kubectl` chooses it.
    `backend` is for a task that names none itself; without either, the operator chooses it.

    Raises InvalidTask when it cannot carry the task.
    """
    task = replace(task, backend=task.backend or backend)
    _check_backend(task)
    labels = {names.APPLICATION_LABEL: application} if application else None
    metadata = {
        "name": names.resource_name(task.task_id),
        "namespace": namespace,
        "labels": labels,
    }
    own = {key: value for key, value in to_spec(task).items() if value != _LEFT_OUT.get(key)}
    template = own.pop("template", None)
    spec = {**_FIRST_KEYS, **own, "image": image, "template": template}
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "metadata": _without_none(metadata),
        "spec": _without_none(spec),
    }


def _check_backend(task: Task) -> None:
    try:
        choose_backend(task.schedule, task.backend, task.concurrency_policy, task.shortest_pause)
    except InvalidTask as error:
        raise InvalidTask(f"task {task.task_id!r}: {error}") from None


def to_yaml(resources: Iterable[dict[str, Any]]) -> str:
    """One YAML document for each. Values are JSON."""
    by_name = sorted(resources, key=lambda item: str(item["metadata"]["name"]))
    return "".join(f"---\n{_mapping(item, '')}" for item in by_name)


def _mapping(fields: dict[str, Any], indent: str) -> str:
    return "".join(
        f"{indent}{_scalar(key)}:{_value(value, indent)}" for key, value in fields.items()
    )


def _value(value: Any, indent: str) -> str:
    """What follows the colon of a key with this indent."""
    if not value or not isinstance(value, dict | list):
        return f" {_scalar(value)}\n"
    if isinstance(value, dict):
        return f"\n{_mapping(value, indent + '  ')}"
    return "\n" + "".join(_item(item, indent) for item in value)


def _item(item: Any, indent: str) -> str:
    """An item of a list. A mapping begins behind the dash, and goes on below it."""
    if isinstance(item, dict) and item:
        return f"{indent}- {_mapping(item, indent + '  ')[len(indent) + 2 :]}"
    return f"{indent}-{_value(item, indent + '  ')}"


def _scalar(value: Any) -> str:
    """A text, a number, a boolean, null, or an empty list or mapping."""
    if isinstance(value, float):
        return _number(value)
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _OTHER_TYPES:
        return value
    return _text(value)


def _number(value: float) -> str:
    # YAML 1.1 takes 1e+22 for a text: its floats have a point.
    digits, exponent, power = repr(value).partition("e")
    return f"{digits if '.' in digits else digits + '.0'}{exponent}{power}"


def _text(value: str) -> str:
    # A JSON string is a YAML string, but for characters that YAML calls not printable.
    quoted = json.dumps(value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
