"""A query, parsed: what a row must fulfil, with every value in its stored form."""

from dataclasses import dataclass
from enum import StrEnum

Scalar = str | bool | int | float


class Kind(StrEnum):
    """What is known of a field's stored values, from its annotation."""

    TIME = "time"
    TEXT = "text"
    ANY = "any"


class Order(StrEnum):
    """Comparisons, by the sign that SQL and messages give them."""

    EQUAL = "="
    ABOVE = ">"
    FROM = ">="
    BELOW = "<"
    UP_TO = "<="


@dataclass(frozen=True)
class Field:
    """`path` is that of the row: `id`, `entity` or `context.…`."""

    path: str
    kind: Kind = Kind.ANY


@dataclass(frozen=True)
class Compare:
    field: Field
    order: Order
    value: Scalar


@dataclass(frozen=True)
class OneOf:
    """Texts only: other lists are an AnyOf."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True)
class Exists:
    field: Field


@dataclass(frozen=True)
class Matches:
    """A regular expression; `options` are of `ims`."""

    field: Field
    pattern: str
    options: str = ""


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


def present(where: Condition) -> frozenset[Field]:
    """Fields that each matching row has."""
    match where:
        case AllOf(parts):
            return frozenset().union(*(present(part) for part in parts))
        case Compare(field) | OneOf(field) | Exists(field) | Matches(field):
            return frozenset([field])
        case _:
            return frozenset()
