import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { createProber } from '../../src/vercel/prober.ts'
import { type Site, startSite } from './site.ts'

const KEY = 'bypassThatMustNotLeak'

let site: Site

beforeEach(async () => {
  site = await startSite()
})
afterEach(() => site.close())

const probe = (path: string, { timeoutMs = 5000, bypass = KEY as string | undefined } = {}) =>
  createProber({ bypass, fetch: globalThis.fetch }).probe({ url: site.url, path, timeoutMs })

test('the key goes with the request, in its own header and nowhere else', async () => {
  await probe('/api/health?full=1')
  const [asked] = site.requests
  expect(asked?.headers['x-vercel-protection-bypass']).toBe(KEY)
  expect([asked?.method, asked?.url]).toEqual(['GET', '/api/health?full=1'])
  const { 'x-vercel-protection-bypass': _, ...others } = asked?.headers ?? {}
  expect(JSON.stringify(others)).not.toContain(KEY)
})

test('without a key no header is sent', async () => {
  await createProber({ bypass: undefined, fetch: globalThis.fetch }).probe({
    url: site.url,
    path: '/api/health',
    timeoutMs: 5000
  })
  expect(site.requests[0]?.headers).not.toHaveProperty('x-vercel-protection-bypass')
})

test('a redirect is an answer: nobody else is asked, and nobody else gets the key', async () => {
  const other = await startSite()
  site.route('/moved', (_, response) =>
    response.writeHead(302, { location: `${other.url}/api/health` }).end()
  )
  expect(await probe('/moved')).toMatchObject({ status: 302 })
  expect(other.requests).toEqual([])
  await other.close()
})

test('a redirect to the login of Vercel is the protection', async () => {
  site.route('/moved', (_, response) =>
    response.writeHead(302, { location: 'https://vercel.com/sso-api?url=x' }).end()
  )
  expect(await probe('/moved')).toEqual({ status: 302, body: '', protection: 'key-refused' })
})

test('a 401 of the application itself is no protection', async () => {
  site.route('/login', (_, response) => response.writeHead(401).end('who are you?'))
  expect(await probe('/login')).toEqual({ status: 401, body: 'who are you?' })
})

test('of an endless body the first 64 KiB are read', async () => {
  site.route('/endless', (_, response) => {
    const more = () => {
      while (response.write('x'.repeat(10_000)));
    }
    response.on('drain', more)
    more()
  })
  const { status, body } = await probe('/endless')
  expect([status, body.length]).toEqual([200, 65_536])
})

test.each([
  ['before it answers', false],
  ['in the middle of its body', true]
])('who falls silent %s is not waited for', async (_, begins) => {
  site.route('/silent', (_request, response) => {
    if (begins) response.write('begun')
  })
  await expect(probe('/silent', { timeoutMs: 100 })).rejects.toMatchObject({
    code: 'probe_unanswered',
    message: 'no answer: no answer in time'
  })
})

test('a key that no header can carry is told without being shown', async () => {
  const bypass = `${KEY}\nmore`
  const error = await probe('/api/health', { bypass }).catch(thrown => thrown)
  expect(error).toMatchObject({ code: 'probe_unanswered' })
  expect(error.message).not.toContain(KEY)
})
