import { expect, test } from '@jest/globals'
import { judgeValue, type ValueLook } from '../../src/verdict/value.ts'

const look: ValueLook = {
  rule: {
    pass: { operator: '<=', value: 5000 },
    red: { operator: '>', value: 20_000 },
    minSamples: 20
  },
  buckets: [],
  nowBucket: 47
}

function message(value: number, samples: number): string {
  return judgeValue({ ...look, whole: { value, samples } }).message
}

test('a bucket is judged from the least number of samples on', () => {
  const whole = { value: 1840, samples: 3000 }
  const bucket = { bucket: 3, value: 25_000, samples: 20 }
  expect(judgeValue({ ...look, whole, buckets: [bucket] })).toMatchObject({
    code: 'bucket_beyond_red',
    buckets: 1
  })
  const smaller = { ...bucket, samples: 19 }
  expect(judgeValue({ ...look, whole, buckets: [smaller] })).toMatchObject({
    code: 'within_pass',
    buckets: 0
  })
})

test('too little to tell says so, and whether it is short of the bound besides', () => {
  expect(message(1840, 19)).toBe('1,840 from 19 samples is too little to tell; needs 1 more sample')
  expect(message(7300, 12)).toBe(
    '7,300 from 12 samples is too little to tell, and short of <= 5000; needs 8 more samples'
  )
})

test('without a warn bound none is told', () => {
  expect(message(7300, 300)).toBe('7,300 from 300 samples does not meet <= 5000')
})
