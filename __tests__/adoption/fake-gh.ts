import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'

/**
 * The part of GitHub's command line that Rollgate uses, in front of a simulator: every command becomes
 * the requests that the real one makes, every command is written down, and one that is not known is
 * refused. Reads `FAKE_GH_URL` and `FAKE_GH_TOKEN`.
 */
const SCRIPT = `#!/usr/bin/env node
const { appendFileSync, readFileSync } = require('node:fs')
const { FAKE_GH_URL: url, FAKE_GH_TOKEN: token, FAKE_GH_LOG: log, FAKE_GH_FAILS: fails, GH_REPO } = process.env
const args = process.argv.slice(2)
appendFileSync(log, JSON.stringify(args) + '\\n')

function refuse(text) { console.error(text); process.exit(1) }

function repository() {
  if (GH_REPO) return GH_REPO
  const config = readFileSync('.git/config', 'utf8')
  return /github\\.com[:/](.+?)(?:\\.git)?$/m.exec(config)?.[1] ?? refuse('no git remotes found')
}

const place = text => {
  const [owner, repo] = repository().split('/')
  return text.replace('{owner}', owner).replace('{repo}', repo)
}

const typed = text => (/^(true|false|null|-?\\d+)$/.test(text) ? JSON.parse(text) : text)

function put(body, key, value) {
  const [first, ...rest] = key.replaceAll(']', '').split('[')
  if (rest.length === 0) body[first] = value
  else if (rest[0] !== '') body[first] = { ...body[first], [rest[0]]: value }
  else {
    const list = (body[first] ??= [])
    const last = list.at(-1)
    if (last === undefined || rest[1] in last) list.push({ [rest[1]]: value })
    else last[rest[1]] = value
  }
}

async function request(method, where, body) {
  const answer = await fetch(url + '/' + where, {
    method,
    headers: { authorization: 'Bearer ' + token, accept: 'application/vnd.github+json', 'content-type': 'application/json', 'x-github-api-version': '2022-11-28', 'user-agent': 'gh' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) })
  })
  const text = await answer.text()
  return { status: answer.status, data: text === '' ? {} : JSON.parse(text) }
}

async function api(rest) {
  let method = 'GET', silent = false, jq, where, body
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i]
    if (word === '--method') method = rest[++i]
    else if (word === '--silent') silent = true
    else if (word === '--jq') jq = rest[++i]
    else if (word === '-F' || word === '-f') {
      const pair = rest[++i], at = pair.indexOf('=')
      body ??= {}
      put(body, pair.slice(0, at), word === '-F' ? typed(pair.slice(at + 1)) : pair.slice(at + 1))
    } else if (word.startsWith('-') || where !== undefined) refuse('unknown argument ' + word)
    else where = place(word)
  }
  const { status, data } = await request(method, where, body)
  if (status >= 400) refuse('gh: ' + data.message + ' (HTTP ' + status + ')')
  if (jq === '.id') console.log(data.id)
  else if (jq !== undefined) refuse('unknown filter ' + jq)
  else if (!silent) console.log(JSON.stringify(data))
}

async function variable([set, name, env, environment, body, value, ...more]) {
  if (set !== 'set' || env !== '--env' || body !== '--body' || more.length > 0) refuse('unknown command')
  const all = place('repos/{owner}/{repo}/environments/') + environment + '/variables'
  const made = await request('POST', all, { name, value })
  const { status, data } = made.status === 409 ? await request('PATCH', all + '/' + name, { name, value }) : made
  if (status >= 400) refuse('failed to set variable: ' + data.message)
}

async function secret([set, name, env, environment, ...more]) {
  if (set !== 'set' || env !== '--env' || more.length > 0) refuse('unknown command')
  const value = readFileSync(0, 'utf8').trim()
  if (value === '') refuse('an empty secret')
  const all = place('repos/{owner}/{repo}/environments/') + environment + '/secrets/'
  const { data: key } = await request('GET', all + 'public-key')
  const sealed = { encrypted_value: Buffer.from(value).toString('base64'), key_id: key.key_id }
  const { status, data } = await request('PUT', all + name, sealed)
  if (status >= 400) refuse('failed to set secret: ' + data.message)
}

const commands = { api, variable, secret }
if (fails && args.join(' ').includes(fails)) refuse('gh: Must have admin rights to Repository. (HTTP 403)')
const command = commands[args[0]] ?? (() => refuse('unknown command ' + args[0]))
command(args.slice(1))
`

/** Puts a \`gh\` into the folder, to go in front of the PATH. */
export async function installFakeGh(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, 'gh'), SCRIPT)
  await chmod(path.join(folder, 'gh'), 0o755)
}
