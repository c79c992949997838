"""How a task's error is shown: without the frames of the code that called the task."""

import pytest

from jvscheduler.attempt.child.alarm import Alarm
from jvscheduler.attempt.child.calls import prepare_call
from jvscheduler.attempt.retries import retry_pause
from jvscheduler.attempt.tracebacks import error_message, trace


async def nothing() -> None:
    return None


def never() -> bool:
    return False


def test_a_traceback_shows_no_frames_of_ours() -> None:
    def task() -> None:
        raise ValueError("no stock")

    with pytest.raises(ValueError, match="no stock") as raised:
        prepare_call(task, nothing, Alarm(never))()
    below_this_test = raised.value.__traceback__ and raised.value.__traceback__.tb_next
    error = raised.value.with_traceback(below_this_test)
    assert error_message(error) == "ValueError: no stock"
    assert "calls.py" not in trace(error)
    assert "in task" in trace(error)


def test_a_traceback_ends_where_the_users_code_ends() -> None:
    """A signal's handler of ours raises in the middle of the user's code."""

    def task() -> None:
        retry_pause("not a number")  # type: ignore[arg-type]

    with pytest.raises(TypeError) as raised:
        task()
    assert "in task" in trace(raised.value)
    assert "retries.py" not in trace(raised.value)


def test_an_error_without_a_readable_message_is_shown_by_its_name() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert error_message(Mute()).endswith("Mute: (its message cannot be shown)")
    assert "Mute" in trace(Mute())


def test_an_error_whose_message_exits_is_shown_by_its_name() -> None:
    class Exits(Exception):
        def __str__(self) -> str:
            raise SystemExit("no")

    assert error_message(Exits()).endswith("Exits: (its message cannot be shown)")
    assert "Exits" in trace(Exits())


def test_an_error_that_python_cannot_format_is_shown_with_a_bare_stack() -> None:
    def task() -> None:
        raise SyntaxError("unexpected token", ("price.tpl", 3, 7, b"{{ price"))  # type: ignore[arg-type]

    with pytest.raises(SyntaxError) as raised:
        task()
    shown = trace(raised.value)
    assert shown.startswith("Traceback (most recent call last):\n")
    assert f'File "{__file__}"' in shown
    assert "in task\n" in shown
    assert shown.endswith("SyntaxError: unexpected token (price.tpl, line 3)\n")
