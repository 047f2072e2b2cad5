import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { secretsIn } from '../src/secrets.ts'

describe('what must be masked', () => {
  test.each<[string, readonly (string | undefined)[], readonly string[]]>([
    ['nothing where nothing is given', [], []],
    ['nothing of what is missing or blank', [undefined, '', '  \n'], []],
    ['a token as it is', ['vcp_abc'], ['vcp_abc']],
    ['a token without the line end it was pasted with', [' vcp_abc\n'], ['vcp_abc']],
    ['each secret once', ['vcp_abc', 'vcp_abc'], ['vcp_abc']],
    [
      'a connection string whole, and its password',
      ['postgresql://app:hunter2@db.example:6543/prod'],
      ['postgresql://app:hunter2@db.example:6543/prod', 'hunter2']
    ],
    [
      'a percent-encoded password as it is written and as it is meant',
      ['postgres://app:p%40ss%2Fword@db.example/prod'],
      ['postgres://app:p%40ss%2Fword@db.example/prod', 'p%40ss%2Fword', 'p@ss/word']
    ],
    [
      'a password with a percent sign that encodes nothing',
      ['postgres://app:100%@db.example/prod'],
      ['postgres://app:100%@db.example/prod', '100%']
    ],
    [
      'a password with an @ that should have been encoded, whole and as a URL carries it',
      ['postgres://app:p@ss@db.example/prod'],
      ['postgres://app:p@ss@db.example/prod', 'p@ss', 'p%40ss']
    ],
    [
      'a password with a slash that should have been encoded',
      ['postgres://app:p/ss@db.example/prod'],
      ['postgres://app:p/ss@db.example/prod', 'p/ss']
    ],
    [
      'no more than the password when an @ follows in the query',
      ['postgres://app:hunter2@db.example/prod?application_name=a@b'],
      ['postgres://app:hunter2@db.example/prod?application_name=a@b', 'hunter2']
    ],
    [
      'a password of an account without a name',
      ['postgres://:hunter2@db.example/prod'],
      ['postgres://:hunter2@db.example/prod', 'hunter2']
    ],
    [
      'no password where there is none',
      ['postgres://app@db.example/prod', 'postgres://app:@db.example/prod'],
      ['postgres://app@db.example/prod', 'postgres://app:@db.example/prod']
    ]
  ])('is %s', (_, credentials, secrets) => {
    expect(secretsIn(credentials)).toEqual(secrets)
  })

  test('is every password that a URL can carry, in both its forms', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), password => {
        const written = encodeURIComponent(password)
        const secrets = secretsIn([`postgresql://app:${written}@db.example/prod?a=b@c`])
        expect(secrets).toContain(written)
        expect(secrets).toContain(password)
      })
    )
  })
})
