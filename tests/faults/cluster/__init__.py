"""Faults in a cluster whose CronJobs and loops run tasks, from a seed; `jvscheduler verify` judges.

The parts are a user's: kind, the chart, its PostgreSQL. `planning` and `mix` are pure;
`acts` does a fault to a `World` and returns when all that it stopped is there again.
"""
