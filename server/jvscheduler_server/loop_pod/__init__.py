"""The loop's container in its pod: serves the ScheduledTasks that the operator assigns to it.

It is the only container of the pod that has a token, for reading ScheduledTasks.
What is due and what becomes of it is `jvscheduler.loop`'s to say; here is what
only a cluster has: which tasks are whose, and what becomes of those that were
taken from a loop while it did not run.
"""
