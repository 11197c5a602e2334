import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { JWTPayload } from 'jose'
import { makeIssuer, type TestIssuer } from '../../test/kit/id-tokens.ts'
import {
  foreign,
  home,
  policyOf,
  roleArn,
  roleId,
  source,
  testSts,
  type TestSts,
} from '../../test/kit/sts.ts'
import {
  assumeRoleWithWebIdentity,
  type WebIdentityInput,
  type WebIdentityRole,
} from './assume-role-with-web-identity.ts'
import { insertOidcProvider } from './oidc-provider-store.ts'
import type { OidcProviderOptions } from './rules/oidc-provider-options.ts'

const issuer = 'issuer.example/tenant'
const main = 'repo:acme/app:ref:refs/heads/main'
const denied = {
  code: 'SESSION_DENIED',
  message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
}

function trust(condition: Readonly<Record<string, unknown>>, provider = issuer): unknown {
  return {
    Effect: 'Allow',
    Principal: { Federated: `arn:aws:iam::${home}:oidc-provider/${provider}` },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: condition,
  }
}
const forMain = trust({ StringEquals: { [`${issuer}:sub`]: main } })

interface World extends TestSts {
  readonly signer: TestIssuer
  readonly tokenFor: (change?: JWTPayload) => Promise<string>
  readonly enter: (token: string, change?: Partial<WebIdentityInput>) => Promise<WebIdentityRole>
}

async function world(t: TestContext, options: OidcProviderOptions = {}): Promise<World> {
  const sts = await testSts(t)
  const { database, clock } = sts.principals
  const signer = await makeIssuer('k1')
  for (const account of [home, foreign]) {
    // The other account's provider of the same name has other keys.
    const key = account === home ? signer.jwk : (await makeIssuer('k1')).jwk
    await database.transaction((tx) =>
      insertOidcProvider(tx, {
        account,
        issuer,
        clientIds: ['sts.amazonaws.com'],
        thumbprints: [],
        options: { jwks: { keys: [key] }, ...options },
        createdAt: clock.now(),
      }),
    )
  }
  const now = Math.floor(clock.now().getTime() / 1000)
  const payload = {
    iss: `https://${issuer}`,
    sub: main,
    aud: 'sts.amazonaws.com',
    iat: now,
    exp: now + 600,
  }
  return {
    ...sts,
    signer,
    tokenFor: (change = {}) => signer.sign({ ...payload, ...change }),
    enter: async (token, change = {}) => {
      const asked = {
        roleArn,
        sessionName: 'run-7',
        token,
        providerId: undefined,
        durationSeconds: undefined,
        policies: [],
        policyArns: [],
      }
      return assumeRoleWithWebIdentity(sts.deps, { ...asked, ...change }, source, () => undefined)
    },
  }
}

test('a token of the trusted subject enters the role, and the session says where it came from', async (t) => {
  const w = await world(t)
  await w.putRole([forMain])
  const entered = await w.enter(await w.tokenFor())
  assert.equal(entered.subject, main)
  assert.equal(entered.audience, 'sts.amazonaws.com')
  assert.equal(entered.providerArn, `arn:aws:iam::${home}:oidc-provider/${issuer}`)
  assert.equal(entered.assumedRoleId, `${roleId}:run-7`)
  const { session, requester } = await w.callerOf(entered.credentials)
  assert.equal(requester.kind, 'assumed-role')
  assert.equal(session?.federatedProvider, entered.providerArn)
  assert.deepEqual(
    { ...session.claims },
    { [`${issuer}:sub`]: main, [`${issuer}:aud`]: 'sts.amazonaws.com' },
  )
})

test('another subject and a role that does not exist are refused in the same words', async (t) => {
  const w = await world(t)
  await w.putRole([forMain])
  const other = await w.tokenFor({ sub: 'repo:acme/app:pull_request' })
  await assert.rejects(w.enter(other), denied)
  const absent = 'arn:aws:iam::123456789012:role/absent'
  await assert.rejects(w.enter(await w.tokenFor(), { roleArn: absent }), denied)
})

test('a trust policy that is for signed callers, for another provider, or that denies lets no token in', async (t) => {
  const w = await world(t)
  const token = await w.tokenFor()
  const named = { StringEquals: { [`${issuer}:sub`]: main } }
  const others: readonly (readonly unknown[])[] = [
    [{ Effect: 'Allow', Principal: { AWS: home }, Action: 'sts:AssumeRole' }],
    [trust({ StringEquals: { 'other.example:sub': main } }, 'other.example')],
    [forMain, { ...Object(forMain), Effect: 'Deny' }],
    [trust({ ...named, StringNotEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com' } })],
    [trust({ ...named, IpAddress: { 'aws:SourceIp': '198.51.100.0/24' } })],
    [
      trust({
        ...named,
        StringEquals: { 'sts:RoleSessionName': 'other', [`${issuer}:sub`]: main },
      }),
    ],
  ]
  for (const statements of others) {
    await w.putRole(statements)
    await assert.rejects(w.enter(token), denied, JSON.stringify(statements))
  }
})

test('an explicit deny in the role’s own policies does not keep a token out', async (t) => {
  const w = await world(t)
  await w.putRole([forMain])
  await w.putPolicy(roleId, [{ Effect: 'Deny', Action: '*', Resource: '*' }])
  await w.enter(await w.tokenFor())
})

test('an account’s provider vouches for roles of that account alone', async (t) => {
  const w = await world(t)
  await w.putRole([forMain])
  const roleThere = `arn:aws:iam::${foreign}:role/build/ci`
  await assert.rejects(w.enter(await w.tokenFor(), { roleArn: roleThere }), {
    code: 'ID_TOKEN_INVALID',
  })
})

const tagsClaim = 'https://aws.amazon.com/tags'
const identityClaim = 'https://aws.amazon.com/source_identity'
const tagged = {
  [tagsClaim]: { principal_tags: { team: ['blue'], cost: ['7'] }, transitive_tag_keys: ['team'] },
}

test('a token’s tags and source identity are the session’s, where the role trusts the provider with them', async (t) => {
  const w = await world(t)
  const said = { ...tagged, [identityClaim]: 'ada' }
  const named = { StringEquals: { [`${issuer}:sub`]: main } }
  const trusting = (actions: readonly string[], condition: object = {}): unknown => ({
    ...Object(trust({ ...named, ...condition })),
    Action: ['sts:AssumeRoleWithWebIdentity', ...actions],
  })
  const refused = async (claims: JWTPayload, action: string): Promise<void> =>
    assert.rejects(w.enter(await w.tokenFor(claims)), {
      code: 'SESSION_DENIED',
      message: `Not authorized to perform ${action}`,
    })
  await w.putRole([forMain])
  await refused(tagged, 'sts:TagSession')
  await refused({ [identityClaim]: 'ada' }, 'sts:SetSourceIdentity')
  await w.putRole([trusting(['sts:TagSession'])])
  await refused(said, 'sts:SetSourceIdentity')
  const both = ['sts:TagSession', 'sts:SetSourceIdentity']
  await w.putRole([trusting(both, { StringLike: { 'aws:RequestTag/team': 'red*' } })])
  await refused(said, 'sts:AssumeRoleWithWebIdentity')
  const asked = {
    StringLike: { 'aws:RequestTag/Team': 'b*', 'sts:SourceIdentity': 'ada' },
    'ForAllValues:StringEquals': {
      'aws:TagKeys': ['team', 'cost'],
      'sts:TransitiveTagKeys': ['team'],
    },
  }
  await w.putRole([trusting(both, asked)])
  const entered = await w.enter(await w.tokenFor(said))
  assert.equal(entered.sourceIdentity, 'ada')
  assert.ok((entered.packedPolicySize ?? 0) > 0)
  const { session } = await w.callerOf(entered.credentials)
  assert.deepEqual({ ...session?.tags }, { team: 'blue', cost: '7' })
  assert.deepEqual(session?.transitiveTagKeys, ['team'])
  assert.equal(session.sourceIdentity, 'ada')
})

test('tags and names within a token that cannot be read, contradict themselves or are too much are refused', async (t) => {
  const w = await world(t)
  await w.putRole([
    { ...Object(forMain), Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] },
  ])
  const flat = (key: string): string => `${tagsClaim}/principal_tags/${key}`
  const cases: readonly (readonly [JWTPayload, string])[] = [
    [{ [tagsClaim]: 'team=blue' }, 'ID_TOKEN_INVALID'],
    [{ [flat('team')]: ['a', 'b'] }, 'ID_TOKEN_INVALID'],
    [{ [identityClaim]: 'ada lovelace' }, 'ID_TOKEN_INVALID'],
    [{ ...tagged, [flat('TEAM')]: 'red' }, 'TAGS_INVALID'],
    [{ [flat('aws:x')]: 'y' }, 'TAGS_INVALID'],
    [{ [`${tagsClaim}/transitive_tag_keys`]: ['team'] }, 'TAGS_INVALID'],
    [
      Object.fromEntries(Array.from({ length: 50 }, (_, n) => [flat(`k${n}`), 'v'.repeat(100)])),
      'SESSION_TOO_LARGE',
    ],
  ]
  for (const [claims, code] of cases)
    await assert.rejects(w.enter(await w.tokenFor(claims)), { code }, Object.keys(claims)[0])
})

test('claims that the provider’s options name can be asked for, and others cannot', async (t) => {
  const w = await world(t, { claims: ['repository'] })
  await w.putRole([
    trust({ StringEquals: { [`${issuer}:sub`]: main, [`${issuer}:repository`]: 'acme/app' } }),
  ])
  await w.enter(await w.tokenFor({ repository: 'acme/app' }))
  await assert.rejects(w.enter(await w.tokenFor({ repository: 'acme/evil' })), denied)
  await w.putRole([
    trust({ StringEquals: { [`${issuer}:sub`]: main, [`${issuer}:actor`]: 'ada' } }),
  ])
  await assert.rejects(w.enter(await w.tokenFor({ actor: 'ada' })), denied)
})

test('a claim cannot stand for a key that is not the provider’s', async (t) => {
  const w = await world(t, { claims: ['aws:SourceIp', 'sts:ExternalId'] })
  await w.putRole([trust({ StringEquals: { [`${issuer}:sub`]: main, 'sts:ExternalId': 'x' } })])
  await assert.rejects(w.enter(await w.tokenFor({ 'sts:ExternalId': 'x' })), denied)
})

test('a token of AWS’s codes is refused by AWS’s codes', async (t) => {
  const w = await world(t)
  await w.putRole([forMain])
  const stranger = await makeIssuer('k1')
  const now = Math.floor(w.principals.clock.now().getTime() / 1000)
  const cases: readonly (readonly [Promise<string>, string])[] = [
    [w.tokenFor({ aud: 'other' }), 'ID_TOKEN_INVALID'],
    [w.tokenFor({ iss: 'https://evil.example' }), 'ID_TOKEN_INVALID'],
    [w.tokenFor({ exp: now - 60 }), 'ID_TOKEN_EXPIRED'],
    [
      stranger.sign({
        iss: `https://${issuer}`,
        sub: main,
        aud: 'sts.amazonaws.com',
        iat: now,
        exp: now + 60,
      }),
      'ID_TOKEN_INVALID',
    ],
    [Promise.resolve('x.y.z'), 'ID_TOKEN_INVALID'],
  ]
  for (const [token, code] of cases) await assert.rejects(w.enter(await token), { code })
  await assert.rejects(w.enter(await w.tokenFor(), { providerId: 'www.amazon.com' }), {
    code: 'ID_TOKEN_INVALID',
  })
})

test('a provider that is away is told, and may be asked again', async (t) => {
  const sts = await testSts(t)
  const { database, clock } = sts.principals
  await database.transaction((tx) =>
    insertOidcProvider(tx, {
      account: home,
      issuer,
      clientIds: ['x'],
      thumbprints: [],
      options: {},
      createdAt: clock.now(),
    }),
  )
  const signer = await makeIssuer('k1')
  const token = await signer.sign({
    iss: `https://${issuer}`,
    sub: main,
    aud: 'x',
    iat: 1,
    exp: 9e9,
  })
  const asked = {
    roleArn,
    sessionName: 'run-7',
    token,
    providerId: undefined,
    durationSeconds: undefined,
    policies: [],
    policyArns: [],
  }
  await assert.rejects(
    assumeRoleWithWebIdentity(sts.deps, asked, source, () => undefined),
    {
      code: 'ID_PROVIDER_UNREACHABLE',
    },
  )
})

test('a token that opens one session opens no second, and a refused try does not use it up', async (t) => {
  const w = await world(t, { singleUse: true })
  const token = await w.tokenFor({ jti: 'j1' })
  await w.putRole([trust({ StringEquals: { [`${issuer}:sub`]: 'other' } })])
  await assert.rejects(w.enter(token), denied)
  await w.putRole([forMain])
  await assert.rejects(w.enter(token, { durationSeconds: 7201 }), { code: 'INPUT_CONSTRAINT' })
  await w.enter(token)
  await assert.rejects(w.enter(token), { code: 'ID_CLAIM_REJECTED' })
  await w.enter(await w.tokenFor({ jti: 'j2' }))
  const tried = await Promise.allSettled(
    Array.from({ length: 5 }, async () => w.enter(await w.tokenFor({ jti: 'j3' }))),
  )
  assert.equal(tried.filter(({ status }) => status === 'fulfilled').length, 1)
})

test('used tokens are forgotten when they could not be shown again', async (t) => {
  const w = await world(t, { singleUse: true })
  await w.putRole([forMain])
  await w.enter(await w.tokenFor({ jti: 'j1' }))
  w.principals.clock.advance(700_000)
  const now = Math.floor(w.principals.clock.now().getTime() / 1000)
  await w.enter(await w.tokenFor({ jti: 'j2', iat: now, exp: now + 60 }))
  const rows = await w.principals.database.all('SELECT token_id FROM used_id_tokens')
  assert.deepEqual(
    rows.map((row) => row['token_id']),
    ['j2'],
  )
})

test('a session is limited by its policy and by what the role allows', async (t) => {
  const w = await world(t)
  await w.putRole([forMain])
  const policies = [policyOf([{ Effect: 'Allow', Action: 'ecr:*', Resource: '*' }])]
  const entered = await w.enter(await w.tokenFor(), { policies, durationSeconds: 7200 })
  const { session } = await w.callerOf(entered.credentials)
  assert.deepEqual(session?.policies, policies)
  await assert.rejects(w.enter(await w.tokenFor(), { durationSeconds: 7201 }), {
    code: 'INPUT_CONSTRAINT',
  })
  await assert.rejects(w.enter(await w.tokenFor(), { policies: ['{'] }), {
    code: 'POLICY_MALFORMED',
  })
})
