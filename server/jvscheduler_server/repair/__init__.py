"""Writes the records that no pod and no loop could write, so that each due instant has one.

Each folder repairs one thing. `gather` reads the cluster, `decide` is pure, `apply` reads and
writes the history:

- `attempts` ends an attempt whose runner did not record its end;
- `revisions` records which definition of each CronJob was in force since when;
- `due_instants` records the due instants of CronJobs for which nothing ran;
- `former_loop_tasks` records what a loop left when it stopped serving a task.

`sweeper` runs the four of them in this order, again and again.
"""
