import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { excess } from '../../src/rehearsal/workflows/permissions.ts'
import { readWorkflow, WorkflowInvalid } from '../../src/rehearsal/workflows/workflow-file.ts'

const FOLDERS = ['.github/workflows', 'workflows']
const FILES = FOLDERS.flatMap(folder => readdirSync(folder).map(name => path.join(folder, name)))

test.each(FILES)(
  '%s is a workflow that the runner can read, with what it calls here',
  async file => {
    const read = await readWorkflow(file, readFileSync(file, 'utf8'), {
      getFileContent: async wanted => ({
        name: wanted.path,
        content: readFileSync(wanted.path, 'utf8')
      })
    })
    expect(read.jobs.length).toBeGreaterThan(0)
  }
)

test.each([
  ['an unknown key', 'on: push\njobs: { a: { runs-on: x, step: [] } }', 'step'],
  [
    'a context that the key may not use',
    'on: push\njobs: { a: { runs-on: x, if: "secrets.A", steps: [{ run: x }] } }',
    'secrets'
  ],
  [
    'a need that is not there',
    'on: push\njobs: { a: { runs-on: x, needs: b, steps: [{ run: x }] } }',
    'b'
  ],
  ['nothing', '', '']
])('a workflow with %s is refused', async (_what, content, said) => {
  const read = readWorkflow('x.yml', content)
  await expect(read).rejects.toThrow(WorkflowInvalid)
  await expect(read).rejects.toThrow(said)
})

test('permissions that go beyond those of the caller are named', () => {
  expect(excess({ contents: 'read' }, { contents: 'write' })).toBeUndefined()
  expect(excess({ contents: 'write', issues: 'read' }, { contents: 'read' })).toBe(
    "is requesting 'contents: write, issues: read', but is only allowed 'contents: read, issues: none'."
  )
})
