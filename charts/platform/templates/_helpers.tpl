{{- define "platform.labels" -}}
app.kubernetes.io/name: souk
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{/* A subject of a binding. Takes [subject, root]. */}}
{{- define "platform.subject" -}}
{{- $subject := index . 0 }}
{{- $root := index . 1 }}
- kind: {{ $subject.kind }}
  name: {{ $subject.name }}
{{- if eq $subject.kind "ServiceAccount" }}
  namespace: {{ $subject.namespace | default $root.Release.Namespace }}
{{- else }}
  apiGroup: rbac.authorization.k8s.io
{{- end }}
{{- end }}

{{/* The name under which requests of a subject arrive. Takes [subject, root]. */}}
{{- define "platform.username" -}}
{{- $subject := index . 0 }}
{{- $root := index . 1 }}
{{- if eq $subject.kind "ServiceAccount" -}}
system:serviceaccount:{{ $subject.namespace | default $root.Release.Namespace }}:{{ $subject.name }}
{{- else -}}
{{ $subject.name }}
{{- end }}
{{- end }}

{{/* Whether `subject` in CEL is this one. Takes [subject, root]. */}}
{{- define "platform.isSubject" -}}
{{- $subject := index . 0 }}
{{- $root := index . 1 -}}
subject.kind == '{{ $subject.kind }}' && subject.name == '{{ $subject.name }}'
{{- if eq $subject.kind "ServiceAccount" }} && subject.namespace == '{{ $subject.namespace | default $root.Release.Namespace }}'{{ end }}
{{- end }}
