"""Records the due instants of CronJobs for which nothing ran."""
