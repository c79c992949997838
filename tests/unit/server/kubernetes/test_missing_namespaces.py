"""A refused list means that there is nothing only where the namespace does not exist."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from jvscheduler.edge.missing_namespaces import MissingNamespaces
from jvscheduler_server.backoff import Backoff
from jvscheduler_server.kubernetes.informer import (
    ApiServerUnavailable,
    Forbidden,
    Informer,
    Resource,
    WatchedNamespace,
)
from tests.support.server.scripted_api import Script

THINGS: Resource[str] = Resource("/things", lambda item: item["metadata"]["name"])
THING = {"metadata": {"name": "bread", "uid": "uid-bread", "resourceVersion": "1"}}
REFUSED = Forbidden("403: cannot list")


class Played:
    """An informer of things in `shop` whose API server has played its script to the end."""

    def __init__(self, script: Script, *, in_namespace: bool = True) -> None:
        self.missing = MissingNamespaces()
        self.gone: list[tuple[str, bool]] = []
        watched = WatchedNamespace("shop", self.missing) if in_namespace else None
        self.informer = Informer(
            script,
            replace(THINGS, namespace=watched),
            lambda: None,
            lambda item, vanished: self.gone.append((item, vanished)),
            Backoff(0.0001, 0.001),
        )

        async def play() -> None:
            task = asyncio.create_task(self.informer.run())
            await script.done.wait()
            task.cancel()
            await asyncio.wait([task])

        asyncio.run(play())


def script(*answers: Any, exists: bool | Exception) -> Script:
    made = Script(*answers)
    made.namespaces = exists
    return made


def test_a_namespace_that_is_gone_has_nothing(caplog: pytest.LogCaptureFixture) -> None:
    played = Played(script(REFUSED, REFUSED, exists=False))
    assert played.informer.synced
    assert played.informer.listed_time is not None
    assert played.missing.names == {"shop"}
    assert [m.partition(":")[0] for m in caplog.messages] == ["the namespace shop does not exist"]


def test_what_was_there_has_vanished_with_it() -> None:
    played = Played(script(([THING], "1"), [REFUSED], exists=False))
    assert played.informer.items() == ()
    assert played.gone == [("bread", True)]


def test_it_is_listed_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    played = Played(script(REFUSED, ([THING], "7"), exists=False))
    assert played.informer.items() == ("bread",)
    assert played.missing.names == frozenset()
    assert caplog.messages[-1] == "the namespace shop is there again, and is served"


@pytest.mark.parametrize("exists", [True, Forbidden("403: may not ask"), ApiServerUnavailable("")])
def test_where_it_may_exist_a_refused_list_proves_nothing(exists: bool | Exception) -> None:
    played = Played(script(REFUSED, exists=exists))
    assert not played.informer.synced
    assert played.missing.names == frozenset()


def test_a_refused_list_of_all_namespaces_proves_nothing() -> None:
    played = Played(script(REFUSED, exists=False), in_namespace=False)
    assert not played.informer.synced
