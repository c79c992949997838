"""The types of a task's parameters: they make `argsSchema`, and the objects that the task gets.

It needs pydantic, so `build` imports it only for a task that has parameters. A value is read as
pydantic reads strict JSON: a `date` from a text, an Enum from its value, but no number from a text.
A type may run the user's code, which may raise anything: each error is one of the arguments.
"""

import json
from collections.abc import Collection, Mapping
from inspect import unwrap
from types import SimpleNamespace
from typing import Annotated, Any, Final, NotRequired, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from typing_extensions import TypedDict

from jvscheduler.arguments.parameters import function_of, own_fields, parameters_of
from jvscheduler.arguments.schemas import MAX_SCHEMA, check_args
from jvscheduler.errors import InvalidArgs

_KEPT: Final = {
    "$ref", "additionalProperties", "anyOf", "const", "description", "enum", "exclusiveMaximum",
    "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum", "minItems",
    "minLength", "minimum", "oneOf", "pattern", "prefixItems", "required", "type",
}  # fmt: skip
"""What of a schema is of use. Titles and defaults only lengthen it."""
_NAMED: Final = ("$defs", "properties")
"""Keys that hold a schema for each name."""


def schema_of(target: Any, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema of the parameters, once the arguments fit it. Raises InvalidArgs.

    None: it has no parameters, or `args` is empty and their types cannot be read.
    """
    known = parameters_of(target)
    if not known.names:
        return None
    try:
        kinds = _types(target, known.names)
        # A parameter that no JSON can be, such as a client, always has its default.
        named = {n: kind for n, kind in kinds.items() if n in known.required or _is_json(kind)}
        schema = _schema(_adapter(named, known.required))
    except InvalidArgs:
        if args:
            raise
        return None
    if args:
        values_of(target, args)
        # The operator refuses what does not fit the schema, though the type itself may take it.
        check_args(args, schema)
    return schema


def values_of(target: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """The objects that the target is called with. Raises InvalidArgs, which names the parameter."""
    adapter = _adapter(_types(target, tuple(args)), ())
    try:
        values: dict[str, Any] = adapter.validate_json(json.dumps(args), strict=True)
    except ValidationError as error:
        raise InvalidArgs(_in_one_line(error)) from None
    except Exception as error:
        raise InvalidArgs(f"args cannot be read: {_summary(error)}") from error
    return values


def _adapter(kinds: Mapping[str, Any], required: Collection[str]) -> TypeAdapter[Any]:
    fields = {n: kind if n in required else NotRequired[kind] for n, kind in kinds.items()}
    shape = TypedDict("args", fields)  # type: ignore[misc]
    shape.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]
    try:
        return TypeAdapter(shape)
    except Exception as error:
        raise InvalidArgs(f"args: no JSON can be such a parameter: {_summary(error)}") from error


def _types(target: Any, names: Collection[str]) -> dict[str, Any]:
    target = function_of(target)
    if isinstance(target, type):
        fields = own_fields(target)
        return {name: _of_field(fields[name]) for name in names}
    written = getattr(target, "__annotations__", {})
    # Those alone: the type of what is returned may exist for type checkers only.
    needed = SimpleNamespace(__annotations__={n: written[n] for n in names if n in written})
    try:
        own = getattr(unwrap(target), "__globals__", {})
        hints = get_type_hints(needed, own, include_extras=True)
    except Exception as error:
        raise InvalidArgs(f"args: a parameter's type cannot be read: {_summary(error)}") from error
    return {name: hints.get(name, Any) for name in names}


def _of_field(field: Any) -> Any:
    if not field.metadata:
        return field.annotation
    return Annotated[(field.annotation, *field.metadata)]


def _is_json(kind: Any) -> bool:
    try:
        TypeAdapter(kind).json_schema()
    except Exception:  # noqa: BLE001 - a type may run the user's code
        return False
    return True


def _schema(adapter: TypeAdapter[Any]) -> dict[str, Any]:
    try:
        schema: dict[str, Any] = _slim(adapter.json_schema())
    except PydanticUserError as error:
        raise InvalidArgs(f"args: no JSON can be such a parameter: {_summary(error)}") from error
    # A longer one is written without the parameters' types.
    if len(json.dumps(schema)) > MAX_SCHEMA:
        schema.pop("$defs", None)
        schema["properties"] = {name: {} for name in schema["properties"]}
    return schema


def _slim(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_slim(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    named = {
        key: {name: _slim(part) for name, part in schema[key].items()}
        for key in _NAMED
        if key in schema
    }
    plain = {key: schema[key] for key in sorted(_KEPT & schema.keys())}
    literal = {key: plain.pop(key) for key in ("const", "enum", "required") if key in plain}
    return {**{key: _slim(value) for key, value in plain.items()}, **literal, **named}


def _in_one_line(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"args.{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems[:5])


def _summary(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
