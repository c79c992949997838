"""Finds the field that a path in a query means, and its kind from the class's annotations."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel

from jvscheduler.history.errors import InvalidQuery
from jvscheduler.history.queries.conditions import Field, Kind
from jvscheduler.history.queries.limits import MAX_PATH, shown

Kinds = Mapping[str, Kind]
"""The kind of each field of a class, by its name without `context.`."""

Resolve = Callable[[str], Field]
"""Turns a path of a query into a field. Raises InvalidQuery when it is not a valid path."""

_SEGMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_ROW_FIELDS: Final = {"_id": "id", "id": "id", "entity": "entity"}


def fields_of(model: type[BaseModel]) -> Resolve:
    return partial(entity_field, kinds=kinds_of(model))


@cache
def kinds_of(model: type[BaseModel]) -> Kinds:
    return {name: _kind(field.annotation) for name, field in model.model_fields.items()}


def entity_field(path: str, kinds: Kinds) -> Field:
    """The field of an entity. A bare name means a field in `context`, as in jvspatial."""
    if path in _ROW_FIELDS:
        return Field(_ROW_FIELDS[path], Kind.TEXT)
    name = path.removeprefix("context.")
    return document_field(f"context.{name}", kinds)


def document_field(path: str, kinds: Kinds) -> Field:
    """The field of a document in a pipeline, where a bare name means itself."""
    if len(path) > MAX_PATH or not all(map(_SEGMENT.fullmatch, path.split("."))):
        raise InvalidQuery(
            f"{shown(path)} is no field; expected a path such as context.status "
            "or context.metadata.size"
        )
    return Field(path, kinds.get(path.removeprefix("context."), Kind.ANY))


def _kind(annotation: Any) -> Kind:
    if get_origin(annotation) is Annotated:
        return _kind(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        kinds = {_kind(part) for part in get_args(annotation) if part is not NoneType}
        return kinds.pop() if len(kinds) == 1 else Kind.ANY
    if not isinstance(annotation, type):
        return Kind.ANY
    if issubclass(annotation, datetime):
        return Kind.TIME
    return Kind.TEXT if annotation is str or issubclass(annotation, StrEnum) else Kind.ANY
