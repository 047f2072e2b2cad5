import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { fitPage, PAGE_LIMIT_BYTES } from '../../src/report/page.ts'

const size = (text: string) => Buffer.byteLength(text)

test('sections that fit stand one below the other, empty ones leave no gap', () => {
  expect(fitPage(['a', '', 'b'])).toBe('a\n\nb\n')
})

test('what does not fit is left out section by section, so that no fold is left open', () => {
  const fold = `<details>${'x'.repeat(100)}</details>`
  const page = fitPage(['first', fold, fold], 220)
  expect(page).toContain(`first\n\n${fold}\n\n_Cut here`)
  expect(page.match(/<details>/gu)).toHaveLength(1)
})

test('a first section that is too long by itself is cut after a line', () => {
  const page = fitPage([`one\ntwo\n${'x'.repeat(99)}`, 'last'], 95)
  expect(page).toMatch(/^one\ntwo\n\n_Cut here/u)
})

test('a page is never longer than its limit, in bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 300 })),
      fc.integer({ min: 100, max: 900 }),
      (sections, limit) => {
        expect(size(fitPage(sections, limit))).toBeLessThanOrEqual(limit)
      }
    )
  )
})

test('the limit leaves room below the megabyte at which GitHub drops a summary', () => {
  expect(size(fitPage(['é'.repeat(10), 'é'.repeat(PAGE_LIMIT_BYTES)]))).toBeLessThan(1000)
})
