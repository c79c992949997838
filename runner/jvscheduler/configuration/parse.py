"""Parses the table of a file. Every mistake is named by its key, with the fix."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from jvscheduler.configuration.files import Source
from jvscheduler.configuration.layers import Place, layers_of, places_of
from jvscheduler.configuration.model import Configuration, Environment, TaskDefaults, TaskOptions
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
    if mistake["type"] != "extra_forbidden":
        return f"{key}: {mistake['msg'].removeprefix('Value error, ')}"
    known = sorted(_model_at(path[:-1]).model_fields)
    near = get_close_matches(path[-1], known, n=1)
    if path[-1] in TaskOptions.model_fields:
        fix = "it is for a single task: write it below 'tasks'"
    else:
        fix = f"did you mean {near[0]}?" if near else f"it may have {', '.join(known)}"
    return f"{key} is not known: {fix}"


def _model_at(path: Sequence[str]) -> type[BaseModel]:
    """The model of the table at this path."""
    match path:
        case [*_, "defaults"]:
            return TaskDefaults
        case [*_, "tasks", _]:
            return TaskOptions
        case ["environments", _]:
            return Environment
        case _:
            return Configuration
