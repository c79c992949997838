"""The worker's log, which waits for no reader."""

import os
import threading
import time
from collections.abc import Iterator

import pytest

from jvscheduler.worker.log import Log


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_each_line_names_its_task(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    log = Log(writer)
    log.write("shop.restock", b"two books")
    log.say("hello")
    assert log.flush()
    assert os.read(reader, 4096) == b"[shop.restock] two books\n[jvscheduler] hello\n"


def test_the_log_does_not_wait_for_a_reader_that_hangs(pipe: tuple[int, int]) -> None:
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


def test_while_the_reader_is_slow_tasks_wait_with_their_output(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    log = Log(writer)
    assert log.has_room
    for _ in range(400):
        log.write("shop", b"x" * 1000)
    log.flush()
    assert not log.has_room
    while not log.flush():
        os.read(reader, 2**20)
    assert log.has_room


def test_a_reader_that_hangs_is_not_waited_for(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    log = Log(pipe[1])
    for _ in range(400):
        log.write("shop", b"x" * 1000)
    assert not log.flush()
    assert not log.has_room
    now += 3
    assert log.has_room
    log.drain()  # returns


def test_the_end_of_the_log_is_written_before_the_process_ends(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    log = Log(writer)
    for _ in range(900):
        log.write("shop", b"x" * 1000)
    draining = threading.Thread(target=log.drain)
    draining.start()
    said = b""
    os.set_blocking(reader, True)
    while said.count(b"\n") < 900:
        said += os.read(reader, 2**20)
    draining.join()
    assert log.flush()


def test_a_log_without_a_reader_blocks_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    log = Log(writer)
    log.say("hello")
    assert log.flush()
    os.close(writer)


def _lost(said: bytes) -> int:
    line = next(line for line in said.splitlines() if b"are lost" in line)
    return int(line.split()[1])
