import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono, type Next } from 'hono'
import type { Fault, Faults, Freezer } from './faults.ts'
import type { Gate } from './gate.ts'
import { Refusal } from './refusal.ts'
import type { ApiRequest, Route } from './route.ts'

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

export interface ServerParts {
  readonly routes: readonly Route[]
  readonly gate: Gate
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
export async function startServer(parts: ServerParts): Promise<RunningServer> {
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

function createApp(parts: ServerParts): Hono<Env> {
  const app = new Hono<Env>()
  app.use('*', async (c, next) => {
    await logRequest(c, parts)
    if (parts.latencyMs > 0) await sleep(parts.latencyMs)
    return withTrouble(c, next, parts)
  })
  for (const route of parts.routes)
    app.on(route.method, [...route.paths], async c => {
      const request = { ...(await readRequest(c)), params: c.req.param() }
      parts.gate.admit(route, request)
      const { status, body } = route.handle(request)
      return reply(status, body)
    })
  app.notFound(c => {
    parts.violate(`${c.req.method} ${c.req.path}: no such route`)
    return reply(404, { error: { code: 'not_found', message: 'No such route' } })
  })
  app.onError(error => {
    if (error instanceof Refusal) return reply(error.status, error.body)
    parts.violate(`the simulator failed: ${error.stack}`)
    return reply(400, { error: { code: 'simulator_failed', message: error.message } })
  })
  return app
}

async function withTrouble(
  c: Context<Env>,
  next: Next,
  { faults, freezer }: ServerParts
): Promise<Response | undefined> {
  const { method, path } = c.req
  const freeze = method === 'GET' ? undefined : freezer.register()
  if (freeze === 'before') await freezer.hang()
  const fault = faults.take(method, path)
  if (fault?.effect.kind === 'delay') await sleep(fault.effect.ms)
  if (fault && (fault.when ?? 'before') === 'before') {
    const instead = strike(c, fault)
    if (instead) return instead
  }
  await next()
  if (freeze === 'after') await freezer.hang()
  const instead = fault?.when === 'after' ? strike(c, fault) : undefined
  if (instead) c.res = instead
  return undefined
}

function strike(c: Context<Env>, { effect }: Fault): Response | undefined {
  switch (effect.kind) {
    case 'answer':
      return reply(effect.status, effect.body ?? {}, effect.headers)
    case 'garble':
      return new Response('<html>', { headers: { 'content-type': 'application/json' } })
    case 'drop':
      c.env.incoming.socket.destroy()
      return RESPONSE_ALREADY_SENT
    case 'delay':
      return undefined
  }
}

function reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' }
  })
}

async function readRequest(c: Context<Env>): Promise<Omit<ApiRequest, 'params'>> {
  const text = await c.req.text()
  return { query: c.req.query(), headers: c.req.header(), body: parseBody(text) }
}

async function logRequest(c: Context<Env>, { log }: ServerParts): Promise<void> {
  log({ method: c.req.method, path: c.req.path, ...(await readRequest(c)) })
}

function parseBody(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text)
  } catch {
    return text
  }
}
