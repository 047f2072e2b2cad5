/** An answer of the simulated API that is not a success; thrown by the tables, written by the server. */
export class Refusal extends Error {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, message: string, more: Record<string, unknown> = {}) {
    super(message)
    this.name = 'Refusal'
    this.status = status
    this.body = { error: { code, message, ...more } }
  }
}

export const notFound = (what: string): Refusal =>
  new Refusal(404, 'not_found', `${what} was not found`)
