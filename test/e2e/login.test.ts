// One `pratique login`, and every client is logged in.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openClientRegistry } from '../kit/client-registry.ts'
import { missing, run } from '../kit/run.ts'
import { program } from '../kit/server-process.ts'

/** A question that only somebody who is logged in is answered. */
const questions: Readonly<Record<string, (host: string) => string>> = {
  skopeo: (host) => `list-tags --tls-verify=false docker://${host}/app`,
  crane: (host) => `ls --insecure ${host}/app`,
  oras: (host) => `repo tags --plain-http ${host}/app`,
  helm: (host) => `show chart --plain-http oci://${host}/app --version 9.9.9`,
  regctl: (host) => `--host reg=${host},tls=disabled tag ls ${host}/app`,
  notation: (host) => `list --insecure-registry ${host}/app:none`,
}

test('after one `pratique login` each client is known to the registry', async (t) => {
  const registry = await openClientRegistry(t)
  const { host, server, directory } = registry
  await registry.createRepository('app')
  // Where docker's own configuration is when nothing says otherwise.
  const home = join(directory, 'other-home')
  await mkdir(join(home, 'run'), { recursive: true })
  const env = { PATH: process.env['PATH'], HOME: home, XDG_RUNTIME_DIR: join(home, 'run') }
  const { DOCKER_CONFIG: _config, REGISTRY_AUTH_FILE: _file, ...signedIn } = server.environment
  const login = [program, 'login', host]
  const ask = async (client: string): Promise<string> => {
    const args = questions[client]?.(host) ?? ''
    const answer = await run(client, args.split(' '), { env, cwd: directory })
    return answer.stdout + answer.stderr
  }
  const unknown = /unauthorized|authentication required|credential/i
  const present = Object.keys(questions).filter((client) => missing(client) === false)
  for (const client of present) assert.match(await ask(client), unknown, client)
  const loggedIn = await run(process.execPath, login, { env: { ...signedIn, ...env } })
  assert.equal(loggedIn.status, 0, loggedIn.stderr)
  for (const client of Object.keys(questions)) {
    await t.test(client, { skip: missing(client) }, async () => {
      assert.doesNotMatch(await ask(client), unknown)
    })
  }
})
