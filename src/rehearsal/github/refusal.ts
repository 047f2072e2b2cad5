import { Refusal } from '../http/refusal.ts'

const DOCUMENTATION = 'https://docs.github.com/rest'

/** A refusal in the words of GitHub's REST API. */
export const refusal = (
  status: number,
  message: string,
  more: Readonly<Record<string, unknown>> = {}
): Refusal => new Refusal(status, message, { message, ...more, ...told(status) })

/** 404, as for everything that is not there or not to be seen. */
export const notFound = (): Refusal => refusal(404, 'Not Found')

/** 422, naming the field as GitHub does. */
export const invalid = (resource: string, field: string, code: string, message?: string): Refusal =>
  refusal(422, 'Validation Failed', {
    errors: [{ resource, field, code, ...(message === undefined ? {} : { message }) }]
  })

/** The body of an error that no route has written. */
export const errorBody = (message: string, status: number) => ({ message, ...told(status) })

const told = (status: number) => ({ documentation_url: DOCUMENTATION, status: String(status) })
