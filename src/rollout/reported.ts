import type { Definition } from './definition.ts'

const REPORTED = 'reported/'

/** The metric that counts the issues with a label. */
export function reportedMetric(label: string): string {
  return `${REPORTED}${label}`
}

/** The label whose issues a metric counts; undefined for a metric of the database. */
export function reportedLabel(metric: string): string | undefined {
  return metric.startsWith(REPORTED) ? metric.slice(REPORTED.length) : undefined
}

/** Every label that a criterion counts issues by, each once. */
export function reportedLabels({ criteria }: Definition): readonly string[] {
  const labels = Object.values(criteria)
    .flat()
    .map(({ metric }) => reportedLabel(metric))
  return [...new Set(labels.filter(label => label !== undefined))]
}
