"""Writes into the status of ScheduledTasks what came of their jobs, so that kubectl shows it.

`decide` is pure: the fields, the condition and the Event that follow from the history. `apply`
reads the history, and writes what has changed, at a bounded rate.

The operator writes the rest of the status: it sees CronJobs at once, also while the history is
away. Of a task that a loop serves only the history knows how many jobs run, so that `active` and
`lastScheduleTime` are written here then.
"""
