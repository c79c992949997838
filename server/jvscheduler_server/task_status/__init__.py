"""Writes into the status of ScheduledTasks what came of their jobs, so that kubectl shows it.

`decide` is pure: the fields, the condition and the Event that follow from the history. `apply`
reads the history, and writes what has changed, at a bounded rate.

The operator writes the rest of the status: it sees CronJobs at once, also while the history is
away. Only the history knows how many jobs of a loop's task run. So `active` and `lastScheduleTime`
of such a task are written here.
"""
