"""Conditions as SQL over jvspatial's JSON, in the expressions that its indexes have.

Each fragment is true where `matching.matches` is true, and false or NULL
elsewhere; `IS NOT TRUE` makes a negation of it. What a field may hold is
checked beside the comparison unless its annotation tells that it holds text.
Values are always bound parameters; paths are made of checked names.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from jvscheduler.history.queries.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Exists,
    Field,
    Kind,
    Matches,
    Not,
    OneOf,
    Order,
    Sort,
    present,
)

_LARGEST_INTEGER: Final = 2**63
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Sql(ABC):
    """`params` grows with what is rendered."""

    def __init__(self, *params: Any) -> None:
        self.params: list[Any] = list(params)

    def where(self, condition: Condition) -> str:  # noqa: PLR0911 - one for each
        match condition:
            case AllOf(parts):
                return self._joined(parts, " AND ", "TRUE")
            case AnyOf(parts):
                return self._joined(parts, " OR ", "FALSE")
            case Not(part):
                return self._not(part)
            case Exists(field):
                return f"{self.text(field)} IS NOT NULL"
            case OneOf(field, values):
                return self._one_of(field, values)
            case Matches(field, pattern, options):
                return self._checked(field, self.regex(field, pattern, options))
            case Compare(field, order, value):
                return self._compare(field, order, value)

    def order_by(self, sorts: Sequence[Sort], where: Condition) -> str:
        there = present(where)
        return ", ".join([*(self.sorted(sort, sort.field in there) for sort in sorts), "id ASC"])

    def bind(self, value: Any) -> str:
        self.params.append(value)
        return self.placeholder(len(self.params))

    def _joined(self, parts: Sequence[Condition], joiner: str, of_none: str) -> str:
        return joiner.join(f"({self.where(part)})" for part in parts) or of_none

    def _not(self, part: Condition) -> str:
        if isinstance(part, Exists):  # so said, an index answers it
            return f"{self.text(part.field)} IS NULL"
        return f"(({self.where(part)}) IS NOT TRUE)"

    def _compare(self, field: Field, order: Order, value: Any) -> str:
        if isinstance(value, bool):
            return self.boolean(field, value)
        if isinstance(value, str):
            return self._checked(field, self.compare_text(field, order, value))
        return self.compare_number(field, order, value)

    def _one_of(self, field: Field, values: Sequence[str]) -> str:
        """A single one as an equality, after which an index goes on in order."""
        if len(values) == 1:
            return self._compare(field, Order.EQUAL, values[0])
        return self._checked(field, self.one_of(field, values))

    def _checked(self, field: Field, sql: str) -> str:
        return sql if field.kind is not Kind.ANY else f"({sql} AND {self.is_text(field)})"

    @abstractmethod
    def placeholder(self, number: int) -> str: ...

    @abstractmethod
    def text(self, field: Field) -> str:
        """The value, as jvspatial's indexes of it extract it."""

    @abstractmethod
    def is_text(self, field: Field) -> str: ...

    @abstractmethod
    def boolean(self, field: Field, value: bool) -> str: ...

    @abstractmethod
    def compare_text(self, field: Field, order: Order, value: str) -> str: ...

    @abstractmethod
    def compare_number(self, field: Field, order: Order, value: float) -> str: ...

    @abstractmethod
    def one_of(self, field: Field, values: Sequence[str]) -> str: ...

    @abstractmethod
    def regex(self, field: Field, pattern: str, options: str) -> str: ...

    @abstractmethod
    def sorted(self, sort: Sort, there: bool) -> str:
        """`there`: no row that matches is without the field."""


class SqliteSql(Sql):
    """Needs the function `jvscheduler_regex` on the connection."""

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
        bound = float(value) if abs(value) >= _LARGEST_INTEGER else value
        number = f"json_type(data, {_json_path(field)}) IN ('integer', 'real')"
        return f"({self.text(field)} {order} {self.bind(bound)} AND {number})"

    def one_of(self, field: Field, values: Sequence[str]) -> str:
        return f"{self.text(field)} IN ({', '.join(self.bind(value) for value in values)})"

    def regex(self, field: Field, pattern: str, options: str) -> str:
        bound = f"{self.bind(pattern)}, {self.bind(options)}"
        return f"jvscheduler_regex({bound}, {self.text(field)})"

    def sorted(self, sort: Sort, there: bool) -> str:
        text, direction = self.text(sort.field), "DESC" if sort.descending else "ASC"
        missing = "" if there or sort.field.path == "id" else f"({text} IS NULL), "
        return f"{missing}{text} {direction}"


class PostgresSql(Sql):
    """`columns` has the names of generated columns, by the path of their field."""

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
        """Any text is ordered as on the other databases; times are so in every collation."""
        anywhere = order is Order.EQUAL or field.kind is Kind.TIME
        collate = "" if anywhere else ' COLLATE "C"'
        return f"{self.text(field)}{collate} {order} {self.bind(value)}"

    def compare_number(self, field: Field, order: Order, value: float) -> str:
        json = f"data #> '{_array(field)}'"
        bound = self.bind(Decimal(repr(value)))
        return (
            f"((({json}) {order} to_jsonb({bound}::numeric)) AND jsonb_typeof({json}) = 'number')"
        )

    def one_of(self, field: Field, values: Sequence[str]) -> str:
        return f"{self.text(field)} = ANY({self.bind(list(values))}::text[])"

    def regex(self, field: Field, pattern: str, options: str) -> str:
        """PostgreSQL's letters for how `.`, `^` and `$` treat lines are its own."""
        lines = {"": "p", "m": "n", "s": "s", "ms": "w"}[options.replace("i", "")]
        letters = lines + ("i" if "i" in options else "")
        return f"{self.text(field)} ~ {self.bind(f'(?{letters}){pattern}')}"

    def sorted(self, sort: Sort, there: bool) -> str:
        """Where no row is without it, NULLS FIRST lets an index be read backwards."""
        if sort.descending:
            return f"{self._sorted(sort.field)} DESC NULLS LAST"
        return f"{self._sorted(sort.field)} ASC NULLS {'FIRST' if there else 'LAST'}"

    def _sorted(self, field: Field) -> str:
        if field.kind is Kind.TIME:
            return self.text(field)
        if field.kind is Kind.TEXT:
            return f'{self.text(field)} COLLATE "C"'
        return f"NULLIF((data #> '{_array(field)}'), 'null'::jsonb)"


def _json_path(field: Field) -> str:
    names = field.path.split(".")
    plain = all(re.fullmatch(r"\w+", name, re.ASCII) for name in names)
    return f"'$.{field.path}'" if plain else "'$" + "".join(f'."{name}"' for name in names) + "'"


def _array(field: Field) -> str:
    return "{" + field.path.replace(".", ",") + "}"
