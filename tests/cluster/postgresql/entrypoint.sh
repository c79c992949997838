#!/bin/bash
# The part of the official `postgres` image's entrypoint that a chart relies on:
# initialises PGDATA when it is empty, then runs its arguments.
set -euo pipefail

# value_of NAME: $NAME, or the content of the file that $NAME_FILE names
value_of() {
  local file="${1}_FILE"
  if [ -n "${!file:-}" ]; then cat "${!file}"; else printf '%s' "${!1:-}"; fi
}

# initdb refuses a user without a name, as one chosen by `runAsUser` is.
name_user() {
  if getent passwd "$(id -u)" > /dev/null; then return; fi
  printf 'postgres:x:%s:%s::%s:/bin/false\n' "$(id -u)" "$(id -g)" "$PGDATA" > /tmp/passwd
  printf 'postgres:x:%s:\n' "$(id -g)" > /tmp/group
  export LD_PRELOAD=libnss_wrapper.so NSS_WRAPPER_PASSWD=/tmp/passwd NSS_WRAPPER_GROUP=/tmp/group
}

initialise() {
  local user password database
  user=$(value_of POSTGRES_USER)
  user=${user:-postgres}
  password=$(value_of POSTGRES_PASSWORD)
  database=$(value_of POSTGRES_DB)
  database=${database:-$user}
  if [ -z "$password" ]; then
    echo "POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set to initialise $PGDATA" >&2
    exit 1
  fi
  # shellcheck disable=SC2086 # the arguments are words
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") --encoding=UTF8 \
    --auth-local=trust --auth-host=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  if [ "$database" != postgres ]; then
    printf 'CREATE DATABASE "%s";\n' "${database//\"/\"\"}" |
      postgres --single -D "$PGDATA" -c logging_collector=off postgres > /dev/null
  fi
}

if [ "${1:-}" = "" ] || [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" = postgres ]; then
  name_user
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA" 2> /dev/null || true
  if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise; fi
  set -- "$@" -c listen_addresses='*'
fi
exec "$@"
