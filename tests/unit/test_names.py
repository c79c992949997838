"""Names that operator, runner and server derive from the same facts."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jvscheduler import names

DNS_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("task_id", "expected"),
    [
        ("shop.tasks.clean_up", "shop-tasks-clean-up"),
        ("Shop.Tasks", "shop-tasks"),
        ("_private", "private"),
        ("a", "a"),
        ("x" * 52, "x" * 52),
    ],
)
def test_a_resource_name_is_the_task_id_as_a_dns_name(task_id: str, expected: str) -> None:
    assert names.resource_name(task_id) == expected


@pytest.mark.parametrize("task_id", ["x" * 53, "a." * 120 + "end", "___", "shop." + "y" * 100])
def test_an_id_that_is_too_long_is_hashed_and_keeps_its_end(task_id: str) -> None:
    name = names.resource_name(task_id)
    assert DNS_NAME.fullmatch(name)
    assert len(name) <= names.MAX_RESOURCE_NAME
    assert name == names.resource_name(task_id)
    assert name.endswith(task_id[-3:].strip("_"))


def test_long_ids_that_differ_at_their_start_have_different_names() -> None:
    assert names.resource_name("a" + "x" * 99) != names.resource_name("b" + "x" * 99)


def test_a_due_instant_has_one_id_in_every_time_zone() -> None:
    berlin = NOON.astimezone(timezone(timedelta(hours=1)))
    first = names.scheduled_job_id("shop", "shop.report", NOON)
    assert names.scheduled_job_id("shop", "shop.report", berlin) == first
    assert first.startswith("o.ScheduledJob.")
    assert first.count(".") == 2


def test_a_due_instant_can_be_read_from_its_id() -> None:
    job_id = names.scheduled_job_id("shop", "shop.report", NOON)
    assert names.scheduled_time_in_id(job_id, "shop", "shop.report") == NOON
    assert names.scheduled_time_in_id(job_id, "shop", "shop.restock") is None
    assert names.scheduled_time_in_id(f"{job_id}{'9' * 20}", "shop", "shop.report") is None
    manual = names.manual_job_id("shop", "shop.report", "by-hand")
    assert names.scheduled_time_in_id(manual, "shop", "shop.report") is None


def test_namespaces_tasks_and_instants_do_not_share_ids() -> None:
    ids = {
        names.scheduled_job_id(namespace, task_id, NOON + timedelta(minutes=minute))
        for namespace in ("a", "b")
        for task_id in ("x", "y")
        for minute in (0, 1)
    }
    assert len(ids) == 8


def test_a_naive_scheduled_time_is_refused() -> None:
    with pytest.raises(ValueError, match="must be aware"):
        names.scheduled_job_id("a", "x", NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("job_name", "expected"),
    [
        (f"report-{int(NOON.timestamp()) // 60}", NOON),
        (f"report-{int(NOON.timestamp()) + 1}", NOON + timedelta(seconds=1)),
        ("report-by-hand", None),
        (f"other-{int(NOON.timestamp()) // 60}", None),
        ("report-123", None),
    ],
)
def test_the_scheduled_time_is_in_the_jobs_name(job_name: str, expected: datetime | None) -> None:
    assert names.scheduled_time_of(job_name, "report") == expected


@pytest.mark.parametrize("seconds", [0, 1, 30, 59, 60, 86_399])
def test_a_jobs_name_leads_back_to_its_instant(seconds: int) -> None:
    instant = NOON + timedelta(seconds=seconds)
    name = names.scheduled_job_name("report", instant)
    assert names.scheduled_time_of(name, "report") == instant
    assert len(name) <= len("report") + 11


def test_a_full_minute_is_named_as_the_cronjob_controller_names_it() -> None:
    name = names.scheduled_job_name("report", NOON)
    assert name == f"report-{int(NOON.timestamp()) // 60}"


@pytest.mark.parametrize(
    ("namespace", "role"),
    [
        ("shop", "ns_shop"),
        ("my-shop", "ns_my_shop"),
        ("x" * 57, "ns_" + "x" * 57),
        ("x" * 58, "nsh_5ef8b2e5e7a040f3_" + "x" * 40),
    ],
)
def test_a_namespaces_role_is_its_name_unless_that_is_too_long(namespace: str, role: str) -> None:
    assert names.namespace_role(namespace) == role
    assert len(role) <= 63, "PostgreSQL would cut it"


def test_long_namespaces_that_differ_at_their_start_have_different_roles() -> None:
    first, second = (names.namespace_role(start + "x" * 62) for start in "ab")
    assert first != second


def test_no_namespace_has_the_role_of_a_long_one() -> None:
    long = names.namespace_role("x" * 63)
    assert long.startswith("nsh_"), "a plain role begins with ns_ and a name without underscores"


def test_an_id_is_a_jobs_when_it_is_of_its_namespace_and_task() -> None:
    job_id = names.scheduled_job_id("shop", "a.b", NOON)
    assert names.is_job_id(job_id, "shop", "a.b")
    assert names.is_job_id(names.manual_job_id("shop", "a.b", "by-hand"), "shop", "a.b")
    assert not names.is_job_id(job_id, "other", "a.b")
    assert not names.is_job_id(job_id, "shop", "a.c")
