import { describe, expect, test } from '@jest/globals'
import { INPUT_NAMES, type InputName, OPERATIONS, parseInputs } from '../src/inputs.ts'
import { InputError } from '../src/rollout/rollgate-error.ts'

const EMPTY = Object.fromEntries(INPUT_NAMES.map(name => [name, ''])) as Record<InputName, string>

const NEEDED: Record<InputName, string> = {
  ...EMPTY,
  operation: 'status',
  definition: 'rollouts/assignment-pipeline-v3.yml',
  ledger: 'file:.rollgate/ledger.git'
}

function parsed(given: Partial<Record<InputName, string>>) {
  return parseInputs({ ...NEEDED, ...given })
}

describe('inputs', () => {
  test('that are empty are absent or have their default', () => {
    expect(parsed({})).toEqual({
      operation: 'status',
      definition: 'rollouts/assignment-pipeline-v3.yml',
      phase: 'next',
      accept: [],
      ledger: { kind: 'folder', folder: '.rollgate/ledger.git' },
      'woken-by': 'dispatch',
      flags: {},
      metrics: [],
      'working-directory': '.',
      'vercel-api-url': 'https://api.vercel.com',
      'vercel-cli': ['vercel'],
      'rollout-workflow': 'rollout.yml',
      'monitor-workflow': 'rollout-monitor.yml',
      'rollback-workflow': 'rollout-rollback.yml'
    })
  })

  test('that are blank are empty', () => {
    expect(parsed({ reason: ' \n', phase: '  ', 'vercel-token': '\t' })).toEqual(parsed({}))
  })

  test('lose the space around them', () => {
    expect(parsed({ reason: ' upstream trouble\n' }).reason).toBe('upstream trouble')
  })

  test('name one place of metrics a line', () => {
    const metrics = 'rollgate/metrics\n\n  checkout/probes/latency.sql \n'
    expect(parsed({ metrics }).metrics).toEqual(['rollgate/metrics', 'checkout/probes/latency.sql'])
  })

  test.each(OPERATIONS)('may ask for %s', operation => {
    const everything = { reason: 'why', target: 'preview', since: '2026-01-31T08:00:00Z' }
    expect(parsed({ operation, ...everything }).operation).toBe(operation)
  })

  test.each([
    ['rollback', 'reason'],
    ['hold', 'reason'],
    ['resume', 'reason'],
    ['flags', 'target'],
    ['deploy', 'target'],
    ['verify', 'since'],
    ['backtest', 'since']
  ])('that ask for %s must have a %s', (operation, name) => {
    expect(failureOf({ operation, [name]: ' ' })).toMatchObject({
      code: 'inputs_invalid',
      message: expect.stringContaining(`${name} is required for ${operation}. Fix: `)
    })
  })

  test.each(OPERATIONS)('that ask for %s name one definition, unless it is due', operation => {
    const everything = { reason: 'why', target: 'preview', since: '2026-01-31T08:00:00Z' }
    const given = { operation, ...everything, definition: 'rollouts/a.yml\n\n rollouts/b.yml\n' }
    if (operation === 'due') {
      expect(parsed(given).definition).toContain('rollouts/b.yml')
    } else {
      expect(failureOf(given)).toMatchObject({
        code: 'inputs_invalid',
        message: `definition names 2 files, and ${operation} takes one. Fix: name one; several are for due only.`
      })
    }
    expect(parsed({ ...given, definition: '\n rollouts/a.yml \n\n' }).definition).toBe(
      'rollouts/a.yml'
    )
  })

  test('that are wrong are all named at once, with the fix of each', () => {
    const wrong = {
      operation: 'deploy',
      definition: '',
      ledger: '',
      flags: 'MY-FLAG=1',
      since: 'yesterday',
      'vercel-api-url': 'api.vercel.com',
      'vercel-cli': 'npx "vercel'
    }
    const error = failureOf(wrong)
    expect(error).toBeInstanceOf(InputError)
    expect(error).toMatchObject({
      code: 'inputs_invalid',
      remedy: 'Correct these inputs; nothing was changed.'
    })
    const lines = (error as InputError).message.split('\n')
    expect(lines.map(line => line.split(' ')[0]).sort()).toEqual(
      [...Object.keys(wrong).slice(1), 'target'].sort()
    )
    expect(lines.every(line => / Fix: .+\.$/u.test(line))).toBe(true)
  })

  test('that ask for what nobody can do are told what can be done', () => {
    expect(failureOf({ operation: 'deploi' })).toMatchObject({
      message: `operation is not an operation. Fix: one of ${OPERATIONS.join(', ')}.`
    })
  })

  test('that are wrong are not repeated: a secret may stand in the wrong place', () => {
    const secret = 'postgres://app:hunter2@db.example/"prod'
    for (const name of INPUT_NAMES) {
      expect(String(failureOf({ ...EMPTY, [name]: secret }))).not.toContain('hunter2')
    }
    expect(String(failureOf({ flags: 'PASS-WORD=hunter2' }))).not.toContain('hunter2')
  })

  test('that nobody knows are refused', () => {
    expect(failureOf(Object.fromEntries([['verbose', 'true']]))).toMatchObject({
      code: 'inputs_invalid'
    })
  })
})

describe('what a person accepts', () => {
  const resume = { operation: 'resume', reason: 'the weekend was quiet' }

  test.each([
    ['', []],
    ['nothing', []],
    ['thin', ['thin']],
    [' warnings\n', ['warnings']],
    ['thin, warnings', ['thin', 'warnings']],
    ['warnings\nthin\nthin', ['thin', 'warnings']]
  ])('%j is %j', (accept, kinds) => {
    expect(parsed({ ...resume, accept }).accept).toEqual(kinds)
  })

  test.each(['red', 'thin-ish', 'thin, no-data', 'everything'])('%j cannot be accepted', accept => {
    expect(failureOf({ ...resume, accept })).toMatchObject({
      code: 'inputs_invalid',
      message: 'accept is nothing that can be accepted. Fix: thin, warnings, or both.'
    })
  })

  test.each(OPERATIONS.filter(operation => operation !== 'resume'))(
    'is refused with %s, which accepts nothing',
    operation => {
      const everything = { reason: 'why', target: 'preview', since: '2026-01-31T08:00:00Z' }
      expect(failureOf({ operation, ...everything, accept: 'thin' })).toMatchObject({
        message: `accept means nothing for ${operation}. Fix: leave it out, or resume.`
      })
      expect(parsed({ operation, ...everything, accept: 'nothing' }).accept).toEqual([])
    }
  )
})

describe('the ledger', () => {
  test.each([
    ['file:/var/ledger.git', '/var/ledger.git'],
    [' file:. ', '.']
  ])('%j is a folder', (ledger, folder) => {
    expect(parsed({ ledger }).ledger).toEqual({ kind: 'folder', folder })
  })

  test.each([
    ['branch:rollgate-ledger', 'rollgate-ledger'],
    [' branch:ops/ledger\n', 'ops/ledger']
  ])('%j is a branch', (ledger, branch) => {
    expect(parsed({ ledger }).ledger).toEqual({ kind: 'branch', branch })
  })

  test.each(['', 'file:', '/var/ledger.git', 'branch:', 'branch:a b', 'BRANCH:x', 'FILE:x'])(
    '%j is none',
    ledger => {
      expect(failureOf({ ledger })).toMatchObject({
        message:
          'ledger is not a ledger. Fix: write branch: and a name, as in branch:rollgate-ledger, or file: and a folder.'
      })
    }
  )
})

describe('the file of a workflow', () => {
  test('is a name below .github/workflows', () => {
    const given = { 'rollout-workflow': ' ship.yaml ', 'timers-workflow': 'timers.yml' }
    expect(parsed(given)).toMatchObject({
      'rollout-workflow': 'ship.yaml',
      'timers-workflow': 'timers.yml'
    })
  })

  test.each(['rollout', '.github/workflows/rollout.yml', '../x.yml'])('%j is none', file => {
    for (const name of ['rollout-workflow', 'timers-workflow'] as const) {
      expect(failureOf({ [name]: file })).toMatchObject({
        message: expect.stringMatching(
          new RegExp(`^${name} is not a workflow\\. Fix: write the name of the file`, 'u')
        )
      })
    }
  })
})

describe('flag lines', () => {
  test('set a value, set an empty value, or only name a flag', () => {
    expect(parsed({ flags: 'A=true\n  B=\nC\n\n_d1= x=y \r\n' }).flags).toEqual({
      A: 'true',
      B: '',
      C: undefined,
      _d1: ' x=y'
    })
  })

  test('that are wrong are all named at once', () => {
    const { message } = failureOf({ flags: 'A=true\nMY-FLAG=1\n1X=2\n=3' }) as InputError
    expect(message.split('\n')).toHaveLength(3)
    expect(message).toContain('MY-FLAG')
  })
})

describe('the start of a window', () => {
  test.each([
    ['2026-01-31T08:00:00Z', '2026-01-31T08:00:00.000Z'],
    ['2026-01-31T08:00:00.5Z', '2026-01-31T08:00:00.500Z'],
    ['2026-01-31T08:00:00+02:00', '2026-01-31T06:00:00.000Z'],
    ['2024-02-29T23:59:59-01:00', '2024-03-01T00:59:59.000Z']
  ])('%s is one instant everywhere', (since, instant) => {
    expect(parsed({ since }).since).toEqual({ kind: 'instant', at: instant })
  })

  test.each([
    ['30d', 30 * 24],
    ['48h', 48],
    ['30m', 0.5]
  ])('%s ago is counted back when somebody knows what time it is', (since, hours) => {
    expect(parsed({ since, until: since })).toMatchObject({
      since: { kind: 'ago', ms: hours * 3_600_000 },
      until: { kind: 'ago', ms: hours * 3_600_000 }
    })
  })

  test.each([
    ['is a day', '2026-01-31'],
    ['is a minute', '2026-01-31T08:00Z'],
    ['is another instant in another time zone', '2026-01-31T08:00:00'],
    ['is on a day that does not exist', '2026-02-31T08:00:00Z'],
    ['is at an hour that does not exist', '2026-01-31T25:00:00Z'],
    ['is no instant', 'yesterday'],
    ['is no instant after its date', '2026-01-31Tnoon'],
    ['is a span without its unit', '30'],
    ['is less than no time', '-30d'],
    ['is a span of another sort', 'P30D']
  ])('that %s is refused: %s', (_, since) => {
    expect(failureOf({ since })).toMatchObject({
      message:
        'since is neither an instant nor a span. Fix: write 2026-01-31T08:00:00Z, 30d or 48h.'
    })
  })
})

describe('the command of the Vercel CLI', () => {
  test.each([
    ['vercel', ['vercel']],
    ['npx --no vercel', ['npx', '--no', 'vercel']],
    ['node "/opt/my tools/vercel.js"', ['node', '/opt/my tools/vercel.js']],
    ["a 'b \"c' d", ['a', 'b "c', 'd']],
    ['a=""', ['a=']]
  ])('%s is split into its words', (command, words) => {
    expect(parsed({ 'vercel-cli': command })['vercel-cli']).toEqual(words)
  })

  test.each(['npx "vercel', "it's"])('%s leaves a quotation mark open', command => {
    expect(failureOf({ 'vercel-cli': command })).toMatchObject({
      message: 'vercel-cli leaves a quotation mark open. Fix: close it.'
    })
  })

  test('is refused quickly, however long it is', () => {
    const started = performance.now()
    failureOf({ 'vercel-cli': `${'a'.repeat(50_000)}"` })
    expect(performance.now() - started).toBeLessThan(2000)
  })
})

function failureOf(given: Partial<Record<InputName, string>>): unknown {
  try {
    parsed(given)
  } catch (error) {
    return error
  }
  throw new Error('it was to be refused')
}
