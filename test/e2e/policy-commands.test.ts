// `pratique policy explain` and `pratique guard-rail`, as an operator runs them.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../kit/database.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const account = '123456789012'
const resource = `arn:aws:ecr:us-east-1:${account}:repository/team/app`

async function pratique(server: ServerProcess, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env: server.environment })
}

test('an explanation names the deciding statement, and says no more than a person asked', async (t) => {
  const server = await startServer(t)
  const admin = `arn:aws:iam::${account}:user/admin`
  const asked = ['policy', 'explain', '--action', 'ecr:PutImage', '--resource', resource] as const
  const nonsense = await pratique(server, ...asked, '--principal', 'nobody')
  assert.equal(nonsense.status, 1)
  assert.match(nonsense.stderr, /there is no principal "nobody"/)
  const allowed = await pratique(server, ...asked, '--principal', admin)
  assert.equal(allowed.status, 0, allowed.stderr)
  assert.match(allowed.stdout, /^allow\n/)
  assert.match(
    allowed.stdout,
    />\s+identity\s+arn:aws:iam::aws:policy\/AdministratorAccess\s+0\s+Allow\s+matches/,
  )
  const denied = await pratique(server, ...asked, '--principal', 'anonymous', '--output', 'json')
  const { decision, message } = JSON.parse(denied.stdout) as {
    readonly decision: { readonly kind: string }
    readonly message: string
  }
  assert.equal(decision.kind, 'implicit-deny')
  assert.match(message, /no resource-based policy allows the ecr:PutImage action$/)
})

test('an explanation of a denial says what would have it allowed', async (t) => {
  const server = await startServer(t)
  await pratique(server, 'user', 'create', 'dev')
  const asked = ['--action', 'ecr:PutImage', '--resource', resource] as const
  const dev = ['--principal', `arn:aws:iam::${account}:user/dev`] as const
  const { stdout, stderr, status } = await pratique(server, 'policy', 'explain', ...dev, ...asked)
  assert.equal(status, 0, stderr)
  const statement = { Effect: 'Allow', Action: 'ecr:PutImage', Resource: resource }
  const added = `1. add to a new identity policy of account ${account}: ${JSON.stringify(statement)}`
  assert.ok(stdout.includes(added), stdout)
  assert.match(stdout, /let one of these do it, who may: \S+:root, \S+:user\/admin$/m)
})

test('a guard rail is put, listed, in force, explained and deleted', async (t) => {
  const server = await startServer(t)
  const file = join(await temporaryDirectory(t), 'rail.json')
  const statements = [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Sid: 'noDeletes', Effect: 'Deny', Action: 'ecr:DeleteRepository', Resource: '*' },
  ]
  await writeFile(file, JSON.stringify({ Version: '2012-10-17', Statement: statements }))
  const missing = await pratique(server, 'guard-rail', 'put', 'x', `${file}.none`, '--kind', 'scp')
  assert.equal(missing.status, 2)
  const put = await pratique(server, 'guard-rail', 'put', 'no-deletes', file, '--kind', 'scp')
  assert.equal(put.status, 0, put.stderr)
  const listed = await pratique(server, 'guard-rail', 'list')
  assert.match(listed.stdout, /^KIND.*\nscp\s+0\s+no-deletes\s+\d+$/m)
  const principal = `arn:aws:iam::${account}:root`
  const asked = ['--principal', principal, '--action', 'ecr:DeleteRepository'] as const
  const explained = await pratique(server, 'policy', 'explain', ...asked, '--resource', resource)
  assert.match(explained.stdout, /^explicit-deny\n/)
  assert.match(explained.stdout, />\s+scp 0\s+guard-rail:no-deletes\s+noDeletes\s+Deny\s+matches/)
  const deleted = await pratique(server, 'guard-rail', 'delete', 'no-deletes', '--kind', 'scp')
  assert.equal(deleted.status, 0, deleted.stderr)
  const again = await pratique(server, 'guard-rail', 'delete', 'no-deletes', '--kind', 'scp')
  assert.equal(again.status, 1)
  assert.match(again.stderr, /has no guard rail no-deletes/)
})
