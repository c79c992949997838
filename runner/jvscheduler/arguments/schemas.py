"""Checks `args` against `argsSchema`, for the operator and the loop: neither has the function.

The schema is a part of JSON Schema, as `types` writes it. Whoever may edit a ScheduledTask may
write any other. So the check takes a bounded number of steps, follows no reference outside of the
schema, and matches no `pattern`: one can take for ever. What it does not know it lets through: the
attempt itself checks the arguments by the function's types.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, TypeGuard

from jvscheduler.arguments.values import checked, shown
from jvscheduler.errors import InvalidArgs

Schema = Mapping[str, Any]


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


MAX_SCHEMA: Final = 16 * 1024
"""Bytes of JSON."""
_MOST_STEPS: Final = 10_000
_MOST_WORDS: Final = 1000
"""Characters of a message: names are in it, and whoever writes the schema chooses them."""
_DEEPEST: Final = 100
"""Schemas inside each other. A schema that contains itself ends here."""
_DEFINITIONS: Final = "#/$defs/"
_TYPES: Final[Mapping[str, tuple[str, Callable[[Any], bool]]]] = {
    "string": ("a text", lambda v: isinstance(v, str)),
    "integer": ("a whole number", lambda v: _is_number(v) and float(v).is_integer()),
    "number": ("a number", _is_number),
    "boolean": ("true or false", lambda v: isinstance(v, bool)),
    "array": ("a list", lambda v: isinstance(v, list)),
    "object": ("an object", lambda v: isinstance(v, dict)),
    "null": ("null", lambda v: v is None),
}
_FORMATS: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "date": ("a date such as 2026-01-31", date.fromisoformat),
    "date-time": ("a time such as 2026-01-31T14:30:00Z", datetime.fromisoformat),
    "time": ("a time of day such as 14:30:00", time.fromisoformat),
}
_BOUNDS: Final[Mapping[str, tuple[str, Callable[[float, float], bool]]]] = {
    "minimum": ("at least", lambda v, limit: v >= limit),
    "exclusiveMinimum": ("more than", lambda v, limit: v > limit),
    "maximum": ("at most", lambda v, limit: v <= limit),
    "exclusiveMaximum": ("less than", lambda v, limit: v < limit),
}


def check_args(args: Mapping[str, Any], schema: Schema | None) -> None:
    """Raises InvalidArgs, which begins with the place: `args.days: must be a whole number`."""
    values = checked(args)
    if schema is None:
        return
    if len(json.dumps(schema)) > MAX_SCHEMA:
        raise InvalidArgs(f"argsSchema has more than {MAX_SCHEMA // 1024} KiB of JSON: cut it")
    definitions = schema.get("$defs")
    check = _Check(definitions if isinstance(definitions, Mapping) else {})
    problem = check.problem(values, schema, "args", 0)
    if problem is not None:
        raise InvalidArgs(problem if len(problem) <= _MOST_WORDS else f"{problem[:_MOST_WORDS]}…")


class _Check:
    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self._definitions = definitions
        self._steps = 0

    def problem(self, value: Any, schema: Any, path: str, depth: int) -> str | None:
        """What is wrong with the value, or None."""
        # Each name and choice is a step too: a schema may list thousands in one place.
        self._steps += 1 + _length(schema, "required") + _length(schema, "enum")
        if self._steps > _MOST_STEPS or depth > _DEEPEST:
            raise InvalidArgs("argsSchema takes too many steps to check: make it simpler")
        if schema is False:
            return f"{path}: must be left out"
        if not isinstance(schema, Mapping):
            return None
        return next(self._problems(value, schema, path, depth + 1), None)

    def _problems(self, value: Any, schema: Schema, path: str, depth: int) -> Iterator[str]:
        if (expected := _expected(value, schema)) is not None:
            yield f"{path}: must be {expected}, got {shown(value)}"
            return
        for name in _missing(value, schema):
            yield f"{path}.{name}: must be given"
        for part, inner, place in self._parts(value, schema, path):
            if (problem := self.problem(part, inner, place, depth)) is not None:
                yield problem
        for choices in (_list(schema, "anyOf"), _list(schema, "oneOf")):
            problems = [self.problem(value, choice, path, depth) for choice in choices]
            if problems and None not in problems:
                yield " or ".join(dict.fromkeys(str(problem) for problem in problems))

    def _parts(self, value: Any, schema: Schema, path: str) -> Iterator[tuple[Any, Any, str]]:
        """Each schema that a value has to fit, with that value and its place."""
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference.startswith(_DEFINITIONS):
            yield value, self._definitions.get(reference.removeprefix(_DEFINITIONS)), path
        if isinstance(value, dict):
            properties, others = _mapping(schema, "properties"), schema.get("additionalProperties")
            for name, part in value.items():
                yield part, properties.get(name, others), f"{path}.{name}"
        if isinstance(value, list):
            first = _list(schema, "prefixItems")
            for number, part in enumerate(value):
                inner = first[number] if number < len(first) else schema.get("items")
                yield part, inner, f"{path}[{number}]"


def _expected(value: Any, schema: Schema) -> str | None:
    """What the schema expects in place of this value; None when it is content."""
    kinds = schema.get("type")
    names = [k for k in _TYPES if k == kinds or (isinstance(kinds, list) and k in kinds)]
    if names and not any(_TYPES[name][1](value) for name in names):
        return " or ".join(_TYPES[name][0] for name in names)
    choices = [schema["const"]] if "const" in schema else _list(schema, "enum")
    if choices and value not in choices:
        return " or ".join(shown(choice) for choice in choices[:10])
    if isinstance(value, str):
        return _expected_text(value, schema)
    if isinstance(value, list):
        return _expected_size(len(value), schema, "Items", "values")
    return _expected_number(value, schema) if _is_number(value) else None


def _missing(value: Any, schema: Schema) -> Iterator[str]:
    if isinstance(value, dict):
        for name in _list(schema, "required"):
            if isinstance(name, str) and name not in value:
                yield name


def _expected_text(value: str, schema: Schema) -> str | None:
    name = schema.get("format")
    words, parse = _FORMATS.get(name, ("", str)) if isinstance(name, str) else ("", str)
    try:
        parse(value)
    except ValueError:
        return words
    return _expected_size(len(value), schema, "Length", "characters")


def _expected_size(size: int, schema: Schema, suffix: str, unit: str) -> str | None:
    least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if _is_number(least) and size < least:
        return f"at least {least} {unit} long"
    if _is_number(most) and size > most:
        return f"at most {most} {unit} long"
    return None


def _expected_number(value: float, schema: Schema) -> str | None:
    for key, (words, holds) in _BOUNDS.items():
        limit = schema.get(key)
        if _is_number(limit) and not holds(value, limit):
            return f"{words} {limit}"
    return None


def _length(schema: Any, key: str) -> int:
    return len(_list(schema, key)) if isinstance(schema, Mapping) else 0


def _list(schema: Schema, key: str) -> Sequence[Any]:
    found = schema.get(key)
    return found if isinstance(found, list) else ()


def _mapping(schema: Schema, key: str) -> Schema:
    found = schema.get(key)
    return found if isinstance(found, Mapping) else {}
