"""Chooses an environment, and the options that the file has for one task. Pure.

From the weakest to the strongest: the project's defaults, the environment's
defaults, what the decorator states, the project's tables of tasks, and the
environment's. Among tables, the id of a task is stronger than a pattern, and a
later pattern is stronger than an earlier one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final, TypeAlias

from jvscheduler.configuration.model import Configuration, Environment
from jvscheduler.errors import InvalidSettings
from jvscheduler.manifests.template_checks import InvalidTemplate
from jvscheduler.manifests.template_merging import merge

DECORATOR: Final = "decorator"

Place: TypeAlias = tuple[tuple[str, ...], Configuration | Environment]
"""A table with what it says of tasks, and the parts of its key."""


@dataclass(frozen=True)
class Layer:
    """What one place states."""

    origin: str
    """The key of a table, or the decorator."""
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """An option of one task, and the places that state it, the strongest last.

    There are several where tables are merged, such as those of `pod`.
    """

    value: Any
    origins: tuple[str, ...]


@dataclass(frozen=True)
class Layers:
    """What the file says of tasks, in one environment."""

    defaults: tuple[Layer, ...] = ()
    groups: tuple[Mapping[str, Layer], ...] = ()
    """The tables of the project, then those of the environment: by id or pattern, in order."""

    def of(self, task_id: str, stated: Mapping[str, Any]) -> dict[str, Value]:
        """The options of a task. `stated` is what its decorator states."""
        merged: dict[str, Value] = {}
        for layer in (*self.defaults, Layer(DECORATOR, stated), *self._of_task(task_id)):
            for option, value in layer.options.items():
                merged[option] = _over(option, merged.get(option), Value(value, (layer.origin,)))
        return merged

    def check_matches(self, task_ids: Iterable[str]) -> None:
        """Raises InvalidSettings for a table that no task has."""
        known = list(task_ids)
        for group in self.groups:
            for key, layer in group.items():
                if not any(fnmatchcase(task_id, key) for task_id in known):
                    near = get_close_matches(key, known, n=1)
                    hint = f": did you mean {near[0]}?" if near else ""
                    raise InvalidSettings(f"{layer.origin} matches no task{hint}")

    def _of_task(self, task_id: str) -> Iterator[Layer]:
        for group in self.groups:
            patterns = (key for key in group if key != task_id and fnmatchcase(task_id, key))
            yield from (group[key] for key in patterns)
            if task_id in group:
                yield group[task_id]


def places_of(configuration: Configuration, environment: str | None) -> list[Place]:
    """The project, then the environment. Raises InvalidSettings for one that the file lacks."""
    places: list[Place] = [((), configuration)]
    if environment is None:
        return places
    if environment not in configuration.environments:
        known = ", ".join(sorted(configuration.environments)) or "none"
        raise InvalidSettings(
            f"--env {environment}: the project has no such environment; it has {known}"
        )
    own = configuration.environments[environment]
    return [*places, (("environments", environment), own)]


def layers_of(places: Sequence[Place], shown: Callable[..., str]) -> Layers:
    """`shown` makes the text of a key from its parts."""
    return Layers(
        tuple(Layer(shown(*at, "defaults"), place.defaults.stated()) for at, place in places),
        tuple(
            {key: Layer(shown(*at, "tasks", key), own.stated()) for key, own in place.tasks.items()}
            for at, place in places
        ),
    )


def _over(option: str, weaker: Value | None, stronger: Value) -> Value:
    """The stronger value; tables of both are merged, also those inside them."""
    if weaker is None:
        return stronger
    below, above = weaker.value, stronger.value
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return stronger
    origins = (*weaker.origins, *stronger.origins)
    if option == "pod":
        return Value(_merged_pods(below, above), origins)
    if option != "template":
        return Value(_merged(below, above), origins)
    try:
        return Value(_merged_templates(below, above), origins)
    except InvalidTemplate as error:
        raise InvalidSettings(f"{', '.join(origins)}: {error}") from error


def _merged_pods(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    # A volume has one source: half of two volumes would be none.
    merged, volumes = _merged(weaker, stronger), stronger.get("volumes")
    if isinstance(volumes, Mapping):
        merged["volumes"] = {**(weaker.get("volumes") or {}), **volumes}
    return merged


def _merged_templates(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    """As the operator lays a template over its own: containers and variables by name."""
    parts = {**weaker, **stronger}
    return {
        part: merge(weaker.get(part) or {}, stronger.get(part) or {}, f"template.{part}")
        for part in parts
    }


def _merged(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    # A list is replaced: its values have no names by which they could be merged. The stronger keys
    # come last and in their order, because a variable may use those before it.
    merged = {key: value for key, value in weaker.items() if key not in stronger}
    for key, above in stronger.items():
        below = weaker.get(key)
        both = isinstance(below, Mapping) and isinstance(above, Mapping)
        merged[key] = _merged(weaker[key], above) if both else above
    return merged
