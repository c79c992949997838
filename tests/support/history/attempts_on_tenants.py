"""What the role of a namespace may try against the others, as SQL.

The attacker's namespace is `shop`, the victim's is `other`. A statement may name `{id}`, the id of
the victim's next job.
"""

# ruff: noqa: S608 - constants

from typing import Final, NamedTuple


class Attempt(NamedTuple):
    sql: str
    refused: str = ""
    """The SQLSTATEs with which it fails. Empty: it succeeds, and changes or shows nothing."""


DENIED: Final = "42501"
ROW: Final = """'{{"id": "{id}", "entity": "ScheduledJob", "context": {{"namespace": "other",
    "job_name": "shop.tasks.restock", "kubernetes_job": "x", "status": "completed"}}}}'"""

ATTEMPTS: Final = {
    "read another's rows": Attempt("SELECT data FROM ns_other.object", DENIED),
    "read all rows": Attempt("SELECT data FROM jvscheduler.object", DENIED),
    "read the rows of 0.1.0": Attempt("SELECT data FROM public.object", DENIED),
    "explain a query of all rows": Attempt("EXPLAIN SELECT FROM jvscheduler.object", DENIED),
    "explain with times a query of another's rows": Attempt(
        "EXPLAIN ANALYZE SELECT FROM ns_other.object WHERE id = '{id}'", DENIED
    ),
    "prepare a query of another's rows": Attempt(
        "PREPARE theirs AS SELECT data FROM ns_other.object", DENIED
    ),
    "read others' statistics": Attempt(
        "SELECT most_common_vals::text FROM pg_stats WHERE schemaname <> 'ns_shop'"
        " AND schemaname LIKE 'ns_%'"
    ),
    "read the statistics themselves": Attempt("SELECT * FROM pg_statistic", DENIED),
    "read passwords": Attempt("SELECT rolpassword FROM pg_authid", DENIED),
    "read passwords by the view": Attempt("SELECT passwd FROM pg_shadow", DENIED),
    "read others' queries": Attempt(
        "SELECT query FROM pg_stat_activity WHERE usename <> current_user"
        " AND query NOT IN ('', '<insufficient privilege>')"
    ),
    "read the namespaces": Attempt("SELECT * FROM jvscheduler.namespaces", DENIED),
    "claim another's next instant in its table": Attempt(
        f"INSERT INTO ns_other.object (id, entity, data) VALUES ('{{id}}', 'ScheduledJob', {ROW})",
        DENIED,
    ),
    "claim it through the parent": Attempt(
        "INSERT INTO jvscheduler.object (id, entity, data, namespace)"
        f" VALUES ('{{id}}', 'ScheduledJob', {ROW}, 'other')",
        DENIED,
    ),
    "claim it in the own table under another's namespace": Attempt(
        "INSERT INTO ns_shop.object (id, entity, data, namespace)"
        f" VALUES ('{{id}}', 'ScheduledJob', {ROW}, 'other')",
        "23514",
    ),
    "store another's record in the own table": Attempt(
        f"INSERT INTO ns_shop.object (id, entity, data) VALUES ('{{id}}', 'ScheduledJob', {ROW})",
        "23514",
    ),
    "store it under another entity's name": Attempt(
        f"INSERT INTO ns_shop.object (id, entity, data) VALUES ('{{id}}', 'TaskSlot', {ROW})",
        "23514",
    ),
    "move a row to another namespace": Attempt(
        "UPDATE ns_shop.object SET namespace = 'other'", "23514"
    ),
    "make a row another's": Attempt(
        "UPDATE ns_shop.object SET data = jsonb_set(data, '{{context,namespace}}', '\"other\"')",
        "23514",
    ),
    "change another's rows": Attempt("UPDATE ns_other.object SET entity = ''", DENIED),
    "change all rows": Attempt("UPDATE jvscheduler.object SET entity = ''", DENIED),
    "delete another's rows": Attempt("DELETE FROM ns_other.object", DENIED),
    "delete all rows": Attempt("DELETE FROM jvscheduler.object", DENIED),
    "merge into another's rows": Attempt(
        "MERGE INTO ns_other.object AS o USING ns_shop.object AS s ON o.id = s.id"
        " WHEN MATCHED THEN DELETE",
        DENIED,
    ),
    "empty a table": Attempt("TRUNCATE ns_shop.object", DENIED),
    "empty all tables": Attempt("TRUNCATE jvscheduler.object", DENIED),
    "drop the own table": Attempt("DROP TABLE ns_shop.object", DENIED),
    "drop all tables": Attempt("DROP TABLE jvscheduler.object CASCADE", DENIED),
    "drop the own schema": Attempt("DROP SCHEMA ns_shop CASCADE", DENIED),
    "detach the own table": Attempt(
        "ALTER TABLE jvscheduler.object DETACH PARTITION ns_shop.object", DENIED
    ),
    "drop the own table's check": Attempt(
        "ALTER TABLE ns_shop.object DROP CONSTRAINT of_its_namespace", DENIED
    ),
    "add a trigger": Attempt(
        "CREATE TRIGGER t BEFORE INSERT ON ns_shop.object FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        DENIED,
    ),
    "add a rule": Attempt(
        "CREATE RULE r AS ON INSERT TO ns_shop.object DO INSTEAD NOTHING", DENIED
    ),
    "add a policy": Attempt("CREATE POLICY p ON ns_shop.object USING (false)", DENIED),
    "index the own table": Attempt("CREATE INDEX ON ns_shop.object (data)", DENIED),
    "lock another's table": Attempt(
        "BEGIN; LOCK TABLE ns_other.object IN ACCESS SHARE MODE", DENIED
    ),
    "lock all tables": Attempt("BEGIN; LOCK TABLE jvscheduler.object IN ACCESS SHARE MODE", DENIED),
    "lock another's slots": Attempt(
        "SELECT FROM ns_other.object WHERE entity = 'TaskSlot' FOR UPDATE", DENIED
    ),
    "become another": Attempt("SET ROLE ns_other", DENIED),
    "become the owner": Attempt("SET ROLE {owner}", DENIED),
    "become the server": Attempt("SET ROLE {server}", DENIED),
    "become a superuser": Attempt("SET SESSION AUTHORIZATION postgres", DENIED),
    "become another for the session": Attempt("SET SESSION AUTHORIZATION ns_other", DENIED),
    "set jvspatial's tenant": Attempt(
        "SELECT data FROM ns_shop.object CROSS JOIN set_config('app.tenant_id', 'other', false)"
        " WHERE namespace <> 'shop'"
    ),
    "set the search path to another's": Attempt(
        "SET search_path = ns_other; SELECT data FROM object", "42P01"
    ),
    "switch checks off": Attempt("SET session_replication_role = replica", DENIED),
    "make a namespace": Attempt(
        "SELECT jvscheduler.make_namespace('other', 'a long enough password')", DENIED
    ),
    "drop a namespace": Attempt("SELECT jvscheduler.drop_namespace('other', true)", DENIED),
    "end others' sessions by our function": Attempt(
        "SELECT jvscheduler.end_sessions(interval '0')", DENIED
    ),
    "end others' sessions": Attempt(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{server}'", DENIED
    ),
    "cancel others' queries": Attempt(
        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = '{server}'", DENIED
    ),
    "create a function": Attempt(
        "CREATE FUNCTION ns_shop.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", DENIED
    ),
    "create a function in public": Attempt(
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", DENIED
    ),
    "create a function by an anonymous block": Attempt(
        "DO $$ BEGIN EXECUTE 'CREATE TABLE ns_shop.t (a int)'; END $$", DENIED
    ),
    "read by an anonymous block": Attempt(
        "DO $$ BEGIN PERFORM data FROM ns_other.object; END $$", DENIED
    ),
    "create a table": Attempt("CREATE TABLE ns_shop.t (a int)", DENIED),
    "create a view of another's rows": Attempt(
        "CREATE VIEW ns_shop.v AS SELECT * FROM ns_other.object", DENIED
    ),
    "create a temporary table": Attempt("CREATE TEMPORARY TABLE t (a int)", DENIED),
    "create a temporary function": Attempt(
        "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'", DENIED
    ),
    "create a schema": Attempt("CREATE SCHEMA mine", DENIED),
    "create an extension": Attempt("CREATE EXTENSION dblink", f"{DENIED} 0A000 58P01"),
    "create a role": Attempt("CREATE ROLE mine SUPERUSER", DENIED),
    "create a database": Attempt("CREATE DATABASE mine", DENIED),
    "take another's password": Attempt("ALTER ROLE ns_other PASSWORD 'mine'", DENIED),
    "become a superuser by a change": Attempt("ALTER ROLE ns_shop SUPERUSER", DENIED),
    "raise the own limit of connections": Attempt("ALTER ROLE ns_shop CONNECTION LIMIT -1", DENIED),
    "join another role": Attempt("GRANT ns_other TO ns_shop", DENIED),
    "join the readers of all data": Attempt("GRANT pg_read_all_data TO ns_shop", DENIED),
    "give another the own rows' rights": Attempt(
        "GRANT SELECT ON ns_other.object TO ns_shop", DENIED
    ),
    "run a program": Attempt("COPY ns_shop.object FROM PROGRAM 'id'", DENIED),
    "write into a program": Attempt("COPY ns_shop.object TO PROGRAM 'cat'", DENIED),
    "write a file": Attempt("COPY ns_shop.object TO '/tmp/shop'", DENIED),
    "read a file": Attempt("SELECT pg_read_file('PG_VERSION')", DENIED),
    "list files": Attempt("SELECT pg_ls_dir('.')", DENIED),
    "import a file": Attempt("SELECT lo_import('/etc/passwd')", DENIED),
    "create a large object": Attempt("SELECT lo_create(0)", DENIED),
    "fill a large object": Attempt("SELECT lo_from_bytea(0, 'x')", DENIED),
    "change the server's settings": Attempt("ALTER SYSTEM SET log_statement = 'all'", DENIED),
    "reload the server": Attempt("SELECT pg_reload_conf()", DENIED),
    "read the server's file of access": Attempt("SELECT * FROM pg_hba_file_rules", DENIED),
    "show a row by a query that fails": Attempt(
        "SELECT data::text::int FROM ns_other.object", DENIED
    ),
    "show a row by a cast in a condition": Attempt(
        "SELECT FROM jvscheduler.object WHERE (data #>> '{{context,error_message}}')::int = 1",
        DENIED,
    ),
    "probe ids by a key that exists": Attempt(
        "INSERT INTO ns_other.object (id, entity, data) VALUES ('{id}', '', '{{}}')"
        " ON CONFLICT DO NOTHING",
        DENIED,
    ),
    "reference another's keys": Attempt(
        "CREATE TABLE ns_shop.probe (id text REFERENCES ns_other.object)", DENIED
    ),
    "publish all rows": Attempt("CREATE PUBLICATION p FOR TABLE ns_other.object", DENIED),
    "read the log of changes": Attempt(
        "SELECT pg_create_logical_replication_slot('s', 'test_decoding')", f"{DENIED} 55000"
    ),
    "comment on the database": Attempt("COMMENT ON DATABASE {database} IS 'mine'", DENIED),
    "analyze another's table": Attempt("ANALYZE ns_other.object", DENIED),
}
"""By what it is."""
