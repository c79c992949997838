"""The history's database, as far as the operator knows it: addresses, and one function to call.

`isolation` derives each namespace's role, password and address (pure). `roles` says
what the operator asks of the database, `postgresql` does it, and
`jvscheduler_operator.testing.roles` is the same in memory.
"""
