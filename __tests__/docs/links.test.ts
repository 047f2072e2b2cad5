import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from '@jest/globals'
import { PROJECT } from '../bundle/program.ts'

const PAGES = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  ...readdirSync(path.join(PROJECT, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`)
]

test.each(PAGES)('every link of %s leads somewhere', page => {
  const broken = linksIn(page).filter(link => !leadsSomewhere(page, link))
  expect(broken).toEqual([])
})

test('every page stands in the index of README.md', () => {
  const linked = linksIn('README.md')
  expect(PAGES.filter(page => page !== 'README.md' && !linked.includes(page))).toEqual([])
})

/** Relative ones; what stands in code is none. */
function linksIn(page: string): readonly string[] {
  const text = withoutCode(read(page))
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/gu)].map(([, link = '']) => link)
  return links.filter(link => !/^[a-z]+:/u.test(link))
}

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? page : path.join(path.dirname(page), file)
  if (!existsSync(path.join(PROJECT, target))) return false
  return anchor === undefined || anchorsIn(target).includes(anchor)
}

/** As GitHub makes them of headings. */
function anchorsIn(page: string): readonly string[] {
  const headings = read(page)
    .replaceAll(/^```[\s\S]*?^```$/gmu, '')
    .matchAll(/^#+ (.*)$/gmu)
  return [...headings].map(([, heading = '']) =>
    heading
      .replaceAll(/\]\([^)]*\)/gu, ']')
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
  )
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gmu, '').replaceAll(/`[^`\n]*`/gu, '')
}

function read(page: string): string {
  return readFileSync(path.join(PROJECT, page), 'utf8')
}
