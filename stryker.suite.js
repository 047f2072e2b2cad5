import { readdirSync } from 'node:fs'

/**
 * All tests of a mutation run as one, so that a mutant costs one load of the modules and not one per file
 * of tests. `suite` is a global of the configuration: which tests.
 */
const { folder, only, leaveOut = [] } = globalThis.suite
const place = new URL(folder, import.meta.url)

const names = readdirSync(place)
  .filter(file => file.endsWith('.test.ts'))
  .map(file => file.slice(0, -'.test.ts'.length))
  .filter(name => (only ?? [name]).includes(name) && !leaveOut.includes(name))

for (const name of names.toSorted()) {
  await import(new URL(`${name}.test.ts`, place).href)
}
