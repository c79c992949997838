"""The substitutes on macOS for what only Linux has."""

import os
import signal
from multiprocessing import Pipe

import pytest

from jvscheduler import kernel
from jvscheduler.attempt.descendants import killed_afterwards
from tests.support.forks import forks, start_in_a_session_of_its_own
from tests.support.runner.process import left_running

OBJC = {"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"}
PROXY = "http://proxy:3128"


def test_the_descendants_of_a_process_that_is_killed_are_ended() -> None:
    reader, writer = Pipe(duplex=False)

    def work() -> None:
        writer.send(start_in_a_session_of_its_own())
        signal.pause()

    with forks() as fork:
        pid = fork(work)
        left = reader.recv()
        with killed_afterwards(pid):
            os.kill(pid, signal.SIGKILL)
        assert left_running([left]) == []


@pytest.mark.parametrize(
    ("of_the_system", "variables"),
    [
        pytest.param({}, {"no_proxy": "*"}, id="none"),
        pytest.param(
            {"https": PROXY},
            {"https_proxy": PROXY, "no_proxy": "localhost,127.0.0.1,::1"},
            id="one",
        ),
    ],
)
def test_a_worker_is_started_with_the_systems_proxies(
    of_the_system: dict[str, str], variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr("urllib.request.getproxies", lambda: of_the_system)
    assert kernel.environ_for_forks() == {**OBJC, **variables}


def test_variables_that_name_proxies_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://own:3128")
    assert kernel.environ_for_forks() == OBJC
