// docs/notifications.md as an operator follows it: a receiver that is away, a server that is killed, and who is refused.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CreateRepositoryCommand, BatchDeleteImageCommand } from '@aws-sdk/client-ecr'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout, type LayoutImage } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'
import { webhookReceiver, type WebhookMessage } from '../kit/webhook-receiver.ts'

const guide = await readFile(
  fileURLToPath(new URL('../../docs/notifications.md', import.meta.url)),
  'utf8',
)
const environment = { PRATIQUE_NOTIFY_PRIVATE: 'allow' }

async function pratique(
  { environment: env }: Pick<ServerProcess, 'environment'>,
  ...args: readonly string[]
): Promise<Finished> {
  return run(process.execPath, [program, ...args], { env })
}

async function ok(server: ServerProcess, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await pratique(server, 'notify', ...args)
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`)
  return stdout
}

interface Images {
  readonly of: (version: string) => Promise<LayoutImage>
}

async function imagesOf(t: TestContext): Promise<Images> {
  const directory = await temporaryDirectory(t)
  return {
    of: (version) =>
      writeImageLayout(join(directory, version), [
        {
          'app/node_modules/lodash/package.json': JSON.stringify({ name: 'lodash', version }),
        },
      ]),
  }
}

async function createRepository(server: ServerProcess, name: string): Promise<void> {
  const input = { repositoryName: name, imageTagMutability: 'MUTABLE' } as const
  await server.ecr.send(new CreateRepositoryCommand(input))
}

const actionOf = ({ event }: WebhookMessage): string =>
  `${event['detail-type']} ${String(event.detail['action-type'] ?? event.detail['scan-status'] ?? event.detail['status'])}`

test('a push, its scan and its findings reach a webhook by the command line’s words, signed', async (t) => {
  const server = await startServer(t, { environment })
  const receiver = await webhookReceiver(t)
  const added = await ok(server, 'add', 'ops', '--url', receiver.url)
  const secret = /^signing secret: (\S+)$/m.exec(added)?.[1] ?? ''
  assert.match(await ok(server, 'test', 'ops'), /^delivered as /)
  await createRepository(server, 'app')
  const images = await imagesOf(t)
  await pushLayout(server, 'app', await images.of('4.17.20'), '1.0')
  await receiver.until((messages) => messages.length >= 5)
  const [, ...told] = receiver.messages
  assert.deepEqual(told.map(actionOf), [
    'ECR Image Action PUSH',
    'ECR Image Scan COMPLETE',
    'Inspector2 Finding ACTIVE',
    'Inspector2 Finding ACTIVE',
  ])
  await verifiesInNode(t, secret, receiver.messages)
  assert.match(await ok(server, 'list'), /^ops +webhook +http:\/\/127\.0\.0\.1:\d+ +active +each /m)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(metrics, /^pratique_notification_lag_seconds /m)
})

async function guideFile(t: TestContext, name: string): Promise<string> {
  const code = new RegExp(`\`\`\`\\w+ file=${name}\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1] ?? ''
  const path = join(await temporaryDirectory(t), name)
  await writeFile(path, code)
  return path
}

type Verifier = (
  secret: string,
  headers: Readonly<Record<string, string | undefined>>,
  body: Buffer,
  now?: number,
) => boolean

async function verifiesInNode(
  t: TestContext,
  secret: string,
  messages: readonly WebhookMessage[],
): Promise<void> {
  const path = await guideFile(t, 'verify.mjs')
  const { isFromPratique } = (await import(pathToFileURL(path).href)) as {
    isFromPratique: Verifier
  }
  for (const { headers, body } of messages) {
    assert.ok(isFromPratique(secret, headers, Buffer.from(body)))
    assert.ok(!isFromPratique(secret, headers, Buffer.from(`${body} `)))
    assert.ok(!isFromPratique('another', headers, Buffer.from(body)))
    assert.ok(!isFromPratique(secret, headers, Buffer.from(body), Date.now() + 600_000))
    const both = {
      ...headers,
      'x-pratique-signature': `sha256=00,${headers['x-pratique-signature'] ?? ''}`,
    }
    assert.ok(isFromPratique(secret, both, Buffer.from(body)))
  }
}

test('the receiver’s side in Python', { skip: missing('python3') }, async (t) => {
  const server = await startServer(t, { environment })
  const receiver = await webhookReceiver(t)
  const added = await ok(server, 'add', 'ops', '--url', receiver.url, '--form', 'cloudevents')
  const secret = /^signing secret: (\S+)$/m.exec(added)?.[1] ?? ''
  await ok(server, 'test', 'ops')
  const [message] = receiver.messages
  const code = `${await readFile(await guideFile(t, 'verify.py'), 'utf8')}
import json, sys
asked = json.load(sys.stdin)
body = asked["body"].encode()
print(is_from_pratique(asked["secret"], asked["headers"], body),
      is_from_pratique(asked["secret"], asked["headers"], body + b" "),
      is_from_pratique("another", asked["headers"], body),
      is_from_pratique(asked["secret"], asked["headers"], body, now=0))
`
  const input = JSON.stringify({ secret, headers: message?.headers, body: message?.body })
  const { stdout, stderr } = await run('python3', ['-c', code], { input })
  assert.equal(stdout.trim(), 'True False False False', stderr)
  assert.equal(message?.headers['content-type'], 'application/cloudevents+json; charset=utf-8')
})

test('a receiver that is killed for a while loses nothing, and each image’s story keeps its order', async (t) => {
  const server = await startServer(t, { environment })
  const receiver = await webhookReceiver(t)
  await ok(server, 'add', 'ops', '--url', receiver.url, '--events', 'image', 'scan')
  await createRepository(server, 'app')
  const images = await imagesOf(t)
  const first = await images.of('1.0.0')
  await pushLayout(server, 'app', first, 'a')
  await receiver.until((messages) => messages.length >= 2)
  await receiver.stop()
  const digests = [first.manifestDigest]
  for (const version of ['2.0.0', '3.0.0']) {
    const image = await images.of(version)
    digests.push(image.manifestDigest)
    await pushLayout(server, 'app', image, version)
  }
  for (const imageDigest of digests) {
    const input = { repositoryName: 'app', imageIds: [{ imageDigest }] }
    await server.ecr.send(new BatchDeleteImageCommand(input))
  }
  await receiver.start()
  const deleted = (messages: readonly WebhookMessage[]): number =>
    messages.filter((message) => actionOf(message).endsWith('DELETE')).length
  await receiver.until((messages) => deleted(messages) === 3)
  for (const digest of digests) {
    const story = receiver.messages.filter(({ event }) => event.detail['image-digest'] === digest)
    assert.equal(actionOf(story[0] ?? fail()), 'ECR Image Action PUSH')
    assert.equal(actionOf(story.at(-1) ?? fail()), 'ECR Image Action DELETE')
  }
  const ids = receiver.messages.map(({ event }) => event.id)
  assert.equal(new Set(ids).size, ids.length)
})

function fail(): never {
  throw new Error('nothing arrived')
}

test('a server killed between a delivery and its note sends the same id again, and then the rest', async (t) => {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t, { environment, directory })
  const receiver = await webhookReceiver(t)
  await ok(server, 'add', 'ops', '--url', receiver.url, '--events', 'image', 'scan')
  await createRepository(server, 'app')
  const images = await imagesOf(t)
  // The receiver has the message and says nothing: the server is killed before it knows.
  receiver.answer = () => undefined
  await pushLayout(server, 'app', await images.of('1.0.0'), 'a')
  await receiver.until((messages) => messages.length === 1)
  await server.stop('SIGKILL')
  receiver.answer = () => 204
  await startServer(t, { environment, directory })
  await receiver.until((messages) => messages.length >= 3)
  const [first, again, next] = receiver.messages
  assert.equal(first?.event.id, again?.event.id)
  assert.equal(first?.body, again?.body)
  assert.equal(next?.event['detail-type'], 'ECR Image Scan')
})

test('410 switches a sink off; its dead letters are looked at and sent again', async (t) => {
  const server = await startServer(t, { environment })
  const receiver = await webhookReceiver(t)
  await ok(server, 'add', 'ops', '--url', receiver.url, '--events', 'image')
  await createRepository(server, 'app')
  receiver.answer = () => 410
  const images = await imagesOf(t)
  await pushLayout(server, 'app', await images.of('1.0.0'), 'a')
  await receiver.until((messages) => messages.length === 1)
  let status = ''
  while (!status.includes('disabled')) status = await ok(server, 'status')
  assert.match(status, /the receiver answered 410 Gone/)
  let letters = ''
  while (!letters.includes('410')) letters = await ok(server, 'dead-letters', 'ops')
  assert.match(letters, /image pushed to app:a/)
  receiver.answer = () => 204
  await ok(server, 'change', 'ops', '--enable')
  assert.match(await ok(server, 'resend', 'ops', '--all'), /^1 wait/)
  await receiver.until((messages) => messages.length === 2)
  assert.equal(receiver.messages[0]?.event.id, receiver.messages[1]?.event.id)
})

test('private addresses are refused unless the installation allows them', async (t) => {
  const server = await startServer(t)
  const receiver = await webhookReceiver(t)
  for (const url of [
    receiver.url,
    'https://10.0.0.1/',
    'https://169.254.169.254/latest/meta-data',
  ]) {
    const { status, stderr } = await pratique(server, 'notify', 'add', 'ops', '--url', url)
    assert.equal(status, 1)
    assert.match(stderr, /private network, which has to be allowed|where nothing is sent to/)
  }
  assert.deepEqual(receiver.messages, [])
})

test(
  'a user without the actions makes no sink and sees none, and the audit log has the refusal without the address',
  { skip: missing('aws') },
  async (t) => {
    const server = await startServer(t, { environment })
    const aws = async (line: string): Promise<Finished> =>
      runAws(line.split(' '), { env: server.environment })
    await aws('iam create-user --user-name dev')
    const { stdout } = await aws('iam create-access-key --user-name dev --output json')
    const { AccessKey: key } = JSON.parse(stdout) as {
      readonly AccessKey: { readonly AccessKeyId: string; readonly SecretAccessKey: string }
    }
    const push = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'ecr:*', Resource: '*' }],
    }
    await runAws(
      [
        'iam',
        'put-user-policy',
        '--user-name',
        'dev',
        '--policy-name',
        'p',
        '--policy-document',
        JSON.stringify(push),
      ],
      { env: server.environment },
    )
    const dev = {
      environment: {
        ...server.environment,
        AWS_ACCESS_KEY_ID: key.AccessKeyId,
        AWS_SECRET_ACCESS_KEY: key.SecretAccessKey,
      },
    }
    const refusedFor = async (
      who: Pick<ServerProcess, 'environment'>,
      ...args: readonly string[]
    ): Promise<string> => {
      const { status, stderr } = await pratique(who, 'notify', ...args)
      assert.equal(status, 4, stderr)
      return stderr
    }
    const addition = ['add', 'ops', '--url', 'https://hooks.example.invalid/'] as const
    assert.match(await refusedFor(dev, ...addition), /pratique:CreateNotificationSink/)
    for (const args of [
      ['list'],
      ['status'],
      ['dead-letters', 'x'],
      ['resend', 'x', '--all'],
      ['test', 'x'],
      ['remove', 'x'],
      ['rotate-secret', 'x'],
      ['change', 'x', '--disable'],
      ['discard', 'x', '1'],
    ])
      await refusedFor(dev, ...args)
    const lookup = await aws(
      'cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=CreateNotificationSink --output json',
    )
    assert.match(lookup.stdout, /user\/dev|"dev"/)
    assert.ok(!lookup.stdout.includes('hooks.example.invalid'))
  },
)
