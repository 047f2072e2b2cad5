import { execFile } from 'node:child_process'
import { appendFile, cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { definitionJsonSchema } from '../../src/rollout/definition-schema.ts'
import { PROJECT } from '../bundle/program.ts'

// Documents are written by processes of their own.
jest.setTimeout(30_000)

const README = `# Shop

<!-- inputs -->
old
<!-- end -->

Between.

<!-- outputs -->
<!-- end -->

<!-- commands --><!-- end -->
The end.
`

let copy: string

beforeAll(async () => {
  copy = await mkdtemp(path.join(os.tmpdir(), 'rollgate-docs-'))
  await cp(path.join(PROJECT, 'action.yml'), path.join(copy, 'action.yml'))
  for (const name of ['src', 'dist', 'node_modules']) {
    await symlink(path.join(PROJECT, name), path.join(copy, name))
  }
  await writeFile(path.join(copy, 'README.md'), README)
})
afterAll(() => rm(copy, { recursive: true }))

/** Runs the script in a folder. */
function docs(cwd: string, ...args: readonly string[]) {
  const script = path.join(PROJECT, 'scripts', 'docs.mjs')
  return new Promise<{ readonly failed: boolean; readonly said: string }>(resolve => {
    execFile(process.execPath, [script, ...args], { cwd }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, said: stdout + stderr })
    )
  })
}

test('the tables of README.md and the schema are those that the sources give', async () => {
  expect(await docs(PROJECT, '--check')).toEqual({ failed: false, said: '' })
})

test('what is stale is named with the command that mends it, and nothing is written', async () => {
  expect(await docs(copy, '--check')).toEqual({
    failed: true,
    said: 'README.md is stale. Run: npm run docs\nschema/rollout.schema.json is stale. Run: npm run docs\n'
  })
  expect(await readFile(path.join(copy, 'README.md'), 'utf8')).toBe(README)
})

test('tables are written between their marks and nowhere else, and twice is once', async () => {
  expect((await docs(copy)).failed).toBe(false)
  const text = await readFile(path.join(copy, 'README.md'), 'utf8')
  expect(text).toMatch(/^# Shop\n\n<!-- inputs -->\n\n\| Input/u)
  expect(text).toContain('\n| `vercel-cli` |')
  expect(text).toContain('<!-- end -->\n\nBetween.\n\n<!-- outputs -->\n\n| Output')
  expect(text).toContain(
    '\n| `rollgate plan` | show what the next phase would change, and record that it was shown |\n'
  )
  expect(text).toMatch(/<!-- end -->\nThe end\.\n$/u)
  expect(await docs(copy)).toEqual({ failed: false, said: '' })
  expect(await docs(copy, '--check')).toEqual({ failed: false, said: '' })

  const file = await readFile(path.join(copy, 'schema', 'rollout.schema.json'), 'utf8')
  expect(file).toBe(`${JSON.stringify(definitionJsonSchema(), null, 2)}\n`)
  await appendFile(path.join(copy, 'schema', 'rollout.schema.json'), ' ')
  expect((await docs(copy, '--check')).said).toBe(
    'schema/rollout.schema.json is stale. Run: npm run docs\n'
  )
})

test('a mark that is missing is told', async () => {
  await writeFile(path.join(copy, 'README.md'), '# Shop\n\n<!-- inputs -->\n<!-- end -->\n')
  const { failed, said } = await docs(copy)
  expect(failed).toBe(true)
  expect(said).toContain('README.md: <!-- outputs --> is missing')
})
