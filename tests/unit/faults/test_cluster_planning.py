"""The plan of a cluster's faults, and the tasks that run meanwhile: all of it from a seed."""

import random
from itertools import islice

import pytest

from jvscheduler.manifests.spec import ScheduledTaskSpec
from tests.faults.cluster.mix import EDITED, edit, is_of_cron, tasks
from tests.faults.cluster.planning import Fault, each_once, following, plan


def test_a_seed_says_it_all() -> None:
    assert list(plan(3, 600, list(Fault))) == list(plan(3, 600, list(Fault)))
    assert list(plan(3, 600, list(Fault))) != list(plan(4, 600, list(Fault)))


def test_every_fault_comes_once_before_any_comes_twice() -> None:
    first = [injection.fault for injection in islice(plan(3, 3600, list(Fault)), len(Fault))]
    assert sorted(first) == sorted(Fault)
    assert [injection.fault for injection in plan(3, 0, list(Fault))] == first


def test_the_short_form_has_each_fault_once_and_none_for_longer_than_20_seconds() -> None:
    injections = each_once(3, list(Fault))
    assert sorted(injection.fault for injection in injections) == sorted(Fault)
    assert max(injection.lasts for injection in injections) <= 20


@pytest.mark.parametrize(
    ("fault", "second", "begins"),
    [
        (Fault.API_SERVER_STOPPED, 55, True),
        (Fault.API_SERVER_STOPPED, 20, False),
        (Fault.DATABASE_KILLED, 40, True),
        (Fault.DATABASE_KILLED, 55, False),
        (Fault.SERVER_STOPPED, 0, True),
    ],
)
def test_some_faults_begin_at_a_second_of_the_minute_only(
    fault: Fault, second: int, begins: bool
) -> None:
    (injection,) = plan(3, 0, [fault])
    assert injection.may_begin(second) is begins


def test_while_a_fault_waits_for_its_second_another_comes_first() -> None:
    waits, other = plan(3, 0, [Fault.API_SERVER_STOPPED]), plan(3, 0, [Fault.SERVER_STOPPED])
    planned = [*waits, *other]
    assert following(planned, 20) == planned[1]
    assert following(planned, 55) == planned[0]
    assert following(planned[:1], 20) is None


def test_the_tasks_are_of_both_backends_and_each_kind_may_come_more_often() -> None:
    once, twice = tasks(), tasks(2)
    assert {is_of_cron(name) for name in once} == {True, False}
    assert len(twice) == 2 * len(once)
    for name, spec in once.items():
        ScheduledTaskSpec.model_validate({"taskID": name, "image": "steady:1", **spec})


def test_edits_are_of_tasks_that_may_be_edited() -> None:
    chance, names = random.Random(3), list(tasks())
    edited = {edit(names, chance)[0].rpartition("-")[0] for _ in range(200)}
    assert edited == set(EDITED)
