import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { fakeClock, type FakeClock } from '../../../test/kit/fake-clock.ts'
import { openTestServer } from '../../../test/kit/server.ts'
import { systemDrivers } from '../../foundation.ts'

interface Sent {
  readonly status: number
  readonly body: string
}

interface Captured {
  /** The same bytes, each time. */
  readonly send: () => Promise<Sent>
}

type Capture = (
  service: 'ecr' | 'sts',
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<Captured>

/** A request that an SDK signed, as whoever saw it on its way would have it. */
async function capturing(t: TestContext): Promise<{
  readonly clock: FakeClock
  readonly capture: Capture
}> {
  const directory = await temporaryDirectory(t)
  const clock = fakeClock()
  const server = await openTestServer(directory, { drivers: { ...systemDrivers, clock } })
  t.after(() => server.close())
  const file = await readFile(join(directory, 'credentials'), 'utf8')
  const keyOf = (name: string): string => new RegExp(`^${name} = (.+)$`, 'm').exec(file)?.[1] ?? ''
  const credentials = {
    accessKeyId: keyOf('aws_access_key_id'),
    secretAccessKey: keyOf('aws_secret_access_key'),
  }
  const { host, hostname } = new URL(server.url)
  const capture: Capture = async (service, headers, body) => {
    const signer = new SignatureV4({ service, region: 'us-east-1', credentials, sha256: Sha256 })
    const request = { method: 'POST', protocol: 'http:', hostname, path: '/', query: {}, body }
    const signed = await signer.sign(
      { ...request, headers: { host, ...headers } },
      { signingDate: clock.now() },
    )
    return {
      async send() {
        const answer = await fetch(server.url, { method: 'POST', headers: signed.headers, body })
        return { status: answer.status, body: await answer.text() }
      },
    }
  }
  return { clock, capture }
}

const json = (operation: string): Readonly<Record<string, string>> => ({
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': `AmazonEC2ContainerRegistry_V20150921.${operation}`,
})
const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

test('a captured request for a credential is answered in the moment of its first answer, and no more', async (t) => {
  const { clock, capture } = await capturing(t)
  const password = await capture('ecr', json('GetAuthorizationToken'), '{}')
  assert.equal((await password.send()).status, 200)
  assert.equal((await password.send()).status, 200)
  const session = await capture('sts', form, 'Action=GetSessionToken&Version=2011-06-15')
  assert.equal((await session.send()).status, 200)
  clock.advance(2001)
  const again = await password.send()
  assert.equal(again.status, 400)
  assert.match(again.body, /InvalidSignatureException.*answered before/)
  const repeated = await session.send()
  assert.equal(repeated.status, 403)
  assert.match(repeated.body, /SignatureDoesNotMatch/)
})

test('a request that failed, or that gives nothing away, may be repeated', async (t) => {
  const { capture } = await capturing(t)
  const role = 'arn:aws:iam::123456789012:role/absent'
  const body = `Action=AssumeRole&Version=2011-06-15&RoleArn=${role}&RoleSessionName=run`
  const refused = await capture('sts', form, body)
  for (let n = 0; n < 2; n += 1) assert.match((await refused.send()).body, /AccessDenied/)
  const identity = await capture('sts', form, 'Action=GetCallerIdentity&Version=2011-06-15')
  for (let n = 0; n < 2; n += 1) assert.equal((await identity.send()).status, 200)
})
