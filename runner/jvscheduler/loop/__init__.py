"""The loop: has jobs run when they are due, in one process, without a CronJob.

It does what the CronJob controller and the Job controller do between them: in a
loop's pod, for `jvscheduler dev` and for an application's own server. Each attempt
is a process that `jvscheduler.worker` forks.
"""
