"""`pod={…}`: what most tasks need of their pod, checked by hand, as a partial pod template.

pydantic would check it in fewer lines, and takes longer to load than a module of tasks.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, TypedDict

from jvscheduler import environment, names
from jvscheduler.decorators.options import shown
from jvscheduler.errors import InvalidTask

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_DNS: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_DNS}")
_LABEL_KEY: Final = re.compile(rf"(?:(?=[^/]{{1,253}}/){_DNS}/)?{_LABEL}")
_LABEL_VALUE: Final = re.compile(rf"(?:{_LABEL})?")
_VARIABLE: Final = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*")
_CPU: Final = re.compile(r"[0-9]+m|[0-9]+(?:\.[0-9]{1,3})?")
_BYTES: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[KMGT]i|[kMGT])?")
_MAX_ENTRIES: Final = 200


class Volume(TypedDict, total=False):
    """One of the first four says what is mounted."""

    claim: str
    """The name of a PersistentVolumeClaim."""
    secret: str
    config_map: str
    empty_dir: str
    """The size of an empty folder, such as "1Gi". It ends with the pod."""
    read_only: bool


class Pod(TypedDict, total=False):
    """What a task needs of its pod. `template` says the rest."""

    memory: str
    """Requested, and the limit, such as "512Mi"."""
    cpu: str
    """Requested, and the limit, such as "500m" or "2"."""
    env: Mapping[str, str]
    secrets: Sequence[str]
    """Each key of these Secrets becomes an environment variable."""
    config_maps: Sequence[str]
    """Each key of these ConfigMaps becomes an environment variable."""
    volumes: Mapping[str, Volume]
    """By the path at which it is mounted."""
    service_account: str
    node_selector: Mapping[str, str]
    labels: Mapping[str, str]
    image_pull_secrets: Sequence[str]


_SOURCES: Final = {
    "claim": ("persistentVolumeClaim", "claimName"),
    "secret": ("secret", "secretName"),
    "config_map": ("configMap", "name"),
    "empty_dir": ("emptyDir", "sizeLimit"),
}
_A_SIZE: Final = (_BYTES, "512Mi")
_AMOUNTS: Final = {"cpu": (_CPU, "500m"), "memory": _A_SIZE}


def pod_template(pod: object) -> dict[str, Any]:
    """The partial pod template. Raises InvalidTask, which names the key."""
    given = _known("pod", pod, tuple(Pod.__annotations__))
    amounts = {
        key: _quantity(f"pod[{key!r}]", given[key], *known)
        for key, known in _AMOUNTS.items()
        if key in given
    }
    volumes = _volumes(given.get("volumes", {}))
    container = {
        "resources": {"requests": amounts, "limits": dict(amounts)} if amounts else {},
        # Of two with the same key, the last one counts: a Secret.
        "envFrom": [
            *({"configMapRef": {"name": name}} for name in _names(given, "config_maps")),
            *({"secretRef": {"name": name}} for name in _names(given, "secrets")),
        ],
        "env": _variables(given.get("env", {})),
        "volumeMounts": [mount for mount, _ in volumes],
    }
    task = _filled(container)
    spec = {
        "containers": [{"name": names.TASK_CONTAINER, **task}] if task else [],
        "volumes": [volume for _, volume in volumes],
        "serviceAccountName": _account(given),
        "nodeSelector": _labels("node_selector", given),
        "imagePullSecrets": [{"name": name} for name in _names(given, "image_pull_secrets")],
    }
    metadata = _filled({"labels": _labels("labels", given)})
    return _filled({"metadata": metadata, "spec": _filled(spec)})


def mapping(path: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise InvalidTask(f"{path} must be a dict whose keys are texts, got {shown(value)}")
    return value


def _known(path: str, value: object, keys: Sequence[str]) -> Mapping[str, Any]:
    given = mapping(path, value)
    for key in given:
        if key not in keys:
            near = get_close_matches(key[:40].lower(), keys, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(keys)}"
            rest = "; say the rest in template={…}" if path == "pod" else ""
            raise InvalidTask(f"{path} has no key {shown(key)}: {hint}{rest}")
    return given


def _quantity(path: str, value: object, pattern: re.Pattern[str], example: str) -> str:
    if isinstance(value, str) and pattern.fullmatch(value) and re.search("[1-9]", value):
        return value
    hint = ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        hint = f": write {str(value)!r}"
    # Kubernetes reads 512m of memory as half a byte.
    elif isinstance(value, str) and re.fullmatch("[0-9]+(?:m|mb|MB|Mb)", value):
        hint = f": write '{value.rstrip('bBmM')}Mi'"
    raise InvalidTask(
        f"{path} must be a quantity as text, such as {example!r}, got {shown(value)}{hint}"
    )


def _name(path: str, value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise InvalidTask(
            f"{path} must be the name of a Kubernetes object: lower-case letters, digits, '-' "
            f"and '.', got {shown(value)}"
        )
    return value


def _account(given: Mapping[str, Any]) -> str | None:
    if "service_account" not in given:
        return None
    return _name("pod['service_account']", given["service_account"])


def _names(given: Mapping[str, Any], key: str) -> Sequence[str]:
    value, path = given.get(key, ()), f"pod[{key!r}]"
    if not isinstance(value, list | tuple):
        hint = f": write [{value!r}]" if isinstance(value, str) else ""
        raise InvalidTask(f"{path} must be a list of names, got {shown(value)}{hint}")
    found = [_name(f"{path}[{number}]", name) for number, name in enumerate(value)]
    if len(set(found)) < len(found):
        raise InvalidTask(f"{path} has a name twice: {shown(value)}")
    return found


def _variables(value: object) -> list[dict[str, str]]:
    path = "pod['env']"
    for name, text in mapping(path, value).items():
        if not _VARIABLE.fullmatch(name):
            raise InvalidTask(f"{path} has {shown(name)}, which cannot be a variable's name")
        if name in environment.SET_BY_THE_OPERATOR:
            raise InvalidTask(f"{path}: {name} must be left out, it tells the runner its task")
        if not isinstance(text, str) or "\0" in text:
            hint = f": write {str(text)!r}" if isinstance(text, int | float) else ""
            raise InvalidTask(f"{path}[{name!r}] must be text, got {shown(text)}{hint}")
    return [{"name": name, "value": text} for name, text in mapping(path, value).items()]


def _labels(key: str, given: Mapping[str, Any]) -> dict[str, str]:
    path = f"pod[{key!r}]"
    labels = mapping(path, given.get(key, {}))
    if len(labels) > _MAX_ENTRIES:
        raise InvalidTask(f"{path} has {len(labels)} entries, more than {_MAX_ENTRIES}")
    for name, value in labels.items():
        if not _LABEL_KEY.fullmatch(name):
            raise InvalidTask(f"{path} has {shown(name)}, which cannot be a label's key")
        if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
            raise InvalidTask(
                f"{path}[{name!r}] must be a label's value: text of at most 63 letters, digits, "
                f"'.', '_' and '-', got {shown(value)}"
            )
    return dict(labels)


def _volumes(value: object) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The mount and the volume of each."""
    return [_volume(path, volume) for path, volume in mapping("pod['volumes']", value).items()]


def _volume(mount_path: str, value: object) -> tuple[dict[str, Any], dict[str, Any]]:
    path = f"pod['volumes'][{mount_path!r}]"
    if not mount_path.startswith("/") or ":" in mount_path:
        raise InvalidTask(f"{path}: a volume is mounted at an absolute path, such as '/srv/data'")
    given = _known(path, value, tuple(Volume.__annotations__))
    sources = [key for key in _SOURCES if key in given]
    if len(sources) != 1:
        raise InvalidTask(f"{path} must have one of {', '.join(_SOURCES)}, got {shown(value)}")
    read_only = given.get("read_only", False)
    if not isinstance(read_only, bool):
        raise InvalidTask(f"{path}['read_only'] must be True or False, got {shown(read_only)}")
    (key,) = sources
    (kind, field), of = _SOURCES[key], f"{path}[{key!r}]"
    text = _quantity(of, given[key], *_A_SIZE) if key == "empty_dir" else _name(of, given[key])
    # A volume for the same path takes the place of this one when templates are merged, and
    # none for another path does.
    name = f"pod-volume-{hashlib.sha256(mount_path.encode()).hexdigest()[:8]}"
    mount = _filled({"name": name, "mountPath": mount_path, "readOnly": read_only})
    return mount, {"name": name, kind: {field: text}}


def _filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value}
