import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono, type Next } from 'hono'
import type { Fault, Faults, Freezer } from './faults.ts'
import { Refusal } from './refusal.ts'
import type { ApiAnswer, ApiRequest, Route } from './route.ts'

/** One request as it came in, before anything was decided about it. */
export interface LoggedRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  /** By the world's clock, in milliseconds. */
  readonly time: number
}

export interface ServerParts<R extends Route> {
  readonly routes: readonly R[]
  /** Lets a request in, or throws a Refusal; reports what no client should ever send. */
  readonly admit: (route: R, request: ApiRequest) => void
  /** Whether a request is counted, and can hang, as a mutation. */
  readonly mutates: (request: Omit<LoggedRequest, 'time'>) => boolean
  /** The body of an error that no route has written. */
  readonly errorBody: (code: 'not_found' | 'simulator_failed', message: string) => unknown
  /** Sees every answer that a route or a refusal gave, before any fault. */
  readonly inspect?: (route: R, request: ApiRequest, given: ApiAnswer) => void
  /** Sent with every answer, those of faults included. */
  readonly headers?: (
    request: Pick<LoggedRequest, 'path' | 'headers'>
  ) => Readonly<Record<string, string>>
  readonly faults: Faults
  readonly freezer: Freezer
  readonly latencyMs: number
  readonly log: (request: Omit<LoggedRequest, 'time'>) => void
  readonly violate: (line: string) => void
}

export interface RunningServer {
  readonly url: string
  close(): Promise<void>
}

type Env = { Bindings: HttpBindings }

/** Serves the routes on a free port of 127.0.0.1 and refuses everything else. */
export async function startServer<R extends Route>(parts: ServerParts<R>): Promise<RunningServer> {
  const server = createAdaptorServer({ fetch: createApp(parts).fetch })
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      })
  }
}

function createApp<R extends Route>(parts: ServerParts<R>): Hono<Env> {
  const app = new Hono<Env>()
  app.use('*', async (c, next) => {
    parts.log(await readLogged(c))
    if (parts.latencyMs > 0) await sleep(parts.latencyMs)
    return withTrouble(c, next, parts)
  })
  for (const route of parts.routes)
    app.on(route.method, [...route.paths], async c => {
      const request = { ...(await readRequest(c)), params: c.req.param() }
      const given = await settle(route, request, parts)
      parts.inspect?.(route, request, given)
      return reply(given.status, given.body, { ...moreHeaders(c, parts), ...given.headers })
    })
  app.notFound(c => {
    parts.violate(`${c.req.method} ${c.req.path}: no such route`)
    return reply(404, parts.errorBody('not_found', 'No such route'), moreHeaders(c, parts))
  })
  app.onError((error, c) => {
    parts.violate(`the simulator failed: ${error.stack}`)
    return reply(400, parts.errorBody('simulator_failed', error.message), moreHeaders(c, parts))
  })
  return app
}

/** What the route says, a refusal included. */
async function settle<R extends Route>(
  route: R,
  request: ApiRequest,
  { admit }: ServerParts<R>
): Promise<ApiAnswer & { readonly headers?: Readonly<Record<string, string>> }> {
  try {
    admit(route, request)
    return await route.handle(request)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

async function withTrouble<R extends Route>(
  c: Context<Env>,
  next: Next,
  parts: ServerParts<R>
): Promise<Response | undefined> {
  const { faults, freezer, mutates } = parts
  const request = await readLogged(c)
  const freeze = mutates(request) ? freezer.register() : undefined
  if (freeze === 'before') await freezer.hang()
  const fault = faults.take(request.method, request.path, request.body)
  if (fault?.effect.kind === 'delay') await sleep(fault.effect.ms)
  if (fault && (fault.when ?? 'before') === 'before') {
    if (fault.effect.kind === 'wait') await fault.effect.until
    const instead = strike(c, fault, parts)
    if (instead) return instead
  }
  await next()
  if (freeze === 'after') await freezer.hang()
  if (fault?.when === 'after' && fault.effect.kind === 'wait') await fault.effect.until
  const instead = fault?.when === 'after' ? strike(c, fault, parts) : undefined
  if (instead) c.res = instead
  return undefined
}

function strike<R extends Route>(
  c: Context<Env>,
  { effect }: Fault,
  parts: ServerParts<R>
): Response | undefined {
  const usual = moreHeaders(c, parts)
  switch (effect.kind) {
    case 'answer':
      return reply(effect.status, effect.body ?? {}, { ...usual, ...effect.headers })
    case 'garble':
      return new Response('<html>', { headers: { ...usual, 'content-type': 'application/json' } })
    case 'drop':
      c.env.incoming.socket.destroy()
      return RESPONSE_ALREADY_SENT
    case 'delay':
    case 'wait':
      return undefined
  }
}

const EMPTY = [204, 304]

function reply(status: number, body: unknown, headers: Readonly<Record<string, string>>) {
  if (EMPTY.includes(status)) return new Response(null, { status, headers })
  return new Response(body === undefined ? '' : JSON.stringify(body), {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' }
  })
}

function moreHeaders<R extends Route>(c: Context<Env>, { headers }: ServerParts<R>) {
  return headers?.({ path: c.req.path, headers: c.req.header() }) ?? {}
}

async function readRequest(c: Context<Env>): Promise<Omit<ApiRequest, 'params'>> {
  const text = await c.req.text()
  return { query: c.req.query(), headers: c.req.header(), body: parseBody(text) }
}

async function readLogged(c: Context<Env>): Promise<Omit<LoggedRequest, 'time'>> {
  return { method: c.req.method, path: c.req.path, ...(await readRequest(c)) }
}

function parseBody(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}
