"""Parses the table of a file. Every mistake is named by its key, with the fix."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import ValidationError

from jvscheduler.arguments.values import shown
from jvscheduler.configuration.files import Source
from jvscheduler.configuration.layers import Place, layers_of, places_of
from jvscheduler.configuration.model import (
    POD,
    VOLUME,
    Configuration,
    Environment,
    TaskDefaults,
    TaskOptions,
)
from jvscheduler.configuration.project import Fact, Project, Selection
from jvscheduler.configuration.values import application_name
from jvscheduler.errors import InvalidSettings

_FACTS: Final = ("application", "image", "namespace")
_MOST_MISTAKES: Final = 10


def project_of(source: Source, selection: Selection) -> Project:
    """Raises InvalidSettings."""
    configuration = parse(source)
    modules = selection.modules or tuple(configuration.modules)
    if not modules:
        raise InvalidSettings(
            f"name at least one module of tasks, here or as {source.key('modules')} "
            f"in {source.path}"
        )
    places = places_of(configuration, selection.environment)
    return Project(
        modules,
        facts=dict(_facts(source, places)),
        layers=layers_of(places, source.key),
        is_whole=modules == tuple(configuration.modules),
    )


def _facts(source: Source, places: Sequence[Place]) -> Iterator[tuple[str, Fact]]:
    """The strongest come last."""
    if source.project_name is not None:
        yield "application", Fact(application_name(source.project_name), "project.name")
    for at, place in places:
        for key in _FACTS:
            value = getattr(place, key, None)
            if value is not None:
                yield key, Fact(value, source.key(*at, key))


def parse(source: Source) -> Configuration:
    """Raises InvalidSettings."""
    try:
        return Configuration.model_validate(source.table)
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        lines = [_in_words(source, mistake) for mistake in mistakes[:_MOST_MISTAKES]]
        more = len(mistakes) - len(lines)
        lines += [f"and {more} more"] if more > 0 else []
        raise InvalidSettings(f"{source.path}: " + "; ".join(lines)) from error


def _in_words(source: Source, mistake: Mapping[str, Any]) -> str:
    path = list(map(str, mistake["loc"]))
    key = source.key(*path)
    if mistake["type"] == "extra_forbidden":
        return f"{key} is not known: {_fix(path, mistake['input'])}"
    if mistake["type"] == "model_type":
        return f"{key} must be a table, got {shown(mistake['input'])}"
    message = mistake["msg"].removeprefix("Value error, ")
    return _message(key, message, mistake["input"])


def _message(key: str, message: str, given: Any) -> str:
    return (
        f"{key}: {message}" if shown(given) in message else f"{key}: {message}, got {shown(given)}"
    )


def _fix(path: Sequence[str], given: Any) -> str:
    name, known = path[-1], sorted(_model_at(path[:-1]).model_fields)
    if path == ["tool"]:
        return "this file has the keys without the prefix tool.jvscheduler"
    if "tasks" in path[:-1] and isinstance(given, Mapping) and _model_at(path[:-1]) is TaskOptions:
        return 'put the whole id in quotes, as in tasks."shop.tasks.clean_up"'
    if near := get_close_matches(name, known, n=1):
        return f"did you mean {near[0]}?"
    if name in TaskDefaults.model_fields:
        return "it is an option of tasks: write it below 'defaults' or 'tasks'"
    if name in TaskOptions.model_fields:
        return "it is for a single task: write it below 'tasks'"
    return f"it may have {', '.join(known)}"


def _model_at(path: Sequence[str]) -> Any:
    """The model of the table at this path."""
    match path:
        case ["environments", _]:
            return Environment
        case [*_, "pod"]:
            return POD
        case [*_, "volumes", _]:
            return VOLUME
        case [*_, "defaults"]:
            return TaskDefaults
        case [*_, "tasks", _]:
            return TaskOptions
        case _:
            return Configuration
