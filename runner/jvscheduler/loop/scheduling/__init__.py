"""Knows the tasks that the loop serves, and looks at each one when it is due."""
