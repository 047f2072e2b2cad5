import { PassThrough } from 'node:stream'
import { describe, expect, test } from '@jest/globals'
import type { Given } from '../../src/adoption/questions.ts'
import { askAnswers } from '../../src/init-prompts.ts'
import { PLACE } from './example.ts'

const ENTER = '\r'
const DOWN = '\u001b[B'
const CLEAR = '\u0015'
const CANCEL = '\u0003'

/** What a person types as soon as these words stand on the screen, each once, in this order. */
type Script = readonly (readonly [words: string, keys: string])[]

const USUAL: Script = [
  ['Name of the rollout', `new-checkout${ENTER}`],
  ['Who is asked', ENTER],
  ['A flag with its values', `X=1/0 Y=on/off/dark${ENTER}`],
  ['writes into the column', `${CLEAR}checkout${ENTER}`],
  ['begins its work', ENTER],
  ['ends well', `${CLEAR}paid, gifted${ENTER}`],
  ['ends badly', ENTER],
  ['on a usual day', ENTER],
  ['lets a production phase pass', ENTER],
  ['Who may approve', `octocat${ENTER}`],
  ['Write the files?', ENTER]
]

/** Types by the script; resolves to the answers and everything that stood on the screen. */
async function ask(script: Script, { given = {} as Given, dryRun = false } = {}) {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => input })
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 120, rows: 40 })
  let screen = ''
  let step = 0
  output.setEncoding('utf8').on('data', text => {
    screen += text
    const [words, keys] = script[step] ?? []
    if (words === undefined || !screen.includes(words)) return
    step += 1
    for (const key of keysOf(keys ?? '')) setImmediate(() => input.write(key))
  })
  const answers = await askAnswers(given, PLACE, dryRun, { input, output })
  return { answers, screen }
}

function keysOf(keys: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a key that is no letter
  return keys.match(/\u001b\[B|[\s\S]/gu) ?? []
}

const instead = (words: string, keys: string): Script =>
  USUAL.map(([asked, usual]) => [asked, asked === words ? keys : usual])

test('what is typed is the answer, and enter takes what stands there', async () => {
  const { answers, screen } = await ask(USUAL)
  expect(answers).toEqual({
    name: ['new-checkout'],
    owner: ['@acme'],
    flag: ['X=1/0', 'Y=on/off/dark'],
    'event-source': ['checkout'],
    'start-event': ['checkout.start'],
    'good-ending': ['paid', 'gifted'],
    'bad-ending': ['checkout.manual_review', 'checkout.error'],
    'units-per-day': [],
    gate: ['environment'],
    reviewer: ['octocat']
  })
  expect(screen).toContain('--repository acme/shop')
  expect(screen).toContain('--soak 30m,48h,24h,48h')
})

test('what an option has answered is not asked, and a dry run writes without a question', async () => {
  const given = { name: ['x'], owner: ['me'], gate: ['dispatch'], allow: ['ann'] }
  const { answers, screen } = await ask(
    USUAL.filter(([words]) => !/^Name|^Who|^Write|phase pass/u.test(words)),
    { given, dryRun: true }
  )
  expect(answers).toMatchObject(given)
  expect(screen).not.toMatch(/Name of the rollout|Who may|Write the files/u)
})

test('a wrong answer is told with its fix, and asked again', async () => {
  const twice = instead('Name of the rollout', `New${ENTER}${CLEAR}new${ENTER}`)
  const { answers, screen } = await ask(twice)
  expect(answers).toMatchObject({ name: ['new'] })
  expect(screen).toContain('is not a name. Fix:')
})

test('dispatch asks for logins instead of reviewers', async () => {
  const script = instead('lets a production phase pass', `${DOWN}${ENTER}`)
  const { answers } = await ask([
    ...script.slice(0, -2),
    ['Who may start', `ann bob${ENTER}`],
    ...script.slice(-1)
  ])
  expect(answers).toMatchObject({ gate: ['dispatch'], allow: ['ann', 'bob'] })
  expect(answers).not.toHaveProperty('reviewer')
})

describe('nothing is answered', () => {
  test.each([
    ['when a question is left', instead('ends well', CANCEL)],
    ['when the gate is left', instead('lets a production phase pass', CANCEL)],
    ['when nothing is to be written', instead('Write the files?', `n`)]
  ])('%s', async (_, script) => {
    await expect(ask(script)).rejects.toMatchObject({ code: 'init_cancelled' })
  })
})
