"""Tasks that misbehave have true records, with the reason a user would look for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.installation import Installation
from tests.support.waiting import eventually

FINAL = {"completed", "failed", "timeout", "skipped"}


@dataclass(frozen=True)
class Fault:
    function: str
    status: str
    reason: str | None
    error: str


FAULTS = [
    Fault("raises", "failed", "TaskRaised", "ValueError: the warehouse is on fire"),
    Fault("hangs", "timeout", "DeadlineExceeded", "2 s"),
    Fault("hangs_async", "timeout", "DeadlineExceeded", "2 s"),
    Fault("eats_memory", "failed", "OOMKilled", "memory"),
]


def final_job(installation: Installation, function: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        jobs = installation.jobs(f"faulty.tasks.{function}")
        done = [job for job in jobs if job["status"] in FINAL]
        return done[-1] if done else None

    return eventually(ended, f"a job of {function} that has ended")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.function)
def test_a_fault_is_recorded_with_its_reason(
    fault: Fault, installation: Installation, faulty: Mapping[str, str]
) -> None:
    assert fault.function in faulty
    job = final_job(installation, fault.function)
    assert (job["status"], job["reason"]) == (fault.status, fault.reason)
    assert fault.error in job["error_message"]
    eventually(
        lambda: final_job(installation, fault.function)["pod"]["phase"] == "Failed", "Failed"
    )


def test_a_failure_keeps_its_traceback(
    installation: Installation, faulty: Mapping[str, str]
) -> None:
    assert "raises" in faulty
    final_job(installation, "raises")
    record = installation.records("faulty.tasks.raises")[0]
    assert "in raises" in record["traceback"]


def test_a_pod_killed_whole_is_closed_with_its_true_reason(
    installation: Installation, faulty: Mapping[str, str]
) -> None:
    """This one is killed while it imports, before it could claim its record."""
    assert "eats_memory_at_import" in faulty
    job = final_job(installation, "eats_memory_at_import")
    assert (job["status"], job["reason"]) == ("failed", "OOMKilled")


def test_task_pods_are_confined_and_have_no_token(
    installation: Installation, faulty: Mapping[str, str]
) -> None:
    """The task itself asserts it from inside: user, file system, token, capabilities."""
    assert "checks_its_confinement" in faulty
    job = final_job(installation, "checks_its_confinement")
    assert job["status"] == "completed", job["error_message"]
