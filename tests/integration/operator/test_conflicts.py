"""Two tasks with one taskID on a real API server: the younger one says so, and takes over."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.cluster.api_server import ApiServer
from tests.support.operator.objects import YEARLY
from tests.support.operator.shop import TASKS, Shop, open_shop
from tests.support.waiting import eventually

SCHEDULES = {"CronJob": YEARLY, "Loop": "every 7 seconds"}

pytestmark = pytest.mark.usefixtures("operator")


@pytest.fixture(scope="module")
def shop(api_server: ApiServer) -> Shop:
    return open_shop(api_server, "conflicts")


@pytest.mark.parametrize("older", SCHEDULES)
@pytest.mark.parametrize("younger", SCHEDULES)
def test_the_younger_task_waits_for_the_older_one_to_go(
    shop: Shop, older: str, younger: str
) -> None:
    first, second = (f"{role}-{older}-{younger}".lower() for role in ("older", "younger"))
    task_id = f"shop.{older}.{younger}"
    shop.apply_task(first, taskID=task_id, schedule=SCHEDULES[older], backend=older)
    ready = shop.wait_for(first, "Ready", "True", f"{older}Ready")
    # Of two tasks that were created in one second, the uid says which one is the older.
    created = datetime.fromisoformat(ready["metadata"]["creationTimestamp"])
    eventually(lambda: datetime.now(UTC) - created >= timedelta(seconds=1), "another second")
    shop.apply_task(second, taskID=task_id, schedule=SCHEDULES[younger], backend=younger)
    found = shop.wait_for(second, "Accepted", "False", "Conflict")
    (accepted,) = (c for c in found["status"]["conditions"] if c["type"] == "Accepted")
    assert f"the older ScheduledTask {first!r}" in accepted["message"]
    assert shop.conditions(first)["Ready"] == ("True", f"{older}Ready")
    assert shop.find("cronjob", second) is None
    assert "loop" not in found["status"]
    eventually(lambda: shop.event_reasons(second) == ["Conflict"], "the Event")
    shop.delete(TASKS, first)
    shop.wait_for(second, "Ready", "True", f"{younger}Ready")
    shop.delete(TASKS, second)
