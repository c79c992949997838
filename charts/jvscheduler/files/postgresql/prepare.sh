#!/bin/sh
# Prepares the data folder before PostgreSQL serves it. It runs at each start of the pod, so that it
# also covers an upgrade and a changed password. Every step may be repeated: the container may be
# killed at any moment.
#
# Afterwards the superuser is `postgres`, and can log in over the Unix socket only. The database
# `jvscheduler` belongs to the role `jvscheduler_owner`, which is no superuser.
set -eu
umask 077

: "${PGDATA:?}" "${OWNER_PASSWORD:?}"
socket=$(mktemp -d)

# In a folder of its own first. initdb that was killed would leave one that PostgreSQL takes for
# complete.
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  rm -rf "$PGDATA.new"
  initdb --pgdata="$PGDATA.new" --username=postgres --encoding=UTF8 --auth=reject
  if [ -d "$PGDATA" ]; then rmdir "$PGDATA"; fi
  mv "$PGDATA.new" "$PGDATA"
fi

# Nobody else reaches it: there is no TCP, and the socket's folder is this container's own.
printf 'local all all trust\n' > "$socket/pg_hba.conf"
pg_ctl --pgdata="$PGDATA" --wait --timeout=3600 --silent start \
  --options="-c listen_addresses='' -c unix_socket_directories=$socket -c hba_file=$socket/pg_hba.conf"
trap 'pg_ctl --pgdata="$PGDATA" --wait --timeout=3600 --silent --mode=fast stop' EXIT

# run USER DATABASE: runs the SQL on standard input
run() {
  psql --no-psqlrc --quiet --host="$socket" --username="$1" --dbname="$2" \
    --set=ON_ERROR_STOP=1 --output=/dev/null
}

# Before 0.2.0 the superuser was `jvscheduler`, and every task knew its password. PostgreSQL's first
# superuser stays one, so that it gets another name, and has no password. Who renames it must be
# somebody else.
if ! echo 'SELECT 1' | run postgres postgres 2> /dev/null; then
  run jvscheduler postgres << 'SQL'
SELECT 'CREATE ROLE jvscheduler_setup SUPERUSER LOGIN'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jvscheduler_setup') \gexec
SQL
  run jvscheduler_setup postgres << 'SQL'
ALTER ROLE jvscheduler RENAME TO postgres;
SQL
fi

run postgres postgres << 'SQL'
\set password `printenv OWNER_PASSWORD`
DROP ROLE IF EXISTS jvscheduler_setup;
ALTER ROLE postgres PASSWORD NULL;
-- A task of 0.1.0 could have made another superuser.
SELECT format('ALTER ROLE %I NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS NOLOGIN', rolname)
  FROM pg_roles WHERE (rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls)
    AND oid <> 10 AND rolname <> 'jvscheduler_owner' AND rolname NOT LIKE 'pg\_%' \gexec
SELECT 'CREATE ROLE jvscheduler_owner'
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jvscheduler_owner') \gexec
ALTER ROLE jvscheduler_owner LOGIN NOSUPERUSER CREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS
  PASSWORD :'password';
SELECT 'CREATE DATABASE jvscheduler OWNER jvscheduler_owner'
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'jvscheduler') \gexec
ALTER DATABASE jvscheduler OWNER TO jvscheduler_owner;
SQL

# The tables of 0.1.0 belong to the superuser. The migration moves their rows as the owner. Their
# indexes, and the sequences of their columns, go with them.
run postgres jvscheduler << 'SQL'
SELECT format('ALTER %s %I.%I OWNER TO jvscheduler_owner',
    CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
      WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END, nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND relowner = 10
    AND nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass
      AND objid = pg_class.oid AND deptype IN ('a', 'e', 'i')) \gexec
SELECT format('ALTER SCHEMA %I OWNER TO jvscheduler_owner', nspname)
  FROM pg_namespace WHERE nspowner = 10
    AND nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema' \gexec
-- Large objects are nobody's tables: without this, every role may write them.
REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid),
  pg_catalog.lo_from_bytea(oid, bytea), pg_catalog.lo_put(oid, bigint, bytea),
  pg_catalog.lowrite(integer, bytea) FROM PUBLIC;
SQL
