import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

/** The only package that a workflow of ours may have downloaded and run. */
const VERCEL_CLI = 'vercel@64.0.2'

/**
 * Writes an `npx` into a folder that runs this command instead of the Vercel CLI, downloads nothing
 * and refuses everything else; returns the folder, which goes in front of the PATH.
 */
export async function writeNpx(folder: string, cli: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, 'npx')
  const lines = [
    '#!/bin/sh',
    `if [ "$1" = --yes ] && [ "$2" = ${VERCEL_CLI} ]; then`,
    '  shift 2',
    `  exec ${cli.map(quoted).join(' ')} "$@"`,
    'fi',
    `echo "npx $*: only ${VERCEL_CLI} is there" >&2`,
    'exit 127',
    ''
  ]
  await writeFile(file, lines.join('\n'))
  await chmod(file, 0o755)
  return folder
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
