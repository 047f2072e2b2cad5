import { describe, expect, test } from '@jest/globals'
import { definitionJsonSchema } from '../../src/rollout/definition-schema.ts'
import { parse, refusals, smallWith } from './small-definition.ts'
import { example } from './worked-example.ts'

const DAY = 86_400_000

/** The small definition with that gate before its second phase, which begins in line 14. */
function withGate(gate: string): string {
  return smallWith('  - name: second\n', `  - name: second\n    gate: ${gate}\n`)
}

function gateOf(gate: string) {
  return parse(withGate(gate)).phases[1]?.gate
}

describe('a gate', () => {
  test('is an environment whose reviewers approve, within a week', () => {
    const gate = {
      mode: 'environment',
      environment: 'approve-it',
      checklist: [],
      validForMs: 7 * DAY
    }
    expect(gateOf('{ environment: approve-it }')).toEqual(gate)
    expect(gateOf('{ mode: environment, environment: approve-it }')).toEqual(gate)
  })

  test('is a second person who starts the phase', () => {
    expect(
      gateOf(
        '{ mode: dispatch, allow: [priya, Amara-2, jo_acme], checklist: [Ready], valid_for: 2h }'
      )
    ).toEqual({
      mode: 'dispatch',
      allow: ['priya', 'Amara-2', 'jo_acme'],
      checklist: ['Ready'],
      validForMs: 7_200_000
    })
  })

  test('may wait as long as GitHub lets it', () => {
    expect(gateOf('{ environment: it, valid_for: 30d }')?.validForMs).toBe(30 * DAY)
  })

  test('of the worked example is what it was', () => {
    expect(example.phases[3]?.gate).toMatchObject({
      mode: 'environment',
      environment: 'approve-production-full',
      validForMs: 7 * DAY
    })
  })

  const at = 'small.yml:15'

  test.each<[string, string, readonly string[]]>([
    [
      'says nothing',
      '{}',
      [
        `${at}:11 phases[1].gate.environment is missing. Fix: add environment; lower-case letters, digits and dashes.`
      ]
    ],
    [
      'is no map',
      'approve-it',
      [
        `${at}:11 phases[1].gate = "approve-it" must be a map. Fix: { environment: approve-it }, or { mode: dispatch, allow: [priya, amara] }.`
      ]
    ],
    [
      'is of an unknown kind',
      '{ mode: typed }',
      [
        `${at}:19 phases[1].gate.mode = "typed" is not a kind of gate. Fix: environment or dispatch.`
      ]
    ],
    [
      'names nobody',
      '{ mode: dispatch }',
      [`${at}:11 phases[1].gate.allow is missing. Fix: add allow; [priya, amara].`]
    ],
    [
      'has an empty list',
      '{ mode: dispatch, allow: [] }',
      [`${at}:36 phases[1].gate.allow is empty. Fix: name those who may let the phase pass.`]
    ],
    [
      'names what is no login',
      '{ mode: dispatch, allow: ["@priya", amara-, "a b", jonas] }',
      [
        `${at}:37 phases[1].gate.allow[0] = "@priya" is not the login of a person. Fix: write it without @: [priya, amara].`,
        `${at}:47 phases[1].gate.allow[1] = "amara-" is not the login of a person. Fix: write it without @: [priya, amara].`,
        `${at}:55 phases[1].gate.allow[2] = "a b" is not the login of a person. Fix: write it without @: [priya, amara].`
      ]
    ],
    [
      'mixes both kinds',
      '{ mode: dispatch, environment: it, allow: [priya] }',
      [
        `${at}:29 phases[1].gate.environment is not a known key. Fix: correct its spelling or remove it.`
      ]
    ],
    [
      'has a list that no environment asks for',
      '{ environment: it, allow: [priya] }',
      [`${at}:30 phases[1].gate.allow is not a known key. Fix: correct its spelling or remove it.`]
    ],
    [
      'waits longer than GitHub does',
      '{ environment: it, valid_for: 31d }',
      [
        `${at}:41 phases[1].gate.valid_for = "31d" is longer than GitHub lets an approval wait. Fix: write 30d or less.`
      ]
    ],
    [
      'does not wait at all',
      '{ environment: it, valid_for: 0h }',
      [`${at}:41 phases[1].gate.valid_for = "0h" is no time at all. Fix: give it a length, as 30m.`]
    ],
    [
      'waits nobody knows how long',
      '{ environment: it, valid_for: a week }',
      [
        `${at}:41 phases[1].gate.valid_for = "a week" is not a duration. Fix: write a number and a unit without a space: 30m, 48h, 7d.`
      ]
    ]
  ])('that %s is refused', (_, gate, expected) => {
    expect(refusals(withGate(gate))).toEqual(expected)
  })
})

describe('a freeze', () => {
  function withFreeze(...lines: readonly string[]): string {
    const list = lines.map(line => `  - ${line}\n`).join('')
    return smallWith('targets:\n', `freeze:\n${list}targets:\n`)
  }

  const weekend = '{ from: Fri 16:00, to: Mon 08:00, why: nobody is there }'

  test('is every week, or once', () => {
    const text = withFreeze(
      weekend,
      '{ from: 2026-12-23, to: 2027-01-02 09:00, why: Christmas }',
      '{ from: "Mon 08:00", to: "Fri 16:00", why: all week }'
    )
    expect(parse(text).freeze).toEqual([
      { from: 'Fri 16:00', to: 'Mon 08:00', why: 'nobody is there' },
      { from: '2026-12-23', to: '2027-01-02 09:00', why: 'Christmas' },
      { from: 'Mon 08:00', to: 'Fri 16:00', why: 'all week' }
    ])
  })

  test('is none when nothing is said', () => {
    expect(parse(smallWith('name: small', 'name: small')).freeze).toEqual([])
  })

  test('is told with every mistake at once', () => {
    const text = withFreeze(
      '{ from: Fri 16:00, to: Fri 16:00, why: so }',
      '{ from: 2026-12-23, to: 2026-12-23 00:00, why: so }',
      '{ from: 2026-12-23, to: 2026-12-22 23:59, why: so }',
      '{ from: Fri 16:00, to: 2026-12-23, why: so }',
      '{ from: Friday, to: Mon 08:00, why: so }',
      '{ from: 2026-02-30, to: 2026-03-02, why: so }',
      '{ from: Fri 16:00, to: Mon 08:00 }',
      '{ from: Fri 16:00, to: 8, why: "", until: x }'
    )
    const when =
      'Fix: write "Fri 16:00" for every week, "2026-12-23 09:00" or "2026-12-23" for once.'
    expect(refusals(text)).toEqual([
      'small.yml:5:28 freeze[0].to = "Fri 16:00" is when it begins too. Fix: let it end at another time of the week.',
      'small.yml:6:29 freeze[1].to = "2026-12-23 00:00" does not come after 2026-12-23. Fix: write a later date, or exchange the two.',
      'small.yml:7:29 freeze[2].to = "2026-12-22 23:59" does not come after 2026-12-23. Fix: write a later date, or exchange the two.',
      'small.yml:8:28 freeze[3].to = "2026-12-23" is of another kind than Fri 16:00. Fix: write both ends as days of the week, or both as dates.',
      `small.yml:9:13 freeze[4].from = "Friday" is no time. ${when}`,
      `small.yml:10:13 freeze[5].from = "2026-02-30" is no time. ${when}`,
      'small.yml:11:5 freeze[6].why is missing. Fix: add why; put it in quotes.',
      'small.yml:12:28 freeze[7].to = 8 must be a day and a time in quotes. Fix: "Fri 16:00" or "2026-12-23".',
      'small.yml:12:36 freeze[7].why = "" is empty. Fix: write something, or leave the key out.',
      'small.yml:12:40 freeze[7].until is not a known key. Fix: correct its spelling or remove it.'
    ])
  })

  test('needs a clock that exists', () => {
    const text = withFreeze(weekend).replace('name: small', 'name: small\ntime_zone: Mars/Olympus')
    expect(refusals(text)).toEqual([
      'small.yml:2:12 time_zone = "Mars/Olympus" is no time zone, and the freeze goes by its clock. Fix: write an IANA name, as Europe/London.'
    ])
    expect(refusals(smallWith('name: small', 'name: small\ntime_zone: Mars/Olympus'))).toEqual([])
  })

  test('that is no list is refused', () => {
    expect(refusals(smallWith('targets:\n', 'freeze: weekends\ntargets:\n'))).toEqual([
      'small.yml:4:9 freeze = "weekends" must be a list. Fix: - { from: "Fri 16:00", to: "Mon 08:00", why: … }.'
    ])
  })
})

describe('units per day', () => {
  function withUnits(value: string): string {
    return smallWith('targets:\n', `units_per_day: ${value}\ntargets:\n`)
  }

  test('are a whole number above zero, or unknown', () => {
    expect(parse(withUnits('27')).unitsPerDay).toBe(27)
    expect(parse(smallWith('name: small', 'name: small')).unitsPerDay).toBeUndefined()
    expect(example.unitsPerDay).toBe(27)
  })

  test.each([
    ['0', 'must be above zero'],
    ['-3', 'must be above zero'],
    ['2.5', 'must be a whole number'],
    ['many', 'must be a whole number']
  ])('%s is refused', (value, message) => {
    const shown = value === 'many' ? '"many"' : value
    expect(refusals(withUnits(value))).toEqual([
      `small.yml:4:16 units_per_day = ${shown} ${message}. Fix: units_per_day: 27.`
    ])
  })
})

test('editors are told of both kinds of gate', () => {
  const gate = JSON.stringify(definitionJsonSchema())
  expect(gate).toContain('"const":"dispatch"')
  expect(gate).toContain('"const":"environment"')
})
