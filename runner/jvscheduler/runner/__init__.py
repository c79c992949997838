"""Runs one attempt of one task and tells the truth about it: the pod's entrypoint.

Two processes. The supervisor imports jvspatial, forks, and touches nothing of
the user's: it claims the job, limits the time, and records. The child imports
the user's module (at the same time as the supervisor claims), waits to be told
to go, and runs the task. Whatever the task does — hang, exit, be killed for its
memory, close every file — ends the child and not the account of it.
"""
