"""The environment variables by which operator, loop, worker and runner talk to each other.

The operator sets them in a task's pod, and the loop sets them for each attempt
that its worker forks. So a task finds the same variables in every mode, except its
limits, its jitter, arguments and options of retries: only the runner reads them, so they are set
only in a pod of its own.
"""

from typing import Final

DATABASE_URL: Final = "JVSCHEDULER_DATABASE_URL"
"""The history's address, in a form of `history.backends.registry`. If it is unset, the runner
writes the outcome into the termination message only, and the server records it."""

DATABASE_ADMIN_URL: Final = "JVSCHEDULER_DATABASE_ADMIN_URL"
"""The history's address for an administrator. Only the migration reads it."""

OPERATOR_DATABASE_URL: Final = "JVSCHEDULER_OPERATOR_DATABASE_URL"
"""The history's address for the operator, which may make and drop namespaces there, and no more."""

DATABASE_AUTHORITY_FILE: Final = "/etc/jvscheduler/database/ca.crt"
"""The file in every pod of ours that has the certificates of who signed the database's, where an
installation has them. The option `sslrootcert` of its address names this file."""

HISTORY_OLDER_THAN: Final = "JVSCHEDULER_HISTORY_OLDER_THAN"
HISTORY_KEEP_LAST: Final = "JVSCHEDULER_HISTORY_KEEP_LAST"
"""Settings of the built-in pruning task. Users set them; the defaults are `30d` and 20."""

SECRETS_FILE: Final = "JVSCHEDULER_SECRETS_FILE"
"""The values of Secrets and ConfigMaps for `dev` and a user's own server, in TOML."""

TASK_ID: Final = "JVSCHEDULER_TASK_ID"
TASK_NAME: Final = "JVSCHEDULER_TASK_NAME"
"""The ScheduledTask's `metadata.name`. Its CronJob has the same name."""

ENTRYPOINT: Final = "JVSCHEDULER_ENTRYPOINT"
"""`package.module:name`."""

TIMEOUT_SECONDS: Final = "JVSCHEDULER_TIMEOUT_SECONDS"
"""The limit of one attempt. Unset: there is no limit."""

RETRY_COUNT: Final = "JVSCHEDULER_RETRY_COUNT"
"""Attempts that may follow the first. Unset: 0."""

RETRY_DELAY_SECONDS: Final = "JVSCHEDULER_RETRY_DELAY_SECONDS"
"""The pause before the second attempt; each later pause is twice as long. Unset: 10."""

NO_RETRY_ON: Final = "JVSCHEDULER_NO_RETRY_ON"
"""Names of exceptions after which no further attempt is made, with commas. Unset: none."""

MAX_CONCURRENT: Final = "JVSCHEDULER_MAX_CONCURRENT"
"""Jobs of the task that may run at once. Unset: 1."""

JITTER_SECONDS: Final = "JVSCHEDULER_JITTER_SECONDS"
"""A job starts so long after its due instant at most. Unset: 0."""

ARGS: Final = "JVSCHEDULER_ARGS"
"""The task's `args` as JSON, in which `$` is escaped. Unset: it has none."""

JOB_NAME: Final = "JVSCHEDULER_JOB_NAME"
"""The Kubernetes Job's name. It contains the scheduled time. A loop, which creates no Job,
makes names of the same form."""

NAMESPACE: Final = "JVSCHEDULER_NAMESPACE"
POD_NAME: Final = "JVSCHEDULER_POD_NAME"
NODE_NAME: Final = "JVSCHEDULER_NODE_NAME"

LOOP_NAME: Final = "JVSCHEDULER_LOOP_NAME"
"""The loop's Deployment. The loop serves the ScheduledTasks whose `status.loop` is this name."""

SPOOL: Final = "JVSCHEDULER_SPOOL"
"""The folder of the loop's spool: records that wait on disk while the database is away."""

TERMINATION_LOG: Final = "JVSCHEDULER_TERMINATION_LOG"
"""The file that receives the outcome. Unset: `/dev/termination-log`, Kubernetes' default."""

WORKER_SOCKET: Final = "JVSCHEDULER_WORKER_SOCKET"
"""The Unix socket between a loop and its worker. Unset: `/run/jvscheduler/worker.sock`."""

GRACE_SECONDS: Final = "JVSCHEDULER_GRACE_SECONDS"
"""Seconds between a pod's SIGTERM and its SIGKILL. Unset: 30, Kubernetes' default."""

LOG_FORMAT: Final = "JVSCHEDULER_LOG_FORMAT"
LOG_LEVEL: Final = "JVSCHEDULER_LOG_LEVEL"
"""How server, operator, loop, worker, runner and migration log. Unset: `text` and `info`."""

SECRET_VARIABLES: Final = "JVSCHEDULER_SECRET_VARIABLES"  # noqa: S105 - names, no secret
"""Variables whose values no record and no log of ours shows, see `redaction`."""

NOT_RETRIED: Final = 79
"""The runner's exit code after an exception of `NO_RETRY_ON`. The Job then makes no further pod. No
other program is known to end so: the codes of `sysexits.h` end at 78."""

SET_BY_THE_OPERATOR: Final = (
    TASK_ID,
    TASK_NAME,
    ENTRYPOINT,
    TIMEOUT_SECONDS,
    RETRY_COUNT,
    RETRY_DELAY_SECONDS,
    NO_RETRY_ON,
    MAX_CONCURRENT,
    JITTER_SECONDS,
    ARGS,
    JOB_NAME,
    NAMESPACE,
    POD_NAME,
    NODE_NAME,
    LOOP_NAME,
    SPOOL,
    TERMINATION_LOG,
    WORKER_SOCKET,
    GRACE_SECONDS,
    SECRET_VARIABLES,
)
"""Variables of a pod's container that a template must not set."""
