import { describe, expect, test } from '@jest/globals'
import { redact } from '../../src/rollout/redaction.ts'

/** Written in pieces: a whole one would be taken for a real one by whoever scans repositories. */
const key = (...pieces: readonly string[]) => pieces.join('')
const JWT = key(
  'eyJhbGciOiJIUzI1NiJ9',
  '.eyJzdWIiOiIxMjM0In0',
  '.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1g'
)
const PEM = key('-----BEGIN RSA PRIVATE', ' KEY-----')

test.each([
  ['mail ana.b+c@mail.example.co.np now', 'mail [email] now'],
  ['<ana@example.org>', '<[email]>'],
  ["'ana@example.org'", "'[email]'"],
  ['ana_b%c@sub.example.museum', '[email]'],
  ['mailto:ana@example.org?subject=x', 'mailto:[email]?subject=x'],
  ['?email=ana%40example.org', '?email=[email]'],
  ['jürgen@müller.example', '[email]'],
  ['{"to":["ana@example.org","bob@example.org"]}', '{"to":["[email]","[email]"]}'],
  ['9841234567@sms.example.org', '[email]'],
  ['6f1c0f7e-8a3b-4d5e-9f10-1234567890ab@relay.example.org', '[email]'],
  [`${'a'.repeat(200)}@example.org`, '[email]']
])('the e-mail address in %s', (text, redacted) => {
  expect(redact(text)).toBe(redacted)
})

test.each([
  ['call +977 98-4123-4567!', 'call [phone]!'],
  ['call +9779841234567.', 'call [phone].'],
  ['+1 (555) 123-4567', '[phone]'],
  ['+44 20 7946 0958', '[phone]'],
  ['+49 (0)30 123456-78', '[phone]'],
  ['+33 1 23 45 67 89', '[phone]'],
  ['+81-3-1234-5678', '[phone]'],
  ['+55 11 91234-5678', '[phone]'],
  ['+61 412 345 678', '[phone]'],
  ['+7 (495) 123-45-67', '[phone]'],
  ['+86 138 0013 8000', '[phone]'],
  ['tel:+41.44.668.18.00', 'tel:[phone]'],
  ['0049 30 123456', '[phone]'],
  ['(555) 123-4567', '[phone]'],
  ['(555)123-4567', '[phone]'],
  ['(11) 91234-5678', '[phone]'],
  ['8 (495) 123-45-67', '8 [phone]'],
  ['555-123-4567', '[phone]'],
  ['555.123.4567', '[phone]'],
  ['01 23 45 67 89', '[phone]'],
  ['01.23.45.67.89', '[phone]'],
  ['020 7946 0958', '[phone]'],
  ['0412 345 678', '[phone]'],
  ['030/12345678', '[phone]'],
  ['01-4412345 Kathmandu', '[phone] Kathmandu'],
  ['098765 43210', '[phone]'],
  ['98765 43210', '[phone]'],
  ['98412-34567', '[phone]'],
  ['03-1234-5678', '[phone]'],
  ['138 0013 8000', '[phone]'],
  ['612 34 56 78', '[phone]'],
  ['612 345 678', '[phone]'],
  ['reach 9841234567 today', 'reach [phone] today'],
  ['reach 9841234567.', 'reach [phone].'],
  ['9841234567', '[phone]'],
  ['{"phone": "9841234567", "n": 12}', '{"phone": "[phone]", "n": 12}'],
  ['/callback/to/+9779841234567/now', '/callback/to/[phone]/now'],
  ['card 4111 1111 1111 1111', 'card [card]']
])('the telephone number in %s', (text, redacted) => {
  expect(redact(text)).toBe(redacted)
})

test.each([
  ['postgres://u:p@h/d failed', '[url] failed'],
  ['postgresql://h:5432/d?sslmode=require', '[url]'],
  ['jdbc:postgresql://h/d?user=u&password=p', 'jdbc:[url]'],
  ['mongodb+srv://u:p%40w@cluster0.example.net/db', '[url]'],
  ['rediss://default:abc@cache.example.org:6379', '[url]'],
  ['postgres://u:p@ss/w@rd@h/d', '[url]'],
  ['see https://user:pass@example.org/x?y=1 now', 'see [url] now'],
  ['git clone https://x-access-token:abc@github.com/a/b', 'git clone [url]'],
  ['https://hooks.slack.com/services/T000/B000/abcdef', '[url]'],
  ['host=db user=u password=hunter2 dbname=d', 'host=db user=u password=[secret] dbname=d'],
  ['Server=db;User Id=u;Password=a b;', 'Server=db;User Id=u;Password=[secret] b;']
])('the connection string in %s', (text, redacted) => {
  expect(redact(text)).toBe(redacted)
})

test.each([
  ['{"password": "a \\"b\\" c", "ok": true}', '{"password": [secret], "ok": true}'],
  ['{"db_password":"x","n":1}', '{"db_password":[secret],"n":1}'],
  ['{\\"password\\":\\"hunter2\\",\\"n\\":1}', '{\\"password\\":[secret],\\"n\\":1}'],
  ['PGPASSWORD=hunter2 psql', 'PGPASSWORD=[secret] psql'],
  ["secret: 'a b c' x", 'secret: [secret] x'],
  ['client_secret=abc&grant=x', 'client_secret=[secret]&grant=x'],
  ['"accessToken": "abc"', '"accessToken": [secret]'],
  ['x-api-key: abc', 'x-api-key: [secret]'],
  ['AWS_SECRET_ACCESS_KEY=abc/def+ghi', 'AWS_SECRET_ACCESS_KEY=[secret]'],
  ['Authorization: Bearer abc.def', 'Authorization: Bearer [secret]'],
  ['Cookie: a=b; c=d', 'Cookie: [secret]'],
  ['GET /x?key=abc&y=1', 'GET /x?key=[secret]&y=1'],
  ['password="never closed', 'password=[secret]'],
  [`${PEM}\nMIIE\nabc\n-----END RSA PRIVATE KEY----- after`, '[secret] after'],
  [`${PEM}\nMIIE, never closed`, '[secret]']
])('what is named a secret in %s', (text, redacted) => {
  expect(redact(text)).toBe(redacted)
})

test.each([
  `jwt ${JWT}`,
  `Bearer ${JWT}`,
  key('AKIA', 'IOSFODNN7EXAMPLE'),
  key('wJalrXUtnFEMI', '/K7MDENG/bPxRfiCYEXAMPLEKEY'),
  key('gh', 'p_0123456789abcdefABCDEF0123456789abcd'),
  key('github', '_pat_11ABCDEFG0123456789_abcdefghij'),
  key('sk', '_live_0123456789abcdef'),
  key('sk', '_test_4eC39HqLyjWDarjtT1zdp7dc'),
  key('rk', '_live_0123456789abcdef'),
  key('wh', 'sec_0123456789abcdefghij'),
  key('sk', '-ant-api03-abcdefgh0123'),
  key('sb', 'p_0123456789abcdef0123456789abcdef01234567'),
  key('sb', '_secret_0123456789abcdef'),
  key('vc', 'p_0123456789abcdefABCDEF'),
  key('vercel', '_blob_rw_0123456789abcdef'),
  key('xox', 'b-123456789012-abcdefABCDEF'),
  key('glpat', '-0123456789abcdefABCD'),
  key('npm', '_0123456789abcdefABCDEF0123456789abcd'),
  key('AIza', 'SyA0123456789abcdefghijklmnopqrstuv'),
  key('SG', '.0123456789abcdef.ABCDEF0123456789'),
  'Xk3fJ9sQ2LmN8pRtV5wYz7Bc',
  '3f786850e387550fdab836ed7e6dc881de23001b',
  'q9Zt1LxV0bYcR7nKp3WmEs8HdG5uJf2A'
])('the token %s', text => {
  const redacted = redact(`key ${text}, and more`)
  expect(redacted).toMatch(/^key (?:jwt |Bearer )?\[token\], and more$/u)
})

test.each([
  '',
  'no_assignment',
  '12',
  '-12.5',
  '1.5e+300',
  '1764000000000',
  'at 1764000000 and 1764000000000 ms',
  '0.12345678901',
  '2026-03-01',
  '2026-03-01 10:00:00+00',
  '2026-03-01 10:00:00.123456+00',
  '2026-03-01T10:00:00.000Z',
  'from 2026-03-01T10:00:00Z to 2026-03-02T10:00:00+05:45',
  '01.03.2026 10:15:00',
  '01-03-2026, 1/3/26',
  '10:00:00.123456',
  '6f1c0f7e-8a3b-4d5e-9f10-1234567890ab',
  'booking 00000000-0000-4000-8000-000000000001 of 1234567890ab',
  'booking-6f1c0f7e-8a3b-4d5e-9f10-1234567890ab/retry-2',
  '{"id": "6F1C0F7E-8A3B-4D5E-9F10-1234567890AB", "at": 1764000000000, "ms": 12.75}',
  '{"order": 4509876123, "cents": 9841234567}',
  'order_id=4509876123',
  '{"bookingId":"4509876123"}',
  'issue #4509876123',
  'BK-2026-000123',
  'dpl_8Hq3kLmN2pRtV5wYz7BcXk3fJ9sQ',
  'cus_NffrFeUfNV2Hib and pi_3MtwBwLkdIwHu7ix28a3tqPa',
  'cjld2cjxh0000qzrmn831i7rn',
  '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  '[1, 2, 3]',
  '1 2 3 4 5 6 7 8 9 10 11 12',
  '100 200 300',
  '1,234,567.89 and 1.234.567,89 and 1 234 567',
  '$1,299.00, 12 500 NPR, €12.345.678',
  'p50 120 ms, p95 1840.25 ms',
  '27.717245, 85.323959',
  '10.0.0.1:5432',
  '192.168.100.200',
  'https://example.org/path?x=1',
  '/api/v2/restaurants/tables/assignments/retries',
  'assignment_in_progress_with_a_very_long_name_of_words',
  'handleAssignmentRetryV3WithBackoff',
  'version 17.10.2',
  '(none given)',
  'a token of thanks, tokens: 512, max_tokens=4096',
  'password reset requested; "secret": null',
  'user@host',
  '12345-6789'
])('%s stays', text => {
  expect(redact(text)).toBe(text)
})

describe('time grows with the text and not with its square', () => {
  const filled = (text: string, length = 100_000) =>
    text.repeat(Math.ceil(length / text.length)).slice(0, length)

  /** The better of two, so that a moment in which the machine is busy does not count. */
  const timeOf = (text: string): number => {
    const times = [1, 2].map(() => {
      const start = performance.now()
      redact(text)
      return performance.now() - start
    })
    return Math.min(...times)
  }
  const ordinary = timeOf(filled('The booking of table 12 was moved to 19:30 by the waiter. '))

  test.each(['a', '1'])('for a megabyte of %j', piece => {
    expect(timeOf(filled(piece, 1_000_000))).toBeLessThan(100 * ordinary)
  })

  test.each([
    'a',
    '1',
    ' ',
    '-',
    '.',
    'a.',
    'a-',
    "a'",
    'a@',
    'a@b.',
    '1 ',
    '1-',
    '+1',
    '(1)',
    '0 ',
    '00 1',
    'a1',
    'aB1',
    '://',
    'a://',
    'a:',
    'a://:',
    ':@',
    '"',
    '\\',
    '\\"',
    'token:',
    'token="',
    "token='",
    'token:\\',
    'token: ',
    'bearer ',
    'bearer a',
    'cookie:',
    'eyJ',
    'eyJ-',
    'sk-',
    'gh_',
    'AKIA',
    'id:',
    '": ',
    '":1',
    PEM,
    '-----BEGIN ',
    '2026-03-01',
    '10.',
    '6f1c0f7e-',
    'ab_',
    'ö',
    '%40'
  ])('for many of %j', piece => {
    // The square would be some thousand times as much.
    expect(timeOf(filled(piece))).toBeLessThan(30 * ordinary)
  })
})
