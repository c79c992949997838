"""What was due before a loop took a task over, and what a killed loop left of its takeover.

The loop settles it, and the server does when no loop serves the task any more.
"""
