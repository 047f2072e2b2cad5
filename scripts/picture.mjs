/**
 * Draws the summaries of rehearsals as pictures for README.md: docs/images/<name>-light.png and
 * -dark.png, 1280 pixels wide. Not run in CI: it needs Chromium, a font with emoji, and a rehearsal
 * of each scenario. --width draws as narrow a page as a phone has, to look at and not to keep.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { Marked } from 'marked'
import { chromium } from 'playwright-core'

/** Which summary, what a reader has unfolded in it, and where the picture ends. */
const PICTURES = [
  { name: 'summary', scenario: 'healthy', open: 'Phases', until: 'pre.mermaid' },
  {
    name: 'rollback',
    scenario: 'silent-errors',
    open: 'What the rollback did',
    until: 'details[open]'
  }
]
const THEMES = /** @type {const} */ (['light', 'dark'])
const PIXELS = 1280
const MARGIN = 24
/** What is left below the end, where the page goes on. */
const REST = 8

/** Close to how GitHub shows a job summary, in both of its themes. */
const STYLE = `
  :root {
    color-scheme: light dark;
    --ground: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0; --shade: #f6f8fa;
    --code: #818b981f; --link: #0969da;
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --ground: #0d1117; --ink: #f0f6fc; --faint: #9198a1; --line: #3d444d; --shade: #151b23;
      --code: #656c7633; --link: #4493f8;
    }
  }
  body { margin: 0; background: var(--ground); }
  main {
    box-sizing: border-box; padding: ${MARGIN}px; background: var(--ground); color: var(--ink);
    font: 16px/1.5 "Noto Sans", "Liberation Sans", sans-serif, "Noto Color Emoji";
    overflow-wrap: break-word;
  }
  h2 { margin: 0 0 16px; padding-bottom: 8px; border-bottom: 1px solid var(--line); font-size: 24px; line-height: 1.25; }
  p, ul, table, details, pre { margin: 0 0 16px; }
  main > :last-child { margin-bottom: 0; }
  ul { padding-left: 32px; }
  li + li { margin-top: 4px; }
  a { color: var(--link); text-decoration: none; }
  table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse; }
  th, td { padding: 6px 13px; border: 1px solid var(--line); text-align: left; }
  th { font-weight: 600; }
  tr:nth-child(2n) td { background: var(--shade); }
  code { padding: 3px 6px; border-radius: 6px; background: var(--code); font: 85% "Liberation Mono", monospace; }
  summary { cursor: pointer; }
  details[open] > summary { margin-bottom: 16px; }
  pre.mermaid { padding: 0; overflow: auto; }
`

const { values } = parseArgs({
  options: {
    browser: { type: 'string', default: '/usr/bin/chromium' },
    rehearsal: { type: 'string', default: 'rehearsal' },
    output: { type: 'string', default: 'docs/images' },
    width: { type: 'string', default: '1024' }
  }
})
const { rehearsal, output } = values
const width = Number(values.width)

const mermaid = createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js')
const marked = new Marked({
  gfm: true,
  renderer: {
    code: ({ text, lang }) =>
      lang === 'mermaid' ? `<pre class="mermaid">${escaped(text)}</pre>` : false
  }
})

await mkdir(output, { recursive: true })
const browser = await chromium.launch({ executablePath: values.browser, args: ['--no-sandbox'] })
try {
  for (const picture of PICTURES) for (const theme of THEMES) await draw(picture, theme)
} finally {
  await browser.close()
}

/** @param {typeof PICTURES[number]} picture @param {'light' | 'dark'} theme */
async function draw(picture, theme) {
  const page = await browser.newPage({
    viewport: { width, height: 800 },
    deviceScaleFactor: Math.max(1, PIXELS / width),
    colorScheme: theme
  })
  const body = await summary(picture)
  await page.setContent(`<!doctype html><style>${STYLE}</style><main>${body}</main>`)
  await page.addScriptTag({ path: mermaid })
  const settings = { startOnLoad: false, theme: theme === 'dark' ? 'dark' : 'default' }
  await page.evaluate(`mermaid.initialize(${JSON.stringify(settings)}); mermaid.run()`)
  const end = await page.locator(picture.until).first().boundingBox()
  if (end === null) throw new Error(`The summary of ${picture.scenario} has no ${picture.until}`)
  const file = path.join(output, `${picture.name}-${theme}.png`)
  const height = Math.ceil(end.y + end.height) + REST
  await page.screenshot({ path: file, fullPage: true, clip: { x: 0, y: 0, width, height } })
  await page.close()
  console.log(`${file} written`)
}

/** @param {typeof PICTURES[number]} picture */
async function summary({ scenario, open }) {
  const file = path.join(rehearsal, scenario, 'summary.md')
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`${file} is missing. Run: npm run rehearse -- --scenario ${scenario}`)
  })
  const html = await marked.parse(text)
  const folded = `<details><summary>${open}</summary>`
  return html.replace(folded, folded.replace('<details>', '<details open>'))
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
