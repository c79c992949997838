"""The findings of a verification of one task, as the tests of schedulers ask for them."""

from collections.abc import Mapping
from datetime import datetime

from jvscheduler.history.store.protocol import LoopStore
from jvscheduler.verification.audit import AuditOptions
from jvscheduler.verification.checker import judge
from jvscheduler.verification.findings import Kind


async def findings_of(
    store: LoopStore, task: tuple[str, str], start: datetime, end: datetime
) -> Mapping[Kind, int]:
    audit = await judge(store, task, start, end, AuditOptions(end))
    assert audit.due
    return dict(audit.findings.counts)
