"""Brings the tasks of a project into a cluster, and out again, with the user's kubeconfig.

`cluster` reads and writes ScheduledTasks. `plan` decides, without the cluster, what an apply
would do. The project's tasks carry one label, so that what the code no longer has is known.
"""
