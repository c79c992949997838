"""How a template of the table in `templates` is written."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Template:
    name: str
    pod: dict[str, Any]
    field: str = ""
    """Part of the message when it is forbidden."""
    forbidden_by: str = "nobody"
    """The widest level that forbids it: `baseline`, `restricted` (only that one), or `nobody`."""
    annotations: dict[str, str] | None = None
    kubernetes: str | None = None
    """The widest level at which Kubernetes itself forbids it, where that differs."""

    @property
    def template(self) -> dict[str, Any]:
        metadata = {"metadata": {"annotations": self.annotations}} if self.annotations else {}
        return {**metadata, "spec": self.pod}

    def is_forbidden_by(self, level: str) -> bool:
        return self.forbidden_by in ("baseline", level)

    def is_forbidden_by_kubernetes(self, level: str) -> bool:
        return (self.kubernetes or self.forbidden_by) in ("baseline", level)


def task(**fields: Any) -> dict[str, Any]:
    return {"containers": [{"name": "task", **fields}]}


def secured(**fields: Any) -> dict[str, Any]:
    """The container `task` with this security context."""
    return task(securityContext=fields)


def whole(**fields: Any) -> dict[str, Any]:
    """The pod with this security context."""
    return {"securityContext": fields}


def helper(**fields: Any) -> dict[str, Any]:
    """An init container beside the task."""
    return {"initContainers": [{"name": "helper", "image": "helper:1", **fields}]}


def volume(**source: Any) -> dict[str, Any]:
    return {"volumes": [{"name": "data", **source}]}


def adds(*capabilities: str) -> dict[str, Any]:
    return secured(capabilities={"add": list(capabilities)})


def sysctl(name: str) -> dict[str, Any]:
    return whole(sysctls=[{"name": name, "value": "1"}])


def probe(kind: str, action: dict[str, Any]) -> dict[str, Any]:
    return task(**{kind: action})
