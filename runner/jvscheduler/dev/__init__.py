"""`jvscheduler dev` schedules, runs and shows tasks on one machine, without a cluster.

It has the loop and the server's API in one process, and a worker as its child.
The history is a SQLite file unless the user names another database.
"""
