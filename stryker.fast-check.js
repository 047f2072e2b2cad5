import fc from 'unmapped-fast-check'

const MOST_RUNS = 25

/**
 * fast-check for mutation tests, where every property runs once per mutant: always the same cases, only
 * so many of them, and no search for a smaller counterexample.
 */
export default {
  ...fc,
  assert: (property, { numRuns = MOST_RUNS, ...parameters } = {}) =>
    fc.assert(property, {
      ...parameters,
      numRuns: Math.min(numRuns, MOST_RUNS),
      seed: 20,
      endOnFailure: true
    })
}
