import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  asking,
  foreign,
  home,
  policyOf,
  roleArn,
  roleId,
  testSts,
  trustIn,
} from '../../test/kit/sts.ts'
import { assumeRole } from './assume-role.ts'

const toAssume = { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }
const toTag = {
  Effect: 'Allow',
  Action: ['sts:TagSession', 'sts:SetSourceIdentity'],
  Resource: '*',
}
const everything = { Effect: 'Allow', Action: '*', Resource: '*' }
const account = { AWS: home }
const denied = { code: 'SESSION_DENIED' }

function named(name: string): unknown {
  return { AWS: `arn:aws:iam::${home}:user/${name}` }
}

/** Source: iam.md 2.5, the table of role trust; IAM User Guide, "Cross-account policy evaluation logic". */
const table: readonly (readonly [
  what: string,
  trust: readonly unknown[],
  identity: readonly unknown[],
  outcome: 'entered' | RegExp,
])[] = [
  ['the account is trusted and the user may', [trustIn(account)], [toAssume], 'entered'],
  [
    'the account is trusted and the user may not',
    [trustIn(account)],
    [],
    /no identity-based policy allows the sts:AssumeRole action/,
  ],
  ['the user is trusted by name', [trustIn(named('dev'))], [], 'entered'],
  [
    'another user is trusted',
    [trustIn(named('ops'))],
    [everything],
    /no role trust policy allows the sts:AssumeRole action/,
  ],
  ['everybody is trusted', [trustIn('*')], [], 'entered'],
  [
    'only another account is trusted',
    [trustIn({ AWS: foreign })],
    [everything],
    /no role trust policy allows/,
  ],
  [
    'the trust policy denies',
    [trustIn(account), { ...Object(trustIn(named('dev'))), Effect: 'Deny' }],
    [everything],
    /explicit deny in the role trust policy/,
  ],
  [
    'the user’s policy denies',
    [trustIn(named('dev'))],
    [{ ...toAssume, Effect: 'Deny' }],
    /explicit deny in an identity-based policy/,
  ],
  [
    'the condition on an external id does not hold',
    [trustIn(named('dev'), { Condition: { StringEquals: { 'sts:ExternalId': 'x1' } } })],
    [],
    /no role trust policy allows/,
  ],
  [
    'web identities alone are trusted',
    [
      {
        Effect: 'Allow',
        Principal: { Federated: `arn:aws:iam::${home}:oidc-provider/issuer.example` },
        Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { 'issuer.example:sub': 'x' } },
      },
    ],
    [everything],
    /no role trust policy allows/,
  ],
]
for (const [what, trust, identity, outcome] of table) {
  const isEntered = outcome === 'entered'
  test(`a role is ${isEntered ? 'entered' : 'not entered'} where ${what}`, async (t) => {
    const sts = await testSts(t)
    await sts.putRole(trust)
    const dev = await sts.putUser('dev', identity)
    if (outcome === 'entered') {
      assert.equal((await assumeRole(sts.deps, asking(), dev)).assumedRoleId, `${roleId}:build-1`)
    } else {
      await assert.rejects(assumeRole(sts.deps, asking(), dev), { ...denied, message: outcome })
    }
  })
}

test('a role that does not exist is refused in the words of one that does not trust the caller', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [everything])
  const messageOf = async (arn: string): Promise<string> => {
    try {
      await assumeRole(sts.deps, asking({ roleArn: arn }), dev)
      return 'entered'
    } catch (error) {
      return error instanceof Error ? error.message.replaceAll(arn, 'ROLE') : ''
    }
  }
  await sts.putRole([trustIn(named('ops'))])
  const untrusted = await messageOf(roleArn)
  assert.match(untrusted, /is not authorized to perform: sts:AssumeRole on resource: ROLE because/)
  for (const other of [
    'arn:aws:iam::123456789012:role/absent',
    'arn:aws:iam::123456789012:role/ci',
    'arn:aws:iam::123456789012:role/other/ci',
    'arn:aws:iam::123456789012:role/build/CI',
  ])
    assert.equal(await messageOf(other), untrusted, other)
})

test('what is no ARN of a role is refused as a value', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [everything])
  for (const arn of [
    'arn:aws:iam::123456789012:user/dev',
    'arn:aws:sts::123456789012:assumed-role/ci/s',
    'arn:aws:iam::123456789012:role/',
    'arn:aws:iam:us-east-1:123456789012:role/ci',
    'arn:aws-cn:iam::123456789012:role/ci',
    'arn:aws:iam::12345:role/ci',
    'not an arn at all, really',
  ])
    await assert.rejects(assumeRole(sts.deps, asking({ roleArn: arn }), dev), {
      code: 'INPUT_CONSTRAINT',
      message: `${arn} is invalid`,
    })
})

test('root enters no role, and neither does a federated session', async (t) => {
  const sts = await testSts(t)
  await sts.putRole([trustIn('*')])
  await assert.rejects(assumeRole(sts.deps, asking(), sts.root), {
    ...denied,
    message: 'Roles may not be assumed by root accounts.',
  })
  const dev = await sts.putUser('dev', [everything])
  const requester = {
    kind: 'federated-user' as const,
    account: home,
    sessionArn: 'arn:aws:sts::123456789012:federated-user/x',
    userId: dev.principalId,
    userArn: dev.principalArn,
  }
  await assert.rejects(assumeRole(sts.deps, asking(), { ...dev, requester }), denied)
})

test('across accounts both have to agree', async (t) => {
  const sts = await testSts(t)
  const there = { AWS: foreign }
  const allowed = await sts.putUser('allowed', [toAssume], foreign)
  const silent = await sts.putUser('silent', [], foreign)
  await sts.putRole([trustIn(account)])
  await assert.rejects(assumeRole(sts.deps, asking(), allowed), denied)
  await sts.putRole([trustIn(there)])
  await assert.rejects(assumeRole(sts.deps, asking(), silent), denied)
  await sts.putRole([trustIn({ AWS: silent.principalArn })])
  await assert.rejects(assumeRole(sts.deps, asking(), silent), denied, 'named, and not allowed')
  await sts.putRole([trustIn(there)])
  const entered = await assumeRole(sts.deps, asking(), allowed)
  assert.equal(entered.arn, 'arn:aws:sts::123456789012:assumed-role/ci/build-1')
})

test('the confused deputy is refused without the external id and let in with it', async (t) => {
  const sts = await testSts(t)
  const deputy = await sts.putUser('deputy', [toAssume], foreign)
  const Condition = { StringEquals: { 'sts:ExternalId': 'customer-7' } }
  await sts.putRole([trustIn({ AWS: foreign }, { Condition })])
  for (const externalId of [undefined, 'customer-8', 'CUSTOMER-7'])
    await assert.rejects(assumeRole(sts.deps, asking({ externalId }), deputy), denied)
  const entered = await assumeRole(sts.deps, asking({ externalId: 'customer-7' }), deputy)
  assert.equal(entered.assumedRoleId, `${roleId}:build-1`)
})

test('a user who was deleted and made again is not the one whom the role trusts', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [])
  const principals = { [dev.principalArn]: 'AIDATHEONEBEFORE00000' }
  await sts.putRole([trustIn(named('dev'))], { principals })
  await assert.rejects(assumeRole(sts.deps, asking(), dev), denied)
  await sts.putRole([trustIn(named('dev'))], {
    principals: { [dev.principalArn]: dev.principalId },
  })
  await assumeRole(sts.deps, asking(), dev)
})

test('a session has the facts that were settled when it was made', async (t) => {
  const sts = await testSts(t)
  const tagging = ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']
  await sts.putRole([trustIn(named('dev'), { Action: tagging })])
  const dev = await sts.putUser('dev', [toTag])
  const policies = [policyOf([everything])]
  const policyArns = ['arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly']
  const entered = await assumeRole(
    sts.deps,
    asking({
      sourceIdentity: 'Ada',
      tags: [
        { key: 'team', value: 'blue' },
        { key: 'cost', value: '7' },
      ],
      transitiveKeys: ['team'],
      policies,
      policyArns,
      durationSeconds: 900,
    }),
    dev,
  )
  const { session, principalArn } = await sts.callerOf(entered.credentials)
  assert.equal(principalArn, 'arn:aws:sts::123456789012:assumed-role/ci/build-1')
  assert.equal(session?.sourceIdentity, 'Ada')
  assert.deepEqual({ ...session.tags }, { team: 'blue', cost: '7' })
  assert.deepEqual(session.transitiveTagKeys, ['team'])
  assert.deepEqual(session.policies, policies)
  assert.deepEqual(session.policyArns, policyArns)
  assert.ok((entered.packedPolicySize ?? 0) > 0)
  const lives = session.expiresAt.getTime() - session.issuedAt.getTime()
  assert.ok(lives > 899_000 && lives <= 900_000)
})

/** Source: iam.md 5.2; IAM User Guide, "Pass session tags in AWS STS" and "Permissions required to set source identity". */
const ownRights = [
  ['sts:TagSession', { tags: [{ key: 'team', value: 'blue' }] }],
  ['sts:SetSourceIdentity', { sourceIdentity: 'Ada' }],
] as const
for (const [action, change] of ownRights)
  test(`${action} has to be allowed by the trust policy and by the caller's own`, async (t) => {
    const sts = await testSts(t)
    const may = { Effect: 'Allow', Action: action, Resource: roleArn }
    const silent = await sts.putUser('silent', [])
    const allowed = await sts.putUser('allowed', [may])
    const there = await sts.putUser('there', [toAssume, may], foreign)
    const refused = async (caller: typeof silent, side: string): Promise<void> =>
      assert.rejects(assumeRole(sts.deps, asking(change), caller), {
        ...denied,
        message: new RegExp(`no ${side} policy allows the ${action} action$`),
      })
    const all = [silent, allowed, there].map(({ principalArn }) => principalArn)
    await sts.putRole([trustIn({ AWS: all })])
    await refused(silent, 'role trust')
    await refused(allowed, 'role trust')
    await refused(there, 'role trust')
    await sts.putRole([trustIn({ AWS: all }, { Action: ['sts:AssumeRole', action] })])
    await refused(silent, 'identity-based')
    await assumeRole(sts.deps, asking(), silent)
    await assumeRole(sts.deps, asking(change), allowed)
    await assumeRole(sts.deps, asking(change), there)
  })

test('a chain that hands tags on needs the right to tag, in the role that is entered and in that from where', async (t) => {
  const sts = await testSts(t)
  const actions = { Action: ['sts:AssumeRole', 'sts:TagSession'] }
  const dev = await sts.putUser('dev', [everything])
  const tags = [{ key: 'team', value: 'blue' }]
  await sts.putRole([trustIn(account, actions)])
  const enter = async (transitiveKeys: readonly string[]) =>
    sts.callerOf((await assumeRole(sts.deps, asking({ tags, transitiveKeys }), dev)).credentials)
  const [plain, handing] = [await enter([]), await enter(['team'])]
  await sts.putPolicy(roleId, [toAssume])
  await assumeRole(sts.deps, asking(), plain)
  const refused = { ...denied, message: /no identity-based policy allows the sts:TagSession/ }
  await assert.rejects(assumeRole(sts.deps, asking(), handing), refused)
  await sts.putPolicy(roleId, [everything])
  await assumeRole(sts.deps, asking(), handing)
  await sts.putRole([trustIn(account)])
  await sts.putPolicy(roleId, [everything])
  await assert.rejects(assumeRole(sts.deps, asking(), handing), {
    ...denied,
    message: /no role trust policy allows the sts:TagSession/,
  })
})

test('the trust policy judges the tags, the name and the source identity of the session', async (t) => {
  const sts = await testSts(t)
  const actions = { Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] }
  const dev = await sts.putUser('dev', [toTag])
  const cases: readonly (readonly [
    Readonly<Record<string, unknown>>,
    Parameters<typeof asking>[0],
    Parameters<typeof asking>[0],
  ])[] = [
    [
      { StringEquals: { 'aws:RequestTag/team': 'blue' } },
      { tags: [{ key: 'Team', value: 'blue' }] },
      { tags: [{ key: 'team', value: 'red' }] },
    ],
    [
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } },
      { tags: [{ key: 'team', value: 'x' }] },
      { tags: [{ key: 'cost', value: 'x' }] },
    ],
    [{ StringLike: { 'sts:RoleSessionName': 'build-*' } }, {}, { sessionName: 'other' }],
    [
      { StringEquals: { 'sts:SourceIdentity': 'Ada' } },
      { sourceIdentity: 'Ada' },
      { sourceIdentity: 'Bob' },
    ],
    [{ IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, {}, undefined],
  ]
  for (const [Condition, good, bad] of cases) {
    await sts.putRole([trustIn(named('dev'), { ...actions, Condition })])
    await assumeRole(sts.deps, asking(good), dev)
    if (bad !== undefined) await assert.rejects(assumeRole(sts.deps, asking(bad), dev), denied)
  }
})

test('no session outlives what the role allows, and none that is entered from another lives beyond an hour', async (t) => {
  const sts = await testSts(t)
  await sts.putRole([trustIn(account)])
  await sts.putPolicy(roleId, [toAssume])
  const dev = await sts.putUser('dev', [toAssume])
  const entered = await assumeRole(sts.deps, asking({ durationSeconds: 7200 }), dev)
  await assert.rejects(assumeRole(sts.deps, asking({ durationSeconds: 7201 }), dev), {
    code: 'INPUT_CONSTRAINT',
    message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
  })
  const session = await sts.callerOf(entered.credentials)
  await assumeRole(sts.deps, asking({ durationSeconds: 3600 }), session)
  await assert.rejects(assumeRole(sts.deps, asking({ durationSeconds: 3601 }), session), {
    code: 'INPUT_CONSTRAINT',
    message: /1 hour session limit for roles assumed by role chaining/,
  })
})

test('a chain hands on transitive tags and the source identity, and cannot change them', async (t) => {
  const sts = await testSts(t)
  const actions = { Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] }
  await sts.putRole([trustIn(account, actions)])
  await sts.putPolicy(roleId, [everything])
  const dev = await sts.putUser('dev', [everything])
  const tags = [
    { key: 'team', value: 'blue' },
    { key: 'step', value: '1' },
  ]
  const first = await assumeRole(
    sts.deps,
    asking({ tags, transitiveKeys: ['team'], sourceIdentity: 'Ada' }),
    dev,
  )
  const one = await sts.callerOf(first.credentials)
  await assert.rejects(assumeRole(sts.deps, asking({ sourceIdentity: 'Bob' }), one), denied)
  const again = [{ key: 'TEAM', value: 'red' }]
  await assert.rejects(assumeRole(sts.deps, asking({ tags: again }), one), {
    code: 'TAGS_INVALID',
    message: /conflicts with a transitive tag key from the calling session/,
  })
  const second = await assumeRole(sts.deps, asking({ sessionName: 'build-2' }), one)
  assert.equal(second.sourceIdentity, 'Ada')
  const two = await sts.callerOf(second.credentials)
  assert.deepEqual({ ...two.session?.tags }, { team: 'blue' })
  assert.deepEqual(two.session?.transitiveTagKeys, ['team'])
  const third = await sts.callerOf(
    (await assumeRole(sts.deps, asking({ sessionName: 'build-3' }), two)).credentials,
  )
  assert.equal(third.session?.sourceIdentity, 'Ada')
})

test('a chain without the right to hand on a source identity ends there', async (t) => {
  const sts = await testSts(t)
  const actions = { Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'] }
  await sts.putRole([trustIn(account, actions)])
  await sts.putPolicy(roleId, [everything])
  const dev = await sts.putUser('dev', [everything])
  const entered = await assumeRole(sts.deps, asking({ sourceIdentity: 'Ada' }), dev)
  await sts.putRole([trustIn(account)])
  const session = await sts.callerOf(entered.credentials)
  await assert.rejects(assumeRole(sts.deps, asking(), session), {
    ...denied,
    message: /sts:SetSourceIdentity/,
  })
})

test('a role enters itself only where its trust policy says so', async (t) => {
  const sts = await testSts(t)
  const dev = await sts.putUser('dev', [])
  await sts.putRole([trustIn(named('dev'))])
  await sts.putPolicy(roleId, [everything])
  const session = await sts.callerOf((await assumeRole(sts.deps, asking(), dev)).credentials)
  await assert.rejects(assumeRole(sts.deps, asking(), session), denied)
  await sts.putRole([trustIn(named('dev')), trustIn({ AWS: roleArn })])
  await assumeRole(sts.deps, asking(), session)
})

test('a session policy limits what a session may enter next', async (t) => {
  const sts = await testSts(t)
  await sts.putRole([trustIn(account)])
  await sts.putPolicy(roleId, [everything])
  const dev = await sts.putUser('dev', [everything])
  const policies = [policyOf([{ Effect: 'Allow', Action: 'ecr:*', Resource: '*' }])]
  const narrow = await assumeRole(sts.deps, asking({ policies }), dev)
  const session = await sts.callerOf(narrow.credentials)
  await assert.rejects(assumeRole(sts.deps, asking(), session), {
    ...denied,
    message: /no session policy allows/,
  })
})

test('session policies are refused where they are malformed, absent, or too much', async (t) => {
  const sts = await testSts(t)
  await sts.putRole([trustIn(named('dev'))])
  const dev = await sts.putUser('dev', [toTag])
  const refused = async (change: Parameters<typeof asking>[0], code: string): Promise<void> =>
    assert.rejects(assumeRole(sts.deps, asking(change), dev), { code })
  await refused({ policies: ['{}'] }, 'POLICY_MALFORMED')
  await refused({ policies: ['not json'] }, 'POLICY_MALFORMED')
  await refused({ policies: [policyOf([trustIn('*')])] }, 'POLICY_MALFORMED')
  await refused({ policyArns: ['arn:aws:iam::aws:policy/Absent'] }, 'INPUT_CONSTRAINT')
  await refused({ policyArns: ['arn:aws:iam::999988887777:policy/theirs'] }, 'INPUT_CONSTRAINT')
  await sts.putRole([trustIn(named('dev'), { Action: ['sts:AssumeRole', 'sts:TagSession'] })])
  const tags = Array.from({ length: 50 }, (_, n) => ({ key: `k${n}`, value: 'v'.repeat(256) }))
  await refused({ tags }, 'SESSION_TOO_LARGE')
})

test('tags that contradict themselves are refused', async (t) => {
  const sts = await testSts(t)
  await sts.putRole([trustIn(named('dev'), { Action: ['sts:AssumeRole', 'sts:TagSession'] })])
  const dev = await sts.putUser('dev', [toTag])
  const one = { key: 'team', value: 'x' }
  const cases: readonly Parameters<typeof asking>[0][] = [
    { tags: [one, { key: 'TEAM', value: 'y' }] },
    { tags: [{ key: 'aws:x', value: 'y' }] },
    { tags: [{ key: 'AWS:x', value: 'y' }] },
    { tags: [one], transitiveKeys: ['other'] },
    { transitiveKeys: ['team'] },
  ]
  for (const change of cases)
    await assert.rejects(assumeRole(sts.deps, asking(change), dev), { code: 'TAGS_INVALID' })
  for (const key of ['__proto__', 'constructor']) {
    const entered = await assumeRole(sts.deps, asking({ tags: [{ key, value: 'y' }] }), dev)
    const { session } = await sts.callerOf(entered.credentials)
    assert.deepEqual(Object.entries(session?.tags ?? {}), [[key, 'y']])
  }
})

test('whom a role does not trust is not told which policies its account has', async (t) => {
  const sts = await testSts(t)
  await sts.putRole([trustIn(named('dev'))])
  const stranger = await sts.putUser('stranger', [everything], foreign)
  const refusalFor = async (policyArns: readonly string[]): Promise<string> => {
    const entered = assumeRole(sts.deps, asking({ policyArns }), stranger)
    return entered.then(String, (error: unknown) => String(error))
  }
  const plain = await refusalFor([])
  assert.match(plain, /no role trust policy allows/)
  assert.equal(await refusalFor(['arn:aws:iam::123456789012:policy/absent']), plain)
})
