const { TestEnvironment } = require('jest-environment-node')

/** Skips whatever comes after the first test that fails: a mutant is killed once. */
module.exports = class extends TestEnvironment {
  hasFailed = false

  handleTestEvent({ name, test }) {
    if (name === 'test_fn_failure') {
      this.hasFailed = true
    } else if (name === 'test_start' && this.hasFailed) {
      test.mode = 'skip'
    }
  }
}
