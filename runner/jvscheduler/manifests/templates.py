"""The part of a pod template that the API server checks when a ScheduledTask is applied.

A template may hold every field of a pod, also those of newer Kubernetes versions. So the
schema names only the fields that a rule looks at, and leaves all others as they are.
The operator refuses what no rule can say, in the condition `Accepted`. The API server refuses the
rest when the CronJob or Deployment is applied.
"""

from typing import Any, Final

from jvscheduler import environment, names
from jvscheduler.manifests import patterns
from jvscheduler.manifests.rules import at, rules

MAX_CONTAINERS: Final = 50
MAX_VARIABLES: Final = 1000
_MAX_TEXT: Final = 1024
_OURS: Final = f"{names.GROUP}/"

Schema = dict[str, Any]


def _text(description: str, limit: int = _MAX_TEXT) -> Schema:
    return {"type": "string", "maxLength": limit, "description": description}


def _texts(description: str) -> Schema:
    items = {"type": "string", "description": "One word of it."}
    return {"type": "array", "nullable": True, "items": items, "description": description}


def _free(description: str, properties: Schema, **more: Any) -> Schema:
    """An object with these fields and any others."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "x-kubernetes-preserve-unknown-fields": True,
        **more,
    }


def _container(*found: Any) -> Schema:
    value = {
        "type": "string",
        "nullable": True,
        "description": "Text. Write a number in quotes.",
    }
    variable = _free(
        "One variable.",
        {"name": _text("The name of the variable."), "value": value},
        required=["name"],
    )
    return _free(
        "A container, as in a pod.",
        {
            "name": _text("The name of the container.", 63),
            "image": _text("The image of the container."),
            "command": _texts("The command of the container."),
            "args": _texts("The arguments of its command."),
            "env": {
                "type": "array",
                "nullable": True,
                "maxItems": MAX_VARIABLES,
                "items": variable,
                "description": "Its environment variables.",
            },
            "terminationMessagePath": _text("The file of its last message."),
            "terminationMessagePolicy": _text("Where its last message is from."),
        },
        required=["name"],
        **rules(
            at(
                ".image",
                f"!has(self.image) || self.image.matches(r'{patterns.IMAGE}')",
                patterns.IMAGE_MESSAGE,
            ),
            *found,
        ),
    )


def _containers(description: str, item: Schema) -> Schema:
    return {
        "type": "array",
        "nullable": True,
        "maxItems": MAX_CONTAINERS,
        "description": description,
        "items": item,
        **rules(
            (
                "self.all(c, self.exists_one(d, d.name == c.name))",
                "two containers have one name: give each a name of its own",
            )
        ),
    }


def _left_out_of_task(field: str, instead: str) -> Schema:
    return at(
        f".{field}",
        f"self.name != '{names.TASK_CONTAINER}' || !has(self.{field})",
        f"must be left out of the container '{names.TASK_CONTAINER}': {instead}",
    )


def _left_out(field: str, instead: str) -> Schema:
    return at(f".{field}", f"!has(self.{field})", f"must be left out: {instead}")


_VARIABLES: Final = ", ".join(f"'{name}'" for name in environment.SET_BY_THE_OPERATOR)
_TASK: Final = _container(
    at(
        ".image",
        f"self.name == '{names.TASK_CONTAINER}' || has(self.image)",
        f"required for every container but '{names.TASK_CONTAINER}'",
    ),
    _left_out_of_task("image", "set spec.image"),
    at(
        ".args",
        f"self.name != '{names.TASK_CONTAINER}' || !has(self.args) || self.args.size() == 0 || "
        "has(self.command)",
        "must be left out of the container 'task': the runner takes none; say them with a "
        "command of your own",
    ),
    _left_out_of_task("terminationMessagePath", "the runner reports its outcome there"),
    _left_out_of_task("terminationMessagePolicy", "the runner reports its outcome there"),
    at(
        ".env",
        f"self.name != '{names.TASK_CONTAINER}' || !has(self.env) || "
        f"self.env.all(e, !(e.name in [{_VARIABLES}]))",
        "the operator sets the JVSCHEDULER_ variables that tell the runner its task: leave them "
        "out",
    ),
)
_INIT: Final = _container(at(".image", "has(self.image)", "required for an init container"))

_POD: Final = _free(
    "",
    {
        "restartPolicy": _text("Not to be set."),
        "activeDeadlineSeconds": {"type": "integer", "description": "Not to be set."},
        "serviceAccountName": {
            **_text("The account that the pod runs as.", 253),
            **rules(
                (
                    "self.matches(r'^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$')",
                    "must be the name of a ServiceAccount, such as shop-reader",
                )
            ),
        },
        "containers": _containers(
            "The container 'task' is merged with the one that runs the task. Others are added.",
            _TASK,
        ),
        "initContainers": _containers("Containers that run before.", _INIT),
    },
    **rules(
        _left_out("restartPolicy", "a new attempt is a new pod, set spec.backoffLimit"),
        _left_out(
            "activeDeadlineSeconds", "set spec.activeDeadlineSeconds, which limits one attempt"
        ),
    ),
)
POD: Final = {key: part for key, part in _POD.items() if key not in ("type", "description")}
"""The schema of `spec.template.spec`. The model gives its type and its description."""

METADATA: Final = rules(
    *(
        at(
            f".{field}",
            f"!has(self.{field}) || self.{field}.all(k, !k.startsWith('{_OURS}'))",
            f"keys that begin with {_OURS} are the operator's: leave them out",
        )
        for field in ("labels", "annotations")
    )
)
MAX_LABELS: Final = 200
"""Labels, and annotations, of a template. Without a limit the API server refuses the rules."""
