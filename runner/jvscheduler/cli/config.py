"""`jvscheduler config` shows what the project's file says, and what it may say."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jvscheduler.cli import output
from jvscheduler.cli.arguments import (
    IMPORT_SECONDS,
    add_configuration,
    add_output,
    sentence,
)
from jvscheduler.configuration.layers import Layers, Value
from jvscheduler.configuration.opening import open_project
from jvscheduler.configuration.project import Project, Selection
from jvscheduler.configuration.schema import schema
from jvscheduler.configuration.tasks import values_of
from jvscheduler.discovery import choose, discover

Rows = Mapping[str, Value]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="ACTION", required=True)
    summary = "show the project, or each option of a task, and where it comes from"
    show = commands.add_parser("show", help=summary, description=sentence(summary))
    show.add_argument(
        "task",
        nargs="?",
        metavar="TASK",
        help="a task by its id or its function's name (default: all of them)",
    )
    add_configuration(show)
    add_output(show)
    show.set_defaults(act=_show)
    summary = "print the JSON schema of the project's file"
    published = commands.add_parser("schema", help=summary, description=sentence(summary))
    published.set_defaults(act=_schema)


def run(args: argparse.Namespace) -> int:
    output.write_line(args.act(args))
    return 0


def _schema(_: argparse.Namespace) -> str:
    return json.dumps(schema(), indent=2)


def _show(args: argparse.Namespace) -> str:
    project = open_project(Selection((), args.env, args.config))
    tasks = discover(project.modules, IMPORT_SECONDS)
    project.check_tables(tasks)
    chosen = tasks if args.task is None else [choose(tasks, args.task, "config show")]
    layers = project.layers or Layers()
    options = {task.task_id: values_of(task, layers) for task in chosen}
    if args.output == "json":
        return json.dumps(_as_json(project, options), indent=2, ensure_ascii=False)
    return "\n".join(_as_text(project, options))


def _as_json(project: Project, options: Mapping[str, Rows]) -> dict[str, Any]:
    return {
        "modules": list(project.modules),
        **{name: _value(fact.value, [fact.origin]) for name, fact in project.facts.items()},
        "tasks": {
            task_id: {name: _value(own.value, own.origins) for name, own in rows.items()}
            for task_id, rows in options.items()
        },
    }


def _value(value: Any, origins: Sequence[str]) -> dict[str, Any]:
    return {"value": value, "from": list(origins)}


def _as_text(project: Project, options: Mapping[str, Rows]) -> Iterator[str]:
    width = max(map(len, next(iter(options.values()))))
    yield f"{'modules':{width}}  {', '.join(project.modules)}"
    for name, fact in project.facts.items():
        yield f"{name:{width}}  {fact.value}  ({fact.origin})"
    for task_id, rows in options.items():
        yield f"\n{task_id}"
        for name, own in rows.items():
            yield f"  {name:{width}}  {_shown(own.value)}  ({', '.join(own.origins)})"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
