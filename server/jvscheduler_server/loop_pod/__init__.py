"""The container `loop` of a loop's pod: it serves the ScheduledTasks that the operator assigns.

It is the pod's only container with a token, which may read ScheduledTasks. `jvscheduler.loop`
schedules and records. This package adds what only a cluster has: which tasks belong to which
loop.
"""
