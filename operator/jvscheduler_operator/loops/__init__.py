"""One pass over one loop's Deployment: gather, decide, apply.

There is no `status` here. A loop is a Deployment, which has a status of its own; the
tasks of the loop report it in theirs.
"""
