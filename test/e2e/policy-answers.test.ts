// `pratique policy who-can`, `what-can` and `pratique policy simulate`, as an operator runs them.
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

test('who-can names everybody who may, and by which statement of which policy', async (t) => {
  const server = await startServer(t)
  const nonsense = await pratique(server, 'policy', 'who-can', 'PutImage', resource)
  assert.equal(nonsense.status, 1)
  assert.match(nonsense.stderr, /action must be a service and an operation/)
  await pratique(server, 'group', 'create', 'pushers')
  await pratique(server, 'group', 'attach', 'pushers', 'AmazonEC2ContainerRegistryPowerUser')
  for (const name of ['dev', 'ops']) await pratique(server, 'user', 'create', name)
  const added = await pratique(server, 'group', 'add', 'pushers', 'ops')
  assert.equal(added.status, 0, added.stderr)
  const asked = ['policy', 'who-can', 'ecr:PutImage', resource] as const
  const shown = await pratique(server, ...asked)
  assert.equal(shown.status, 0, shown.stderr)
  const lines = shown.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/))
  const powerUser = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser'
  assert.deepEqual(lines.slice(0, 2), [
    ['WHO', 'MAY', 'THROUGH'],
    [`arn:aws:iam::${account}:root`, 'always', 'being root'],
  ])
  assert.match(lines[2]?.join(' ') ?? '', /user\/admin always .*AdministratorAccess, statement 0$/)
  const [who, may, through = ''] = lines[3] ?? []
  assert.deepEqual([who, may], [`arn:aws:iam::${account}:user/ops`, 'always'])
  assert.ok(
    through.startsWith(`${powerUser}, statement `) && through.endsWith(', by group pushers'),
  )
  assert.equal(lines.length, 4)
  const all = await pratique(server, ...asked, '--all', '--output', 'json')
  const { principals } = JSON.parse(all.stdout) as {
    readonly principals: readonly { readonly name: string; readonly access: string }[]
  }
  const dev = principals.find(({ name }) => name.endsWith('user/dev'))
  assert.equal(dev?.access, 'never')
})

test('what-can shows what one may do, by which statement, and what limits it', async (t) => {
  const server = await startServer(t)
  await pratique(server, 'user', 'create', 'dev')
  await pratique(server, 'user', 'attach', 'dev', 'AmazonEC2ContainerRegistryReadOnly')
  const dev = `arn:aws:iam::${account}:user/dev`
  const on = ['--resource', resource] as const
  const shown = await pratique(server, 'policy', 'what-can', dev, ...on)
  assert.equal(shown.status, 0, shown.stderr)
  const [head, line = '', ...more] = shown.stdout.trimEnd().split('\n')
  assert.match(head ?? '', /^ON +ACTIONS +MAY +THROUGH/)
  assert.match(line, /team\/app .*ecr:BatchGetImage.* always .*RegistryReadOnly, statement 0/)
  assert.ok(!line.includes('ecr:PutImage'))
  assert.deepEqual(more, [], 'what is granted alike is one line')
  const push = ['--action', 'ecr:PutImage', '--output', 'json'] as const
  const json = await pratique(server, 'policy', 'what-can', dev, ...on, ...push)
  assert.deepEqual(JSON.parse(json.stdout), { principal: dev, permissions: [] })
  assert.match(json.stderr, /nothing grants anything of it/)
  const unknown = await pratique(server, 'policy', 'what-can', `${dev}2`)
  assert.equal(unknown.status, 1)
  assert.match(unknown.stderr, /there is no principal/)
})

test('simulate decides by policies in files, and by those that a principal has', async (t) => {
  const server = await startServer(t)
  const directory = await temporaryDirectory(t)
  const file = join(directory, 'push.json')
  const push = {
    Effect: 'Allow',
    Action: 'ecr:PutImage',
    Resource: '*',
    Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
  }
  await writeFile(file, JSON.stringify({ Version: '2012-10-17', Statement: push }))
  const simulate = async (...args: readonly string[]): Promise<Finished> =>
    pratique(server, 'policy', 'simulate', ...args)
  const nothing = await simulate('--action', 'ecr:PutImage')
  assert.equal(nothing.status, 2)
  assert.match(nothing.stderr, /give --principal or --policy/)
  const absent = await simulate('--action', 'ecr:PutImage', '--policy', `${file}.none`)
  assert.equal(absent.status, 2)
  const custom = ['--policy', file, '--action', 'ecr:PutImage', '--resource', resource] as const
  const wrong = await simulate(...custom, '--context', 'aws:SourceIp')
  assert.equal(wrong.status, 2)
  const without = await simulate(...custom)
  assert.equal(without.status, 0, without.stderr)
  assert.match(without.stdout, /^ecr:PutImage +\S+ +implicitDeny +aws:SourceIp$/im)
  const within = await simulate(...custom, '--context', 'aws:SourceIp=192.0.2.9')
  assert.match(within.stdout, /^ecr:PutImage +\S+ +allowed +PolicyInputList\.1:1:\d+$/m)
  await pratique(server, 'user', 'create', 'dev')
  const dev = ['--principal', `arn:aws:iam::${account}:user/dev`] as const
  const two = ['--action', 'ecr:PutImage', '--action', 'ecr:BatchGetImage'] as const
  const both = await simulate(
    ...dev,
    ...two,
    '--policy',
    file,
    '--context',
    'aws:SourceIp=192.0.2.9',
  )
  assert.match(both.stdout, /^ecr:PutImage +\* +allowed/m)
  assert.match(both.stdout, /^ecr:BatchGetImage +\* +implicitDeny/m)
  const nobody = await simulate('--principal', `arn:aws:iam::${account}:user/none`, ...two)
  assert.equal(nobody.status, 5, nobody.stderr)
  const rail = await simulate(...dev, ...two, '--scp', file)
  assert.equal(rail.status, 2)
})
