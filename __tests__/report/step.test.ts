import { describe, expect, test } from '@jest/globals'
import { renderDue } from '../../src/report/advance.ts'
import { renderPreflight } from '../../src/report/step.ts'
import type { PreflightItem } from '../../src/rollout/preflight.ts'
import { definition } from './story.ts'

const ok: PreflightItem = { name: 'project', outcome: 'ok', message: 'fits' }
const fail: PreflightItem = { name: 'role', outcome: 'fail', message: 'writes', remedy: 'Revoke.' }

describe('a preflight', () => {
  test('shows what stands in the way, and folds away what is in order', () => {
    const page = renderPreflight(definition, [ok, fail, ok])
    const [open = '', folded = ''] = page.split('<details><summary>')
    expect(open).toContain('| role | fail | writes | Revoke. |')
    expect(open).not.toContain('| project |')
    expect(folded).toMatch(/^2 are in order<\/summary>/u)
    expect(folded.match(/\| project \| ok \| fits \|/gu)).toHaveLength(2)
  })

  test('has nothing folded when nothing is in order, and nothing open when everything is', () => {
    expect(renderPreflight(definition, [fail])).not.toContain('<details>')
    expect(renderPreflight(definition, [ok]).split('<details>')[0]).not.toContain('|')
  })
})

describe('what is due', () => {
  const failed = [{ definition: 'rollouts/x.yml', message: 'It is gone.', remedy: 'Put it back.' }]

  test('is never said to be nothing while nobody could find out', () => {
    expect(renderDue({ due: [], failed: [] })).toContain('## Nothing is due')
    const page = renderDue({ due: [], failed })
    expect(page).toContain('## Nobody knows whether anything is due')
    expect(page).toContain('rollouts/x.yml could not be looked into')
  })
})
