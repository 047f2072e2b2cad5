import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { withRehearsal } from './rehearsal.ts'

jest.setTimeout(120_000)

const TARGETS = `targets:
  preview: { keys: staging, deploy: git, alias: staging.shop.example }
  production: { keys: production, deploy: git, staged: true }
`
const EFFECT = '    effect: { probe: { path: /api/health, contains: FEATURE } }\n'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollgate-rehearsal-git-'))
})
afterAll(() => rm(folder, { recursive: true }))

test('a rollout from the repository, staged and probed, is rehearsed to its end', async () => {
  const text = await readFile('__tests__/fixtures/short.yml', 'utf8')
  const definitionFile = join(folder, 'git.yml')
  const edited = text
    .replace(/^targets:\n(?: .*\n)+/mu, TARGETS)
    .replaceAll(/^ {4}soak: /gmu, `${EFFECT}    soak: `)
  await writeFile(definitionFile, edited)
  const seen = await withRehearsal(
    { scenario: 'healthy', definitionFile },
    async ({ rehearsal, state }) => ({
      status: state.status,
      effects: state.phases.map(({ effect }) => effect?.map(({ part, proven }) => [part, proven])),
      uploads: rehearsal.vercel.requests.filter(({ path }) => path === '/v2/files'),
      alias: rehearsal.vercel.aliases()[0]?.alias,
      violations: rehearsal.vercel.violations
    })
  )
  const proven = [
    ['deployment', true],
    ['flags', true],
    ['probe', true]
  ]
  expect(seen.status).toBe('promoted')
  expect(seen.effects.length).toBeGreaterThan(1)
  for (const effect of seen.effects) expect(effect).toEqual(proven)
  expect(seen).toMatchObject({ uploads: [], alias: 'staging.shop.example', violations: [] })
})
