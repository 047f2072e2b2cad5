import { expect, test } from '@jest/globals'
import { redactCells } from '../../src/postgres/redacted-cells.ts'

test('a cell that is a number or an instant by its type is left alone, one of text is not', () => {
  const columns = [
    { name: 'cents', type: 20 },
    { name: 'note', type: 25 },
    { name: 'nothing', type: 25 }
  ]
  expect(redactCells(columns, ['9841234567', '9841234567', null])).toEqual([
    '9841234567',
    '[phone]',
    null
  ])
})
