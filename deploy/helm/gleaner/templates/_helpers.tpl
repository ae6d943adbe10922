{{- define "gleaner.name" -}}
{{- $own := default .Chart.Name .Values.nameOverride -}}
{{- if contains $own .Release.Name -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- else -}}{{ printf "%s-%s" .Release.Name $own | trunc 40 | trimSuffix "-" }}{{- end -}}
{{- end -}}

{{- define "gleaner.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "gleaner.tracker.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: tracker
{{- end -}}

{{- define "gleaner.pod.security" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "gleaner.container.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "gleaner.several" -}}
{{- if gt (int .Values.tracker.replicas) 1 -}}
{{- if or (not .Values.tracker.ledger.url) (not .Values.tracker.objects.url) -}}
{{- fail "tracker.replicas is more than 1: several trackers need tracker.ledger.url (PostgreSQL) and tracker.objects.url (S3)" -}}
{{- end -}}
yes
{{- end -}}
{{- end -}}
