"""Registers the decorated tasks of this process under names that other processes can import.

An attempt's process imports the task's module by name. The script that Python was started with
is `__main__` here, and has its file's name there. The task's id uses that name too: then its
history is the same whether the application is started as a script or imported by uvicorn.
"""

import importlib.util
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Final

from jvscheduler.decorators import decorated
from jvscheduler.discovery.scan import scan
from jvscheduler.errors import InvalidSettings, InvalidTask
from jvscheduler.tasks import Task
from jvscheduler_server.embedded.service import SchedulerService

_SCRIPTS: Final = ("__main__", "__mp_main__")
"""Names of the script's module: in its own process, and in one that multiprocessing started
(uvicorn does)."""

_MOST_NAMED: Final = 10

_log = logging.getLogger(__name__)


def register_scheduled_tasks(scheduler_service: SchedulerService) -> None:
    """Schedule each task that was decorated so far, in every module that was imported.

    Raises InvalidTask for a task that no other process can import, DiscoveryError for two
    with the same id or name, InvalidSettings for what is no scheduler.
    """
    if not isinstance(scheduler_service, SchedulerService):
        raise InvalidSettings(_no_scheduler(scheduler_service))
    tasks = [importable(task, sys.modules) for task in _in_modules(decorated())]
    if not tasks:
        _log.warning("no task is decorated yet: import the modules with tasks before registering")
    scheduler_service.register(tasks)


def unregistered(service: SchedulerService) -> str | None:
    """Return what is wrong with a server that has no task, although some are decorated."""
    ids = sorted(task.task_id for task in decorated())
    if service.tasks or not ids:
        return None
    named = ", ".join(ids[:_MOST_NAMED]) + (" …" if len(ids) > _MOST_NAMED else "")
    return (
        f"the scheduler has no task, but these are decorated: {named}; call "
        "register_scheduled_tasks(server.scheduler_service) before the server starts"
    )


def _no_scheduler(given: object) -> str:
    fix = "call register_scheduled_tasks(server.scheduler_service)"
    if given is None:
        return (
            f"{fix} on a server that has a scheduler: this one has none, so give it "
            "scheduler_enabled=True or set JVSPATIAL_SCHEDULER_ENABLED=true"
        )
    return f"{fix}, got a {type(given).__name__}"


def importable(task: Task, modules: dict[str, ModuleType]) -> Task:
    """Return the task under the name by which another process imports its module."""
    module, _, function = task.entrypoint.partition(":")
    if module not in _SCRIPTS:
        return task
    name = import_name(modules[module])
    task_id = f"{name}.{function}" if task.task_id == f"{module}.{function}" else task.task_id
    schedule = task.schedule.of_task(task_id)
    # An exception of the script has that name there, too.
    errors = tuple(
        f"{name}.{error.removeprefix(f'{module}.')}" if error.startswith(f"{module}.") else error
        for error in task.no_retry_on
    )
    entrypoint = f"{name}:{function}"
    return replace(
        task, task_id=task_id, entrypoint=entrypoint, schedule=schedule, no_retry_on=errors
    )


def import_name(script: ModuleType) -> str:
    """Return the name by which an import finds the script that Python was started with.

    Raises InvalidTask when none does.
    """
    spec, file = script.__spec__, getattr(script, "__file__", None)
    # `python -m package.module` keeps the module's own name in its spec.
    if spec is not None and spec.name not in _SCRIPTS:
        return spec.name
    name = Path(file).stem if file else ""
    # An import by that name may find another file, such as the standard library's `json`.
    if not (file and name.isidentifier() and _is_found(name, Path(file))):
        raise InvalidTask(
            f"tasks of {file or 'an interactive session'} cannot be imported by the process that "
            "runs them: put them into a module of another name, and import it"
        )
    return name


def _is_found(name: str, file: Path) -> bool:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return bool(found and found.origin and Path(found.origin).resolve() == file.resolve())


def _in_modules(tasks: Sequence[Task]) -> Sequence[Task]:
    modules = {task.module: sys.modules[task.module] for task in tasks}
    return scan(list(modules.values()), tasks)
