import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { formatProblem, readYaml } from '../../src/rollout/yaml-source.ts'

const TEXT = `name: demo
phases:
  - name: first
    flags: &on { A: "true" }
  - name: second
    flags: *on
"odd key": 1
`

describe('a YAML text that remembers where everything stands', () => {
  const source = readYaml('demo.yml', TEXT)

  test('is plain data', () => {
    expect(source.syntaxProblems).toEqual([])
    expect(source.data).toEqual({
      name: 'demo',
      phases: [
        { name: 'first', flags: { A: 'true' } },
        { name: 'second', flags: { A: 'true' } }
      ],
      'odd key': 1
    })
  })

  test.each([
    ['a value', ['name'], 'demo.yml:1:7 name = "demo" is wrong. Fix: mend it.'],
    [
      'a list item',
      ['phases', 1, 'name'],
      'demo.yml:5:11 phases[1].name = "second" is wrong. Fix: mend it.'
    ],
    ['a number', ['odd key'], 'demo.yml:7:12 odd key = 1 is wrong. Fix: mend it.'],
    ['a map has no value to show', ['phases', 0], 'demo.yml:3:5 phases[0] is wrong. Fix: mend it.'],
    [
      'an alias is where it is used',
      ['phases', 1, 'flags'],
      'demo.yml:6:12 phases[1].flags is wrong. Fix: mend it.'
    ],
    [
      'what an alias means is where it is written',
      ['phases', 1, 'flags', 'A'],
      'demo.yml:4:21 phases[1].flags.A = "true" is wrong. Fix: mend it.'
    ],
    [
      'what is missing is where it belongs',
      ['phases', 0, 'soak'],
      'demo.yml:3:5 phases[0].soak is wrong. Fix: mend it.'
    ],
    [
      'what is missing in what is missing',
      ['database', 'secret'],
      'demo.yml:1:1 database.secret is wrong. Fix: mend it.'
    ],
    ['a step into a scalar', ['name', 'first'], 'demo.yml:1:7 name.first is wrong. Fix: mend it.'],
    ['the whole file', [], 'demo.yml:1:1 is wrong. Fix: mend it.']
  ] as const)('%s', (_, path, line) => {
    expect(formatProblem(source.problem(path, 'is wrong', 'mend it'))).toBe(line)
  })

  test.each([
    [[], 'name', 'demo.yml:1:1 name is unknown. Fix: mend it.'],
    [['phases', 1], 'flags', 'demo.yml:6:5 phases[1].flags is unknown. Fix: mend it.'],
    [['phases', 1, 'flags'], 'A', 'demo.yml:4:18 phases[1].flags.A is unknown. Fix: mend it.'],
    [['phases', 1], 'soak', 'demo.yml:5:5 phases[1].soak is unknown. Fix: mend it.']
  ] as const)('the key in %j named %s', (path, key, line) => {
    expect(formatProblem(source.keyProblem(path, key, 'is unknown', 'mend it'))).toBe(line)
  })

  test.each([
    [['name'], true],
    [['phases', 1, 'flags', 'A'], true],
    [['phases', 2], false],
    [['phases', 0, 'soak'], false],
    [['name', 'first'], false]
  ] as const)('has %j: %p', (path, expected) => {
    expect(source.has(path)).toBe(expected)
  })

  test('a long value is cut to one line', () => {
    const { value } = readYaml('f', `a: "${'x\\n'.repeat(99)}"`).problem(['a'], 'm', 'f')
    expect(value).toHaveLength(58)
    expect(value).not.toContain('\n')
  })

  test('a key without a value is shown as null', () => {
    expect(readYaml('f', 'soak:\n').problem(['soak'], 'm', 'f').value).toBe('null')
  })
})

describe('what is not YAML', () => {
  test.each([
    ['a quote that never ends', 'name: "demo', '1:12 is not valid YAML'],
    ['a bracket too many', 'a: [1]]', '1:7 is not valid YAML'],
    ['a tab as indentation', 'a:\n\tb: 1', '2:1 is not valid YAML'],
    ['a key twice', 'a: 1\na: 2', '2:1 is not valid YAML: Map keys must be unique'],
    ['two documents', 'a: 1\n---\na: 2', '2:1 is not valid YAML'],
    ['an alias without its anchor', 'a: 1\nb: { c: *gone }', '2:9 is not valid YAML'],
    ['an alias before its anchor', 'a: *late\nb: &late 1', '1:4 is not valid YAML'],
    ['a merge of what is no map', '%YAML 1.1\n---\n<<: [1]\n', 'is not valid YAML']
  ])('%s is told with its place', (_, text, place) => {
    const { data, syntaxProblems } = readYaml('f.yml', text)
    expect(data).toBeUndefined()
    expect(syntaxProblems.map(formatProblem).join('\n')).toContain(place)
  })

  test('a few lines that would unfold into millions are refused, not unfolded', () => {
    const level = (name: string, of: string) =>
      `${name}: &${name} [${Array(9).fill(of).join(', ')}]\n`
    const text = ['x', '*a', '*b', '*c', '*d'].map((of, i) => level('abcde'[i] ?? '', of)).join('')
    const { data, syntaxProblems } = readYaml('f.yml', text)
    expect(data).toBeUndefined()
    expect(syntaxProblems).toHaveLength(1)
  })

  test('no text makes it throw, and every problem has a place in the text', () => {
    const token = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '\n',
      '  ',
      '&a ',
      '*a',
      '[',
      ']',
      '{',
      '}',
      '"',
      '|',
      '? ',
      '<<',
      '!!set ',
      '!!binary ',
      '%YAML 1.1\n',
      '---\n',
      '# ',
      ', ',
      'null',
      '1'
    )
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.array(token).map(all => all.join(''))
    )
    fc.assert(
      fc.property(text, written => {
        const lines = written.split('\n')
        const source = readYaml('f.yml', written)
        for (const problem of [...source.syntaxProblems, source.problem(['a', 0, 'b'], 'm', 'f')]) {
          expect(problem.line).toBeGreaterThanOrEqual(1)
          expect(problem.line).toBeLessThanOrEqual(lines.length)
          expect(problem.column).toBeGreaterThanOrEqual(1)
        }
      }),
      { numRuns: 1000 }
    )
  })
})

describe('a credential in the text', () => {
  const PASTED = 'postgres://app:hunter2@db.example/prod'

  test.each([
    ['as a value', `a: ${PASTED}`, ['a']],
    ['as a quoted value', `a: "${PASTED}"`, ['a']],
    ['as a long value', `a: ${'x'.repeat(50)}${PASTED}`, ['a']],
    ['as keyword and value', 'a: host=db user=app password=hunter2', ['a']],
    ['with a slash and an @ in its password', 'a: postgres://app:p/@hunter2@db/x', ['a']],
    ['as the whole file', PASTED, []],
    ['as a path', `"${PASTED}": 1`, [PASTED]]
  ] as const)('%s is not repeated', (_, text, path) => {
    const source = readYaml('f.yml', text)
    expect(formatProblem(source.problem(path, 'm', 'f'))).not.toContain('hunter2')
    expect(formatProblem(source.keyProblem([], PASTED, 'm', 'f'))).not.toContain('hunter2')
  })

  test.each([
    `a: |${PASTED}`,
    `a: [${PASTED}]]`,
    `a: 'x' ${PASTED}`,
    `a: [x\n${PASTED}`,
    `a: b\n ${PASTED}: c: d`
  ])('is not repeated by a syntax error: %s', text => {
    const { syntaxProblems } = readYaml('f.yml', text)
    expect(syntaxProblems.length).toBeGreaterThan(0)
    expect(syntaxProblems.map(formatProblem).join('\n')).not.toContain('hunter2')
  })
})
