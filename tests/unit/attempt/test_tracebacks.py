"""How a task's error is shown: without the frames of the code that called the task."""

import pytest

from jvscheduler.attempt.child.calls import prepare_call
from jvscheduler.attempt.tracebacks import error_message, trace


async def nothing() -> None:
    return None


def test_a_traceback_shows_no_frames_of_ours() -> None:
    def task() -> None:
        raise ValueError("no stock")

    with pytest.raises(ValueError, match="no stock") as raised:
        prepare_call(task, nothing)()
    below_this_test = raised.value.__traceback__ and raised.value.__traceback__.tb_next
    error = raised.value.with_traceback(below_this_test)
    assert error_message(error) == "ValueError: no stock"
    assert "calls.py" not in trace(error)
    assert "in task" in trace(error)


def test_an_error_without_a_readable_message_is_shown_by_its_name() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert error_message(Mute()).endswith("Mute: (its message cannot be shown)")
    assert "Mute" in trace(Mute())
