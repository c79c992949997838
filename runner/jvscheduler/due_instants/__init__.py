"""Decides what becomes of a task's due instants: which one runs, which are recorded without a run.

Pure rules. The loop decides by them while it runs, and the server's repair by the same
rules after a loop is gone.
"""
