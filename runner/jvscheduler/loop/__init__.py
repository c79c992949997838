"""The runner loop: has jobs run when they are due, in one process, without a CronJob.

It does what the CronJob controller and the Job controller do between them, for
`jvscheduler dev` and for an application's own server. The pods' part is the
pods' own: each attempt is a process of `jvscheduler.runner` with the
environment that a pod would have.
"""
