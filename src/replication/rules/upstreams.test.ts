import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { faultOfAccess, readUpstream, type UpstreamKind } from './upstreams.ts'

const account = '123456789012'
const secret = `arn:aws:secretsmanager:us-east-1:${account}:secret:ecr-pullthroughcache/hub-a1b2c3`
const role = `arn:aws:iam::${account}:role/service/pull`
const none = { credentialArn: undefined, customRoleArn: undefined }

for (const url of [
  'docker.io',
  'https://quay.io',
  'quay.io/',
  'QUAY.IO',
  'quay.io.example.com',
  'quayXio',
  'my.azurecr.io.example.com',
  '.azurecr.io',
  '12345.dkr.ecr.us-east-1.amazonaws.com',
  'x'.repeat(100_000),
  '',
]) {
  test(`no rule can have the upstream ${url.slice(0, 40)}`, () => {
    const reading = readUpstream(url, undefined)
    assert.equal(reading.kind, 'unsupported')
    assert.ok(reading.kind === 'unsupported' && reading.words.length < 600, 'shown short')
  })
}

test('a registry that the request names has its own host', () => {
  const reading = readUpstream('ghcr.io', 'quay')
  assert.deepEqual(reading, {
    kind: 'invalid',
    words:
      'upstreamRegistry is quay, whose upstreamRegistryUrl is quay.io; "ghcr.io" is that of github-container-registry',
  })
})

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
const { cases } = JSON.parse(
  readFileSync(new URL('cases/upstreams.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly {
    readonly upstream: UpstreamKind
    readonly url: string
    /** With what a rule is taken: nothing, a secret, a role. */
    readonly taken: readonly string[]
  }[]
}

for (const { upstream, url, taken } of cases) {
  test(`${url} is ${upstream} and takes ${taken.join(' or ')}`, () => {
    assert.deepEqual(readUpstream(url, undefined), { kind: 'upstream', upstream })
    assert.deepEqual(readUpstream(url, upstream), { kind: 'upstream', upstream })
    const ways = {
      nothing: none,
      secret: { ...none, credentialArn: secret },
      role: { ...none, customRoleArn: role },
    }
    for (const [way, access] of Object.entries(ways)) {
      const fault = faultOfAccess({ upstream, url }, access, account)
      assert.equal(fault === undefined, taken.includes(way), `${way}: ${fault ?? ''}`)
      if (fault !== undefined) assert.match(fault, /^(?:credentialArn|customRoleArn) must /)
    }
  })
}

test('a role is one of the registry’s own account', () => {
  const ecr = { upstream: 'ecr', url: '210987654321.dkr.ecr.eu-west-1.amazonaws.com' } as const
  for (const customRoleArn of [
    'arn:aws:iam::210987654321:role/pull',
    `arn:aws:iam::${account}:user/pull`,
    `arn:aws:iam::${account}:role/`,
    'pull',
  ]) {
    const fault = faultOfAccess(ecr, { ...none, customRoleArn }, account)
    assert.match(fault ?? '', /must be a role of the registry's own account/, customRoleArn)
  }
})
