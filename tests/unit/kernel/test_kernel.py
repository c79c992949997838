"""The kernel's part of this platform. `python -m tests.without_linux` runs this for macOS's too."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import Pipe

import psutil
import pytest

from jvscheduler import kernel
from jvscheduler.attempt.descendants import end_descendants
from tests.support.forks import Fork, forks, start_in_a_session_of_its_own
from tests.support.runner.process import left_running
from tests.support.waiting import eventually


@pytest.fixture
def fork() -> Iterator[Fork]:
    with forks() as fork:
        yield fork


def is_readable(end: kernel.EndDescriptor) -> bool:
    return bool(select.select([end], [], [], 0)[0])


def has_ended(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


class TestTheEndOfAProcess:
    def test_it_is_readable_once_the_process_has_ended(self, fork: Fork) -> None:
        pid = fork(signal.pause)
        with closing(kernel.EndDescriptor(pid)) as end:
            assert not is_readable(end)
            assert kernel.ended_child({pid: end}) is None
            os.kill(pid, signal.SIGKILL)
            eventually(lambda: is_readable(end), "it is readable")
            assert kernel.ended_child({pid: end}) == pid
            assert kernel.ended_child({pid: end}) == pid
            assert os.waitpid(pid, os.WNOHANG)[0] == pid, "it was not reaped before"

    def test_it_is_readable_for_a_process_that_had_ended_before(self, fork: Fork) -> None:
        pid = fork(lambda: None)
        eventually(lambda: has_ended(pid), "it ends")
        with closing(kernel.EndDescriptor(pid)) as end:
            assert is_readable(end)
            assert kernel.ended_child({pid: end}) == pid

    def test_an_event_loop_and_a_selector_notice_it(self, fork: Fork) -> None:
        pid = fork(signal.pause)

        async def wait(end: kernel.EndDescriptor) -> None:
            ended = asyncio.Event()
            asyncio.get_running_loop().add_reader(end, ended.set)
            os.kill(pid, signal.SIGKILL)
            await asyncio.wait_for(ended.wait(), 60)
            asyncio.get_running_loop().remove_reader(end)

        with closing(kernel.EndDescriptor(pid)) as end, closing(kernel.new_selector()) as selector:
            selector.register(end, select.POLLIN)
            asyncio.run(wait(end))
            assert [key.fileobj for key, _ in selector.select(60)] == [end]

    def test_it_leaves_no_descriptor_open(self, fork: Fork) -> None:
        before = psutil.Process().num_fds()
        running, ended = fork(signal.pause), fork(lambda: None)
        eventually(lambda: has_ended(ended), "it ends")
        for pid in (running, ended):
            kernel.EndDescriptor(pid).close()
        assert psutil.Process().num_fds() == before


class TestGroups:
    def test_a_signal_reaches_the_whole_group(self, fork: Fork) -> None:
        reader, writer = Pipe(duplex=False)

        def start_another() -> None:
            writer.send(subprocess.Popen([sys.executable, "-c", "input()"]).pid)
            signal.pause()

        pid = fork(start_another)
        other = reader.recv()
        kernel.signal_group(pid, signal.SIGKILL)
        assert left_running([pid, other]) == []

    def test_a_group_that_has_ended_is_no_error(self, fork: Fork) -> None:
        pid = fork(lambda: None)
        eventually(lambda: has_ended(pid), "it ends")
        kernel.signal_group(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        kernel.signal_group(pid, signal.SIGKILL)


def test_peak_memory_is_in_bytes(fork: Fork) -> None:
    _, _, usage = os.wait4(fork(lambda: bytearray(64 * 2**20)), 0)
    assert 64 * 2**20 < kernel.peak_memory_bytes(usage.ru_maxrss) < 2**30


def test_the_caller_of_a_socket_is_known_by_its_process_id() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        assert kernel.peer_pid(here) == os.getpid()


def test_a_fork_closes_what_it_inherited_and_the_parent_keeps_it(fork: Fork) -> None:
    reader, writer = os.pipe()
    with (
        closing(kernel.new_selector()) as selector,
        closing(kernel.EndDescriptor(os.getpid())) as end,
    ):
        selector.register(reader, select.POLLIN)
        own = [selector.fileno(), end.fileno(), writer]

        def close() -> None:
            kernel.close_inherited(own)
            for descriptor in own:
                with pytest.raises(OSError, match="Bad file descriptor"):
                    os.fstat(descriptor)

        assert os.waitpid(fork(close), 0)[1] == 0
        os.write(writer, b"x")
        assert [key.fileobj for key, _ in selector.select(60)] == [reader]
    os.close(reader)
    os.close(writer)


def test_a_child_dies_with_its_parent(fork: Fork) -> None:
    reader, writer = Pipe(duplex=False)

    def start_a_child() -> None:
        if os.fork() == 0:
            kernel.die_with_parent()
            writer.send(os.getpid())
        signal.pause()

    pid = fork(start_a_child)
    child = reader.recv()
    os.kill(pid, signal.SIGKILL)
    assert left_running([child]) == []


def test_a_process_learns_of_the_end_of_its_parent(fork: Fork) -> None:
    reader, writer = Pipe(duplex=False)

    def work() -> None:
        signal.signal(signal.SIGTERM, lambda *_: writer.send("told"))
        end = kernel.end_of_parent(signal.SIGTERM)
        writer.send(os.getpid())
        if end is None:
            signal.pause()
        else:
            select.select([end], [], [])
            writer.send("told")

    def start_a_child() -> None:
        if os.fork() == 0:
            work()
            os._exit(0)
        signal.pause()

    pid = fork(start_a_child)
    child = reader.recv()
    os.kill(pid, signal.SIGKILL)
    assert reader.recv() == "told"
    assert left_running([child]) == []


def test_the_descendants_of_a_process_are_ended(fork: Fork) -> None:
    reader, writer = Pipe(duplex=False)

    def work() -> None:
        writer.send(start_in_a_session_of_its_own())
        end_descendants()

    pid = fork(work)
    left = reader.recv()
    assert os.waitpid(pid, 0)[1] == 0
    assert left_running([left]) == []
