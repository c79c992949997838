"""One attempt: one try of a job, in a child process that the supervisor forks.

Two processes take part. The parent supervises: it forks the child, ends it at its time limit, and
decides the outcome. The child loads the user's code and calls it. A pod's `runner` and a loop's
`worker` are both such parents, so that a task ends the same way in both.

- In the parent: `process` (fork, wait, signal, reap) and `verdict` (the outcome, decided).
- In the child, after the fork: the package `child`. Neither side imports the other.
- Between the two: `gate` (when the child may call the task) and `report` (what came of it).
- For both: `descendants` (what the task has started), `tracebacks`, `log`, `packages`.
- Rules that the runner and the loop share: `limits` and `retries`.
"""
