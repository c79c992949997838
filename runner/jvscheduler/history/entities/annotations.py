"""What a field's annotation tells of its stored values."""

from datetime import datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from jvscheduler.history.queries.conditions import Kind


@cache
def kinds_of(model: type[BaseModel]) -> dict[str, Kind]:
    return {name: _kind(field.annotation) for name, field in model.model_fields.items()}


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
