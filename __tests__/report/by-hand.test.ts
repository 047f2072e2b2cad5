import { expect, test } from '@jest/globals'
import { renderByHand } from '../../src/report/by-hand.ts'
import { definition } from './story.ts'

const BASELINE = { id: 'dpl_before', url: 'https://before.vercel.app' }

test('on production the old deployment comes first and the new one has to be promoted', () => {
  const page = renderByHand(definition, { target: 'production', baseline: BASELINE })
  expect(page.split('\n').slice(3, -1)).toEqual([
    'vercel rollback dpl_before --yes',
    "printf %s 'false' | vercel env update FEATURE_ASSIGNMENT_PIPELINE_V3 production --yes",
    "printf %s 'false' | vercel env update FEATURE_ASSIGNMENT_PIPELINE_V3_SHADOW production --yes",
    "printf %s '3' | vercel env update FEATURE_ASSIGNMENT_PIPELINE_V3_MAX_PARALLEL production --yes",
    'vercel deploy --prod --yes',
    'vercel promote <the URL that deploy printed> --yes'
  ])
})

test('elsewhere there is nothing to point back at, and nothing to promote', () => {
  const page = renderByHand(definition, { target: 'preview', baseline: BASELINE })
  expect(page).not.toContain('rollback')
  expect(page).not.toContain('promote')
  expect(page).toContain('vercel deploy --target preview --yes')
})
