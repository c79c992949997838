"""The signals that end `dev`."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from jvscheduler.dev.stop import Stop


@pytest.mark.parametrize(
    ("signals", "requested", "forced"),
    [
        pytest.param([], False, False, id="none"),
        pytest.param([signal.SIGTERM], True, False, id="SIGTERM"),
        pytest.param([signal.SIGINT, signal.SIGINT], True, True, id="Ctrl-C twice"),
        pytest.param([signal.SIGHUP], True, False, id="SIGHUP"),
        pytest.param([signal.SIGHUP, signal.SIGHUP], True, False, id="by kernel and shell"),
        pytest.param([signal.SIGHUP, signal.SIGTERM], True, True, id="SIGTERM after SIGHUP"),
    ],
)
def test_the_first_signal_requests_the_end(
    signals: list[signal.Signals], requested: bool, forced: bool
) -> None:
    assert asyncio.run(stopped_by(signals)) == (requested, forced)


def test_a_sighup_that_nohup_ignores_stays_ignored() -> None:
    with handled_by(signal.SIG_IGN):
        assert asyncio.run(stopped_by([signal.SIGHUP])) == (False, False)


async def stopped_by(signals: list[signal.Signals]) -> tuple[bool, bool]:
    stop = Stop()
    for number in signals:
        signal.raise_signal(number)
        await asyncio.sleep(0.01)  # the event loop reads the signal from a pipe
    return stop.requested.is_set(), stop.forced.is_set()


@contextmanager
def handled_by(handler: signal.Handlers) -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
