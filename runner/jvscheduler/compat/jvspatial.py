"""`import jvscheduler.compat.jvspatial`: jvspatial's scheduler is jvscheduler from then on.

The modules in which jvspatial documents and keeps its scheduler then hold jvscheduler's functions
and classes under jvspatial's names. `Server` of `jvspatial` and of `jvspatial.api` is the one that
runs a scheduler; jvspatial's own stays in `jvspatial.api.server`.

The line comes before the modules with tasks. It loads neither jvspatial nor the server's part:
each is imported when a name of it is first used.
"""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import MappingProxyType, ModuleType
from typing import Any, Final

from jvscheduler.decorators import Decorated, tasks_of
from jvscheduler.decorators import on_schedule as decorate
from jvscheduler.errors import InvalidSettings, InvalidTask

_REAL: Final = "jvspatial.api.integrations.scheduler"
_MODULES: Final = (
    _REAL,
    *(f"{_REAL}.{name}" for name in ("decorators", "scheduler", "models", "middleware")),
    "jvspatial.api.scheduler",
)
"""Each of them has all names: jvspatial's documentation, examples and code disagree about where."""

_REGISTRIES: Final = MappingProxyType(
    {f"{_REAL}.decorators": "_scheduled_registry", f"{_REAL}.scheduler": "_scheduled_tasks"}
)
"""Where jvspatial's own decorators keep the tasks, by module."""

_OF_SERVER: Final = (
    "SchedulerConfig",
    "SchedulerService",
    "get_default_scheduler",
    "register_scheduled_tasks",
    "set_default_scheduler",
)
_SERVES_ITSELF: Final = "leave it out: the scheduler starts and ends with the server"
_DECORATED: Final = "decorate the function with on_schedule"
_MISSING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ScheduledTask": _DECORATED,
        "ScheduleConfig": _DECORATED,
        "SchedulerMiddleware": _SERVES_ITSELF,
        "SchedulerLifecycleManager": _SERVES_ITSELF,
        "add_scheduler_to_app": _SERVES_ITSELF,
        "get_scheduled_tasks": "read `tasks` of the scheduler",
        "get_schedule_info": "read `tasks` of the scheduler",
        "clear_scheduled_registry": "leave it out: a task is its function's own",
    }
)
"""jvspatial's names that have no counterpart, and what to do instead."""


def on_schedule(  # noqa: PLR0913, PLR0917 - jvspatial's own signature
    schedule: Any,
    task_id: str | None = None,
    enabled: bool = True,
    max_concurrent: int = 1,
    timeout_seconds: int | None = None,
    retry_count: int = 0,
    description: str | None = None,
    scheduler: object = None,
    **options: Any,
) -> Callable[[Decorated], Decorated]:
    """`jvscheduler.on_schedule` with jvspatial's order of options. It takes those of both."""
    if scheduler is not None:
        raise InvalidTask(
            "on_schedule(…, scheduler=…) has no effect, as in jvspatial: leave it out, and call "
            "register_scheduled_tasks(scheduler)"
        )
    return decorate(
        schedule,
        task_id=task_id,
        enabled=enabled,
        max_concurrent=max_concurrent,
        timeout_seconds=timeout_seconds,
        retry_count=retry_count,
        description=description or "",
        **options,
    )


def is_scheduled(function: object) -> bool:
    """True for what `on_schedule` decorated."""
    return bool(tasks_of(function))


_OWN: Final[Mapping[str, Any]] = MappingProxyType(
    {"SCHEDULE_AVAILABLE": True, "is_scheduled": is_scheduled, "on_schedule": on_schedule}
)


def _attribute(name: str) -> Any:
    """Return what the name means in every module of jvspatial's scheduler."""
    if name in _OWN:
        return _OWN[name]
    if name in _OF_SERVER:
        return getattr(_server_part(name), name)
    if name in _MISSING:
        # An AttributeError's text would be lost in `from … import`.
        raise ImportError(f"jvscheduler has no {name} of jvspatial's scheduler: {_MISSING[name]}")
    raise AttributeError(f"jvspatial's scheduler, kept by jvscheduler, has no {name!r}")


def _server_part(name: str) -> ModuleType:
    try:
        from jvscheduler_server.embedded import compat  # noqa: PLC0415 - loads FastAPI
    except ModuleNotFoundError as error:
        raise ImportError(
            f"{name} needs {error.name}: install jvscheduler with the extras runner and server"
        ) from error
    return compat


class _Finder:
    """Finds jvspatial's modules for `import`: those of its scheduler are ours."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name in _MODULES:
            return ModuleSpec(name, self, is_package=name == _REAL)  # type: ignore[arg-type]
        return self._jvspatial() if name == "jvspatial" else None

    def create_module(self, _spec: ModuleSpec) -> None:
        """Let `import` make an empty module."""

    def exec_module(self, module: ModuleType) -> None:
        names = sorted([*_OWN, *_OF_SERVER])
        vars(module).update(__getattr__=_attribute, __all__=names)

    def _jvspatial(self) -> ModuleSpec | None:
        spec = _found_by_others(self)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_replace(module: ModuleType) -> None:
                execute(module)
                _replace_server()

            spec.loader.exec_module = execute_and_replace  # type: ignore[method-assign]
        return spec


def _found_by_others(finder: _Finder) -> ModuleSpec | None:
    from importlib.util import find_spec  # noqa: PLC0415 - pods of tasks do without

    sys.meta_path.remove(finder)
    try:
        return find_spec("jvspatial")
    finally:
        sys.meta_path.insert(0, finder)


def _replace_server() -> None:
    """Replace `Server` where users import it.

    Not before jvspatial has been imported as a whole: our class derives from its own.
    """
    for module in (sys.modules["jvspatial"], sys.modules["jvspatial.api"]):
        own = module.__getattr__ if hasattr(module, "__getattr__") else None
        vars(module).pop("Server", None)
        vars(module)["__getattr__"] = _with_server(module.__name__, own)


def _with_server(module: str, own: Callable[[str], Any] | None) -> Callable[[str], Any]:
    def attribute(name: str) -> Any:
        if name == "Server":
            return _server_part(name).Server
        if own is not None:
            return own(name)
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return attribute


def _install() -> None:
    decorated = sorted(
        task_id
        for module, registry in _REGISTRIES.items()
        for task_id in getattr(sys.modules.get(module), registry, ())
    )
    if decorated:
        raise InvalidSettings(
            "jvspatial's own scheduler has decorated tasks already: "
            f"{', '.join(decorated[:10])}; import jvscheduler.compat.jvspatial before their modules"
        )
    loaded = [name for name in _MODULES if sys.modules.pop(name, None) is not None]
    sys.meta_path.insert(0, _Finder())
    for name in loaded:
        # The parent keeps a module as an attribute, which only a new import replaces.
        importlib.import_module(name)
    if "jvspatial" in sys.modules:
        _replace_server()


_install()
