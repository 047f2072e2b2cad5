/**
 * What is known about one criterion at one look. `insufficient` was answered with too little
 * evidence, `error` was not answered; neither ever counts as `pass`.
 */
export type Verdict = 'pass' | 'warn' | 'red' | 'insufficient' | 'error'
