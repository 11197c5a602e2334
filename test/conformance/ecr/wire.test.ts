// The wire of the ECR API where no SDK stands between: forms, casing, numbers, moments, tokens, repeats.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Sha256 } from '@aws-crypto/sha256-js'
import { DescribeRegistryCommand, ECRClient } from '@aws-sdk/client-ecr'
import { SignatureV4 } from '@smithy/signature-v4'
import { systemDrivers } from '../../../src/foundation.ts'
import { serverFault, throttled } from '../../../src/edges/aws/protocol/aws-error.ts'
import { jsonError, jsonReply } from '../../../src/edges/aws/protocol/json-protocol.ts'
import { temporaryDirectory } from '../../kit/database.ts'
import { fakeClock } from '../../kit/fake-clock.ts'
import { openTestServer } from '../../kit/server.ts'

const target = 'AmazonEC2ContainerRegistry_V20150921'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Readonly<Record<string, unknown>>
}

interface Asked {
  readonly target?: string
  readonly secret?: string
}

type Ask = (operation: string, body: unknown, asked?: Asked) => Promise<Answer>

/** A registry of a clock that stands still, asked by requests of one's own making; a text is sent as it is. */
async function openWire(t: TestContext): Promise<Ask> {
  const clock = fakeClock('2026-11-24T12:00:00.123Z')
  const server = await openTestServer(await temporaryDirectory(t), {
    drivers: { ...systemDrivers, clock },
  })
  t.after(() => server.close())
  const [accessKeyId = '', secretAccessKey = ''] = Buffer.from(
    server.authorization.slice('Basic '.length),
    'base64',
  )
    .toString()
    .split(':')
  const { host, hostname } = new URL(server.url)
  return async (operation, body, asked = {}) => {
    const credentials = { accessKeyId, secretAccessKey: asked.secret ?? secretAccessKey }
    const signer = new SignatureV4({
      service: 'ecr',
      region: 'us-east-1',
      credentials,
      sha256: Sha256,
    })
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = {
      host,
      'content-type': 'application/x-amz-json-1.1',
      'X-Amz-Target': asked.target ?? `${target}.${operation}`,
    }
    const request = { method: 'POST', protocol: 'http:', hostname, path: '/', query: {}, headers }
    const signed = await signer.sign({ ...request, body: text }, { signingDate: clock.now() })
    const answer = await fetch(server.url, { method: 'POST', headers: signed.headers, body: text })
    const parsed: unknown = await answer.json()
    assert.ok(typeof parsed === 'object' && parsed !== null)
    return { status: answer.status, headers: answer.headers, body: { ...parsed } }
  }
}

test('the wire', async (t) => {
  const ask = await openWire(t)
  const refused = async (name: string, says: RegExp, ...call: Parameters<Ask>): Promise<void> => {
    const { status, headers, body } = await ask(...call)
    assert.deepEqual([status, body['__type'], headers.get('x-amzn-errortype')], [400, name, name])
    assert.match(String(body['message']), says)
  }
  const repositoryName = 'wire/app'
  await ask('CreateRepository', { repositoryName })

  await t.test(
    'of two faults the earlier check tells: signature, operation, body, model, existence',
    async () => {
      const secret = 'x'.repeat(40)
      await refused('InvalidSignatureException', /signature/, 'NoSuch', 'no JSON', { secret })
      await refused('UnknownOperationException', /has no operation "NoSuch"/, 'NoSuch', 'no JSON')
      await refused('SerializationException', /not JSON/, 'ListImages', 'no JSON')
      await refused('InvalidParameterException', /'maxResults'/, 'ListImages', {
        repositoryName: 'absent',
        maxResults: 0,
      })
      await refused('RepositoryNotFoundException', /'absent'/, 'ListImages', {
        repositoryName: 'absent',
        nextToken: 'foreign',
      })
    },
  )

  await t.test('answers and refusals are of one content type and have an id', async () => {
    for (const name of ['wire/app', 'absent']) {
      const { headers } = await ask('ListImages', { repositoryName: name })
      assert.equal(headers.get('content-type'), 'application/x-amz-json-1.1')
      assert.match(
        headers.get('x-amzn-requestid') ?? '',
        /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      )
    }
  })

  await t.test('names are written in one way', async () => {
    await refused('UnknownOperationException', /has no operation "listImages"/, 'listImages', {
      repositoryName,
    })
    await refused(
      'InvalidParameterException',
      /'repositoryName' .*must not be null/,
      'ListImages',
      { RepositoryName: repositoryName },
    )
    await refused(
      'InvalidParameterException',
      /enum value set: \[TAGGED, UNTAGGED, ANY\]/,
      'ListImages',
      { repositoryName, filter: { tagStatus: 'tagged' } },
    )
    const lower = await ask(
      'ListImages',
      { repositoryName },
      { target: `${target.toLowerCase()}.ListImages` },
    )
    assert.notEqual(lower.status, 200)
  })

  await t.test('numbers are numbers, however JSON writes them, and never texts', async () => {
    for (const maxResults of ['1.0', '1e2', '100'])
      assert.equal(
        (await ask('ListImages', `{"repositoryName":"wire/app","maxResults":${maxResults}}`))
          .status,
        200,
      )
    for (const maxResults of ['"5"', '1.5', 'true', '[]'])
      await refused(
        'SerializationException',
        /maxResults/,
        'ListImages',
        `{"repositoryName":"wire/app","maxResults":${maxResults}}`,
      )
    await refused('SerializationException', /force/, 'DeleteRepository', {
      repositoryName,
      force: 'true',
    })
  })

  await t.test(
    'null is absent, what the model lacks is ignored, an empty body is an empty structure',
    async () => {
      const nulls = {
        repositoryName,
        registryId: null,
        maxResults: null,
        nextToken: null,
        filter: null,
      }
      assert.equal((await ask('ListImages', nulls)).status, 200)
      assert.equal((await ask('ListImages', { repositoryName, tomorrow: { a: [1] } })).status, 200)
      await refused(
        'InvalidParameterException',
        /'repositoryName' .*must not be null/,
        'ListImages',
        { repositoryName: null },
      )
      for (const empty of ['', '{}', ' {} \n'])
        assert.equal((await ask('DescribeRegistry', empty)).status, 200)
      for (const none of ['null', '[]', '"{}"', '1'])
        await refused('SerializationException', /not a JSON object/, 'DescribeRegistry', none)
    },
  )

  await t.test('moments are seconds with a fraction', async () => {
    const { body } = await ask('DescribeRepositories', { repositoryNames: [repositoryName] })
    assert.match(JSON.stringify(body), /"createdAt":1795521600\.123,/)
  })

  await t.test('what is asked again is answered as AWS answers it again', async () => {
    await refused('RepositoryAlreadyExistsException', /already exists/, 'CreateRepository', {
      repositoryName,
    })
    const resourceArn = `arn:aws:ecr:us-east-1:123456789012:repository/${repositoryName}`
    const tags = [{ Key: 'team', Value: 'blue' }]
    for (const [operation, input] of [
      ['TagResource', { resourceArn, tags }],
      ['UntagResource', { resourceArn, tagKeys: ['team'] }],
      ['PutImageTagMutability', { repositoryName, imageTagMutability: 'MUTABLE' }],
      [
        'PutImageScanningConfiguration',
        { repositoryName, imageScanningConfiguration: { scanOnPush: false } },
      ],
      ['PutAccountSetting', { name: 'BLOB_MOUNTING', value: 'ENABLED' }],
      ['PutReplicationConfiguration', { replicationConfiguration: { rules: [] } }],
      ['PutSigningConfiguration', { signingConfiguration: { rules: [] } }],
    ] as const) {
      const first = await ask(operation, input)
      const second = await ask(operation, input)
      assert.deepEqual(
        [first.status, second.status, second.body],
        [200, 200, first.body],
        operation,
      )
    }
    assert.equal((await ask('DeleteSigningConfiguration', {})).status, 200)
    await refused(
      'SigningConfigurationNotFoundException',
      /no signing configuration/,
      'DeleteSigningConfiguration',
      {},
    )
    assert.equal((await ask('DeleteRepository', { repositoryName })).status, 200)
    await refused('RepositoryNotFoundException', /does not exist/, 'DeleteRepository', {
      repositoryName,
    })
  })
})

test('SDKs come again after throttling and faults, and not after a refusal', async (t) => {
  const replies = [
    jsonError(throttled()),
    jsonError(serverFault('request-1')),
    jsonReply({ registryId: '123456789012' }),
    jsonError({ name: 'ValidationException', status: 400, message: 'no' }),
  ]
  let asked = 0
  const server = createServer((request, response) => {
    const { status, headers, body } = replies[asked] ?? jsonReply({})
    asked += 1
    request.resume().on('end', () => response.writeHead(status, headers).end(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'x' }
  const client = new ECRClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials,
  })
  t.after(() => client.destroy())
  const { registryId, $metadata } = await client.send(new DescribeRegistryCommand({}))
  assert.deepEqual([registryId, $metadata.attempts, asked], ['123456789012', 3, 3])
  await assert.rejects(client.send(new DescribeRegistryCommand({})), {
    name: 'ValidationException',
  })
  assert.equal(asked, 4)
})
