{{/* What selects the pods of one component, given (list . "component"). Never a version: selectors cannot change. */}}
{{- define "woocommerce.selectorLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: woocommerce
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* Labels of pods and volume claims, given (list . "component"). No version, no tenant: neither may restart or orphan them. */}}
{{- define "woocommerce.podLabels" -}}
{{ include "woocommerce.selectorLabels" . }}
souk.dev/store: {{ (index . 0).Values.store.id }}
{{- end }}

{{/* Labels of every other object, given (list . "component"). */}}
{{- define "woocommerce.labels" -}}
{{- $root := index . 0 -}}
{{ include "woocommerce.podLabels" . }}
souk.dev/tenant: {{ $root.Values.store.tenantId }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ $root.Chart.Name }}-{{ $root.Chart.Version }}
{{- end }}

{{/* The name of the service account that all pods run as; it may do nothing. */}}
{{- define "woocommerce.serviceAccountName" -}}
woocommerce
{{- end }}
