import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile
} from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createMetricCheck, openRepositoryFolder } from '../src/init-folder.ts'

let root: string
let folder: string
let outside: string

beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(os.tmpdir(), 'rollgate-init-folder-')))
  folder = path.join(root, 'shop')
  outside = path.join(root, 'outside')
  await mkdir(folder)
  await mkdir(outside)
})
afterEach(() => rm(root, { recursive: true }))

describe('a folder that is a link out of the repository', () => {
  const files = [
    { path: 'rollouts/x.yml', text: 'x' },
    { path: '.github/workflows/rollout.yml', text: 'y' }
  ]

  test.each(['.github', '.github/workflows'])('is not written through (%s)', async link => {
    await mkdir(path.dirname(path.join(folder, link)), { recursive: true })
    await symlink(outside, path.join(folder, link))
    await expect(openRepositoryFolder(folder).write(files)).rejects.toMatchObject({
      code: 'folder_unwritable',
      message: expect.stringContaining('outside')
    })
    expect(await readdir(outside)).toEqual([])
    expect(await readdir(folder)).toEqual(['.github'])
  })

  test('is named when it is read, before anything is written', async () => {
    await symlink(outside, path.join(folder, 'rollouts'))
    await expect(openRepositoryFolder(folder).read('rollouts/x.yml')).rejects.toMatchObject({
      code: 'folder_unwritable'
    })
  })
})

test('a folder reached by a link, and a link that stays inside, are written into', async () => {
  await mkdir(path.join(folder, 'ci'))
  await symlink('ci', path.join(folder, '.github'))
  await symlink(folder, path.join(root, 'link'))
  await openRepositoryFolder(path.join(root, 'link')).write([{ path: '.github/a.yml', text: 'a' }])
  expect(await readFile(path.join(folder, 'ci/a.yml'), 'utf8')).toBe('a')
})

test('trying the metrics out writes through no link that stands among them', async () => {
  const text = `--! metric: pulse
--! kind: count
--! asks: Does it beat?
--! unit: event

select now() as bucket, 1 as hits;
`
  const target = path.join(outside, 'mine.sql')
  await writeFile(target, text)
  await mkdir(path.join(folder, 'rollgate/metrics'), { recursive: true })
  await symlink(target, path.join(folder, 'rollgate/metrics/heartbeat.sql'))
  const heartbeat = text.replace('metric: pulse', 'metric: heartbeat')
  const check = createMetricCheck(folder, process.cwd())
  const headers = await check([{ path: 'rollgate/metrics/heartbeat.sql', text: heartbeat }])
  expect(headers.map(({ name }) => name)).toContain('heartbeat')
  expect(await readFile(target, 'utf8')).toBe(text)
})
