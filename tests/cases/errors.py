"""Each must be recorded as what it is: `TaskRaised`, the type's name, a traceback."""

from jvscheduler import on_schedule


class Exits(Exception):
    def __str__(self) -> str:
        raise SystemExit("no")


@on_schedule("every 1 hour")
def syntax_error_with_bytes() -> None:
    raise SyntaxError("unexpected token", ("price.tpl", 3, 7, b"{{ price"))  # type: ignore[arg-type]


@on_schedule("every 1 hour")
def text_that_exits() -> None:
    raise Exits


@on_schedule("every 1 hour")
def broken_notes() -> None:
    error = ValueError("no price")
    error.__notes__ = None  # type: ignore[assignment]
    raise error
