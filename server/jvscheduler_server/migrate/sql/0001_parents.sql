-- The tables that the server reads: each has a partition for each namespace, in a schema of
-- the namespace's own. A parent has no key and no index. Each partition has its own key, on the
-- id alone, so what stands in one partition says nothing about any other.

CREATE TABLE jvscheduler.object (
    id text NOT NULL,
    entity text NOT NULL,
    tenant_id text,
    data jsonb NOT NULL,
    _v integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    context_status text GENERATED ALWAYS AS (data #>> '{context,status}') STORED,
    namespace text NOT NULL
) PARTITION BY LIST (namespace);

CREATE TABLE jvscheduler.node (
    id text NOT NULL,
    entity text NOT NULL,
    tenant_id text,
    data jsonb NOT NULL,
    _v integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    namespace text NOT NULL
) PARTITION BY LIST (namespace);

CREATE TABLE jvscheduler.edge (
    id text NOT NULL,
    entity text NOT NULL,
    tenant_id text,
    data jsonb NOT NULL,
    _v integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    namespace text NOT NULL
) PARTITION BY LIST (namespace);

-- The namespaces that have tables, and the role (and schema) of each.
CREATE TABLE jvscheduler.namespaces (
    namespace text PRIMARY KEY,
    role text NOT NULL UNIQUE,
    has_role boolean NOT NULL DEFAULT false, -- true when the role was made here
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The names of the roles of the server and of the operator, which the functions grant rights to.
CREATE TABLE jvscheduler.parts (
    part text PRIMARY KEY,
    role text NOT NULL
);
