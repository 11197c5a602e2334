import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { temporaryDirectory } from '../../../test/kit/database.ts'
import { openTestServer } from '../../../test/kit/server.ts'

type Ask = (service: 'ecr' | 'sts', minutesAgo: number) => Promise<string>

/** The answer to a request that was signed so long ago; negative for what is to come. */
async function asking(t: TestContext, environment: Readonly<Record<string, string>>): Promise<Ask> {
  const directory = await temporaryDirectory(t)
  const server = await openTestServer(directory, { environment })
  t.after(() => server.close())
  const file = await readFile(join(directory, 'credentials'), 'utf8')
  const keyOf = (name: string): string => new RegExp(`^${name} = (.+)$`, 'm').exec(file)?.[1] ?? ''
  const credentials = {
    accessKeyId: keyOf('aws_access_key_id'),
    secretAccessKey: keyOf('aws_secret_access_key'),
  }
  const { host, hostname } = new URL(server.url)
  return async (service, minutesAgo) => {
    const { body, headers } = requests[service]
    const signer = new SignatureV4({ service, region: 'us-east-1', credentials, sha256: Sha256 })
    const request = { method: 'POST', protocol: 'http:', hostname, path: '/', query: {}, body }
    const signingDate = new Date(Date.now() - minutesAgo * 60_000)
    const signed = await signer.sign({ ...request, headers: { host, ...headers } }, { signingDate })
    return (await fetch(server.url, { method: 'POST', headers: signed.headers, body })).text()
  }
}

const requests = {
  ecr: {
    body: '{}',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonEC2ContainerRegistry_V20150921.DescribeRegistry',
    },
  },
  sts: {
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  },
} as const

/** Source: the texts seen at AWS, `- 5 min.` and `- 15 min.`. */
const table: readonly (readonly [
  setting: string | undefined,
  service: 'ecr' | 'sts',
  minutesAgo: number,
  outcome: RegExp,
])[] = [
  [undefined, 'ecr', 10, /Signature expired: .* - 5 min\.\)/],
  [undefined, 'ecr', -10, /Signature not yet current: .* \+ 5 min\.\)/],
  [undefined, 'sts', 20, /Signature expired: .* - 15 min\.\)/],
  [undefined, 'sts', 10, /GetCallerIdentityResult/],
  ['2', 'ecr', 4, /Signature expired: .* - 2 min\.\)/],
  ['2', 'sts', 4, /Signature expired: .* - 2 min\.\)/],
  ['2', 'sts', -4, /Signature not yet current: .* \+ 2 min\.\)/],
  ['15', 'ecr', 10, /"registryId"/],
  ['15', 'ecr', -10, /"registryId"/],
]
for (const setting of [undefined, '2', '15'])
  test(`a clock may be off by as much as ${setting ?? 'AWS'} allows`, async (t) => {
    const environment = setting === undefined ? {} : { PRATIQUE_CLOCK_SKEW_MINUTES: setting }
    const ask = await asking(t, environment)
    for (const [of, service, minutesAgo, outcome] of table) {
      if (of === setting) assert.match(await ask(service, minutesAgo), outcome)
    }
  })
