import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server of this machine that answers as a deployment would. */
export interface Site {
  readonly url: string
  /** What was asked, and what was shown with it. */
  readonly requests: readonly Pick<IncomingMessage, 'method' | 'url' | 'headers'>[]
  protect(key: string): void
  /** Answers that path in this way instead. */
  route(path: string, answer: RequestListener): void
  close(): Promise<void>
}

export async function startSite(): Promise<Site> {
  const requests: IncomingMessage[] = []
  const routes = new Map<string, RequestListener>([
    ['/api/health', (_, response) => response.end('{"status":"ok"}')]
  ])
  let wanted: string | undefined
  const server = createServer((request, response) => {
    requests.push(request)
    if (wanted !== undefined && request.headers['x-vercel-protection-bypass'] !== wanted) {
      response.writeHead(401, { 'set-cookie': '_vercel_sso_nonce=abc; Path=/; HttpOnly' })
      response.end('<title>Authentication Required</title>')
      return
    }
    const route = routes.get((request.url ?? '').split('?')[0] ?? '')
    if (route) route(request, response)
    else response.writeHead(404).end('nothing here')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    protect: key => {
      wanted = key
    },
    route: (path, answer) => void routes.set(path, answer),
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    }
  }
}
