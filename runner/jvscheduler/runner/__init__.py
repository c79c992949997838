"""The process in each task's pod: it runs one attempt of one job and records the true outcome.

It is two processes. The supervisor imports jvspatial, forks the child, and then runs no code of
the user's: it claims the job, enforces the time limit, and records. The child imports the user's
module while the supervisor claims the job, waits until its gate opens, and runs the task. A task
may hang, exit, close every file or be killed for its memory: that ends the child, and the
supervisor still records what happened.

- `supervisor`: the attempt's steps in their order. `settings`: the pod's environment.
- `admission`: claim the job and get one of the task's slots. `heartbeats`: keep both.
- `recording`: write the outcome into the history and into the termination message.
- `calls`: what these three have in common: no connection is held between two calls.
"""
