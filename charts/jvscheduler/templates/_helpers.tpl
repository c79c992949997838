{{/* The beginning of every object's name. A Service's name begins with a letter and has no dot, and
a release's may begin with a digit and have dots. Objects quote what they include: a name such as
"123" is a number in YAML. */}}
{{- define "jvscheduler.name" -}}
{{- $release := .Release.Name | replace "." "-" -}}
{{- if contains .Chart.Name $release -}}
{{ $release | trunc 40 | trimSuffix "-" }}
{{- else if regexMatch "^[0-9]" $release -}}
{{ printf "%s-%s" .Chart.Name $release | trunc 40 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" $release .Chart.Name | trunc 40 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{/* usage: include "jvscheduler.labels" (list . "operator") */}}
{{- define "jvscheduler.labels" -}}
{{- $root := index . 0 -}}
{{ include "jvscheduler.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service | quote }}
app.kubernetes.io/part-of: jvscheduler
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | quote }}
{{- end -}}

{{- define "jvscheduler.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: jvscheduler
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ index . 1 | quote }}
{{- end -}}

{{/* usage: include "jvscheduler.image" (list . .Values.operator.image) */}}
{{- define "jvscheduler.image" -}}
{{- $root := index . 0 -}}{{- $image := index . 1 -}}
{{ $root.Values.image.registry }}{{ $image.repository }}:{{ $image.tag | default $root.Chart.AppVersion }}
{{- with $image.digest }}@{{ . }}{{ end }}
{{- end -}}

{{/* Not "<name>-database": in the release's own namespace that is the operator's Secret. */}}
{{- define "jvscheduler.databaseSecret" -}}
{{ .Values.database.existingSecret | default (printf "%s-postgresql" (include "jvscheduler.name" .)) }}
{{- end -}}

{{/* "namespaces" or "none": whether each namespace has a role of its own in the database. */}}
{{- define "jvscheduler.isolation" -}}
{{- if and (not .Values.database.existingSecret) (eq .Values.database.isolation "none") -}}
{{- fail "database.isolation: none needs database.existingSecret: the bundled PostgreSQL has a role for each namespace" -}}
{{- end -}}
{{- if and .Values.database.existingSecret (eq .Values.database.isolation "namespaces") -}}
{{- /* `helm template` without a cluster finds no Secret. Then the migration refuses the address. */ -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace .Values.database.existingSecret | default dict -}}
{{- if hasPrefix "mongodb" (dig "data" "url" "" $secret | b64dec | trim) -}}
{{- fail "database.isolation: namespaces needs PostgreSQL, and the Secret has the address of a MongoDB: set database.isolation=none, or use a PostgreSQL (docs/operations/isolation.md)" -}}
{{- end -}}
{{- end -}}
{{ .Values.database.isolation | default (ternary "none" "namespaces" (ne .Values.database.existingSecret "")) }}
{{- end -}}

{{/* "true" where the hook Job has passwords or a certificate to make. */}}
{{- define "jvscheduler.makesCredentials" -}}
{{- or .Values.auth.aggregation (eq .Values.database.existingSecret "") -}}
{{- end -}}

{{/* The Secret with the bundled PostgreSQL's certificate: tls.crt, tls.key and ca.crt. */}}
{{- define "jvscheduler.postgresqlTls" -}}
{{ .Values.postgresql.tls.existingSecret | default (printf "%s-postgresql-tls" (include "jvscheduler.name" .)) }}
{{- end -}}

{{/* The Secret with the certificate that the server shows the API server. */}}
{{- define "jvscheduler.apiTls" -}}
{{ include "jvscheduler.name" . }}-api-tls
{{- end -}}

{{/* The certificates by which the database's own is verified, as a volume's source; "" for none. */}}
{{- define "jvscheduler.databaseAuthority" -}}
{{- $ca := .Values.database.ca -}}
{{- if and (or $ca.secret $ca.configMap) (not .Values.database.existingSecret) -}}
{{- fail "database.ca is for database.existingSecret: for the bundled PostgreSQL, set postgresql.tls.existingSecret" -}}
{{- end -}}
{{- if and $ca.secret $ca.configMap -}}
{{- fail "database.ca: set secret or configMap, not both" -}}
{{- end -}}
{{- if not .Values.database.existingSecret -}}
secret:
  secretName: {{ include "jvscheduler.postgresqlTls" . | quote }}
  items: [{key: ca.crt, path: ca.crt}]
{{- else if $ca.secret -}}
secret:
  secretName: {{ $ca.secret | quote }}
  items: [{key: ca.crt, path: ca.crt}]
{{- else if $ca.configMap -}}
configMap:
  name: {{ $ca.configMap | quote }}
  items: [{key: ca.crt, path: ca.crt}]
{{- end -}}
{{- end -}}

{{- define "jvscheduler.databaseAuthorityMount" -}}
{{- if include "jvscheduler.databaseAuthority" . }}
- {name: database, mountPath: /etc/jvscheduler/database, readOnly: true}
{{- end }}
{{- end -}}

{{- define "jvscheduler.databaseAuthorityVolume" -}}
{{- with include "jvscheduler.databaseAuthority" . }}
- name: database
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "jvscheduler.podSecurity" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "jvscheduler.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* "true" where the cluster serves admission policies. `helm template` knows no kinds of the
cluster, only its version; the kind is served since 1.30. */}}
{{- define "jvscheduler.servesPolicies" -}}
{{- $kind := "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" -}}
{{- or (.Capabilities.APIVersions.Has $kind) (semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version) -}}
{{- end -}}

{{/* The Secrets that the Job for passwords and certificates makes, as a JSON list. */}}
{{- define "jvscheduler.credentialSecrets" -}}
{{- $hasDatabase := not .Values.database.existingSecret -}}
{{- $signsDatabase := and $hasDatabase (not .Values.postgresql.tls.existingSecret) -}}
{{- $signsApi := .Values.auth.aggregation -}}
{{- $secrets := list -}}
{{- if $hasDatabase }}{{ $secrets = append $secrets (include "jvscheduler.databaseSecret" .) }}{{ end -}}
{{- if or $signsDatabase $signsApi -}}
{{- $secrets = append $secrets (printf "%s-authority" (include "jvscheduler.name" .)) -}}
{{- end -}}
{{- if $signsDatabase }}{{ $secrets = append $secrets (include "jvscheduler.postgresqlTls" .) }}{{ end -}}
{{- if $signsApi }}{{ $secrets = append $secrets (include "jvscheduler.apiTls" .) }}{{ end -}}
{{- toJson $secrets -}}
{{- end -}}

{{- define "jvscheduler.checksAuthors" -}}
{{- and .Values.policy.checkAuthors (eq (include "jvscheduler.servesPolicies" .) "true") -}}
{{- end -}}

{{- define "jvscheduler.confinesOperator" -}}
{{- and .Values.policy.confineOperator (eq (include "jvscheduler.servesPolicies" .) "true") -}}
{{- end -}}

{{- define "jvscheduler.refusesForgedPods" -}}
{{- and .Values.policy.refuseForgedPods (eq (include "jvscheduler.servesPolicies" .) "true") -}}
{{- end -}}

{{/* The rights of a component's service account: in the whole cluster, or in watchNamespaces.
usage: include "jvscheduler.rights" (list . "operator" "- apiGroups: …") */}}
{{- define "jvscheduler.rights" -}}
{{- $root := index . 0 -}}{{- $component := index . 1 -}}{{- $rules := index . 2 -}}
{{- $name := printf "%s-%s" (include "jvscheduler.name" $root) $component -}}
{{- $namespaces := $root.Values.watchNamespaces -}}
{{- range $namespace := default (list "") $namespaces }}
{{- $prefix := ternary "" "Cluster" (ne $namespace "") }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: "{{ $prefix }}Role"
metadata:
  name: {{ $name | quote }}
  {{- with $namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  labels: {{- include "jvscheduler.labels" (list $root $component) | nindent 4 }}
rules:
  {{- $rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: "{{ $prefix }}RoleBinding"
metadata:
  name: {{ $name | quote }}
  {{- with $namespace }}
  namespace: {{ . | quote }}
  {{- end }}
  labels: {{- include "jvscheduler.labels" (list $root $component) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: "{{ $prefix }}Role"
  name: {{ $name | quote }}
subjects:
  - kind: ServiceAccount
    name: {{ $name | quote }}
    namespace: {{ $root.Release.Namespace | quote }}
{{- end }}
{{- with $namespaces }}
---
# A Role goes with its namespace. This says whether the namespace has gone, or only the Role.
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: "{{ $name }}-namespaces"
  labels: {{- include "jvscheduler.labels" (list $root $component) | nindent 4 }}
rules:
  - apiGroups: [""]
    resources: [namespaces]
    resourceNames: {{ toJson . }}
    verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: "{{ $name }}-namespaces"
  labels: {{- include "jvscheduler.labels" (list $root $component) | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: "{{ $name }}-namespaces"
subjects:
  - kind: ServiceAccount
    name: {{ $name | quote }}
    namespace: {{ $root.Release.Namespace | quote }}
{{- end }}
{{- end -}}

{{- define "jvscheduler.watchNamespaces" -}}
{{- with .Values.watchNamespaces }}
- name: JVSCHEDULER_WATCH_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
{{- end -}}

{{- define "jvscheduler.logVariables" -}}
- name: JVSCHEDULER_LOG_FORMAT
  value: {{ .Values.logs.format | quote }}
- name: JVSCHEDULER_LOG_LEVEL
  value: {{ .Values.logs.level | quote }}
{{- end -}}

{{/* usage: include "jvscheduler.databaseVariables" (list . (dict "NAME" "key of the Secret")) */}}
{{- define "jvscheduler.databaseVariables" -}}
{{- $root := index . 0 -}}
{{- range $name, $key := index . 1 }}
- name: {{ $name | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ include "jvscheduler.databaseSecret" $root | quote }}
      key: {{ $key | quote }}
{{- end }}
{{- end -}}
