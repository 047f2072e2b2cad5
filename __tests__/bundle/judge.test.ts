import { expect, test } from '@jest/globals'
import { judgeCounts } from '../../src/operations/judge-counts.ts'
import { rows, vectors } from '../verdict/reference.ts'
import { COMMAND, run, start } from './program.ts'

/** What `rollgate judge --json` says about these rows. */
async function judge(input: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await run(COMMAND, ['judge', '--json', ...args], { input })
  return { code, stderr, document: JSON.parse(stdout) }
}

const lines = (hours: readonly (readonly [number, number])[]): string =>
  hours.map(([good, all]) => `${good},${all}\n`).join('')

const percent = (share: number): string => `${Number((share * 100).toFixed(9))}%`

test.each(vectors)('the command agrees with the reference: %s', async (_, vector) => {
  const bounds = ['--pass', percent(vector.p0), '--red', percent(vector.p1)]
  const hours = ['--hours', String(vector.H)]
  const { code, stderr, document } = await judge(lines(vector.hours), ...bounds, ...hours)
  expect(stderr).toBe('')
  expect(document).toMatchObject({ good: vector.k, all: vector.n })
  expect(document.logE).toBeCloseTo(vector.log_E, 9)
  expect(document.logG).toBeCloseTo(vector.log_G, 9)
  const { component, start: begin, k, n } = vector.dominating
  expect(document.segment).toEqual({ component, start: begin, good: k, all: n })
  expect(document.verdict === 'red').toBe(vector.red_by_evidence || vector.red_by_strict)
  expect(code).toBe({ pass: 0, warn: 2, insufficient: 2, red: 3 }[String(document.verdict)])
})

test.each(rows)('$k good of $n agrees with the reference table', ({ k, n, ...row }) => {
  const found = judgeCounts({
    pass: '97%',
    red: '90%',
    hours: 48,
    strictMinN: 50,
    text: `${k},${n}\n`
  })
  expect(found.sequence[0]).toBeCloseTo(row.cs_two_sided[0], 9)
  expect(found.sequence[1]).toBeCloseTo(row.cs_two_sided[1], 9)
  expect(found.logG).toBeCloseTo(Math.log(row.lr_green), 9)
})

test('a header, Windows line ends, blank lines and a byte order mark change nothing', async () => {
  const [plain, dressed] = await Promise.all([
    judge('10,10\n9,10\n'),
    judge('\uFEFFgood, all\r\n10,10\r\n\r\n 9 , 10 \r\n')
  ])
  expect(dressed).toEqual(plain)
})

test('no rows at all are too little, which is not a pass', async () => {
  expect(await judge('')).toMatchObject({
    code: 2,
    document: { verdict: 'insufficient', code: 'no-data', good: 0, all: 0, rate: null }
  })
})

test('counts beyond all bookings of the world are judged in finite numbers', async () => {
  const many = '999999999999999,999999999999999\n'
  const { code, document } = await judge(many.repeat(2))
  expect(code).toBe(0)
  expect(document).toMatchObject({ verdict: 'pass', good: 1_999_999_999_999_998 })
  expect([document.logE, document.logG].every(Number.isFinite)).toBe(true)
})

test('every wrong row and bound is told at once', async () => {
  const { code, stderr, document } = await judge('11,10\nx\n1;2\n-1,4\n', '--pass', '9x')
  expect(code).toBe(1)
  expect(document).toMatchObject({ operation: 'judge', code: 'judge_invalid' })
  expect(document.message.split('\n')).toHaveLength(5)
  expect(stderr).toContain('line 4 "-1,4" is not a row')
})

test('a reader that has left, as `| head` does, is no reason for a stack trace', async () => {
  const { child, ended } = start(COMMAND, ['judge'], { input: '10,10\n' })
  child.stdout?.destroy()
  expect(await ended).toMatchObject({ code: 2, stderr: '' })
})
