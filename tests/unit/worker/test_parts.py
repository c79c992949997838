"""The worker's small parts, each alone."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jvscheduler import environment
from jvscheduler.attempt.process import Usage
from jvscheduler.attempt.verdict import ProcessEnd
from jvscheduler.errors import InvalidSettings
from jvscheduler.outcomes import Reason, Status
from jvscheduler.worker import messages
from jvscheduler.worker.attempts import Attempt
from jvscheduler.worker.log import Log
from jvscheduler.worker.messages import InvalidMessage, decode, encode
from jvscheduler.worker.output import TAIL_BYTES, Output
from jvscheduler.worker.settings import DEFAULT_SOCKET, read_settings


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield reader, writer
    os.close(reader)
    os.close(writer)


class TestLog:
    def test_a_line_says_whose_it_is(self, pipe: tuple[int, int]) -> None:
        reader, writer = pipe
        log = Log(writer)
        log.write("shop.restock", b"two books")
        log.say("hello")
        assert log.flush()
        assert os.read(reader, 4096) == b"[shop.restock] two books\n[jvscheduler] hello\n"

    def test_a_reader_that_hangs_is_not_waited_for(self, pipe: tuple[int, int]) -> None:
        reader, writer = pipe
        log = Log(writer)
        for _ in range(3000):
            log.write("shop", b"x" * 1000)
        assert not log.flush(), "the pipe is full"
        said = b""
        while b"are lost" not in said:
            said += os.read(reader, 2**20)
            log.flush()
        assert 1000 < said.count(b"[shop]") < 3000
        assert said.count(b"[shop]") + _lost(said) == 3000

    def test_one_that_nobody_can_read_holds_up_nobody(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        log = Log(writer)
        log.say("hello")
        assert log.flush()
        os.close(writer)


def _lost(said: bytes) -> int:
    line = next(line for line in said.splitlines() if b"are lost" in line)
    return int(line.split()[1])


class TestOutput:
    def test_lines_are_kept_whole_across_reads(self, tmp_path: Path) -> None:
        with (tmp_path / "log").open("wb") as file:
            log = Log(file.fileno())
            output = Output("shop", log)
            for part in (b"one\ntw", b"o\nthree"):
                os.write(output.writer, part)
                assert output.read()
            os.close(output.writer)
            output.finish()
            assert log.flush()
        assert (tmp_path / "log").read_text() == "[shop] one\n[shop] two\n[shop] three\n"
        assert output.tail() == "one\ntwo\nthree"

    def test_of_much_output_the_end_is_kept(self) -> None:
        output = _printed(b"x" * TAIL_BYTES + b"the end")
        assert output.tail().startswith("…x")
        assert output.tail().endswith("the end")
        assert len(output.tail().encode()) <= TAIL_BYTES

    def test_what_no_database_can_hold_is_replaced(self) -> None:
        assert _printed(b"nul \0, no text \xff").tail() == "nul \ufffd, no text \ufffd"


def _printed(text: bytes) -> Output:
    output = Output("shop", Log(1))
    os.write(output.writer, text)
    os.close(output.writer)
    assert output.read()
    return output


class Killed:
    """A child that was killed by SIGKILL."""

    def end(self, usage: Usage, oom_kills: int) -> ProcessEnd:
        return ProcessEnd(usage.exit_code, None, None, oom_kills)


@pytest.mark.parametrize(
    ("exit_code", "kills", "reason"),
    [
        pytest.param(-9, 3, Reason.OOM_KILLED, id="killed while the kernel's count rose"),
        pytest.param(-9, 2, Reason.CRASHED, id="killed by somebody else"),
        pytest.param(1, 3, Reason.CRASHED, id="ended while another run was killed for its memory"),
    ],
)
def test_only_a_killed_run_was_killed_for_its_memory(
    exit_code: int, kills: int, reason: Reason, tmp_path: Path
) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text(f"oom 9\noom_kill {kills}\n")
    start = messages.Start("a", "shop:restock", None, {}, {})
    attempt = Attempt(start, Output("shop", Log(1)), Killed())  # type: ignore[arg-type]
    attempt.usage = Usage(exit_code, 0.0, 0)
    attempt.oom_kills_before = 2
    assert attempt.verdict(counter).reason is reason


def test_a_run_without_a_process_says_so() -> None:
    start = messages.Start("a", "shop:restock", None, {}, {})
    error = "no process could be started for the task"
    verdict = Attempt(start, Output("shop", Log(1)), None, error).verdict(None)
    assert (verdict.status, verdict.reason) == (Status.FAILED, Reason.CRASHED)
    assert verdict.error_message == error


class TestMessages:
    @pytest.mark.parametrize(
        "message",
        [
            messages.Prepare(("shop", "shop.tasks")),
            messages.Start("a", "shop:restock", 1.5, {"A": "b"}, {"task_id": "shop"}),
            messages.Hello("w", {"a": {"task_id": "shop"}}),
            messages.Prepared(("shop",), {"stock": "no such module"}),
            messages.Ended("a", {}, 1.0, 2.0, "completed", result=[1, {"é": None}]),
        ],
        ids=lambda m: type(m).__name__,
    )
    def test_what_is_said_is_understood(self, message: messages.Message) -> None:
        assert decode(encode(message)) == message

    @pytest.mark.parametrize(
        "line", [b"", b"[]", b"{}", b'{"kind":"Sing"}', b'{"kind":"Go"}', b"\xff"]
    )
    def test_what_is_no_message_is_refused(self, line: bytes) -> None:
        with pytest.raises(InvalidMessage, match="not a message"):
            decode(line)


class TestSettings:
    def test_what_is_unset_has_its_default(self) -> None:
        settings = read_settings({})
        assert (settings.socket, settings.database_url) == (DEFAULT_SOCKET, None)
        assert settings.grace_seconds == 30

    @pytest.mark.parametrize("value", ["soon", "-1", "1.5"])
    def test_a_value_that_cannot_be_used_is_named(self, value: str) -> None:
        with pytest.raises(InvalidSettings, match=environment.GRACE_SECONDS):
            read_settings({environment.GRACE_SECONDS: value})
