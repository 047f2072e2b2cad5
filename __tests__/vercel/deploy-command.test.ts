import { expect, test } from '@jest/globals'
import {
  createdDeploymentId,
  deployArguments,
  describeRun
} from '../../src/vercel/deploy-command.ts'

const request = { intent: 'evt-1', rollout: 'a#1', phase: 'production-full' }
const run = (stdout: unknown, exitCode = 0, stderr = '') => ({
  exitCode,
  stdout: typeof stdout === 'string' ? stdout : JSON.stringify(stdout, undefined, 2),
  stderr
})

test.each([
  ['production', ['--prod']],
  ['preview', ['--target', 'preview']],
  ['staging', ['--target', 'staging']]
])('%s is asked for with %j', (target, expected) => {
  const args = deployArguments({ ...request, target }, 'team_abc123')
  expect(args).toEqual([
    ...['deploy', '--no-wait', '--json', '--yes', '--non-interactive', '--scope', 'team_abc123'],
    ...expected,
    ...['-m', 'rollgate=evt-1', '-m', 'rollgateRollout=a#1', '-m', 'rollgatePhase=production-full']
  ])
})

test.each([
  ['the plain envelope', run({ id: 'dpl_1', readyState: 'QUEUED' }), 'dpl_1'],
  ['T16: the wrapped envelope', run({ status: 'ok', deployment: { id: 'dpl_1' } }), 'dpl_1'],
  [
    'a failure after the creation',
    run({ status: 'error', deployment: { id: 'dpl_1' } }, 1),
    'dpl_1'
  ],
  ['a failure before it', run({ status: 'error', reason: 'deploy_failed' }, 1), undefined],
  ['no output', run('', 1), undefined],
  ['only a URL', run('https://shop-1-acme.vercel.app'), undefined]
])('the id of a deployment is found, or not, in %s', (_, output, id) => {
  expect(createdDeploymentId(output)).toBe(id)
})

test.each([
  ['exit code 1, Quota is used up', run({ status: 'error', message: 'Quota is used up' }, 1)],
  ['exit code 1, Build broke', run({ id: 'dpl_1', error: { message: 'Build broke' } }, 1)],
  ['exit code 1, Retrieving project… Error: No', run('', 1, 'Retrieving project…\n\nError: No\n')],
  ['exit code 1, no message, as when the API cannot be reached', run('', 1)],
  ['the CLI hung and was killed', run('', 124)],
  ['the command was not found', run('', 127)]
])('a failed run reads: %s', (words, output) => {
  expect(describeRun(output)).toBe(words)
})
