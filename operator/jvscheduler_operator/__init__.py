"""The operator: keeps one CronJob for each ScheduledTask and says in its status how it goes.

Level-triggered: `gather` reads what is, `decide` (pure) says what to do,
`apply` does it with server-side apply. `handlers` is all that knows kopf,
`kubernetes_cluster` all that knows the Kubernetes client.
"""
