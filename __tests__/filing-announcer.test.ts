import { expect, test } from '@jest/globals'
import { createFilingAnnouncer } from '../src/filing-announcer.ts'
import type { Announcement, IssueDraft } from '../src/rollout/ports.ts'
import { ProviderError } from '../src/rollout/rollgate-error.ts'

const BAD: Announcement = { kind: 'rolled-back', rollout: 'small#1', title: 't', body: 'b' }
const GOOD: Announcement = { ...BAD, kind: 'promoted' }

function open(fileIssue: (draft: IssueDraft) => Promise<{ readonly url: string } | undefined>) {
  const told: string[] = []
  const lines: string[] = []
  const announcer = createFilingAnnouncer(
    { announce: async ({ kind }) => void told.push(kind) },
    { fileIssue },
    { info: line => lines.push(line), warning: line => lines.push(`warning ${line}`) }
  )
  return { told, lines, announcer }
}

test('what must not be missed is told and filed; the rest is told', async () => {
  const filed: IssueDraft[] = []
  const { told, lines, announcer } = open(async draft => {
    filed.push(draft)
    return { url: 'https://github.com/acme/shop/issues/1' }
  })
  await announcer.announce(BAD)
  await announcer.announce(GOOD)
  expect(told).toEqual(['rolled-back', 'promoted'])
  expect(filed.map(({ key }) => key)).toEqual(['rollback small#1'])
  expect(lines).toEqual(['filed as https://github.com/acme/shop/issues/1'])
})

test('what cannot be filed is told all the same, and changes nothing', async () => {
  const refuse = () => Promise.reject(new ProviderError('github_forbidden', 'No.', 'Allow it.'))
  const { told, lines, announcer } = open(refuse)
  await announcer.announce(BAD)
  expect(told).toEqual(['rolled-back'])
  expect(lines).toEqual(['warning no issue was filed: No. Allow it.'])
})

test('where there is no repository nothing is filed and nothing is said of it', async () => {
  const { told, lines, announcer } = open(() => Promise.resolve(undefined))
  await announcer.announce(BAD)
  expect(told).toEqual(['rolled-back'])
  expect(lines).toEqual([])
})
