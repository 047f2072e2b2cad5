import { readFileSync } from 'node:fs'
import path from 'node:path'
import { PROJECT } from '../bundle/program.ts'

/** A page of the documentation, as it is written. */
export function readPage(name: string): string {
  return readFileSync(path.join(PROJECT, 'docs', name), 'utf8')
}

/** What stands in the code blocks of that language, in the order of the page. */
export function blocksIn(page: string, language: string): readonly string[] {
  const blocks = page.matchAll(/^```([a-z]*)\n([\s\S]*?)^```$/gmu)
  return [...blocks].flatMap(([, found, text = '']) => (found === language ? [text] : []))
}

/** The cells below a table's head, which begins with this column. */
export function rowsUnder(page: string, firstColumn: string): readonly (readonly string[])[] {
  const [, after] = page.split(`\n| ${firstColumn} |`)
  if (after === undefined) throw new Error(`there is no table that begins with ${firstColumn}`)
  const [table = ''] = after.split('\n\n')
  return table
    .trimEnd()
    .split('\n')
    .slice(2)
    .map(row => row.split('|').slice(1, -1))
    .map(cells => cells.map(cell => cell.trim()))
}

/** "1.4 %", with that many decimals. */
export function percentText(share: number, decimals = 1): string {
  return `${(100 * share).toFixed(decimals)} %`
}
