"""Passes over namespaces: their part of the history is made, and what tasks report of it."""

import asyncio
from datetime import timedelta

import pytest

from jvscheduler_operator.cache.cache import Cache
from jvscheduler_operator.database.isolation import Isolation
from jvscheduler_operator.database.roles import RoleNotMade
from jvscheduler_operator.namespaces.decide import AGAIN, REPORT_AFTER, Attempts, report
from jvscheduler_operator.namespaces.reconcile import NamespaceReconciler
from jvscheduler_operator.objects.manifests import Key, NamespaceKey
from jvscheduler_operator.testing.roles import MemoryRoles
from tests.support.operator.objects import NOON, stored_task
from tests.support.operator.world import World

SHOP = NamespaceKey("shop", "")
ISOLATION = Isolation("postgresql://op:pw@history/jobs", "k" * 32)
AWAY = RoleNotMade("the database cannot be reached (OSError)")
LONG = REPORT_AFTER + timedelta(seconds=1)


def test_a_failure_is_reported_when_it_has_lasted() -> None:
    failing = Attempts().failed(NOON)
    assert report(failing, "away", NOON) is None
    assert report(failing.failed(NOON + LONG), "away", NOON + LONG) == (
        "The namespace's part of the history could not be made: away. Jobs run all the same, and "
        "the server records how they ended when the database is back"
    )


def test_a_failure_after_a_success_is_not_reported() -> None:
    """What was made stays. Every task would be written twice for an outage that harms none."""
    failing = Attempts().succeeded().failed(NOON)
    assert report(failing, "away", NOON + LONG) is None


def test_a_success_ends_a_failure() -> None:
    assert Attempts().failed(NOON).succeeded() == Attempts(was_made=True)


class Stage:
    def __init__(self) -> None:
        self.cache, self.roles, self.now = Cache(), MemoryRoles(), NOON
        self.reconciler = NamespaceReconciler(self.cache, ISOLATION, self.roles, lambda: self.now)

    def put_task(self, name: str = "restock", version: str = "1") -> None:
        metadata = {"resourceVersion": version}
        self.cache.tasks.put(stored_task(name=name, metadata=metadata))

    def reconcile(self) -> timedelta | None:
        return asyncio.run(self.reconciler.reconcile(SHOP))

    def fail(self) -> None:
        self.roles.failure = AWAY
        with pytest.raises(RoleNotMade):
            self.reconcile()


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.put_task()
    return stage


def test_a_namespaces_role_is_made_and_looked_at_again(stage: Stage) -> None:
    assert stage.reconcile() == AGAIN
    assert stage.roles.passwords == {"ns_shop": ISOLATION.password_of("shop")}


def test_a_password_that_the_tenant_changed_is_set_again(stage: Stage) -> None:
    stage.reconcile()
    stage.roles.passwords["ns_shop"] = "theirs"
    stage.reconcile()
    assert stage.roles.passwords == {"ns_shop": ISOLATION.password_of("shop")}


def test_tasks_report_a_database_that_stays_away_until_it_is_back(stage: Stage) -> None:
    stage.fail()
    assert stage.cache.history_failures == {}
    stage.now += LONG
    stage.fail()
    assert "cannot be reached" in stage.cache.history_failures["shop"]
    stage.roles.failure = None
    stage.reconcile()
    assert stage.cache.history_failures == {}


def test_after_the_last_task_role_and_history_stay_and_nothing_is_repeated(stage: Stage) -> None:
    stage.reconcile()
    stage.cache.tasks.remove(stored_task())
    assert stage.reconcile() is None
    assert stage.roles.calls == ["shop"], "the roles have no call that removes one"
    assert stage.reconciler.is_new("shop"), "the next task has it made again"


def test_a_namespace_is_used_until_its_last_task_is_gone(stage: Stage) -> None:
    stage.put_task("count")
    stage.put_task(version="2")
    stage.cache.tasks.remove(stored_task(metadata={"resourceVersion": "3"}))
    assert stage.cache.tasks.has_tasks_in("shop")
    stage.cache.tasks.forget(Key("shop", "count"))
    assert not stage.cache.tasks.has_tasks_in("shop")


def test_a_failure_is_in_the_condition_and_stops_no_task() -> None:
    world = World(isolation=ISOLATION)
    world.cache.history_failures["shop"] = "no history"
    world.put_task()
    world.settle()
    assert world.condition("Ready") == ("False", "HistoryNotReady")
    assert world.cron_job is not None
    assert "no history" in [event["message"] for event in world.cluster.events]
    del world.cache.history_failures["shop"]
    world.settle()
    assert world.condition("Ready") == ("True", "CronJobReady")


def test_a_failure_stops_no_loop() -> None:
    world = World(isolation=ISOLATION)
    world.cache.history_failures["shop"] = "no history"
    world.put_task(backend="Loop")
    world.settle()
    world.make_available()
    world.settle()
    assert world.condition("Ready") == ("False", "HistoryNotReady")
    assert world.serving()[0] == "Loop"


def test_the_secret_is_written_without_the_database() -> None:
    world = World(isolation=ISOLATION)
    world.put_task(backend="Loop")
    world.settle()
    assert world.secret_url("shop") == ISOLATION.url_of("shop")


def test_another_key_rolls_out_the_loops_and_nothing_else_does() -> None:
    world = World(isolation=ISOLATION)
    world.put_task(backend="Loop")
    world.settle()
    world.make_available()
    world.settle()
    world.start()
    assert [write for write in world.settle() if write == "loop"] == []
    world.isolation = Isolation(ISOLATION.operator_url, "K" * 32)
    world.start()
    assert [write for write in world.settle() if write == "loop"] == ["loop"]
    assert world.secret_url("shop") == world.isolation.url_of("shop")
