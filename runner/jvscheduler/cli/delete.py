"""`jvscheduler delete` takes tasks out of a cluster. Their history stays."""

import argparse

from jvscheduler.cli import delivering, output
from jvscheduler.cli.arguments import add_configuration
from jvscheduler.configuration.opening import open_project
from jvscheduler.configuration.project import Selection
from jvscheduler.delivery.plan import brought_by
from jvscheduler.errors import InvalidSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "tasks", nargs="*", metavar="TASK", help="ids of tasks that the application has brought"
    )
    parser.add_argument(
        "--all", action="store_true", help="every task that the application has brought"
    )
    add_configuration(parser)
    delivering.add_cluster(parser)


def run(args: argparse.Namespace) -> int:
    if bool(args.tasks) == args.all:
        raise InvalidSettings("name the tasks to delete, or give --all")
    project = open_project(Selection((), args.env, args.config))
    application = delivering.application_of(args, project)
    cluster = delivering.connected("delete", args, project)
    found = {str(task["spec"]["taskID"]): task for task in brought_by(application, cluster.tasks())}
    unknown = [task_id for task_id in args.tasks if task_id not in found]
    if unknown:
        raise InvalidSettings(
            f"the application {application} has brought no task {', '.join(unknown)} into the "
            f"namespace {cluster.namespace}; it has {', '.join(sorted(found)) or 'none'}"
        )
    for task_id in args.tasks or sorted(found):
        cluster.delete(found[task_id]["metadata"]["name"])
        output.write_line(f"- {task_id}")
    return 0
