import { type Answers, parseAnswers } from '../../src/adoption/answers.ts'
import type { Place } from '../../src/adoption/ports.ts'
import { type Given, withFallbacks } from '../../src/adoption/questions.ts'

export const ACTION = `acme/rollgate@${'0123456789'.repeat(4)}`

/** A machine and a repository that answer as much by themselves as they can. */
export const PLACE: Place = {
  timeZone: 'Europe/London',
  repository: 'acme/shop',
  branch: 'main',
  vercel: { orgId: 'team_1', projectId: 'prj_1' },
  action: ACTION,
  envExample: false
}

/** What nobody can guess. */
export const GIVEN: Given = {
  name: ['new-checkout'],
  flag: ['NEW_CHECKOUT=true/false', 'NEW_CHECKOUT_SHADOW=false/false/true'],
  reviewer: ['octocat', 'acme/checkout']
}

/** The answers, with these in place of the example's. */
export function answersOf(given: Given = {}): Answers {
  return parseAnswers(withFallbacks({ ...GIVEN, ...given }, PLACE))
}
