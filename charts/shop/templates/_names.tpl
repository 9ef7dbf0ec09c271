{{- define "shop.name" -}}
{{- $name := .Values.nameOverride | default .Release.Name }}
{{- if gt (len $name) 18 }}{{ fail (printf "The name of a Shop has at most 18 characters, %s has %d: set nameOverride" $name (len $name)) }}{{ end }}
{{- $name }}
{{- end }}

{{- define "shop.labels" -}}
app.kubernetes.io/name: shop
app.kubernetes.io/instance: {{ include "shop.name" . }}
app.kubernetes.io/component: shop
app.kubernetes.io/part-of: souk
app.kubernetes.io/version: {{ .Values.version | default .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
