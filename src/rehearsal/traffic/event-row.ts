/** One row of `public.observability_events`, as the application writes it. */
export interface EventRow {
  readonly id: string
  /** ISO 8601 UTC with milliseconds, so rows sort by it as text. */
  readonly created_at: string
  readonly source: string
  readonly event_type: string
  readonly severity: 'info' | 'warning' | 'error' | 'critical'
  /** null when the event has no details. */
  readonly context: Readonly<Record<string, unknown>> | null
  /** null while the booking is not loaded yet, or when the event is about none. */
  readonly restaurant_id: string | null
  readonly booking_id: string | null
}
