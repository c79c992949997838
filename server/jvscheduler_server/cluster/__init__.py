"""The server's view of the cluster: its objects as frozen values, and the protocols to read them.

`objects` holds what a pod, a Job, a CronJob and a task are for the server. `protocols` says how
the API and the repair read them. `local` is the cluster of a single process, without pods;
`jvscheduler_server.kubernetes` is the real one.
"""
