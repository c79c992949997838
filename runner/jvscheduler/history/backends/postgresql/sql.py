"""Conditions as SQL of PostgreSQL, over jvspatial's JSON."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from jvscheduler.history.queries.conditions import Field, Kind, Order, Sort
from jvscheduler.history.queries.sql import Sql

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class PostgresSql(Sql):
    """`columns` are the names of the table's generated columns, by the path of their field."""

    def __init__(self, columns: Mapping[str, str] = _NONE) -> None:
        super().__init__()
        self._columns = columns

    def placeholder(self, number: int) -> str:
        return f"${number}"

    def text(self, field: Field) -> str:
        if field.path in ("id", "entity"):
            return field.path
        return self._columns.get(field.path) or f"(data #>> '{_array(field)}')"

    def is_text(self, field: Field) -> str:
        return f"jsonb_typeof(data #> '{_array(field)}') = 'string'"

    def boolean(self, field: Field, value: bool) -> str:
        return f"(data #> '{_array(field)}') = '{str(value).lower()}'::jsonb"

    def compare_text(self, field: Field, order: Order, value: str) -> str:
        """Texts compare by code point, as on the other databases. Times do so in any collation."""
        anywhere = order is Order.EQUAL or field.kind is Kind.TIME
        collate = "" if anywhere else ' COLLATE "C"'
        return f"{self.text(field)}{collate} {order} {self.bind(value)}"

    def compare_number(self, field: Field, order: Order, value: float) -> str:
        stored = f"data #> '{_array(field)}'"
        bound = self.bind(Decimal(repr(value)))
        return (
            f"((({stored}) {order} to_jsonb({bound}::numeric))"
            f" AND jsonb_typeof({stored}) = 'number')"
        )

    def one_number(self, field: Field, values: Sequence[float]) -> str:
        """JSON's numbers are equal to other JSON numbers only, whatever their digits are."""
        texts = [json.dumps(value) for value in values]
        return f"(data #> '{_array(field)}') = ANY({self.bind(texts)}::jsonb[])"

    def one_text(self, field: Field, values: Sequence[str]) -> str:
        return f"{self.text(field)} = ANY({self.bind(list(values))}::text[])"

    def regex(self, field: Field, pattern: str, options: str) -> str:
        """PostgreSQL has its own letters for how `.`, `^` and `$` treat line ends."""
        lines = {"": "p", "m": "n", "s": "s", "ms": "w"}[options.replace("i", "")]
        letters = lines + ("i" if "i" in options else "")
        return f"{self.text(field)} ~ {self.bind(f'(?{letters}){pattern}')}"

    def sorted(self, sort: Sort, is_present: bool) -> str:
        """When every row has the field, NULLS FIRST lets PostgreSQL read an index backwards."""
        if sort.descending:
            return f"{self._sorted(sort.field)} DESC NULLS LAST"
        return f"{self._sorted(sort.field)} ASC NULLS {'FIRST' if is_present else 'LAST'}"

    def _sorted(self, field: Field) -> str:
        if field.kind is Kind.TIME:
            return self.text(field)
        if field.kind is Kind.TEXT:
            return f'{self.text(field)} COLLATE "C"'
        return f"NULLIF((data #> '{_array(field)}'), 'null'::jsonb)"


def _array(field: Field) -> str:
    return "{" + field.path.replace(".", ",") + "}"
