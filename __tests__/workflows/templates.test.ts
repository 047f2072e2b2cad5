import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { type Committed, REUSABLE, readWorkflow, TEMPLATES, type Workflow } from './committed.ts'

const ACTION = 'OWNER/rollgate@0000000000000000000000000000000000000000'

const pairs = REUSABLE.map(name => {
  const template = name === 'rollout' ? 'rollout.yml' : `rollout-${name}.yml`
  return [
    `workflows/${template}`,
    readWorkflow(`workflows/${template}`),
    readWorkflow(`.github/workflows/${name}.yml`)
  ] as const
})

const templates = TEMPLATES.map(template => [template.file, template] as const)

/** What is said about lines that `rollgate init` fills in. */
function marks({ text }: Committed): readonly string[] {
  return [...text.matchAll(/ # init: ([a-z-]+)$/gmu)].flatMap(([, mark]) => mark ?? [])
}

describe.each(pairs)('%s', (_, template, reusable) => {
  test('has the jobs of the reusable workflow, except for where the action is', () => {
    const jobs = JSON.stringify(template.jobs).replaceAll(ACTION, '$/action')
    expect(JSON.parse(jobs)).toEqual(reusable.jobs)
    expect(template.permissions).toEqual(reusable.permissions)
  })

  test('says the same about its jobs', () => {
    const comments = ({ text }: Committed) =>
      text
        .slice(text.indexOf('\njobs:\n'))
        .match(/ # .*$/gmu)
        ?.filter(comment => !comment.startsWith(' # init: '))
    expect(comments(template)).toEqual(comments(reusable))
  })

  test('settles under the same names what the reusable one is given', () => {
    expect(Object.keys(template.env ?? {})).toEqual(Object.keys(reusable.env ?? {}))
    const { inputs = {} } = reusable.on.workflow_call ?? {}
    for (const [name, source] of Object.entries(reusable.env ?? {})) {
      const [, input = ''] = /^\$\{\{ inputs\.([\w-]+) \}\}$/u.exec(source) ?? []
      expect(template.env?.[name]?.trim()).toBe(inputs[input]?.default)
    }
  })

  test('asks for inputs that the reusable one has, with the same defaults', () => {
    const { inputs = {} } = reusable.on.workflow_call ?? {}
    const own = Object.entries(template.on.workflow_dispatch?.inputs ?? {})
    // Who wakes a monitor is known to whoever starts it, and not to the reusable one.
    const used = own.filter(([name]) => usesInput(template, name) && name !== 'woken-by')
    for (const [name, { default: value, required = false }] of used) {
      const { default: theirs, required: wanted = false } = inputs[name] ?? {}
      expect(Object.keys(inputs)).toContain(name)
      expect([name, value, required]).toEqual([name, theirs, wanted])
    }
  })
})

/** An input may also serve the name of the run alone. */
function usesInput({ jobs }: Workflow, name: string): boolean {
  return JSON.stringify(jobs).includes(`inputs.${name} `)
}

describe.each(templates)('%s', (_, template) => {
  test('marks every line that depends on the repository it comes to', () => {
    const dependent =
      /OWNER\/|secrets\.DATABASE_URL|cron:|_WORKFLOW:|METRICS:|DEFINITIONS:|default: rollouts\//u
    const lines = template.text.split('\n').filter(line => dependent.test(line))
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines.filter(line => !line.includes('${{ env.'))) {
      expect(line).toMatch(/ # init: [a-z-]+$/u)
    }
  })

  test('is a workflow still when its marks are filled in', () => {
    const filled = template.text
      .replaceAll(ACTION, `acme/rollgate@${'a'.repeat(40)}`)
      .replaceAll('rollouts/assignment-pipeline-v3.yml', 'rollouts/new-checkout.yml')
      .replaceAll('secrets.DATABASE_URL', 'secrets.SHOP_DATABASE')
      .replaceAll('7,37 * * * *', '13,43 * * * *')
      .replaceAll(/ # init: [a-z-]+$/gmu, '')
    const workflow: Workflow = parse(filled)
    expect(Object.keys(workflow.jobs)).toEqual(Object.keys(template.jobs))
    expect(filled).not.toMatch(/OWNER|assignment-pipeline|# init:/u)
  })
})

test('the marks are the ones that rollgate init knows', () => {
  const known = TEMPLATES.flatMap(marks)
  expect([...new Set(known)].sort()).toEqual([
    'action',
    'cron',
    'database-secret',
    'definition',
    'metrics',
    'monitor-workflow',
    'rollback-workflow',
    'rollout-workflow',
    'timers-workflow'
  ])
})
