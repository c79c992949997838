"""Renders conditions as MongoDB's own queries over jvspatial's documents.

MongoDB looks into a list wherever a path meets one; no other database does. So a query for a
field that may hold anything also checks that neither the field nor what contains it is a list.
Types need no check: in MongoDB, values of different types never match.
"""

from collections.abc import Mapping, Sequence
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

Query = dict[str, Any]

_OPERATORS: Final = {
    Order.EQUAL: "$eq",
    Order.ABOVE: "$gt",
    Order.FROM: "$gte",
    Order.BELOW: "$lt",
    Order.UP_TO: "$lte",
}
_NOTHING: Final[Query] = {"_id": {"$in": []}}
_LARGEST_INTEGER: Final = 2**63


def mongo_query(condition: Condition) -> Query:  # noqa: PLR0911 - one for each
    match condition:
        case AllOf(parts):
            return {"$and": [mongo_query(part) for part in parts]} if parts else {}
        case AnyOf(parts):
            return {"$or": [mongo_query(part) for part in parts]} if parts else _NOTHING
        case Not(part):
            return {"$nor": [mongo_query(part)]}
        case Exists(field):
            return _checked(field, {"$exists": True, "$ne": None}, lists=True)
        case OneOf(field, values):
            return _checked(field, {"$in": as_bson(list(values))})
        case Matches(field, pattern, options):
            match_text = _checked(field, {"$regex": pattern, "$options": options})
            return {"$and": [match_text, {mongo_path(field): {"$type": "string"}}]}
        case Compare(field, order, value):
            return _checked(field, {_OPERATORS[order]: as_bson(value)})


def mongo_path(field: Field) -> str:
    return "_id" if field.path == "id" else field.path


def mongo_sort(sorts: Sequence[Sort], where: Condition) -> tuple[dict[str, int], Query]:
    """The sort keys, and the fields to compute before sorting. Ids decide between equal rows.

    MongoDB sorts documents without a field first. To have them last, a computed key tells which
    documents have no value.
    """
    certain, computed = present(where), {}
    order: dict[str, int] = {}
    for number, sort in enumerate(sorts):
        path = mongo_path(sort.field)
        if not sort.descending and path != "_id" and sort.field not in certain:
            computed[f"_none{number}"] = {"$eq": [{"$ifNull": [f"${path}", None]}, None]}
            order[f"_none{number}"] = 1
        order.setdefault(path, -1 if sort.descending else 1)
    return {**order, "_id": order.get("_id", 1)}, computed


def _checked(field: Field, test: Query, *, lists: bool = False) -> Query:
    path = mongo_path(field)
    if field.kind is not Kind.ANY:
        return {path: test}
    names = path.split(".")
    inside = [".".join(names[:end]) for end in range(2, len(names) + (0 if lists else 1))]
    return {"$and": [{path: test}, *({p: {"$not": {"$type": "array"}}} for p in inside)]}


def as_bson(value: Any) -> Any:
    """The value for MongoDB. Its integers have 64 bits: a larger one becomes the nearest float."""
    if isinstance(value, Mapping):
        return {name: as_bson(item) for name, item in value.items()}
    if isinstance(value, list):
        return [as_bson(item) for item in value]
    if isinstance(value, int) and not -_LARGEST_INTEGER <= value < _LARGEST_INTEGER:
        return float(value)
    return value
