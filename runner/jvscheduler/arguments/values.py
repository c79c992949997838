"""What a value of `args` may be: JSON with bounds, which every part passes on unchanged."""

import json
from collections.abc import Iterator, Mapping
from reprlib import repr as _repr
from typing import Any, Final

from jvscheduler.errors import InvalidArgs
from jvscheduler.outcomes import MAX_DEPTH, is_deeper

MAX_ARGS: Final = 100
MAX_BYTES: Final = 16 * 1024
"""Of the whole as JSON. It is in an environment variable and in each start of an attempt."""
_MAX_KEY: Final = 256
_LARGEST: Final = 2**63


def checked(args: object) -> dict[str, Any]:
    """Return a copy as JSON has it: a tuple is a list. Raises InvalidArgs."""
    if not isinstance(args, Mapping):
        raise InvalidArgs(
            "args must be a dict of the function's own parameters, such as "
            f"args={{'days': 7}}, got {shown(args)}"
        )
    if len(args) > MAX_ARGS:
        raise InvalidArgs(f"args has {len(args)} values, and at most {MAX_ARGS} are allowed")
    copy = {_name(name): _copied(f"args[{name!r}]", value) for name, value in args.items()}
    size = len(to_text(copy))
    if size > MAX_BYTES:
        raise InvalidArgs(
            f"args has {size} bytes of JSON, and at most {MAX_BYTES} are allowed: pass the name of "
            "a file or an object instead"
        )
    return copy


def to_text(args: Mapping[str, Any]) -> str:
    """Return the arguments as one line of ASCII for an environment variable."""
    # Kubernetes replaces `$(NAME)` in the value of a variable.
    return json.dumps(args, separators=(",", ":")).replace("$", "\\u0024")


def from_text(text: str) -> dict[str, Any]:
    """The inverse of `to_text`. Raises InvalidArgs."""
    try:
        args = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidArgs(f"args must be JSON: {error}") from None
    return checked(args)


def _name(name: object) -> str:
    if not isinstance(name, str) or not name.isidentifier():
        raise InvalidArgs(f"args: {shown(name)} is no name of a parameter")
    return name


def _copied(path: str, value: object) -> Any:
    try:
        copy = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgs(
            f"{path} must be JSON, such as '2026-01-31' for a date, got {shown(value)}: {error}"
        ) from None
    if is_deeper(copy, MAX_DEPTH):
        raise InvalidArgs(f"{path} is nested deeper than {MAX_DEPTH}")
    if copy is None:
        raise InvalidArgs(f"{path} is None, {_NO_NULL}")
    for part in _parts(copy):
        _check_part(path, part)
    return copy


_NO_NULL: Final = (
    "which `kubectl apply` reads as a removal: leave it out, and give the parameter the default "
    "None"
)


def _check_part(path: str, part: object) -> None:
    if isinstance(part, dict):
        if None in part.values():
            raise InvalidArgs(f"{path} has a key whose value is None, {_NO_NULL}")
        # YAML has no longer ones.
        if any(len(key) > _MAX_KEY for key in part):
            raise InvalidArgs(f"{path} has a key of more than {_MAX_KEY} characters")
    # Kubernetes reads a larger number as a float, which has not all of its digits.
    if isinstance(part, int) and not -_LARGEST <= part < _LARGEST:
        raise InvalidArgs(f"{path} has a whole number of more than 64 bits: write it as a text")
    if isinstance(part, str) and not _is_unicode(part):
        raise InvalidArgs(f"{path} has half a character (a lone surrogate)")


def _parts(value: Any) -> Iterator[Any]:
    """Yield the value, and every key, value and item inside it."""
    inside = [value]
    while inside:
        part = inside.pop()
        yield part
        if isinstance(part, dict):
            inside += [*part, *part.values()]
        elif isinstance(part, list):
            inside += part


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def shown(value: object) -> str:
    """The value in some words, however large, deep or odd it is."""
    try:
        return _repr(value)
    except ValueError:  # Python writes no whole number of 5,000 digits
        return f"a huge {type(value).__name__}"
