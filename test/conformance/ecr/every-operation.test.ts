// Every operation of the service by clients as they are: the SDK for JavaScript, and boto3 and the aws command line where they are installed.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../../kit/database.ts'
import { run } from '../../kit/run.ts'
import { openTestServer } from '../../kit/server.ts'
import { operationOfStep, scenario } from './scenario.ts'
import { scenarioState } from './scenario-state.ts'
import { operationNames } from './sdk-model.ts'
import { walkBySdk } from './walk-by-sdk.ts'

const python = await run('python3', ['-c', 'import boto3, awscli']).then(
  ({ status }) => (status === 0 ? false : 'boto3 and awscli are not installed for python3'),
  () => 'python3 is not installed',
)

test('the walk has every operation that the SDK has', () => {
  const walked = new Set(scenario.flatMap((step) => operationOfStep(step) ?? []))
  assert.deepEqual([...walked].toSorted(), operationNames)
})

test('every operation by real clients', async (t) => {
  const server = await openTestServer(await temporaryDirectory(t))
  t.after(() => server.close())
  const directory = await temporaryDirectory(t)

  await t.test('the SDK for JavaScript', async (s) => {
    const state = await scenarioState(join(directory, 'sdk'), 'sdk')
    const { operations, answers, faults } = await walkBySdk(server.ecr, scenario, state)
    assert.deepEqual(faults, [])
    const missing = operationNames.filter((name) => !operations.has(name))
    s.diagnostic(
      `${operations.size} operations run, ${missing.length} unimplemented, ${answers} answers held against the model`,
    )
  })

  await t.test('boto3 and the aws command line', { skip: python }, async (s) => {
    const script = fileURLToPath(new URL('walk.py', import.meta.url))
    const [accessKeyId = '', secret = ''] = Buffer.from(server.authorization.slice(6), 'base64')
      .toString()
      .split(':')
    const states = {
      boto3: await scenarioState(join(directory, 'boto3'), 'boto3'),
      cli: await scenarioState(join(directory, 'cli'), 'cli'),
    }
    const env = {
      PATH: process.env['PATH'],
      HOME: directory,
      AWS_ENDPOINT_URL: server.url,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_PAGER: '',
    }
    const input = JSON.stringify({ steps: scenario, states })
    const result = await run('python3', [script], { env, input })
    assert.equal(result.status, 0, result.stderr)
    const { counts, faults, unknown, version } = JSON.parse(result.stdout) as {
      readonly counts: Readonly<Record<string, number>>
      readonly faults: readonly string[]
      readonly unknown: readonly string[]
      readonly version: string
    }
    assert.deepEqual(faults, [])
    for (const [client, count] of Object.entries(counts))
      s.diagnostic(
        `${client}: ${count} answers held against the model of botocore ${version}, which lacks ${unknown.length} operations`,
      )
  })
})
