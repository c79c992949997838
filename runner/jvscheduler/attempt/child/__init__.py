"""The child's side of an attempt: everything here runs in the forked process, after the fork."""
