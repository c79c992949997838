"""Parses JSON that another party wrote, however deep it is.

Python's parser fails at some 900 levels with a RecursionError. The Kubernetes API takes 10,000, and
one answer of it holds the objects of many tenants: one deep object must not hide the others.
"""

import json
import re
from typing import Any, Final, NoReturn

MAX_LEVELS: Final = 100
"""Objects and lists inside each other that are read of a deep text. The rest becomes null."""

_TOKEN: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def read_json(raw: bytes) -> Any:
    """Return the value. What lies deeper than `MAX_LEVELS` in a deep text is null.

    Raises ValueError for a text that is no JSON.
    """
    try:
        return json.loads(raw)
    except RecursionError:
        return json.loads(_shallow(raw))


def read_strict_json(text: str) -> Any:
    """Return the value. Raises ValueError for a text that is no JSON, or is deep, or has NaN."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("it is too deep") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _shallow(raw: bytes) -> bytes:
    """Return the text with null for each object and list below the last level."""
    parts: list[bytes] = []
    level, taken = 0, 0
    for token in _TOKEN.finditer(raw):
        match token[0]:
            case b"{" | b"[":
                level += 1
                if level == MAX_LEVELS + 1:
                    parts += [raw[taken : token.start()], b"null"]
            case b"}" | b"]":
                if level == MAX_LEVELS + 1:
                    taken = token.end()
                level -= 1
    # Brackets that do not match leave a text that is no JSON. The parser says so.
    return b"".join([*parts, raw[taken:]])
