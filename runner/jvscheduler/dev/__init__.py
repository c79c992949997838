"""`jvscheduler dev`: schedules, runs and shows the tasks on one machine, without a cluster.

It does what the CronJob controller, the Job controller and the server do
between them. The pods' part is the pods' own: each attempt is a process of
`jvscheduler.runner` with the environment that a pod would have.
"""
