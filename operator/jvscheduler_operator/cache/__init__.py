"""The last known state of tasks, their CronJobs and loops.

Passes read it instead of asking the API server. Watch events, lists and the answers
to our own writes keep it up to date.
"""
