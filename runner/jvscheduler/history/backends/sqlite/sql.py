"""Conditions as SQL of SQLite, over jvspatial's JSON."""

import json
import re
from collections.abc import Sequence
from typing import Final

from jvscheduler.history.queries.conditions import Field, Order, Sort
from jvscheduler.history.queries.sql import Sql

_LARGEST_INTEGER: Final = 2**63


class SqliteSql(Sql):
    """The connection must have the function `jvscheduler_regex`."""

    def placeholder(self, number: int) -> str:
        return f"?{number}"

    def text(self, field: Field) -> str:
        return "id" if field.path == "id" else f"json_extract(data, {_json_path(field)})"

    def is_text(self, field: Field) -> str:
        return f"json_type(data, {_json_path(field)}) = 'text'"

    def boolean(self, field: Field, value: bool) -> str:
        return f"json_type(data, {_json_path(field)}) = '{str(value).lower()}'"

    def compare_text(self, field: Field, order: Order, value: str) -> str:
        return f"{self.text(field)} {order} {self.bind(value)}"

    def compare_number(self, field: Field, order: Order, value: float) -> str:
        # SQLite's integers have 64 bits; a larger one is compared as the nearest float.
        bound = float(value) if abs(value) >= _LARGEST_INTEGER else value
        return f"({self.text(field)} {order} {self.bind(bound)} AND {_is_number(field)})"

    def one_text(self, field: Field, values: Sequence[str]) -> str:
        return self._in_json(field, values)

    def one_number(self, field: Field, values: Sequence[float]) -> str:
        return f"({self._in_json(field, values)} AND {_is_number(field)})"

    def regex(self, field: Field, pattern: str, options: str) -> str:
        bound = f"{self.bind(pattern)}, {self.bind(options)}"
        return f"jvscheduler_regex({bound}, {self.text(field)})"

    def _in_json(self, field: Field, values: Sequence[str | float]) -> str:
        # One parameter for all: SQLite has 32,766 parameters, or 999 where it is old.
        listed = self.bind(json.dumps(list(values)))
        chosen = f"SELECT value FROM json_each({listed})"  # noqa: S608 - bound
        return f"{self.text(field)} IN ({chosen})"

    def sorted(self, sort: Sort, is_present: bool) -> str:
        text, direction = self.text(sort.field), "DESC" if sort.descending else "ASC"
        missing = "" if is_present or sort.field.path == "id" else f"({text} IS NULL), "
        return f"{missing}{text} {direction}"


def _is_number(field: Field) -> str:
    return f"json_type(data, {_json_path(field)}) IN ('integer', 'real')"


def _json_path(field: Field) -> str:
    names = field.path.split(".")
    plain = all(re.fullmatch(r"\w+", name, re.ASCII) for name in names)
    return f"'$.{field.path}'" if plain else "'$" + "".join(f'."{name}"' for name in names) + "'"
