{{/* What selects the pod: never a version, so that an upgrade keeps its selectors. */}}
{{- define "shop.selectorLabels" -}}
app.kubernetes.io/name: test-shop
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: shop
{{- end }}

{{- define "shop.labels" -}}
{{ include "shop.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
souk.dev/store: {{ .Values.store.id }}
souk.dev/tenant: {{ .Values.store.tenantId }}
{{- end }}
