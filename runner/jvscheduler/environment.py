"""The environment variables of a task's process: the contract of operator, loop and runner.

The operator writes them into the pod and the loop into each run of a worker: a task finds
the same in every mode.
"""

from typing import Final

DATABASE_URL: Final = "JVSCHEDULER_DATABASE_URL"
"""Where the history is: `sqlite:///file`, `postgresql://…`, `mongodb://…`. Unset: the run is not
recorded by the runner, only in the termination message."""

HISTORY_OLDER_THAN: Final = "JVSCHEDULER_HISTORY_OLDER_THAN"
HISTORY_KEEP_LAST: Final = "JVSCHEDULER_HISTORY_KEEP_LAST"
"""The rule of the built-in pruning task, set by users; unset: `30d` and 20."""

TASK_ID: Final = "JVSCHEDULER_TASK_ID"
TASK_NAME: Final = "JVSCHEDULER_TASK_NAME"
"""The ScheduledTask's `metadata.name`, which is its CronJob's name."""

ENTRYPOINT: Final = "JVSCHEDULER_ENTRYPOINT"
"""`package.module:name`."""

TIMEOUT_SECONDS: Final = "JVSCHEDULER_TIMEOUT_SECONDS"
"""Of one attempt; unset: no limit."""

RETRY_COUNT: Final = "JVSCHEDULER_RETRY_COUNT"
"""Attempts that may follow the first; unset: 0."""

MAX_CONCURRENT: Final = "JVSCHEDULER_MAX_CONCURRENT"
"""Jobs of the task that may run at once; unset: 1."""

JOB_NAME: Final = "JVSCHEDULER_JOB_NAME"
"""The Kubernetes Job's name, from which the scheduled time is read. `jvscheduler dev` makes
names of the same form."""

NAMESPACE: Final = "JVSCHEDULER_NAMESPACE"
POD_NAME: Final = "JVSCHEDULER_POD_NAME"
NODE_NAME: Final = "JVSCHEDULER_NODE_NAME"

LOOP_NAME: Final = "JVSCHEDULER_LOOP_NAME"
"""The loop's Deployment: it serves the ScheduledTasks whose `status.loop` says so."""

SPOOL: Final = "JVSCHEDULER_SPOOL"
"""Directory in which the loop keeps what the history could not take yet."""

TERMINATION_LOG: Final = "JVSCHEDULER_TERMINATION_LOG"
"""File that receives the outcome; unset: `/dev/termination-log`, as Kubernetes has it."""

WORKER_SOCKET: Final = "JVSCHEDULER_WORKER_SOCKET"
"""Where a loop and its worker meet; unset: `/run/jvscheduler/worker.sock`."""

GRACE_SECONDS: Final = "JVSCHEDULER_GRACE_SECONDS"
"""Between a pod's SIGTERM and its SIGKILL; unset: 30, as Kubernetes has it."""
