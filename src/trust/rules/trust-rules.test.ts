// The rules of trust policies that are not about reading them: coverage, Notation's documents, what a change takes away.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onlyAdds, policyChanges } from './compare-trust.ts'
import { exportNotation, importNotation } from './notation-document.ts'
import { parseTrustPolicy } from './parse-trust-policy.ts'
import { covers, faultOfOverlap, type CoveredRepository } from './policy-coverage.ts'
import type { TrustPolicy } from './trust-policy.ts'

function policyOf(members: object): TrustPolicy {
  const accept = [{ id: 'k', cosignKey: { key: 'k1' } }]
  const read = parseTrustPolicy(
    JSON.stringify({ version: 1, name: 'p', accept, repositories: ['*'], ...members }),
  )
  assert.ok(read.kind === 'read', JSON.stringify(read))
  return read.policy
}

const repository: CoveredRepository = {
  account: '123456789012',
  name: 'prod/app',
  region: 'eu-west-1',
  hosts: ['registry.example:5000', '123456789012.dkr.ecr.eu-west-1.amazonaws.com'],
}

test('patterns of names and of ARNs, whole and anchored', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['*', true],
    ['prod/*', true],
    ['prod/app', true],
    ['prod', false],
    ['app', false],
    ['*/ap', false],
    ['arn:aws:ecr:*:123456789012:repository/prod/*', true],
    ['arn:aws:ecr:*:210987654321:repository/prod/*', false],
    ['arn:aws:ecr:us-east-1:123456789012:repository/*', false],
  ]
  for (const [pattern, expected] of rows)
    assert.equal(covers(policyOf({ repositories: [pattern] }), repository), expected, pattern)
})

test('scopes: hosts of ours alone, with the account as a segment too; "*" is for what nobody names', () => {
  const scoped = (...scopes: readonly string[]): TrustPolicy =>
    policyOf({ repositories: undefined, scopes })
  assert.ok(covers(scoped('registry.example:5000/prod/app'), repository))
  assert.ok(covers(scoped('REGISTRY.example:5000/prod/app'), repository))
  assert.ok(covers(scoped('registry.example:5000/123456789012/prod/app'), repository))
  assert.ok(covers(scoped('123456789012.dkr.ecr.eu-west-1.amazonaws.com/prod/app'), repository))
  assert.ok(!covers(scoped('other.example/prod/app'), repository))
  assert.ok(!covers(scoped('registry.example/prod/app'), repository), 'another port')
  const exact = scoped('registry.example:5000/prod/app')
  assert.ok(covers(scoped('*'), repository, [scoped('other.example/prod/app')]))
  assert.ok(!covers(scoped('*'), repository, [exact]))
})

test('a scope stands in one policy only', () => {
  const one = policyOf({ name: 'one', repositories: undefined, scopes: ['*'] })
  const two = policyOf({ name: 'two', repositories: undefined, scopes: ['*'] })
  assert.match(faultOfOverlap(one, [two]) ?? '', /scope \* is one of trust policy "two" too/)
  assert.equal(faultOfOverlap(one, [one]), undefined)
})

/** As notation 1.3 writes them: three statements, with what is usual left out. */
const notationDocument = {
  version: '1.0',
  trustPolicies: [
    {
      name: 'wabbit networks images',
      registryScopes: ['registry.example/software/net-monitor', 'registry.example/software/logger'],
      signatureVerification: { level: 'strict' },
      trustStores: ['ca:acme-rockets', 'signingAuthority:aws-signer-ts', 'tsa:time'],
      trustedIdentities: [
        'x509.subject: C=US, ST=WA, L=Seattle, O=acme-rockets.io, OU=Finance, CN=SecureBuilder',
        'arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release',
      ],
    },
    {
      name: 'unsigned-image',
      registryScopes: ['registry.example/software/unsigned/net-utils'],
      signatureVerification: { level: 'skip' },
    },
    {
      name: 'global',
      registryScopes: ['*'],
      signatureVerification: {
        level: 'permissive',
        override: { expiry: 'enforce', revocation: 'skip' },
        verifyTimestamp: 'afterCertExpiry',
      },
      trustStores: ['ca:acme-rockets'],
      trustedIdentities: ['*'],
    },
  ],
}

test("Notation's document comes in and goes out with nothing lost", () => {
  const read = importNotation(Buffer.from(JSON.stringify(notationDocument)))
  assert.ok(read.kind === 'read', JSON.stringify(read))
  const policies = read.documents.map(({ text }) => {
    const policy = parseTrustPolicy(text)
    assert.ok(policy.kind === 'read', JSON.stringify(policy))
    return policy.policy
  })
  const written = exportNotation(policies, 'registry.example')
  assert.deepEqual(JSON.parse(written.text), notationDocument)
  assert.deepEqual(written.left, [])
})

test('a document of notation is refused for what it may not say', () => {
  const [first] = notationDocument.trustPolicies
  const rows: readonly (readonly [unknown, RegExp])[] = [
    [{ ...notationDocument, version: '2.0' }, /version is "2.0"/],
    [{ version: '1.0', trustPolicies: [] }, /list of 1 to 100 statements/],
    [
      { version: '1.0', trustPolicies: [{ ...first, extra: 1 }] },
      /trustPolicies\[0\]\.extra is no member/,
    ],
    [{ version: '1.0', trustPolicies: [first, first] }, /two statements with the name/],
    [
      {
        version: '1.0',
        trustPolicies: [
          { name: 'a', registryScopes: ['*'], signatureVerification: { level: 'skip' } },
        ],
      },
      /would switch verification off everywhere/,
    ],
  ]
  for (const [document, expected] of rows) {
    const read = importNotation(Buffer.from(JSON.stringify(document)))
    assert.ok(read.kind === 'refused')
    assert.match(read.faults.join('\n'), expected)
  }
  assert.equal(importNotation(Buffer.from('{"version":"1.0","version":"1.0"}')).kind, 'refused')
})

test('what Notation has no words for is told when a policy goes out', () => {
  const keyOnly = policyOf({ name: 'keys' })
  const mixed = policyOf({
    name: 'mixed',
    repositories: ['prod/*', 'base'],
    threshold: 2,
    accept: [
      { id: 'k', cosignKey: { key: 'k1' } },
      { id: 'n', notation: { stores: ['ca:a'], identities: ['*'] } },
    ],
  })
  const { text, left } = exportNotation([keyOnly, mixed], 'registry.example')
  assert.equal(left.length, 4)
  assert.deepEqual(JSON.parse(text), {
    version: '1.0',
    trustPolicies: [
      {
        name: 'mixed',
        registryScopes: ['registry.example/base'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:a'],
        trustedIdentities: ['*'],
      },
    ],
  })
})

test('a change adds only where everything that was trusted still is', () => {
  const before = policyOf({ threshold: 2, repositories: ['a', 'b'] })
  const more = [
    { id: 'k', cosignKey: { key: 'k1' } },
    { id: 'l', cosignKey: { key: 'k2' } },
  ]
  assert.ok(
    onlyAdds(before, policyOf({ threshold: 2, repositories: ['b', 'a', 'c'], accept: more })),
  )
  assert.ok(onlyAdds(before, policyOf({ threshold: 1, repositories: ['a', 'b'] })))
  const removals: readonly object[] = [
    { threshold: 3, repositories: ['a', 'b'] },
    { threshold: 2, repositories: ['a'] },
    { threshold: 2, repositories: ['a', 'b'], inheritFromIndex: false },
    { threshold: 2, repositories: ['a', 'b'], accept: [{ id: 'k', cosignKey: { key: 'k2' } }] },
  ]
  for (const members of removals)
    assert.ok(!onlyAdds(before, policyOf(members)), JSON.stringify(members))
  assert.deepEqual(policyChanges(before, policyOf({ threshold: 3, repositories: ['a', 'b'] })), [
    '- threshold 2',
    '+ threshold 3',
  ])
})
