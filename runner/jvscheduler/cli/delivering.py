"""What `diff`, `apply` and `delete` share: the project, the cluster, and how a plan reads."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jvscheduler.cli.arguments import (
    IMPORT_SECONDS,
    add_image,
    add_project,
    argument,
    image_of,
    selection,
    without_extra,
)
from jvscheduler.configuration.opening import open_project
from jvscheduler.configuration.project import Project
from jvscheduler.configuration.values import check_name
from jvscheduler.delivery.plan import Change, Manifest, Plan, Seen, Step, brought_by, owner_of, plan
from jvscheduler.discovery import discover
from jvscheduler.errors import InvalidSettings
from jvscheduler.manifests.resource import resource

if TYPE_CHECKING:
    from jvscheduler.delivery.cluster import TaskCluster

_SIGNS = {"create": "+", "change": "~", "keep": " ", "remove": "-"}


@dataclass(frozen=True)
class Delivery:
    """The tasks of the code, and what is to be done in the cluster."""

    cluster: "TaskCluster"
    manifests: Sequence[dict[str, Any]]
    plan: Plan


def add_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--context", help="context of the kubeconfig (default: the current one)")
    parser.add_argument(
        "-n",
        "--namespace",
        type=argument(check_name),
        help="namespace of the tasks (default: that of the project's file, or the kubeconfig's)",
    )
    parser.add_argument(
        "--application",
        type=argument(check_name),
        metavar="NAME",
        help="label of the project's tasks (default: that of the project's file)",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_project(parser)
    add_image(parser)
    add_cluster(parser)


def prepare(command: str, args: argparse.Namespace) -> Delivery:
    """Asks the cluster, and changes nothing. Raises InvalidSettings and ClusterError."""
    project = open_project(selection(args))
    image = image_of(args, project)
    application = application_of(args, project)
    tasks = project.configured(discover(project.modules, IMPORT_SECONDS))
    cluster = connected(command, args, project)
    manifests = [
        resource(task, image, cluster.namespace, application=application) for task in tasks
    ]
    there = {task["metadata"]["name"]: task for task in cluster.tasks()}
    for manifest in manifests:
        _check_owner(there.get(manifest["metadata"]["name"]), application)
    seen = [
        Seen(manifest, there.get(manifest["metadata"]["name"]), cluster.applied(manifest))
        for manifest in manifests
    ]
    # Of a part of the modules it is not known which tasks the code no longer has.
    labelled = brought_by(application, there.values()) if project.is_whole else ()
    return Delivery(cluster, manifests, plan(seen, labelled))


def application_of(args: argparse.Namespace, project: Project) -> str:
    application: str | None = args.application or project.said("application")
    if application is None:
        raise InvalidSettings(
            "name the application, by which its tasks are known again: --application, or "
            "'application' of the project's file"
        )
    return application


def connected(command: str, args: argparse.Namespace, project: Project) -> "TaskCluster":
    try:
        from jvscheduler.delivery.cluster import connect  # noqa: PLC0415 - in an extra
    except ImportError as error:
        raise without_extra(command, error, "operator") from error
    return connect(args.context, args.namespace or project.said("namespace"))


def _check_owner(task: Manifest | None, application: str) -> None:
    owner = owner_of(task) if task is not None else None
    if task is not None and owner not in (None, application):
        raise InvalidSettings(
            f"the task {task['metadata']['name']} is of the application {owner!r}, and this one is "
            f"{application!r}: give it another task_id, or delete it there"
        )


def lines(plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        if step.action != "keep" or step.by_hand:
            yield f"{_SIGNS[step.action]} {step.task_id}"
            yield from _details(step)
    for old, new in plan.renames:
        yield (
            f"is {new} the task {old} under a new name? Its history is kept by its id: give the "
            f"function task_id={old!r}, or it begins anew"
        )
    counts = ((len(plan.of(action)), action) for action in ("create", "change", "remove"))
    shown = ", ".join(f"{number} to {action}" for number, action in counts if number)
    yield shown or "the cluster has the tasks of the code"


def _details(step: Step) -> Iterator[str]:
    for change in step.changes:
        yield f"    {change.field}: {change.before} → {change.after}{_by(change)}"
    for change in step.by_hand:
        yield f"    {change.field}: {change.before}{_by(change)}; it stays, the code says nothing"


def _by(change: Change) -> str:
    return f" (set by {change.manager})" if change.manager else ""


def as_json(plan: Plan) -> dict[str, Any]:
    return {
        "tasks": [
            {
                "task": step.task_id,
                "action": step.action,
                "changes": [vars(change) for change in step.changes],
                "byHand": [vars(change) for change in step.by_hand],
            }
            for step in plan.steps
        ],
        "renames": [{"from": old, "to": new} for old, new in plan.renames],
    }
