"""`jvscheduler dev`: schedules, runs and shows the tasks on one machine, without a cluster.

The runner loop and the server's API in one process, on SQLite unless told
otherwise.
"""
