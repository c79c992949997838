"""What a checker has to say of a task's history; something was due."""

from collections.abc import Mapping
from datetime import datetime

from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.verification.audit import Terms
from jvscheduler.verification.checker import judge
from jvscheduler.verification.findings import Kind


async def findings_of(
    store: LoopStore, task: tuple[str, str], start: datetime, end: datetime
) -> Mapping[Kind, int]:
    audit = await judge(store, task, start, end, Terms(end))
    assert audit.due
    return dict(audit.findings.counts)
