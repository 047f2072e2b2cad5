import verdict from './stryker.config.js'

/** The same for the functions that turn verdicts into a decision. */
export default {
  ...verdict,
  mutate: ['src/rollout/decide*.ts'],
  jest: {
    ...verdict.jest,
    config: {
      ...verdict.jest.config,
      globals: {
        suite: {
          folder: '__tests__/rollout/',
          only: ['decide', 'decide-reasons', 'decide-watch', 'acceptance']
        }
      }
    }
  },
  htmlReporter: { fileName: '.stryker/decide.html' }
}
