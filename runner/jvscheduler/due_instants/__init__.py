"""Decides what becomes of a task's due instants: which one runs, which are recorded without a run.

The loop decides by it while it runs, and the server's repair by the same rules after a loop is
gone. The rules are pure. Only `takeover` reads and writes the history too.
"""
