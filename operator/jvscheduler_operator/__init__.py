"""The operator: gives each ScheduledTask a CronJob or a loop, and writes its status.

It is level-triggered. A pass over one key gathers what exists, decides (pure)
what is to be done, and applies it with server-side apply.

Rooms, each of which knows only those after it:

- `controller`: which key is reconciled when; kopf, which watches
- `tasks`, `loops`, `namespaces`: the passes over ScheduledTasks, over loops' Deployments, and
  over namespaces' parts of the history
- `cache`: the last known state
- `cluster`: the Kubernetes API
- `database`: namespaces' addresses in the history's database, and the roles behind them
- `acceptance`: what a spec asks for, or why it is refused
- `pod_templates`: the pods of tasks and loops
- `objects`: keys, times, drift and readiness of Kubernetes objects
"""
