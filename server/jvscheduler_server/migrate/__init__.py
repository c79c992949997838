"""`python -m jvscheduler_server.migrate`: makes roles and tables of a PostgreSQL for namespaces.

It runs with an administrator's rights, before the server starts. The server, the operator and the
tasks have roles of their own, which can create nothing.
"""
