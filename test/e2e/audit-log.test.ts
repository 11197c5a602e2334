// The audit log as people use it: the command line, the unmodified aws CLI, and a server that is killed.
import assert from 'node:assert/strict'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { temporaryDirectory } from '../kit/database.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

function auditLog(environment: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, 'audit-log', ...args], { env: environment })
}

function pull(server: ServerProcess, reference: string): Promise<Response> {
  const pair = `${server.accessKeyId}:${server.secretAccessKey}`
  const authorization = `Basic ${Buffer.from(pair).toString('base64')}`
  return fetch(`${server.url}/v2/app/manifests/${reference}`, { headers: { authorization } })
}

test('events are found, exported and verified by the command line, and an altered line is named', async (t) => {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, { directory })
  const { environment } = server
  await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
  assert.equal((await pull(server, 'v1')).status, 404)
  const found = await auditLog(environment, 'search', '--resource', 'app', '--output', 'json')
  assert.equal(found.status, 0, found.stderr)
  const events = JSON.parse(found.stdout) as readonly { readonly eventName: string }[]
  assert.deepEqual(
    events.map(({ eventName }) => eventName),
    ['BatchGetImage', 'CreateRepository'],
  )
  const anchor = await auditLog(environment, 'anchor')
  const anchorFile = join(directory, 'anchor.json')
  await writeFile(anchorFile, anchor.stdout)
  const whole = await auditLog(environment, 'verify', '--anchor', anchorFile)
  assert.equal(whole.status, 0, whole.stderr)
  assert.match(
    whole.stdout,
    /whole: lines 1 to [0-9]+ .*\n.*are proven.*\n.*first line.*\n.*where the server stands/,
  )
  const file = join(directory, 'export.ndjson.gz')
  const written = await auditLog(environment, 'export', '--output', file)
  assert.equal(written.status, 0, written.stderr)
  const alone = await auditLog(environment, 'verify', file)
  assert.match(alone.stdout, /hang together[\s\S]*not proven[\s\S]*reaches the anchor/)
  const byServer = await auditLog(environment, 'verify', '--by-server', file)
  assert.match(byServer.stdout, /are proven to be the server/)
  await server.stop()
  await alter(directory)
  const broken = await auditLog(environment, 'verify', '--data', directory)
  assert.equal(broken.status, 3, broken.stderr)
  assert.match(broken.stdout, /NOT WHOLE {2}line [0-9]+ was altered/)
  const again = await auditLog(environment, 'export', '--output', file)
  assert.equal(again.status, 2)
  assert.match(again.stderr, /is there already/)
})

async function alter(directory: string): Promise<void> {
  const [name = ''] = await readdir(join(directory, 'audit'))
  const path = join(directory, 'audit', name)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const text = await readFile(path, 'utf8')
  await writeFile(path, text.replace('"CreateRepository"', '"DescribeRegistry"'))
}

test(
  'aws cloudtrail lookup-events finds what was done, page by page',
  { skip: missing('aws') },
  async (t) => {
    const server = await startServer(t)
    await server.ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }))
    for (let number = 0; number < 5; number += 1) await pull(server, `v${number}`)
    const lookUp = async (...args: readonly string[]): Promise<Finished> =>
      run('aws', ['cloudtrail', 'lookup-events', '--output', 'json', ...args], {
        env: server.environment,
      })
    const one = await lookUp(
      '--lookup-attributes',
      'AttributeKey=EventName,AttributeValue=CreateRepository',
    )
    assert.equal(one.status, 0, one.stderr)
    const [event] = (JSON.parse(one.stdout) as { readonly Events: readonly Event[] }).Events
    assert.equal(event?.Username, 'admin')
    assert.equal(event.AccessKeyId, server.accessKeyId)
    assert.deepEqual(event.Resources, [
      {
        ResourceName: 'arn:aws:ecr:us-east-1:123456789012:repository/app',
        ResourceType: 'AWS::ECR::Repository',
      },
    ])
    const paged = await lookUp('--page-size', '2', '--query', 'Events[].EventName')
    const names = JSON.parse(paged.stdout) as readonly string[]
    assert.equal(names.filter((name) => name === 'BatchGetImage').length, 5)
    const refused = await lookUp('--lookup-attributes', 'AttributeKey=Colour,AttributeValue=red')
    assert.notEqual(refused.status, 0)
  },
)

interface Event {
  readonly Username: string
  readonly AccessKeyId: string
  readonly Resources: unknown
}

test('kill -9 under load: every change that was acknowledged has its record, and the chain goes on', async (t) => {
  const directory = await temporaryDirectory(t)
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round += 1) {
    const server = await startServer(t, { directory })
    const change = async (worker: number): Promise<void> => {
      for (let number = 0; ; number += 1) {
        const repositoryName = `app-${round}-${worker}-${number}`
        await server.ecr.send(new CreateRepositoryCommand({ repositoryName }))
        acknowledged.push(repositoryName)
      }
    }
    const read = async (): Promise<void> => {
      for (;;) await (await pull(server, 'v1')).text()
    }
    const load = [change(1), change(2), read(), read()].map((work) => work.catch(() => undefined))
    const before = acknowledged.length
    while (acknowledged.length < before + 20)
      await new Promise((resolve) => setTimeout(resolve, 10))
    await server.stop('SIGKILL')
    await Promise.all(load)
  }
  const last = await startServer(t, { directory })
  const verified = await auditLog(last.environment, 'verify')
  assert.equal(verified.status, 0, verified.stdout + verified.stderr)
  const names = (await readdir(join(directory, 'audit'))).toSorted()
  const texts = await Promise.all(
    names.map((name) => readFile(join(directory, 'audit', name), 'utf8')),
  )
  const text = texts.join('')
  for (const name of acknowledged) {
    assert.ok(text.includes(`"requestParameters":{"repositoryName":"${name}"}`), name)
  }
  assert.ok(acknowledged.length >= 60)
})
