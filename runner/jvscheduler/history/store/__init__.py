"""The store of job records: what every store does (`protocol`), and the one in a database.

`database` puts the parts together: `jobs` for one job at a time, `batches` for the many jobs of
a loop, `revisions` for the definitions of tasks.
"""
