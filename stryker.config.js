/** Mutation tests of the room that judges. One file: `npx stryker run --mutate src/verdict/burst.ts`. */
export default {
  mutate: ['src/verdict/**/*.ts'],
  testRunner: 'jest',
  testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
  coverageAnalysis: 'perTest',
  jest: {
    enableFindRelatedTests: false,
    config: {
      testMatch: ['<rootDir>/stryker.suite.js'],
      testEnvironment: './stryker.environment.cjs',
      globals: {
        // Not the tests of other rooms: a mutant must be caught by what its own room promises. Nor exact
        // summation, seconds for every mutant; cheaper tests kill the same ones.
        suite: {
          folder: '__tests__/verdict/',
          leaveOut: ['peeking', 'sustained-by-chance', 'why-evidence']
        }
      },
      moduleNameMapper: {
        '^fast-check$': '<rootDir>/stryker.fast-check.js',
        '^unmapped-fast-check$': 'fast-check'
      }
    }
  },
  // Stryker rewrites a tsconfig.json that it finds, through an API that TypeScript 7 no longer has.
  ignorePatterns: ['.*', 'coverage', 'dist', 'docs', 'rehearsal', 'tsconfig.json'],
  tempDirName: '.stryker/sandbox',
  reporters: ['clear-text', 'progress', 'html'],
  htmlReporter: { fileName: '.stryker/verdict.html' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // Node never frees the modules that a run has loaded.
  maxTestRunnerReuse: 100,
  concurrency: 1,
  thresholds: { high: 95, low: 90, break: 90 }
}
