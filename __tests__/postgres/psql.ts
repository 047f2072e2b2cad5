import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'

/** The real client; undefined where there is none, which is said. */
export function findPsql(): string | undefined {
  return findProgram('psql', [
    '/usr/bin',
    '/usr/local/bin',
    '/opt/homebrew/bin',
    ...debianFolders()
  ])
}

/** What a test needs of the machine; where it is missing that is said once, and no test is defined. */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  const found = folders.map(folder => `${folder}/${name}`).find(existsSync)
  if (found === undefined)
    process.stderr.write(`There is no ${name} here: its tests are not run.\n`)
  return found
}

/**
 * Runs a file and answers with what it prints, instants in UTC.
 * @throws with the words of psql when a statement fails
 */
export async function runPsql(
  psql: string,
  connectionString: string,
  file: string,
  variables: Readonly<Record<string, string>>,
  options: readonly string[] = []
): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(connectionString)
  const settings = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`])
  const { stdout } = await promisify(execFile)(
    psql,
    ['-X', '-v', 'ON_ERROR_STOP=1', '-h', hostname, '-p', port, '-U', username]
      .concat(options, settings)
      .concat('-f', file, pathname.slice(1)),
    { env: { PGPASSWORD: password, PGTZ: 'UTC', PGCLIENTENCODING: 'UTF8' } }
  )
  return stdout
}

function debianFolders(): readonly string[] {
  const versions = '/usr/lib/postgresql'
  return existsSync(versions) ? readdirSync(versions).map(name => `${versions}/${name}/bin`) : []
}
