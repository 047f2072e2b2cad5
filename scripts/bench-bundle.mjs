import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/**
 * Bundles a benchmark, hands its module to `work` and prints what that comes to. A failure is printed
 * and sets the exit code.
 * @param {string} entry
 * @param {(module: any) => Promise<string>} work
 */
export async function runBench(entry, work) {
  // What stays outside of the bundle is found from there, and no formatter looks into it.
  const folder = await mkdtemp('node_modules/.bench-')
  try {
    const outfile = path.join(folder, 'bench.mjs')
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external'
    })
    console.log(await work(await import(pathToFileURL(path.resolve(outfile)).href)))
  } catch (error) {
    console.error(/** @type {Error} */ (error).message)
    process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * @param {string} name
 * @param {string} text
 * @param {number} least
 */
export function wholeOf(name, text, least = 1) {
  if (/^\d{1,4}$/u.test(text) && Number(text) >= least) return Number(text)
  throw new Error(`${name} ${text}: write a whole number, ${least} or more.`)
}
