-- The functions of the schema `jvscheduler`. Each migration replaces them.
--
-- Those that the operator and the server may call run with the owner's rights (SECURITY DEFINER).
-- Their search_path holds nothing that another role can write, and all names are qualified.
-- None takes an advisory lock: any role of the database may take any of those, for ever.

CREATE OR REPLACE FUNCTION jvscheduler.role_of(wanted text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plain text := 'ns_' || replace(wanted, '-', '_');
BEGIN
    IF wanted IS NULL OR wanted !~ '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' THEN
        RAISE EXCEPTION 'the name of a namespace is a DNS label, not %', quote_nullable(left(wanted, 80))
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- PostgreSQL would cut a name after 63 bytes, and two namespaces would have one role.
    IF length(plain) > 60 THEN
        RETURN 'nsh_' || left(encode(sha256(convert_to(wanted, 'UTF8')), 'hex'), 16)
            || '_' || right(replace(wanted, '-', '_'), 40);
    END IF;
    RETURN plain;
END $$;

-- Whether a row may stand in the partition of a namespace: what the server reads there as a record
-- of ours has that namespace inside, and the id and the entity that the row has.
-- A user's own ScheduledJob may have no namespace.
CREATE OR REPLACE FUNCTION jvscheduler.check_of(wanted text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format($check$
        entity NOT IN ('ScheduledJob', 'TaskSlot', 'ScheduleRevision', 'SchedulerPresence',
                       'UnsettledTakeover')
        OR (data ->> 'entity' IS NOT DISTINCT FROM entity
            AND data ->> 'id' IS NOT DISTINCT FROM id
            AND (data #>> '{context,namespace}' IS NOT DISTINCT FROM %1$L
                 OR (entity = 'ScheduledJob'
                     AND COALESCE(data #>> '{context,namespace}', '') = '')))
    $check$, wanted)
$$;

-- The indexes of a table, by the names that jvspatial and the history give them.
CREATE OR REPLACE FUNCTION jvscheduler.indexes_of(kind text) RETURNS TABLE (name text, keys text)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT kind || '_entity_idx', '(entity)'
    UNION ALL SELECT kind || '_tenant_idx', '(tenant_id) WHERE tenant_id IS NOT NULL'
    UNION ALL SELECT 'edge_entity_' || field || '_idx', format('(entity, (data #>> %L))', '{' || field || '}')
        FROM unnest(ARRAY['source', 'target']) AS field WHERE kind = 'edge'
    UNION ALL SELECT 'edge_source_target_entity_uniq',
        '((data #>> ''{source}''), (data #>> ''{target}''), entity)' WHERE kind = 'edge'
    UNION ALL SELECT 'edge_target_entity_idx', '((data #>> ''{target}''), entity)'
        WHERE kind = 'edge'
    UNION ALL SELECT 'object_entity_context_' || field || '_idx',
        format('(entity, (data #>> %L) DESC NULLS LAST)', '{context,' || field || '}')
        FROM unnest(ARRAY['execution_time', 'scheduled_time', 'last_scheduled_time',
            'completed_at', 'heartbeat_time']) AS field WHERE kind = 'object'
    UNION ALL SELECT 'object_entity_context_status_idx', '(entity, context_status)'
        WHERE kind = 'object'
    UNION ALL SELECT 'object_entity_context_job_name_context_status_idx',
        '(entity, (data #>> ''{context,job_name}''), context_status)' WHERE kind = 'object'
    UNION ALL SELECT 'object_entity_context_job_name_context_scheduled_time_idx',
        '(entity, (data #>> ''{context,job_name}''), '
        '(data #>> ''{context,scheduled_time}'') DESC NULLS LAST)' WHERE kind = 'object'
$$;

-- Creates the schema and the tables of a namespace, or what is missing of them.
CREATE OR REPLACE FUNCTION jvscheduler.make_tables(wanted text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    schema text := jvscheduler.role_of(wanted);
    server text := (SELECT role FROM jvscheduler.parts WHERE part = 'server');
    kind text;
    index record;
BEGIN
    -- One at a time: two that attach to one parent, or change one role, would fail otherwise.
    LOCK TABLE jvscheduler.namespaces IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO jvscheduler.namespaces (namespace, role) VALUES (wanted, schema)
        ON CONFLICT (namespace) DO NOTHING;
    IF to_regnamespace(schema) IS NULL THEN
        EXECUTE format('CREATE SCHEMA %I', schema);
    END IF;
    FOREACH kind IN ARRAY ARRAY['object', 'node', 'edge'] LOOP
        IF to_regclass(format('%I.%I', schema, kind)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I.%I (LIKE jvscheduler.%I INCLUDING DEFAULTS '
                'INCLUDING GENERATED, PRIMARY KEY (id), CONSTRAINT of_its_namespace CHECK (%s))',
                schema, kind, kind, jvscheduler.check_of(wanted));
            EXECUTE format('ALTER TABLE %I.%I ALTER namespace SET DEFAULT %L', schema, kind, wanted);
        END IF;
        -- What exists is left alone: even IF NOT EXISTS would wait for all writers.
        FOR index IN SELECT * FROM jvscheduler.indexes_of(kind) LOOP
            IF to_regclass(format('%I.%I', schema, index.name)) IS NULL THEN
                EXECUTE format('CREATE %s INDEX %I ON %I.%I %s',
                    CASE WHEN index.name LIKE '%\_uniq' THEN 'UNIQUE' END,
                    index.name, schema, kind, index.keys);
            END IF;
        END LOOP;
        IF NOT (SELECT relispartition FROM pg_class
                WHERE oid = format('%I.%I', schema, kind)::regclass) THEN
            EXECUTE format('ALTER TABLE jvscheduler.%I ATTACH PARTITION %I.%I FOR VALUES IN (%L)',
                kind, schema, kind, wanted);
        END IF;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema, server);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.object, %1$I.node, %1$I.edge TO %2$I',
        schema, server);
    RETURN schema;
END $$;

-- Creates a namespace's tables and its role, or repairs them, and sets the role's password.
CREATE OR REPLACE FUNCTION jvscheduler.make_namespace(namespace text, password text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
    made text := jvscheduler.make_tables(make_namespace.namespace);
BEGIN
    IF COALESCE(length(password), 0) < 16 THEN
        RAISE EXCEPTION 'the password of a namespace''s role has at least 16 characters'
            USING ERRCODE = 'invalid_password';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = made) THEN
        EXECUTE format('CREATE ROLE %I', made);
        EXECUTE format('GRANT jvscheduler_namespace TO %I', made);
        -- So that the owner may end its sessions.
        EXECUTE format('GRANT %I TO %I', made, current_user);
        UPDATE jvscheduler.namespaces AS known SET has_role = true WHERE known.role = made;
    ELSIF NOT (SELECT known.has_role FROM jvscheduler.namespaces AS known WHERE known.role = made) THEN
        -- Roles are of the whole server: another database's would get another password.
        RAISE EXCEPTION 'the role % exists, and was not made for this database', made
            USING ERRCODE = 'duplicate_object';
    END IF;
    -- A role may change its own password and its own settings: both are set again here.
    EXECUTE format('ALTER ROLE %I LOGIN CONNECTION LIMIT 40 PASSWORD %L', made, password);
    EXECUTE format('ALTER ROLE %I RESET ALL', made);
    EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''60s''', made);
    EXECUTE format('ALTER ROLE %I SET search_path = %I', made, made);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', made, made);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %1$I.object, %1$I.node, %1$I.edge TO %1$I',
        made);
    RETURN made;
END $$;

-- Drops a namespace's role, and ends its sessions. Its history stays, unless told otherwise.
CREATE OR REPLACE FUNCTION jvscheduler.drop_namespace(
    namespace text, delete_history boolean DEFAULT false
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $$
DECLARE
    role text := jvscheduler.role_of(drop_namespace.namespace);
BEGIN
    LOCK TABLE jvscheduler.namespaces IN SHARE ROW EXCLUSIVE MODE;
    IF (SELECT has_role FROM jvscheduler.namespaces AS known
        WHERE known.namespace = drop_namespace.namespace) THEN
        EXECUTE format('ALTER ROLE %I NOLOGIN', role);
        PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = role;
        EXECUTE format('DROP OWNED BY %I', role);
        EXECUTE format('DROP ROLE %I', role);
        UPDATE jvscheduler.namespaces AS known SET has_role = false
            WHERE known.namespace = drop_namespace.namespace;
    END IF;
    IF delete_history THEN
        EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', role);
        DELETE FROM jvscheduler.namespaces AS known
            WHERE known.namespace = drop_namespace.namespace;
    END IF;
END $$;

-- Ends the sessions of namespaces that the server has waited for longer than a second (they hold a
-- lock on their own tables), and those whose transaction is older than `longest` (they keep
-- the database from removing anybody's dead rows). Returns the roles, one for each session.
CREATE OR REPLACE FUNCTION jvscheduler.end_sessions(longest interval) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    session record;
BEGIN
    -- A loop: in one query, the planner may end sessions before it looks whose they are.
    FOR session IN
        SELECT activity.pid, known.role
        FROM pg_stat_activity AS activity
        JOIN jvscheduler.namespaces AS known
            ON known.role = activity.usename AND activity.datname = current_database()
        WHERE activity.xact_start < clock_timestamp() - longest
            OR activity.pid IN (
                SELECT unnest(pg_blocking_pids(lock.pid))
                FROM pg_locks AS lock
                JOIN pg_stat_activity AS waiting ON waiting.pid = lock.pid
                JOIN jvscheduler.parts AS part ON part.role = waiting.usename
                WHERE NOT lock.granted
                    AND lock.waitstart < clock_timestamp() - interval '1 second'
            )
    LOOP
        IF pg_terminate_backend(session.pid) THEN
            RETURN NEXT session.role;
        END IF;
    END LOOP;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA jvscheduler FROM PUBLIC;
