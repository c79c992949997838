"""A parsed query: the conditions that a row must meet. Every value has its stored form."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

Scalar = str | bool | int | float


class Kind(StrEnum):
    """The type of a field's stored values, as far as its annotation tells."""

    TIME = "time"
    TEXT = "text"
    ANY = "any"


class Order(StrEnum):
    """Comparisons, by their signs in SQL and in messages."""

    EQUAL = "="
    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    UP_TO = "<="


@dataclass(frozen=True)
class Field:
    path: str
    """The path in the row: `id`, `entity` or `context.…`."""
    kind: Kind = Kind.ANY


@dataclass(frozen=True)
class Compare:
    field: Field
    order: Order
    value: Scalar


@dataclass(frozen=True)
class OneOf:
    """The field has one of these values. A list of values of several types becomes an AnyOf."""

    field: Field
    values: tuple[str, ...] | tuple[float, ...]
    """All are texts, or all are numbers. A database gets them as one parameter."""

    @cached_property
    def lookup(self) -> frozenset[str | float]:
        return frozenset(self.values)


@dataclass(frozen=True)
class Exists:
    field: Field


@dataclass(frozen=True)
class Matches:
    field: Field
    pattern: str
    """A regular expression."""
    options: str = ""
    """Some of `ims`."""


@dataclass(frozen=True)
class AllOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    part: "Condition"


Condition = Compare | OneOf | Exists | Matches | AllOf | AnyOf | Not

EVERY = AllOf(())


@dataclass(frozen=True)
class Sort:
    """Rows without the field come last, in both directions."""

    field: Field
    descending: bool = False


def constant(where: Condition) -> bool | None:
    """True or False when every row, or no row, meets the condition; None when rows differ."""
    match where:
        case AllOf(parts) | AnyOf(parts):
            decisive = isinstance(where, AnyOf)
            known = {constant(part) for part in parts}
            if decisive in known:
                return decisive
            return None if None in known else not decisive
        case Not(part):
            inner = constant(part)
            return None if inner is None else not inner
        case _:
            return None


def present(where: Condition) -> frozenset[Field]:
    """The fields that every matching row has."""
    match where:
        case AllOf(parts):
            return frozenset().union(*(present(part) for part in parts))
        case Compare(field) | OneOf(field) | Exists(field) | Matches(field):
            return frozenset([field])
        case _:
            return frozenset()
