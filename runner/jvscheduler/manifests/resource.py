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
    "description": "",
    "concurrencyPolicy": "Forbid",
    "successfulJobsHistoryLimit": 3,
    "failedJobsHistoryLimit": 3,
    "args": {},
    "retryDelaySeconds": 10,
    "noRetryOn": [],
}


def resource(
    task: Task, image: str, namespace: str | None, backend: Backend | None = None
) -> dict[str, Any]:
    """The object as `kubectl apply` reads it.

    Without a namespace, `kubectl` chooses it. `backend` is for a task that names none itself;
    without either, the operator chooses it. Raises InvalidTask when it cannot carry the task.
    """
    task = replace(task, backend=task.backend or backend)
    _check_backend(task)
    metadata = {"name": names.resource_name(task.task_id), "namespace": namespace}
    own = {key: value for key, value in to_spec(task).items() if value != _LEFT_OUT.get(key)}
    spec = {**_FIRST_KEYS, **own, "image": image}
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
    """One YAML document for each. Values are those of JSON."""
    by_name = sorted(resources, key=lambda item: str(item["metadata"]["name"]))
    return "".join(f"---\n{_mapping(item, '')}" for item in by_name)


def _mapping(fields: dict[str, Any], indent: str) -> str:
    return "".join(
        f"{indent}{_scalar(key)}:\n{_mapping(value, indent + '  ')}"
        if isinstance(value, dict) and value
        else f"{indent}{_scalar(key)}: {_inline(value)}\n"
        for key, value in fields.items()
    )


def _inline(value: Any) -> str:
    return _flow(value) if isinstance(value, dict | list) else _scalar(value)


def _flow(value: Any) -> str:
    """The value in one line, like JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _text(value) if isinstance(value, str) else _scalar(value)


def _scalar(value: str | float | None) -> str:
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
