"""One pass over one namespace: its part of the history is made, or repaired.

It runs only where each namespace has a role of its own in the database. Passes over
tasks do not wait for it: a task runs while the database is away.
"""
