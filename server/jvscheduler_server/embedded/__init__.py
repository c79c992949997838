"""The scheduler inside a user's own jvspatial server, as jvspatial documents `scheduler_enabled`.

It is the loop of `jvscheduler dev`. Each attempt is a process of the loop's worker; the user's
process only decides and shows.
"""
