"""The worker of a loop: a process that has imported the application once and forks a child for
each run.

It knows no schedule, no history and no cluster: it starts what it is told over a
Unix socket, limits its time, and says how it ended. The loop that tells it is
another process (in a cluster another container), so that nothing that a task
does can delay the schedule.
"""
