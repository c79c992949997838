"""Writes the records that no pod and no loop could write, so that each due instant has one.

Each folder repairs one thing. Its module `decide` is pure, and `apply` reads and writes the
history. Where several facts of the cluster are needed, `gather` reads them; in the other folders
`apply` does. `attempts` has two modules that decide, one for pods and one for records, and
`rules` for both:

- `unstarted_jobs` records what jobs wait for, and those that never started;
- `attempts` ends an attempt whose runner did not record its end;
- `revisions` records which definition of each CronJob was in force since when;
- `due_instants` records the due instants of CronJobs for which nothing ran;
- `former_loop_tasks` records what a loop left when it stopped serving a task.

`sweeper` runs the five of them in this order, again and again.
"""
