import { expect, test } from '@jest/globals'
import { renderByHand } from '../../src/report/by-hand.ts'
import { definition } from './story.ts'

const TEAM = '--scope "$VERCEL_ORG_ID"'
const BASELINE = { id: 'dpl_before', url: 'https://before.vercel.app' }

test('on production the old deployment comes first and the new one has to be promoted', () => {
  const page = renderByHand(definition, { target: 'production', baseline: BASELINE })
  const update = (flag: string, value: string) =>
    `printf %s '${value}' | vercel env update ${flag} production --yes --non-interactive ${TEAM}`
  expect(page.split('\n').slice(3, -1)).toEqual([
    `vercel rollback dpl_before --yes ${TEAM}`,
    update('FEATURE_ASSIGNMENT_PIPELINE_V3', 'false'),
    update('FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW', 'false'),
    update('FEATURE_ASSIGNMENT_PIPELINE_V3_MAX_PARALLEL', '3'),
    `url=$(vercel deploy --prod --yes --no-wait ${TEAM})`,
    `vercel inspect "$url" --wait --timeout 15m ${TEAM}`,
    `vercel promote "$url" --yes ${TEAM}`
  ])
})

test('where the old deployment is of no use, production takes up the new one by itself', () => {
  const page = renderByHand(definition, { target: 'production', baseline: undefined })
  expect(page).not.toContain('vercel rollback')
  expect(page.split('\n').at(-2)).toBe(`vercel deploy --prod --yes ${TEAM}`)
})

test('elsewhere there is nothing to point back at, and nothing to promote', () => {
  const page = renderByHand(definition, { target: 'preview', baseline: BASELINE })
  expect(page).not.toContain('rollback')
  expect(page).not.toContain('promote')
  expect(page).toContain('vercel deploy --target preview --yes')
})
