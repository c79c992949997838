"""Settles the due instants from before a loop took a task over.

A killed loop may leave some of them without a record: the next loop settles these too. The server
does when no loop serves the task any more.
"""
