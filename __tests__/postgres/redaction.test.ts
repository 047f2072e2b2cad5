import { expect, test } from '@jest/globals'
import { redact } from '../../src/postgres/redaction.ts'

test.each([
  ['mail ana.b+c@mail.example.co.np now', 'mail [email] now'],
  ['call +977 98-4123-4567!', 'call [phone]!'],
  ['call +9779841234567', 'call [phone]'],
  ['(555) 123-4567', '[phone]'],
  ['555-123-4567', '[phone]'],
  ['01 23 45 67 89', '[phone]'],
  ['reach 9841234567 today', 'reach [phone] today'],
  ['{"phone": "9841234567", "n": 12}', '{"phone": "[phone]", "n": 12}'],
  ['postgres://u:p@h/d failed', '[url] failed'],
  ['postgresql://h:5432/d?sslmode=require', '[url]'],
  ['see https://user:pass@example.org/x?y=1.', 'see [url]'],
  ['password=hunter2 host=db', 'password=[secret] host=db'],
  ['{"password": "a \\"b\\" c", "ok": true}', '{"password": [secret], "ok": true}'],
  ['Authorization: Bearer abc.def', 'Authorization: [secret]'],
  ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def', 'jwt [token]'],
  ['ghp_0123456789abcdefABCDEF', '[token]'],
  ['sk_live_0123456789abcdef', '[token]'],
  ['key 3f786850e387550fdab836ed7e6dc881de23001b', 'key [token]']
])('%s becomes %s', (text, redacted) => {
  expect(redact(text)).toBe(redacted)
})

test.each([
  '',
  'no_assignment',
  '12',
  '-12.5',
  '1.5e+300',
  '1764000000000',
  '9841234567',
  '2026-03-01',
  '2026-03-01 10:00:00+00',
  '2026-03-01 10:00:00.123456+00',
  '2026-03-01T10:00:00.000Z',
  'from 2026-03-01T10:00:00Z to 2026-03-02T10:00:00+05:45',
  '6f1c0f7e-8a3b-4d5e-9f10-1234567890ab',
  'booking 00000000-0000-4000-8000-000000000001 of 1234567890ab',
  '{"id": "6F1C0F7E-8A3B-4D5E-9F10-1234567890AB", "at": 1764000000000, "ms": 12.75}',
  '[1, 2, 3]',
  'https://example.org/path?x=1',
  'assignment_in_progress_with_a_very_long_name_of_words',
  'version 17.10.2',
  '10.0.0.1:5432',
  '(none given)',
  'a token of thanks'
])('%s stays', text => {
  expect(redact(text)).toBe(text)
})
