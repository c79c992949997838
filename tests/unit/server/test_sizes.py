"""The server shows what the history of each namespace takes, and its log names the large ones."""

import asyncio
from collections.abc import Mapping

import pytest

from jvscheduler_server.access.actions import Action
from jvscheduler_server.cluster.objects import TaskState
from jvscheduler_server.sizes import LARGE_BYTES, HistorySizes, warn_of_large, watch_sizes
from tests.support.server.in_memory import FlakyHistory, Served

PATH = "/api/v1/history"
MANY = {"shop": 300, "bank": 40_000, "farm": 300}


class SizedHistory(FlakyHistory):
    """Answers with these sizes. It counts the questions."""

    def __init__(self, sizes: Mapping[str, int] | None) -> None:
        super().__init__()
        self.of_namespaces = sizes
        self.asked = 0
        self.answered = asyncio.Event()

    async def sizes(self) -> Mapping[str, int] | None:
        self.asked += 1
        self.answered.set()
        self._answer()
        return self.of_namespaces


def test_the_largest_namespace_comes_first() -> None:
    answer = Served(store=SizedHistory(MANY)).get(PATH)
    assert answer["isolation"] == "namespaces"
    assert [(n["namespace"], n["bytes"]) for n in answer["namespaces"]] == [
        ("bank", 40_000),
        ("farm", 300),
        ("shop", 300),
    ]


def test_a_history_that_namespaces_share_has_no_isolation_and_no_sizes() -> None:
    answer = Served().get(PATH)
    assert (answer["isolation"], answer["namespaces"]) == ("none", None)


def test_a_caller_sees_the_sizes_of_the_own_namespaces_only() -> None:
    served = Served(SeesOnly("shop"), SizedHistory(MANY))
    served.cluster.seen_tasks = [TaskState("t", "t", name, "daily") for name in ("shop", "bank")]
    assert [n["namespace"] for n in served.get(PATH)["namespaces"]] == ["shop"]


def test_many_callers_cost_one_measurement_a_minute() -> None:
    store, now = SizedHistory(MANY), [0.0]
    sizes = HistorySizes(store, lambda: now[0])

    async def story() -> None:
        await asyncio.gather(*(sizes.get() for _ in range(20)))
        now[0] = 59
        await sizes.get()
        assert store.asked == 1
        now[0] = 60
        await sizes.get()
        assert store.asked == 2

    asyncio.run(story())


def test_a_history_that_is_away_is_asked_again_at_once() -> None:
    served = Served(store=SizedHistory(MANY))
    served.store.away = True
    served.problem(PATH, 503)
    served.store.away = False
    served.get(PATH)


def test_a_large_namespace_is_named_again_only_when_it_has_doubled(
    caplog: pytest.LogCaptureFixture,
) -> None:
    warned: Mapping[str, int] = {}
    for size in (LARGE_BYTES - 1, LARGE_BYTES, LARGE_BYTES + 5, 2 * LARGE_BYTES - 1):
        warned = warn_of_large({"shop": size, "bank": 5}, warned)
    assert [m.partition(":")[0] for m in caplog.messages] == [
        "the history of namespace shop takes 1024 MiB"
    ]
    warn_of_large({"shop": 2 * LARGE_BYTES}, warned)
    assert "shop takes 2048 MiB" in caplog.messages[-1]


def test_a_namespace_that_was_pruned_is_named_when_it_grows_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    warned: Mapping[str, int] = {}
    for size in (LARGE_BYTES, 5, LARGE_BYTES):
        warned = warn_of_large({"shop": size}, warned)
    assert len(caplog.messages) == 2


@pytest.mark.parametrize(
    ("sizes", "away", "said"),
    [
        ({"shop": LARGE_BYTES}, False, "namespace shop takes 1024 MiB"),
        ({"shop": LARGE_BYTES}, True, "the sizes of the namespaces are not known"),
    ],
)
def test_the_server_looks_while_it_runs(
    sizes: Mapping[str, int], away: bool, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = SizedHistory(sizes)
    store.away = away

    async def story() -> None:
        watching = asyncio.create_task(watch_sizes(store))
        await store.answered.wait()
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    asyncio.run(story())
    (message,) = caplog.messages
    assert said in message


class SeesOnly:
    """Lets everybody in, to see one namespace."""

    is_sent_by_browsers = True
    caller_name = None

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    async def enter(self, connection: object) -> "SeesOnly":
        return self

    async def allows(self, action: Action, namespace: str | None) -> bool:
        return action is Action.SEE and namespace == self._namespace

    async def namespaces(self, action: Action, known: object) -> frozenset[str]:
        return frozenset({self._namespace})
