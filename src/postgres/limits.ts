/** How much a look may take from the database before it gives up. */
export interface Limits {
  /** Until the connection stands, TLS and login included. */
  readonly connectMs: number
  /** One connection's whole work; then the line is cut. */
  readonly lookMs: number
  /** One file: planning, running, fetching. */
  readonly fileMs: number
  /** One statement on the server. */
  readonly statementMs: number
  readonly lockMs: number
  /** Rows of one file; a metric that has more is not an aggregate. */
  readonly maxRows: number
  /** By the planner's reckoning; ten million is some ten to forty seconds of reading. */
  readonly maxPlannedCost: number
  /** Bytes of what the server answers to one statement; then the line is cut. */
  readonly maxAnswerBytes: number
  /** Bytes of one evidence file. */
  readonly maxEvidenceBytes: number
}

export const DEFAULT_LIMITS: Limits = {
  connectMs: 10_000,
  lookMs: 120_000,
  fileMs: 30_000,
  statementMs: 15_000,
  lockMs: 1000,
  maxRows: 10_000,
  maxPlannedCost: 1e7,
  maxAnswerBytes: 16_000_000,
  maxEvidenceBytes: 1_000_000
}
