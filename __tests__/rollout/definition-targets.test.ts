import { describe, expect, test } from '@jest/globals'
import { definitionJsonSchema } from '../../src/rollout/definition-schema.ts'
import { parse, refusals, smallWith } from './small-definition.ts'

const PREVIEW = '  preview: { keys: staging }\n'
const PRODUCTION = '  production: { keys: production }\n'

const preview = (settings: string): string =>
  smallWith(PREVIEW, `  preview: { keys: staging, ${settings} }\n`)
const production = (settings: string): string =>
  smallWith(PRODUCTION, `  production: { keys: production, ${settings} }\n`)

const plain = {
  deploy: 'cli',
  prebuilt: false,
  commit: 'head',
  staged: false,
  alias: undefined,
  rollingRelease: 'refuse'
}

describe('how a target is deployed', () => {
  test('is an upload of the working directory unless told', () => {
    expect(parse(preview('deploy: cli')).targets).toEqual({
      preview: { keys: 'staging', ...plain },
      production: { keys: 'production', ...plain }
    })
  })

  test('is by the code that serves, where Vercel takes the commit by itself', () => {
    expect(parse(preview('deploy: git')).targets['preview']).toMatchObject({ commit: 'live' })
    expect(parse(preview('deploy: git, commit: head')).targets['preview']).toMatchObject({
      commit: 'head'
    })
    expect(parse(preview('deploy: cli, commit: live')).targets['preview']).toMatchObject({
      commit: 'live'
    })
  })

  test('holds everything that can be said', () => {
    const definition = parse(production('prebuilt: true, staged: true, rolling_release: complete'))
    expect(definition.targets['production']).toEqual({
      ...plain,
      keys: 'production',
      prebuilt: true,
      staged: true,
      rollingRelease: 'complete'
    })
    expect(parse(preview('alias: staging.shop.example')).targets['preview']).toEqual({
      ...plain,
      keys: 'staging',
      alias: 'staging.shop.example'
    })
  })
})

describe('a target is refused when it', () => {
  test.each([
    [
      'is prebuilt and taken from git',
      preview('deploy: git, prebuilt: true'),
      'goes with deploy: cli only'
    ],
    [
      'is prebuilt and keeps the live code',
      preview('prebuilt: true, commit: live'),
      'cannot be live with prebuilt'
    ],
    ['stages a preview', preview('staged: true'), 'is for production only'],
    ['gives production an alias', production('alias: shop.example'), 'is not for production'],
    [
      'completes rolling releases of a preview',
      preview('rolling_release: complete'),
      'is for production only'
    ],
    [
      'has an address for a domain',
      preview('alias: "https://staging.shop.example/"'),
      'is not a domain'
    ],
    ['has half a domain', preview('alias: staging'), 'is not a domain'],
    ['has a way to deploy that nobody knows', preview('deploy: ftp'), 'is not a way to deploy'],
    ['has a policy that nobody knows', preview('commit: newest'), 'is not a commit policy'],
    ['quotes a truth', production('staged: "yes"'), 'must be true or false']
  ])('%s', (_, text, message) => {
    const told = refusals(text)
    expect(told).toHaveLength(1)
    expect(told[0]).toContain(message)
    expect(told[0]).toMatch(/^small\.yml:[56]:/u)
  })

  test('has several mistakes, which are told at once, one with a wrong shape among them', () => {
    const told = refusals(
      smallWith(
        PREVIEW,
        '  preview: { keys: staging, deploy: git, prebuilt: true, staged: true, rolling_release: complete, alias: "x" }\n'
      )
    )
    expect(told.map(line => /targets\.preview\.(\w+)/u.exec(line)?.[1]).sort()).toEqual([
      'alias',
      'prebuilt',
      'rolling_release',
      'staged'
    ])
  })

  test('is no map at all, which is one mistake', () => {
    expect(refusals(smallWith(PREVIEW, '  preview: 3\n'))).toHaveLength(1)
  })
})

test('editors are told what a target may hold', () => {
  const { targets } = (definitionJsonSchema() as { properties: Record<string, object> }).properties
  expect(Object.keys(Object(targets).additionalProperties.properties)).toEqual([
    'keys',
    'deploy',
    'prebuilt',
    'commit',
    'staged',
    'alias',
    'rolling_release'
  ])
})
