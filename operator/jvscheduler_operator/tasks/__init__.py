"""One pass over one ScheduledTask: gather, decide, apply, report its status.

A task is carried by a CronJob of its own name, or by a loop that `loops` takes care
of. The operator may be killed after any write: the next pass gathers what is
there, decides again, and makes the rest of the writes.
"""
