import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { EffectProbe, Exposure } from '../../src/rollout/definition.ts'
import {
  deploymentFinding,
  exposureFinding,
  type Finding,
  flagsFinding,
  isNewer,
  isProven,
  isRefuted,
  type Probed,
  probeFinding,
  toEffectParts,
  whyUnproven
} from '../../src/rollout/effect.ts'
import type { Answer, Deployment, ProbeAnswer } from '../../src/rollout/ports.ts'

const OURS: Deployment = {
  id: 'dpl_2',
  url: 'https://shop-2-acme.vercel.app',
  target: 'production',
  state: 'ready',
  createdAt: '2026-03-02T09:00:00.000Z',
  intent: 'i1'
}

describe('the deployment', () => {
  const later = '2026-03-02T09:05:00.000Z'
  const earlier = '2026-03-02T08:00:00.000Z'

  test.each<[string, Deployment | undefined, Finding['status'], string]>([
    ['serves', OURS, 'proven', 'production serves dpl_2, which is ready'],
    [
      'is one of two of the same intent',
      { ...OURS, id: 'dpl_3', createdAt: later },
      'proven',
      'production serves dpl_3, which is ready'
    ],
    [
      'was followed by one of somebody else',
      { ...OURS, id: 'dpl_9', intent: 'other', createdAt: later },
      'proven',
      'production serves dpl_9, which somebody deployed after dpl_2'
    ],
    [
      'was replaced by an older one',
      { ...OURS, id: 'dpl_1', intent: 'other', createdAt: earlier },
      'refuted',
      'production serves dpl_1, which is ready, not dpl_2'
    ],
    ['does not serve', undefined, 'refuted', 'production serves no deployment at all, not dpl_2'],
    [
      'is not ready any more',
      { ...OURS, state: 'cancelled' },
      'refuted',
      'production serves dpl_2, which is cancelled, not dpl_2'
    ]
  ])('%s', (_, live, status, message) => {
    expect(deploymentFinding('production', OURS, live)).toEqual({
      part: 'deployment',
      status,
      message
    })
  })

  test('without an intent is nobody else’s without one', () => {
    const { intent: _, ...planted } = OURS
    expect(isNewer(planted, { ...planted, id: 'dpl_9', createdAt: later })).toBe(true)
  })
})

describe('the flags of a deployment', () => {
  const wanted = { A: 'true', B: 'false', GONE: null }

  test('are proven when all of them are as they were set, absent ones included', () => {
    expect(flagsFinding(wanted, { A: 'true', B: 'false', MORE: 'x' })).toEqual({
      part: 'flags',
      status: 'proven',
      message: 'the deployment was made with all 3 flags as they were set'
    })
    expect(flagsFinding({ A: '1' }, { A: '1' }).message).toBe(
      'the deployment was made with the flag as it was set'
    )
  })

  test('that differ are named, and no value of theirs is', () => {
    expect(flagsFinding(wanted, { A: 'secretvalue', GONE: 'there' })).toEqual({
      part: 'flags',
      status: 'refuted',
      message: 'the deployment was made with other flags: A, B, GONE'
    })
  })

  test('that nobody may see are told, and do not stop anything', () => {
    const finding = flagsFinding(wanted, undefined)
    expect(finding.status).toBe('untold')
    expect(isProven([finding])).toBe(true)
    expect(toEffectParts([finding])).toEqual([
      { part: 'flags', proven: false, message: expect.stringContaining('this token may not see') }
    ])
  })

  test('are not taken from what every object has', () => {
    expect(flagsFinding({ constructor: 'x' }, {}).status).toBe('refuted')
    expect(flagsFinding({ constructor: null }, {}).status).toBe('proven')
  })

  test('never show a value, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8 }), fc.string({ minLength: 8 }), (value, other) => {
        const { message } = flagsFinding({ A: value }, { A: other })
        const plain = 'the deployment was made with other flags: A the flag as it was set'
        return plain.includes(value) || !message.includes(value)
      })
    )
  })
})

const PROBE: EffectProbe = { path: '/api/health', status: 200, contains: 'shadow' }
const at = (answer: Partial<ProbeAnswer>, url = 'https://shop.example'): Probed => ({
  url,
  answer: { status: 200, body: '', ...answer }
})

describe('a probe', () => {
  test.each<[string, readonly Probed[], Finding['status'], string]>([
    [
      'is answered as it should be',
      [at({ body: '{"mode":"shadow"}' })],
      'proven',
      'GET /api/health at shop.example answered 200 and holds "shadow"'
    ],
    [
      'has another status',
      [at({ status: 503 })],
      'missing',
      'GET /api/health at shop.example answered 503, wanted 200'
    ],
    [
      'lacks the text',
      [at({ body: 'password hunter2' })],
      'missing',
      'GET /api/health at shop.example answered 200, but the answer lacks "shadow"'
    ],
    [
      'redirects',
      [at({ status: 308 })],
      'missing',
      'GET /api/health at shop.example answered 308, wanted 200 (redirects are not followed)'
    ],
    [
      'is not answered',
      [{ url: 'https://shop.example', problem: 'no answer: ECONNREFUSED' }],
      'missing',
      'GET /api/health at shop.example: no answer: ECONNREFUSED'
    ],
    [
      'is stopped by the protection',
      [at({ status: 401, protection: 'no-key' })],
      'refuted',
      'GET /api/health at shop.example was stopped by deployment protection (401): create a Protection Bypass for Automation in the project’s Deployment Protection settings and store it as the secret VERCEL_AUTOMATION_BYPASS_SECRET'
    ],
    [
      'shows a key that is not the right one',
      [at({ status: 401, protection: 'key-refused' })],
      'refuted',
      'GET /api/health at shop.example was stopped by deployment protection (401): the secret VERCEL_AUTOMATION_BYPASS_SECRET is not the Protection Bypass for Automation of this project'
    ],
    [
      'is answered at one of several addresses',
      [
        at({ status: 308 }, 'https://www.shop.example'),
        at({ body: 'shadow' }, 'https://shop.example')
      ],
      'proven',
      'GET /api/health at shop.example answered 200 and holds "shadow"'
    ],
    [
      'says most where it is not redirected',
      [
        at({ status: 308 }, 'https://www.shop.example'),
        at({ status: 503 }, 'https://shop.example')
      ],
      'missing',
      'GET /api/health at shop.example answered 503, wanted 200'
    ],
    ['was not asked', [], 'missing', 'GET /api/health was not asked']
  ])('%s', (_, asked, status, message) => {
    expect(probeFinding(PROBE, asked)).toEqual({ part: 'probe', status, message })
  })

  test('that wants a redirect takes it for its answer', () => {
    const probe = { ...PROBE, status: 307, contains: undefined }
    expect(probeFinding(probe, [at({ status: 307 })])).toMatchObject({
      status: 'proven',
      message: 'GET /api/health at shop.example answered 307'
    })
  })

  test('never tells what an answer said', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 12 }),
        fc.integer({ min: 200, max: 599 }),
        (body, code) => {
          const { message } = probeFinding(PROBE, [at({ status: code, body })])
          return !message.includes(body)
        }
      )
    )
  })
})

const EXPOSURE: Exposure = {
  metric: 'exposure',
  parameters: { mode: 'shadow' },
  atLeast: 0.95,
  minUnits: 1
}
const rows = (...pairs: readonly (readonly [number, number])[]): Answer => ({
  kind: 'answered',
  rows: pairs.map(([hits, total], hour) => ({
    bucket: `2026-03-02T${String(9 + hour).padStart(2, '0')}:00:00.000Z`,
    hits,
    total
  }))
})

describe('an exposure', () => {
  test.each<[string, Partial<Exposure>, Parameters<typeof exposureFinding>[1], string, string]>([
    [
      'of every unit',
      {},
      rows([3, 3]),
      'proven',
      'exposure (mode shadow): 3 of 3 units, wanted at least 95%'
    ],
    [
      'that is just reached over several hours',
      {},
      rows([10, 10], [9, 10]),
      'proven',
      'exposure (mode shadow): 19 of 20 units, wanted at least 95%'
    ],
    [
      'that is just missed',
      { parameters: {} },
      rows([1884, 2000]),
      'missing',
      'exposure: 1,884 of 2,000 units, wanted at least 95%'
    ],
    [
      'of nobody',
      {},
      rows(),
      'missing',
      'exposure (mode shadow): no unit yet, at least 1 must be there'
    ],
    [
      'of too few',
      { minUnits: 5 },
      rows([3, 3]),
      'missing',
      'exposure (mode shadow): only 3 of 3 units, at least 5 must be there'
    ],
    [
      'that the database did not answer',
      {},
      { kind: 'blind', message: 'the database does not answer' },
      'missing',
      'exposure (mode shadow): the database does not answer'
    ],
    [
      'whose query is wrong',
      {},
      {
        kind: 'unanswered',
        code: 'bad_shape',
        message: "the parameter :'mode' has no value",
        remedy: ''
      },
      'missing',
      "exposure (mode shadow): the parameter :'mode' has no value"
    ],
    ['that nobody answered', {}, undefined, 'missing', 'exposure (mode shadow): was not answered']
  ])('%s', (_, change, answer, status, message) => {
    expect(exposureFinding({ ...EXPOSURE, ...change }, answer)).toEqual({
      part: 'exposure',
      status,
      message
    })
  })

  const tally = fc
    .tuple(fc.nat(1000), fc.nat(1000))
    .map(([a, b]): readonly [number, number] => [Math.min(a, b), Math.max(a, b)])

  test('is proven exactly when enough units are there and enough of them went that way', () => {
    fc.assert(
      fc.property(
        fc.array(tally, { maxLength: 6 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 500 }),
        (pairs, percent, minUnits) => {
          const hits = pairs.reduce((all, [one]) => all + one, 0)
          const total = pairs.reduce((all, [, one]) => all + one, 0)
          const exposure = { ...EXPOSURE, atLeast: percent / 100, minUnits }
          const proven = exposureFinding(exposure, rows(...pairs)).status === 'proven'
          return proven === (total >= minUnits && 100 * hits >= percent * total)
        }
      )
    )
  })

  test('does not depend on how the units fall into hours', () => {
    fc.assert(
      fc.property(fc.array(tally, { minLength: 1, maxLength: 6 }), pairs => {
        const all = pairs.reduce<readonly [number, number]>(
          ([a, b], [c, d]) => [a + c, b + d],
          [0, 0]
        )
        const whole = exposureFinding(EXPOSURE, rows(all))
        expect(exposureFinding(EXPOSURE, rows(...pairs))).toEqual(whole)
      })
    )
  })
})

describe('the whole', () => {
  const finding = fc.record<Finding>({
    part: fc.constantFrom('deployment', 'flags', 'probe', 'exposure'),
    status: fc.constantFrom('proven', 'missing', 'refuted', 'untold'),
    message: fc.string()
  })

  test('is proven when nothing is missing or wrong, and otherwise says what is', () => {
    fc.assert(
      fc.property(fc.array(finding), findings => {
        const proven = isProven(findings)
        expect(whyUnproven(findings) === '').toBe(proven)
        if (isRefuted(findings)) expect(proven).toBe(false)
        const parts = toEffectParts(findings)
        expect(parts.map(({ message }) => message)).toEqual(findings.map(f => f.message))
        expect(parts.filter(part => part.proven)).toHaveLength(
          findings.filter(({ status }) => status === 'proven').length
        )
      })
    )
  })

  test('names every part that is missing', () => {
    const findings = [
      flagsFinding({ A: '1' }, { A: '1' }),
      probeFinding(PROBE, [at({ status: 503 })]),
      exposureFinding(EXPOSURE, rows())
    ]
    expect(whyUnproven(findings)).toBe(
      'probe: GET /api/health at shop.example answered 503, wanted 200; exposure: exposure (mode shadow): no unit yet, at least 1 must be there'
    )
  })
})
