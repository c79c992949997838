"""The scheduler inside an application's own jvspatial server.

As jvspatial documents it (`scheduler_enabled=True`), on the loop that
`jvscheduler dev` runs on: each attempt is a process of its worker, and the
application's process only decides and shows. This package alone of the server
knows the loop.
"""
