"""The last known state of tasks, their CronJobs and loops."""
