import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { describe, expect, test } from '@jest/globals'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import {
  enableCommand,
  environmentCommands,
  filledIn,
  type GhCommand,
  ghText,
  secretCommand,
  variableCommand
} from '../../src/rollout/gh-command.ts'

const WISH = {
  name: 'approve-full',
  reviewers: ['amara', 'acme/booking'],
  preventSelfReview: true,
  branch: 'main'
}

/** The body that `gh` makes of its fields, by the rules in its manual. */
function bodyOf(args: readonly string[]): unknown {
  const body: Record<string, unknown> = {}
  const fields = args.flatMap((arg, i) => {
    const before = args[i - 1]
    return before === '-F' || before === '-f' ? [{ raw: before === '-f', pair: arg }] : []
  })
  for (const { raw, pair } of fields) {
    const [, key = '', value = ''] = /^([^=]+)=(.*)$/u.exec(pair) ?? []
    put(body, key, raw ? value : typed(value))
  }
  return body
}

function typed(value: string): unknown {
  return /^(true|false|null|\d+)$/u.test(value) ? JSON.parse(value) : value
}

function put(body: Record<string, unknown>, key: string, value: unknown): void {
  const [, name = '', list, inner] = /^(\w+)(?:(\[\])?\[(\w+)\])?$/u.exec(key) ?? []
  if (inner === undefined) {
    body[name] = value
  } else if (list === undefined) {
    body[name] = { ...(body[name] as object), [inner]: value }
  } else {
    const items = (body[name] ?? []) as Record<string, unknown>[]
    const last = items.at(-1)
    // A key that is there already begins the next item.
    const fresh = last === undefined || inner in last
    body[name] = fresh
      ? [...items, { [inner]: value }]
      : [...items.slice(0, -1), { ...last, [inner]: value }]
  }
}

const IDS = { '<id of amara>': '101', '<id of acme/booking>': '202' }

function requests(commands: readonly GhCommand[]) {
  return commands.map(command => {
    const args = filledIn(command, IDS)
    return { method: args[3], path: args[4], body: bodyOf(args) }
  })
}

describe('an environment', () => {
  test('is put as it is wished for, and then its branch', () => {
    expect(requests(environmentCommands({ ...WISH, waitMinutes: 30 }))).toEqual([
      {
        method: 'PUT',
        path: 'repos/{owner}/{repo}/environments/approve-full',
        body: {
          wait_timer: 30,
          prevent_self_review: true,
          reviewers: [
            { type: 'User', id: 101 },
            { type: 'Team', id: 202 }
          ],
          deployment_branch_policy: { protected_branches: false, custom_branch_policies: true }
        }
      },
      {
        method: 'POST',
        path: 'repos/{owner}/{repo}/environments/approve-full/deployment-branch-policies',
        body: { name: 'main' }
      }
    ])
  })

  test('asks nobody and is open to every branch where that is wished for', () => {
    const open = { ...WISH, reviewers: [], preventSelfReview: false, branch: undefined }
    expect(requests(environmentCommands(open))).toEqual([
      {
        method: 'PUT',
        path: 'repos/{owner}/{repo}/environments/approve-full',
        body: {
          wait_timer: 0,
          prevent_self_review: false,
          reviewers: null,
          deployment_branch_policy: null
        }
      }
    ])
  })

  test('that has its branch already is settled', () => {
    const [settings, branch] = environmentCommands(WISH)
    expect([settings?.settled, branch?.settled]).toEqual([undefined, 'HTTP 303'])
  })

  test('finds the numbers of people and teams', () => {
    const [settings] = environmentCommands({ ...WISH, reviewers: ['amara', '{owner}/booking'] })
    expect(settings?.lookups).toEqual({
      '<id of amara>': ['api', 'users/amara', '--jq', '.id'],
      '<id of {owner}/booking>': ['api', 'orgs/{owner}/teams/booking', '--jq', '.id']
    })
  })

  test('of any name keeps its place in the path', () => {
    const [settings] = environmentCommands({ ...WISH, name: 'a b/c?d' })
    expect(settings?.args[4]).toBe('repos/{owner}/{repo}/environments/a%20b%2Fc%3Fd')
  })

  test('is asked for as the description of the API wants it', () => {
    const [settings, branch] = requests(environmentCommands(WISH))
    expect(wanted('put', '')(settings?.body)).toBe(true)
    expect(wanted('post', '/deployment-branch-policies')(branch?.body)).toBe(true)
    expect(wanted('put', '')({ reviewers: [{ type: 'Person' }] })).toBe(false)
  })
})

/** Checks a body against what GitHub publishes of the route. */
function wanted(method: string, route: string) {
  const api = createRequire(import.meta.url)('@octokit/openapi/generated/api.github.com.json')
  const place = `/repos/{owner}/{repo}/environments/{environment_name}${route}`
  const body = api.paths[place][method].requestBody.content['application/json'].schema
  const ajv = new Ajv({ strict: false, logger: false })
  return ajv.compile({ ...body, components: api.components })
}

test('a secret is read from standard input, and never an argument', () => {
  const command = secretCommand({ environment: 'production', name: 'VERCEL_TOKEN' })
  expect(command).toEqual({
    args: ['secret', 'set', 'VERCEL_TOKEN', '--env', 'production'],
    secret: 'VERCEL_TOKEN'
  })
  expect(ghText(command)).toBe('gh secret set VERCEL_TOKEN --env production')
})

test('a variable belongs to the repository or to an environment', () => {
  expect(ghText(variableCommand({ name: 'TEAM', value: 'a b' }))).toBe(
    "gh variable set TEAM --body 'a b'"
  )
  expect(variableCommand({ name: 'TEAM', value: 'x', environment: 'staging' }).args).toEqual([
    ...['variable', 'set', 'TEAM', '--env', 'staging'],
    ...['--body', 'x']
  ])
})

test('a workflow is switched on by its file', () => {
  expect(ghText(enableCommand('rollout-monitor.yml'))).toBe(
    'gh workflow enable rollout-monitor.yml'
  )
})

describe('as text for a shell', () => {
  /** What the shell hands to the program, with `gh` standing in for itself. */
  function read(text: string): readonly string[] {
    const script = `gh() { if [ "$1" = api ] && [ "$3" = --jq ]; then echo 7; else printf '%s\\0' "$@"; fi; }\n${text}`
    return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1)
  }

  test('it is what is run', () => {
    for (const command of environmentCommands(WISH)) {
      const ids = { '<id of amara>': '7', '<id of acme/booking>': '7' }
      expect(read(ghText(command))).toEqual(filledIn(command, ids))
    }
  })

  test('whatever stands in a word, the shell takes it for that word', () => {
    const word = fc.string({
      unit: fc.constantFrom(...'ab \'"$`\\!*?;&|<>(){}[]#~%=\n\té'.split(''))
    })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), words => {
        const args = ['run', ...words]
        expect(read(ghText({ args }))).toEqual(args)
      }),
      { numRuns: 40 }
    )
  })

  test('also around what is looked up', () => {
    const lookups = { '<id>': ['api', 'users/amara', '--jq', '.id'] }
    const command = { args: ['run', 'a"$HOME`\\<id>$b'], lookups }
    expect(read(ghText(command))).toEqual(['run', 'a"$HOME`\\7$b'])
  })
})
