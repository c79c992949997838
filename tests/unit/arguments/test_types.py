"""The types of parameters make the schema, and the objects that a task is called with."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from jvspatial.core import Walker
from pydantic import BaseModel, BeforeValidator, Field

from jvscheduler.arguments.parameters import check_names, parameters_of
from jvscheduler.arguments.schemas import check_args
from jvscheduler.arguments.types import schema_of, values_of
from jvscheduler.errors import InvalidArgs

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTypeCheckers


class Level(Enum):
    LOW = "low"


@dataclass
class Point:
    x: int
    y: int = 0


class Shop(BaseModel):
    city: str
    opened: date | None = None


class Client:
    """No JSON can be one."""


def many(  # type: ignore[no-untyped-def] # noqa: PLR0917 - a parameter of each kind
    day: date,
    at: datetime,
    level: Level,
    point: Point,
    shop: Shop,
    pair: tuple[int, str],
    either: int | str,
    kind: Literal["a", 2],
    anything,
    *,
    names: list[str],
    count: Annotated[int, Field(ge=1)] = 1,
    client: Client = Client(),  # noqa: B008
) -> None: ...


ARGS: dict[str, Any] = {
    "day": "2026-02-28",
    "at": "2026-02-28T14:30:00Z",
    "level": "low",
    "point": {"x": 1},
    "shop": {"city": "Bonn", "opened": "2020-01-01"},
    "pair": [1, "x"],
    "either": "x",
    "kind": 2,
    "anything": {"a": [1]},
    "names": ["a"],
    "count": 3,
}


def test_values_get_the_types_of_their_parameters() -> None:
    assert values_of(many, ARGS) == {
        "day": date(2026, 2, 28),
        "at": datetime(2026, 2, 28, 14, 30, tzinfo=UTC),
        "level": Level.LOW,
        "point": Point(1),
        "shop": Shop(city="Bonn", opened=date(2020, 1, 1)),
        "pair": (1, "x"),
        "either": "x",
        "kind": 2,
        "anything": {"a": [1]},
        "names": ["a"],
        "count": 3,
    }


def test_the_schema_accepts_what_the_types_accept() -> None:
    schema = schema_of(many, ARGS)
    assert schema is not None
    check_args(ARGS, json.loads(json.dumps(schema)))
    assert schema["properties"]["day"] == {"format": "date", "type": "string"}
    assert schema["additionalProperties"] is False
    assert "client" not in schema["properties"], "only its default is ever used"
    assert set(schema["required"]) == ARGS.keys() - {"count"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": "3"}, "args.count: Input should be a valid integer"),
        ({"count": 0}, "args.count: Input should be greater than or equal to 1"),
        ({"day": "31 February"}, "args.day: Input should be a valid date"),
        ({"level": "mid"}, "args.level: Input should be 'low'"),
        ({"shop": {}}, "args.shop.city: Field required"),
        ({"pair": [1]}, "args.pair.1: Field required"),
    ],
)
def test_a_wrong_value_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgs) as refused:
        schema_of(many, {**ARGS, **change})
    assert str(refused.value).startswith(message)


def odd(day: Annotated[int, BeforeValidator(int)]) -> None: ...


def test_build_refuses_what_the_operator_would_refuse() -> None:
    """The type takes a text, and its schema, by which the operator decides, a whole number."""
    assert values_of(odd, {"day": "3"}) == {"day": 3}
    with pytest.raises(InvalidArgs, match="day: must be a whole number, got '3'"):
        schema_of(odd, {"day": "3"})


def raises(_value: Any) -> int:
    raise RuntimeError("a validator of the user")


def breaks(day: Annotated[int, BeforeValidator(raises)]) -> None: ...


def test_an_error_of_a_users_validator_is_one_of_the_arguments() -> None:
    with pytest.raises(InvalidArgs, match="RuntimeError: a validator of the user"):
        values_of(breaks, {"day": 3})


def unresolved(amount: "OnlyForTypeCheckers | None" = None) -> None: ...


def returns_unresolved(amount: int = 1) -> "OnlyForTypeCheckers": ...  # type: ignore[empty-body]


def test_a_type_that_cannot_be_read_matters_only_with_args() -> None:
    assert schema_of(unresolved, {}) is None
    with pytest.raises(InvalidArgs, match="a parameter's type cannot be read: NameError"):
        schema_of(unresolved, {"amount": 1})
    assert schema_of(returns_unresolved, {"amount": 1}) is not None


def with_client(client: Client) -> None: ...


def test_a_required_parameter_that_no_json_can_be_is_refused() -> None:
    with pytest.raises(InvalidArgs, match="no JSON can be such a parameter"):
        schema_of(with_client, {"client": 1})


Huge = Literal[tuple(f"choice {i}" for i in range(2000))]  # type: ignore[valid-type]


def huge(choice: Huge, count: int = 1) -> None: ...  # type: ignore[valid-type]


def test_a_schema_that_is_too_long_has_names_only() -> None:
    schema = schema_of(huge, {"choice": "choice 7"})
    assert schema is not None
    assert schema["properties"] == {"choice": {}, "count": {}}
    assert schema["required"] == ["choice"]


class Visits(Walker):
    since: date
    depth: Annotated[int, Field(ge=1)] = 3


def test_a_walkers_own_fields_are_its_parameters() -> None:
    assert parameters_of(Visits).names == ("since", "depth")
    schema = schema_of(Visits, {"since": "2026-01-01"})
    assert schema is not None
    assert schema["properties"]["depth"] == {"minimum": 1, "type": "integer"}
    assert values_of(Visits, {"since": "2026-01-01"}) == {"since": date(2026, 1, 1)}
    with pytest.raises(InvalidArgs, match="depth"):
        values_of(Visits, {"depth": 0})


def logged(function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        function(*args, **kwargs)

    return wrapper


@logged
def wrapped(day: date, count: int = 1) -> None: ...


def positional(day: date, /) -> None: ...


def takes_none() -> None: ...


def test_a_wrapper_takes_the_arguments_of_what_it_wraps() -> None:
    check_names(wrapped, "wrapped", {"day": "2026-01-01"})
    assert values_of(wrapped, {"day": "2026-01-01"}) == {"day": date(2026, 1, 1)}


@pytest.mark.parametrize(
    ("target", "args", "message"),
    [
        (many, {}, r"many requires the arguments day, .*: give on_schedule\(…, args=\{'day': …"),
        (takes_none, {"x": 1}, "takes_none has no x among its arguments; it has none"),
        (wrapped, {"x": 1}, "wrapped has no x among its arguments; it has day, count"),
        (positional, {}, "takes day by position only, .* remove the '/'"),
        (Visits, {}, "Visits requires the fields since"),
        (Visits, {"id": 1}, "Visits has no id among its fields; it has since, depth"),
    ],
)
def test_names_are_checked_without_types(target: Any, args: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidArgs, match=message):
        check_names(target, target.__name__, args)
