"""A `pod` with every key, and the task of a decorator with it."""

from typing import Any, Final

from jvscheduler import Pod, on_schedule
from jvscheduler.decorators import task_of
from jvscheduler.tasks import Task

WHOLE: Final[Pod] = {
    "memory": "512Mi",
    "cpu": "500m",
    "env": {"SHOP": "north", "EMPTY": ""},
    "secrets": ["mailer"],
    "config_maps": ["shop", "shop.v2"],
    "volumes": {
        "/srv/data": {"claim": "shop-data"},
        "/etc/mailer": {"secret": "mailer"},
        "/etc/shop": {"config_map": "shop", "read_only": True},
        "/scratch": {"empty_dir": "1Gi"},
    },
    "service_account": "shop-reader",
    "node_selector": {"disk": "ssd"},
    "labels": {"team": "shop", "app.kubernetes.io/part-of": "shop"},
    "image_pull_secrets": ["registry"],
}


def decorated(schedule: str, **options: Any) -> Task:
    def function() -> None: ...

    function.__qualname__ = function.__name__
    made = task_of(on_schedule(schedule, **options)(function))
    assert made is not None
    return made
