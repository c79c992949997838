"""Edits at forty offsets around one due instant lose no Job and add none.

The model of these orders is `tests.support.operator.edit_model`. Here the parts are real.
"""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from jvscheduler.names import FIELD_MANAGER, TASK_LABEL
from tests.e2e.installation import Installation
from tests.support.waiting import eventually

NAMESPACE = "edits"
OFFSETS = [tenth / 10 for tenth in range(-40, 40, 2)]
"""Seconds from the due instant to the edit."""

AT_THE_INSTANT, AN_HOUR_LATER = "{minute} * * * *", "{minute} {later} * * *"
TWO_SPELLINGS = (AT_THE_INSTANT, "{minute}-{minute} 0-23 * * *")
DUE_BEFORE = (AT_THE_INSTANT, AN_HOUR_LATER)
DUE_AFTER = (AN_HOUR_LATER, AT_THE_INSTANT)
EDITS = (TWO_SPELLINGS, DUE_BEFORE, DUE_AFTER, TWO_SPELLINGS)


@pytest.fixture
def namespace(installation: Installation) -> Iterator[Installation]:
    installation.cluster.kubectl("create", "namespace", NAMESPACE)
    yield installation
    installation.cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def test_edits_around_an_instant_lose_no_job_and_add_none(namespace: Installation) -> None:
    shop = namespace.objects("scheduledtasks")[0]["spec"]
    due = (datetime.now(UTC) + timedelta(seconds=105)).replace(second=0, microsecond=0)
    tasks = [
        _task(f"edit-{number}", shop, _schedule(EDITS[number % len(EDITS)][0], due))
        for number in range(len(OFFSETS))
    ]
    namespace.cluster.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(tasks))
    eventually(lambda: len(_cron_jobs(namespace)) == len(OFFSETS), "the CronJobs", 60)
    edits = [
        threading.Timer(_seconds_until(due, offset), _edit, (namespace, number, due))
        for number, offset in enumerate(OFFSETS)
    ]
    assert _seconds_until(due, OFFSETS[0]) > 0, "the CronJobs came in time"
    for edit in edits:
        edit.start()
    for edit in edits:
        edit.join()
    eventually(lambda: _are_edited(namespace, due), "all edits applied", 60)
    jobs, cron_jobs = _jobs(namespace), _cron_jobs(namespace)
    expected = {name: _expected(name, cron_jobs[name], due) for name in cron_jobs}
    assert {name: jobs.get(name, 0) for name in cron_jobs} == expected


def _expected(name: str, cron_job: dict[str, Any], due: datetime) -> int:
    """1 when the definition that the CronJob had at the instant makes it due, else 0."""
    edit = _edit_of(name)
    if edit == TWO_SPELLINGS:
        return 1
    fields = cron_job["metadata"]["managedFields"]
    (applied,) = [
        datetime.fromisoformat(each["time"])
        for each in fields
        if each["manager"] == FIELD_MANAGER and "subresource" not in each
    ]
    is_edited = applied < due
    return int(edit == (DUE_AFTER if is_edited else DUE_BEFORE))


def _edit_of(name: str) -> tuple[str, str]:
    return EDITS[int(name.removeprefix("edit-")) % len(EDITS)]


def _schedule(text: str, due: datetime) -> str:
    return text.format(minute=due.minute, later=(due.hour + 1) % 24)


def _seconds_until(due: datetime, offset: float) -> float:
    return due.timestamp() + offset - time.time()


def _edit(namespace: Installation, number: int, due: datetime) -> None:
    name = f"edit-{number}"
    patch = {"spec": {"schedule": _schedule(_edit_of(name)[1], due)}}
    arguments = ("scheduledtask", name, "-n", NAMESPACE, "--type=merge", f"-p={json.dumps(patch)}")
    namespace.cluster.kubectl("patch", *arguments)


def _are_edited(namespace: Installation, due: datetime) -> bool:
    return all(
        cron_job["spec"]["schedule"] == _schedule(_edit_of(name)[1], due)
        for name, cron_job in _cron_jobs(namespace).items()
    )


def _cron_jobs(namespace: Installation) -> dict[str, dict[str, Any]]:
    found = namespace.cluster.kubectl(
        "get", "cronjobs", "-n", NAMESPACE, "-o", "json", "--show-managed-fields"
    )
    return {item["metadata"]["name"]: item for item in json.loads(found)["items"]}


def _jobs(namespace: Installation) -> dict[str, int]:
    """The number of Jobs of each task."""
    counts: dict[str, int] = {}
    for job in namespace.objects("jobs", NAMESPACE):
        name = job["metadata"]["labels"][TASK_LABEL]
        counts[name] = counts.get(name, 0) + 1
    return counts


def _task(name: str, spec: dict[str, Any], schedule: str) -> dict[str, Any]:
    # No node has this label: only the Jobs matter, and their pods would cost minutes.
    template = {"spec": {"nodeSelector": {"jvscheduler.test/none": "none"}}}
    edits = {"taskID": name, "schedule": schedule, "timeZone": "UTC", "template": template}
    return {
        "apiVersion": "jvscheduler.dev/v1alpha1",
        "kind": "ScheduledTask",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {**spec, **edits},
    }
