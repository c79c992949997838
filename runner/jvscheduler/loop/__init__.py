"""The loop: runs jobs when they are due, in one process and without a CronJob.

It does the work of the CronJob controller and the Job controller: in a loop's pod, in
`jvscheduler dev` and in an application's own server. Each attempt is a process that the
worker forks (`jvscheduler.worker`).

`scheduling` waits for due instants, `execution` runs a job's attempts, `recording` writes to
the history or to the spool, `takeover` settles what an earlier loop left, and `worker_link`
is the connection to the worker. `loop` puts them together.
"""

# On Windows this says what to do. A module that only Unix has would fail without a word about it.
from jvscheduler import kernel  # noqa: F401
