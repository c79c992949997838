"""Renders conditions as SQL over jvspatial's JSON. Each SQL database has its dialect.

A fragment of SQL is true where `matching.matches` is True, and false or NULL elsewhere; so
`IS NOT TRUE` negates it. Fields are extracted by the same expressions as in the indexes. A
comparison also checks the type of the stored value, unless the field's annotation says that it
is text. Values are always bound parameters; paths consist of checked names.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
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

_JOINED: Final = 16
"""The most conditions in one pair of brackets."""


class Sql(ABC):
    """`params` holds the values of the bound parameters, in their order."""

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
        fields = present(where)
        keys = [self.sorted(sort, sort.field in fields) for sort in sorts]
        return ", ".join([*keys, "id ASC"])

    def bind(self, value: Any) -> str:
        self.params.append(value)
        return self.placeholder(len(self.params))

    def _joined(self, parts: Sequence[Condition], joiner: str, of_none: str) -> str:
        texts = [f"({self.where(part)})" for part in parts]
        # SQLite reads `a OR b OR c` as a tree of as many levels, and has 1000 of them.
        while len(texts) > _JOINED:
            chunks = range(0, len(texts), _JOINED)
            texts = [f"({joiner.join(texts[start : start + _JOINED])})" for start in chunks]
        return joiner.join(texts) or of_none

    def _not(self, part: Condition) -> str:
        if isinstance(part, Exists):  # an index can answer IS NULL, but not IS NOT TRUE
            return f"{self.text(part.field)} IS NULL"
        return f"(({self.where(part)}) IS NOT TRUE)"

    def _compare(self, field: Field, order: Order, value: Any) -> str:
        if isinstance(value, bool):
            return self.boolean(field, value)
        if isinstance(value, str):
            return self._checked(field, self.compare_text(field, order, value))
        return self.compare_number(field, order, value)

    def _one_of(self, field: Field, values: Sequence[Any]) -> str:
        if len(values) == 1:  # after an equality, an index gives the rows in order
            return self._compare(field, Order.EQUAL, values[0])
        if isinstance(values[0], str):
            return self._checked(field, self.one_text(field, values))
        return self.one_number(field, values)

    def _checked(self, field: Field, sql: str) -> str:
        return sql if field.kind is not Kind.ANY else f"({sql} AND {self.is_text(field)})"

    @abstractmethod
    def placeholder(self, number: int) -> str: ...

    @abstractmethod
    def text(self, field: Field) -> str:
        """The field's value, by the expression of jvspatial's indexes."""

    @abstractmethod
    def is_text(self, field: Field) -> str: ...

    @abstractmethod
    def boolean(self, field: Field, value: bool) -> str: ...

    @abstractmethod
    def compare_text(self, field: Field, order: Order, value: str) -> str: ...

    @abstractmethod
    def compare_number(self, field: Field, order: Order, value: float) -> str: ...

    @abstractmethod
    def one_text(self, field: Field, values: Sequence[str]) -> str: ...

    @abstractmethod
    def one_number(self, field: Field, values: Sequence[float]) -> str: ...

    @abstractmethod
    def regex(self, field: Field, pattern: str, options: str) -> str: ...

    @abstractmethod
    def sorted(self, sort: Sort, is_present: bool) -> str:
        """`is_present` is True when every matching row has the field."""
