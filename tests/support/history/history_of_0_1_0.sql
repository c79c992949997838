-- A history that the code of 0.1.0 has written on PostgreSQL, as pg_dump gives it: the jobs of two
-- namespaces, and a user's entity, nodes and edge.
CREATE TABLE public.edge (
    id text NOT NULL,
    entity text NOT NULL,
    tenant_id text,
    data jsonb NOT NULL,
    _v integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.node (
    id text NOT NULL,
    entity text NOT NULL,
    tenant_id text,
    data jsonb NOT NULL,
    _v integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.object (
    id text NOT NULL,
    entity text NOT NULL,
    tenant_id text,
    data jsonb NOT NULL,
    _v integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    context_status text GENERATED ALWAYS AS ((data #>> '{context,status}'::text[])) STORED
);
INSERT INTO public.edge VALUES ('e.Edge.ff5d55c793124c66be1a5fc9', 'Edge', NULL, '{"id": "e.Edge.ff5d55c793124c66be1a5fc9", "entity": "Edge", "source": "n.Node.one", "target": "n.Node.two", "context": {}, "bidirectional": false}', 1, '2026-11-27 03:48:46.031844+00', '2026-11-27 03:48:46.031844+00');
INSERT INTO public.node VALUES ('n.Node.one', 'Node', NULL, '{"id": "n.Node.one", "entity": "Node", "context": {}}', 1, '2026-11-27 03:48:45.971822+00', '2026-11-27 03:48:45.971822+00');
INSERT INTO public.node VALUES ('n.Node.two', 'Node', NULL, '{"id": "n.Node.two", "entity": "Node", "context": {}}', 1, '2026-11-27 03:48:45.977292+00', '2026-11-27 03:48:45.977292+00');
INSERT INTO public.object VALUES ('o.ScheduledJob.1e946845a9180bcda285-1772452800', 'ScheduledJob', NULL, '{"id": "o.ScheduledJob.1e946845a9180bcda285-1772452800", "entity": "ScheduledJob", "context": {"loop": null, "reason": null, "result": null, "status": "running", "attempts": [{"number": 1, "reason": null, "status": "running", "node_name": null, "attempt_id": "pod-a", "start_time": "2026-03-02T12:00:00.000000+00:00", "error_message": null, "completion_time": null}], "instants": 1, "job_name": "shop.tasks.restock", "log_tail": null, "metadata": {}, "pod_name": "pod-a", "revision": 1, "namespace": "shop", "node_name": null, "traceback": null, "cpu_seconds": null, "retry_count": 0, "completed_at": null, "error_message": null, "execution_time": "2026-03-02T12:00:00.000000+00:00", "heartbeat_time": "2026-03-02T12:00:00.000000+00:00", "kubernetes_job": "shop-tasks-restock-29540880", "scheduled_time": "2026-03-02T12:00:00.000000+00:00", "duration_seconds": null, "peak_memory_bytes": null, "last_scheduled_time": null}}', 1, '2026-11-27 03:48:45.851262+00', '2026-11-27 03:48:45.851262+00', DEFAULT);
INSERT INTO public.object VALUES ('o.ScheduledJob.ea5476a7f4d7d47e4a35-1772452800', 'ScheduledJob', NULL, '{"id": "o.ScheduledJob.ea5476a7f4d7d47e4a35-1772452800", "entity": "ScheduledJob", "context": {"loop": null, "reason": null, "result": null, "status": "running", "attempts": [{"number": 1, "reason": null, "status": "running", "node_name": null, "attempt_id": "pod-a", "start_time": "2026-03-02T12:00:00.000000+00:00", "error_message": null, "completion_time": null}], "instants": 1, "job_name": "shop.tasks.restock", "log_tail": null, "metadata": {}, "pod_name": "pod-a", "revision": 1, "namespace": "farm-two", "node_name": null, "traceback": null, "cpu_seconds": null, "retry_count": 0, "completed_at": null, "error_message": null, "execution_time": "2026-03-02T12:00:00.000000+00:00", "heartbeat_time": "2026-03-02T12:00:00.000000+00:00", "kubernetes_job": "shop-tasks-restock-29540880", "scheduled_time": "2026-03-02T12:00:00.000000+00:00", "duration_seconds": null, "peak_memory_bytes": null, "last_scheduled_time": null}}', 1, '2026-11-27 03:48:45.863865+00', '2026-11-27 03:48:45.863865+00', DEFAULT);
INSERT INTO public.object VALUES ('o.Product.tea', 'Product', NULL, '{"id": "o.Product.tea", "entity": "Product", "context": {"name": "tea"}}', 1, '2026-11-27 03:48:45.903844+00', '2026-11-27 03:48:45.903844+00', DEFAULT);
ALTER TABLE ONLY public.edge
    ADD CONSTRAINT edge_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.object
    ADD CONSTRAINT object_pkey PRIMARY KEY (id);
CREATE INDEX edge_entity_idx ON public.edge USING btree (entity);
CREATE INDEX edge_entity_source_idx ON public.edge USING btree (entity, ((data #>> '{source}'::text[])));
CREATE INDEX edge_entity_source_idx_sort_6a6c4dec ON public.edge USING btree (entity, NULLIF((data #> '{source}'::text[]), 'null'::jsonb), id);
CREATE INDEX edge_entity_target_idx ON public.edge USING btree (entity, ((data #>> '{target}'::text[])));
CREATE INDEX edge_entity_target_idx_sort_f5183314 ON public.edge USING btree (entity, NULLIF((data #> '{target}'::text[]), 'null'::jsonb), id);
CREATE UNIQUE INDEX edge_source_target_entity_uniq ON public.edge USING btree (((data #>> '{source}'::text[])), ((data #>> '{target}'::text[])), entity);
CREATE INDEX edge_source_target_entity_uniq_sort_d0c746d4 ON public.edge USING btree (NULLIF((data #> '{source}'::text[]), 'null'::jsonb), NULLIF((data #> '{target}'::text[]), 'null'::jsonb), entity, id);
CREATE INDEX edge_target_entity_idx ON public.edge USING btree (((data #>> '{target}'::text[])), entity);
CREATE INDEX edge_target_entity_idx_sort_06c7a23b ON public.edge USING btree (NULLIF((data #> '{target}'::text[]), 'null'::jsonb), entity, id);
CREATE INDEX edge_tenant_idx ON public.edge USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);
CREATE INDEX node_entity_idx ON public.node USING btree (entity);
CREATE INDEX node_entity_idx_sort_84bae245 ON public.node USING btree (entity, id);
CREATE INDEX node_tenant_idx ON public.node USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);
CREATE INDEX object_entity_context_completed_at_idx ON public.object USING btree (entity, ((data #>> '{context,completed_at}'::text[])) DESC NULLS LAST);
CREATE INDEX object_entity_context_execution_time_idx ON public.object USING btree (entity, ((data #>> '{context,execution_time}'::text[])) DESC NULLS LAST);
CREATE INDEX object_entity_context_heartbeat_time_idx ON public.object USING btree (entity, ((data #>> '{context,heartbeat_time}'::text[])) DESC NULLS LAST);
CREATE INDEX object_entity_context_job_name_context_scheduled_time_idx ON public.object USING btree (entity, ((data #>> '{context,job_name}'::text[])), ((data #>> '{context,scheduled_time}'::text[])) DESC NULLS LAST);
CREATE INDEX object_entity_context_job_name_context_status_idx ON public.object USING btree (entity, ((data #>> '{context,job_name}'::text[])), context_status);
CREATE INDEX object_entity_context_last_scheduled_time_idx ON public.object USING btree (entity, ((data #>> '{context,last_scheduled_time}'::text[])) DESC NULLS LAST);
CREATE INDEX object_entity_context_scheduled_time_idx ON public.object USING btree (entity, ((data #>> '{context,scheduled_time}'::text[])) DESC NULLS LAST);
CREATE INDEX object_entity_context_status_idx ON public.object USING btree (entity, context_status);
CREATE INDEX object_entity_idx ON public.object USING btree (entity);
CREATE INDEX object_tenant_idx ON public.object USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);
