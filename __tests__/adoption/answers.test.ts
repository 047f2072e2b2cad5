import { describe, expect, test } from '@jest/globals'
import { answerProblem, parseAnswers } from '../../src/adoption/answers.ts'
import {
  assumedAnswers,
  type Given,
  nextQuestion,
  QUESTION_NAMES,
  QUESTIONS,
  type QuestionName,
  unanswered,
  withFallbacks
} from '../../src/adoption/questions.ts'
import { answersOf, GIVEN, PLACE } from './example.ts'

const NOWHERE = { ...PLACE, repository: undefined, vercel: undefined, action: undefined }

test('what can be found out or guessed is not asked for', () => {
  expect(unanswered(withFallbacks({}, PLACE))).toEqual(['name', 'flag', 'reviewer'])
  expect(unanswered(withFallbacks({}, NOWHERE))).toEqual([
    'name',
    'owner',
    'repository',
    'flag',
    'vercel-org-id',
    'vercel-project-id',
    'reviewer',
    'action'
  ])
})

test('the kind of gate decides who is asked for', () => {
  const dispatch = withFallbacks({ gate: ['dispatch'] }, PLACE)
  expect(unanswered(dispatch)).toEqual(['name', 'flag', 'allow'])
})

test('the worked example is what the defaults describe', () => {
  expect(answersOf().events).toEqual({
    source: 'assignment.coordinator',
    start: 'coordinator.start',
    good: ['coordinator.confirmed'],
    bad: ['coordinator.manual_review', 'coordinator.error'],
    errors: ['coordinator.error']
  })
})

test('event types follow from the source, and errors from the bad endings', () => {
  expect(answersOf({ 'event-source': ['shop.checkout'], 'bad-ending': ['lost'] }).events).toEqual({
    source: 'shop.checkout',
    start: 'checkout.start',
    good: ['checkout.confirmed'],
    bad: ['lost'],
    errors: ['lost']
  })
})

test('a person is asked one question after the other, each once, and shown the rest', () => {
  let given: Given = {}
  const asked: QuestionName[] = []
  for (;;) {
    const next = nextQuestion(given, PLACE)
    if (next === undefined) break
    asked.push(next.question.name)
    given = { ...given, [next.question.name]: next.fallback ?? ['x'] }
  }
  expect(asked).toEqual([
    'name',
    'owner',
    'flag',
    'event-source',
    'start-event',
    'good-ending',
    'bad-ending',
    'units-per-day',
    'gate',
    'reviewer'
  ])
  const shown = assumedAnswers(given, PLACE).map(line => line.split(' ')[0]?.slice(2))
  const arising = QUESTION_NAMES.filter(name => name !== 'allow')
  expect([...asked, ...shown].sort()).toEqual([...arising].sort())
})

test('questions have the names of the options, in one order', () => {
  expect(QUESTIONS.map(({ name }) => name)).toEqual(QUESTION_NAMES)
})

describe.each([
  ['name', ['New'], 'is not a name'],
  ['name', ['a', 'b'], 'is given more than once'],
  ['owner', ['a\nb'], 'has more than one line'],
  ['repository', ['shop'], 'is not a repository'],
  ['flag', ['X'], 'is no flag'],
  ['flag', ['X=true'], 'is no flag'],
  ['flag', ['1X=true/false'], 'is no flag'],
  ['flag', ['X=a/b/c/d'], 'is no flag'],
  ['flag', ['X=a/a'], 'never changes'],
  ['vercel-org-id', ['team 1'], 'is not an id of Vercel'],
  ['preview-keys', ['Staging Keys'], 'is not a name'],
  ['database-secret', ['database-url'], 'is not the name of a secret'],
  ['database-secret', ['GITHUB_URL'], 'is not the name of a secret'],
  ['good-ending', ['a b'], 'is not an event type'],
  ['good-ending', ['a', 'a'], 'is given twice'],
  ['bad-ending', [], 'is empty'],
  ['units-per-day', ['0'], 'is not a number of units'],
  ['soak', ['0h'], 'is no duration'],
  ['soak', ['two days'], 'is no duration'],
  ['gate', ['people'], 'is no gate'],
  ['reviewer', ['a/b/c'], 'is neither a login nor a team'],
  ['reviewer', ['a', 'b', 'c', 'd', 'e', 'f', 'g'], 'is given too often'],
  ['allow', ['acme/team'], 'is not a login'],
  ['time-zone', ['Mars/Olympus'], 'is not a time zone'],
  ['branch', ['a..b c'], 'is not the name of a branch'],
  ['action', ['acme/rollgate@v1'], 'is not an action at a commit']
] satisfies readonly (readonly [QuestionName, readonly string[], string])[])(
  '--%s %j',
  (name, texts, problem) => {
    test(`${problem}, and the fix is told`, () => {
      expect(answerProblem(name, texts)).toContain(problem)
      expect(answerProblem(name, texts)).toMatch(/^--.* Fix: .+\.$/u)
    })
  }
)

test('a connection string that was pasted for the name of a secret is not repeated', () => {
  const said = answerProblem('database-secret', ['postgres://reader:hunter2@db/shop'])
  expect(said).toContain('never a connection string')
  expect(said).not.toContain('hunter2')
})

test('all mistakes are told at once', () => {
  const given = { ...GIVEN, name: ['A'], action: ['b'], soak: ['1h', 'x'] }
  expect(() => parseAnswers(withFallbacks(given, PLACE))).toThrow(
    /^--\S+ [^\n]+\n--\S+ [^\n]+\n--\S+ [^\n]+$/u
  )
})

test.each([
  [{ flag: ['X=1/0', 'X=2/0'] }, '--flag X is given twice'],
  [{ flag: ['X=0/0/1'] }, 'no flag turns the feature on'],
  [{ flag: ['X=1/0/1'] }, 'shadow phases would be like full ones'],
  [{ soak: ['48h', '48h'] }, '--soak gives 2 durations for 4 phases'],
  [{ 'good-ending': ['coordinator.error'] }, 'is a good and a bad ending']
] satisfies readonly (readonly [Given, string])[])('%j is refused', (given, problem) => {
  expect(() => answersOf(given)).toThrow(problem)
})
