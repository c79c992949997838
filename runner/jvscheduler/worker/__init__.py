"""The worker of a loop: it imports the application once and forks a child for each attempt.

It knows no schedule, no history and no cluster. It gets orders over a Unix socket, starts
attempts, enforces their time limits and answers how each one ended. The loop that gives the orders
is another process, in a cluster another container, so that nothing that a task does can delay the
schedule.

- `serve`: one thread and one selector that serve everything below.
- `connection`: the socket, and the one loop that is connected. `messages`: what goes over it.
- `attempts`: the attempts, from their start to the acknowledgement of their end.
- `imports`: the application's modules, each tried in a child first.
- `effects`: what an import changes in the process, kept to the runs of its own module.
- `processes`: the children as the worker sees them. `child`: what runs in a child before the task.
- `output`: what an attempt prints. `log`: the worker's stdout. `settings`: its environment.

In messages an attempt's id is called `run_id`.
"""
