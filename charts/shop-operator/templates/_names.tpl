{{/* shop-operator for a release of that name, else <release>-shop-operator, so that two releases do not meet. */}}
{{- define "shop-operator.name" -}}
{{- if contains "shop-operator" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-shop-operator" (.Release.Name | trunc 36 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "shop-operator.selector" -}}
app.kubernetes.io/name: shop-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "shop-operator.labels" -}}
{{ include "shop-operator.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/part-of: shop-operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "shop-operator.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{/* The namespaces with a Role of their own, as a comma-separated list. */}}
{{- define "shop-operator.namespaces" -}}
{{- if not .Values.clusterWide }}{{ join "," (.Values.watchNamespaces | default (list .Release.Namespace)) }}{{ end }}
{{- end }}
