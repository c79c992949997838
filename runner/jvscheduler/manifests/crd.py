"""The CustomResourceDefinition, generated from the model of the spec.

Pydantic writes JSON Schema. Kubernetes needs a structural schema, which has no
references, alternatives and titles. This module translates one into the other
and raises an error for anything that it does not know.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

from jvscheduler import names
from jvscheduler.manifests.spec import ScheduledTaskSpec
from jvscheduler.manifests.status import ScheduledTaskStatus

Schema = dict[str, Any]

_KEPT: Final = (
    "type",
    "format",
    "description",
    "enum",
    "default",
    "pattern",
    "minLength",
    "maxLength",
    "maxItems",
    "maxProperties",
    "nullable",
    "minimum",
    "maximum",
    "required",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-validations",
)
_TRANSLATED: Final = {"properties", "items", "additionalProperties", "anyOf", "$ref", "$defs"}
_DROPPED: Final = {"title", "const"}

_NAME_RULE: Final = {
    "rule": f"self.metadata.name.size() <= {names.MAX_RESOURCE_NAME}",
    "message": f"metadata.name must have at most {names.MAX_RESOURCE_NAME} characters: "
    "the task's CronJob has the same name, and Kubernetes adds 11 characters for each Job",
}
_COLUMNS: Final = (
    ("Schedule", "string", ".spec.schedule", 0),
    # A date is shown as its age, and a time to come has none.
    ("Next", "string", ".status.nextScheduleTime", 0),
    ("Last", "date", ".status.lastScheduleTime", 0),
    ("Result", "string", ".status.lastJob.status", 0),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', 0),
    ("Zone", "string", ".spec.timeZone", 1),
    ("Backend", "string", ".status.backend", 1),
    ("Suspend", "boolean", ".spec.suspend", 1),
    ("Active", "integer", ".status.active", 1),
    ("Streak", "integer", ".status.consecutiveFailures", 1),
    ("Entrypoint", "string", ".spec.entrypoint", 1),
    ("Reason", "string", ".status.lastJob.reason", 1),
    ("Age", "date", ".metadata.creationTimestamp", 1),
)
"""Name, type, path and priority: `kubectl get -o wide` shows those of priority 1 too."""


def crd() -> Schema:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.PLURAL}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "names": {
                "kind": names.KIND,
                "listKind": f"{names.KIND}List",
                "plural": names.PLURAL,
                "singular": names.SINGULAR,
                "shortNames": ["schtask"],
                "categories": ["jvscheduler"],
            },
            "scope": "Namespaced",
            "versions": [_version()],
        },
    }


def structural(model: type[BaseModel]) -> Schema:
    """The model's schema in Kubernetes' dialect."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return _translate(schema, schema.get("$defs", {}))


def _version() -> Schema:
    return {
        "name": names.VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": kind, "jsonPath": path, "priority": priority}
            for name, kind, path, priority in _COLUMNS
        ],
        "schema": {"openAPIV3Schema": _root()},
    }


def _root() -> Schema:
    return {
        "type": "object",
        "description": "A Python function that Kubernetes runs on a schedule.",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"Always {names.API_VERSION}."},
            "kind": {"type": "string", "description": f"Always {names.KIND}."},
            # The API server refuses a CRD that says more about metadata.
            "metadata": {"type": "object"},
            "spec": structural(ScheduledTaskSpec),
            "status": structural(ScheduledTaskStatus),
        },
        "x-kubernetes-validations": [_NAME_RULE],
    }


def _translate(schema: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    whole = _resolved(schema, definitions)
    unknown = set(whole) - set(_KEPT) - _TRANSLATED - _DROPPED
    if unknown:
        raise ValueError(f"no structural form is known for {', '.join(sorted(unknown))}")
    result = {key: whole[key] for key in _KEPT if whole.get(key) is not None}
    if whole.get("type") == "integer":
        result["format"] = "int32" if "maximum" in whole else "int64"
    if "const" in whole:
        result["enum"] = [whole["const"]]
    if "properties" in whole:
        result["properties"] = {
            name: _translate(part, definitions) for name, part in whole["properties"].items()
        }
    if "items" in whole:
        result["items"] = _translate(whole["items"], definitions)
    if isinstance(whole.get("additionalProperties"), dict):
        result["additionalProperties"] = _translate(whole["additionalProperties"], definitions)
    return result


def _resolved(schema: Mapping[str, Any], definitions: Mapping[str, Schema]) -> Schema:
    """The schema with its reference resolved, or with `X | None` replaced by `X`.

    A key of the field itself, such as its description, wins over the same key of
    the schema that it refers to.
    """
    own = {key: value for key, value in schema.items() if key not in ("$ref", "anyOf")}
    if "$ref" in schema:
        return {**definitions[schema["$ref"].rpartition("/")[2]], **own}
    if "anyOf" in schema:
        (choice,) = (part for part in schema["anyOf"] if part != {"type": "null"})
        return {**_resolved(choice, definitions), **own}
    return dict(schema)
