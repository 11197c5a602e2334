import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { accountOf, documentOf, requesterOf } from '../../test/kit/policies.ts'
import {
  policySetOf,
  requestOf,
  writtenPolicies,
  writtenQuestions,
  type WrittenPolicies,
  type WrittenPolicy,
  type WrittenRequest,
  type WrittenStatement,
} from '../../test/kit/policy-arbitraries.ts'
import type { Change } from './change/change.ts'
import { compilePolicy, type PolicyType } from './compile.ts'
import { contextOf } from './context-values.ts'
import { evaluate, type AccessRequest, type PolicySet } from './evaluate.ts'
import { smallestChanges, type KnownPrincipal, type Proposal } from './smallest-change.ts'
import { writeStatement } from './write-statement.ts'

const account = '123456789012'
const repository = `arn:aws:ecr:us-east-1:${account}:repository/team/app`
const role = `arn:aws:iam::${account}:role/CI`
const admin = `arn:aws:iam::${account}:user/admin`
const session = `arn:aws:sts::${account}:assumed-role/CI/build`

function compiled(
  type: PolicyType,
  id: string,
  ...statements: readonly unknown[]
): PolicySet['identity'] {
  const document = documentOf({ Version: '2012-10-17', Statement: statements })
  return [compilePolicy(document, { type, id }, new Map())]
}

function policies(parts: Partial<PolicySet>): PolicySet {
  const none = { boundary: undefined, session: undefined, scp: [], rcp: [] }
  return { identity: [], resource: [], ...none, ...parts }
}

function contextFor(
  arn: string | null,
  keys: Readonly<Record<string, string>> = {},
): AccessRequest['context'] {
  const requester = requesterOf(arn)
  const principalArn = requester.kind === 'assumed-role' ? requester.roleArn : arn
  return contextOf({
    ...(principalArn === null ? {} : { 'aws:PrincipalArn': principalArn }),
    ...keys,
  })
}

function asking(
  arn: string | null,
  parts: Partial<AccessRequest> = {},
  keys: Readonly<Record<string, string>> = {},
): AccessRequest {
  return {
    requester: requesterOf(arn),
    action: 'ecr:PutImage',
    resource: repository,
    resourceAccount: accountOf(account),
    context: contextFor(arn, keys),
    ...parts,
  }
}

function known(arn: string, set: PolicySet): KnownPrincipal {
  return { name: arn, requester: requesterOf(arn), policies: set, context: contextFor(arn) }
}

/** In one line what each change is. */
function told({ changes }: Proposal): string {
  return changes
    .map((change) => {
      switch (change.kind) {
        case 'add-statement':
          return `add to ${change.policy ?? `a new ${change.type} policy`} ${JSON.stringify(change.statement)}`
        case 'edit-statement':
          return `edit ${change.part} of ${change.policy} ${change.index} ${JSON.stringify(change.statement)}`
        case 'meet-condition':
          return `${change.key}=${change.value}`
        case 'use-principal':
          return `use ${change.names.join()}`
      }
    })
    .join(' + ')
}

const full = { Effect: 'Allow', Action: 'ecr:*', Resource: '*' }
const seed = compiled(
  'resource',
  'repository policy',
  { Effect: 'Allow', Principal: { AWS: role }, Action: ['ecr:PutImage', 'ecr:UploadLayerPart'] },
  {
    Effect: 'Deny',
    Principal: '*',
    Action: 'ecr:PutImage',
    Condition: { ArnNotLike: { 'aws:PrincipalArn': role } },
  },
)

test('an allowed request needs no change', () => {
  assert.deepEqual(smallestChanges(asking(session), policies({ resource: seed }), []), [])
})

test('a Deny is never taken away: the caller is exempted, and who may already is named', () => {
  const set = policies({ identity: compiled('identity', 'inline:full', full), resource: seed })
  const others = [
    known(session, policies({ resource: seed })),
    known(`arn:aws:iam::${account}:user/eve`, set),
  ]
  const proposals = smallestChanges(asking(admin), set, others)
  assert.deepEqual(proposals.map(told), [
    `edit principal of repository policy 1 {"Effect":"Deny","Principal":"*","Action":"ecr:PutImage","Condition":{"ArnNotLike":{"aws:PrincipalArn":["${role}","${admin}"]}}}`,
    `use ${session}`,
  ])
  for (const { opens, alsoAllows } of proposals) {
    assert.deepEqual(opens, [])
    assert.deepEqual(alsoAllows, [])
  }
})

test('with nothing said, the shortest statement is proposed to either side', () => {
  const proposals = smallestChanges(asking(admin), policies({}), [])
  assert.deepEqual(proposals.map(told), [
    `add to a new identity policy {"Effect":"Allow","Action":"ecr:PutImage","Resource":"${repository}"}`,
    `add to a new resource policy {"Effect":"Allow","Principal":{"AWS":"${admin}"},"Action":"ecr:PutImage"}`,
  ])
})

test('a statement that nearly fits is changed, and what else that opens is said', () => {
  const attached = compiled('identity', `arn:aws:iam::${account}:policy/team`, {
    Sid: 'Team',
    Effect: 'Allow',
    Action: ['ecr:PutImage', 'ecr:DeleteRepository'],
    Resource: `arn:aws:ecr:us-east-1:${account}:repository/other/*`,
  })
  const set = policies({ identity: attached })
  const eve = `arn:aws:iam::${account}:user/eve`
  const proposals = smallestChanges(asking(admin), set, [known(eve, set)])
  const edited = proposals.find(({ changes }) => changes[0]?.kind === 'edit-statement')
  assert.ok(edited !== undefined)
  assert.equal(
    told(edited),
    `edit resource of arn:aws:iam::${account}:policy/team 0 {"Sid":"Team","Effect":"Allow","Action":["ecr:PutImage","ecr:DeleteRepository"],"Resource":["arn:aws:ecr:us-east-1:${account}:repository/other/*","${repository}"]}`,
  )
  assert.deepEqual(edited.opens, [eve])
  assert.deepEqual(edited.alsoAllows, ['ecr:DeleteRepository'])
  // A statement of the caller's own opens nothing, so it comes first.
  assert.equal(proposals[0]?.changes[0]?.kind, 'add-statement')
})

test('AWS’s own policies are left as they are', () => {
  const identity = compiled('identity', 'arn:aws:iam::aws:policy/ReadOnly', {
    ...full,
    Action: 'ecr:Get*',
  })
  const proposals = smallestChanges(asking(admin), policies({ identity }), [])
  assert.ok(proposals.every(({ changes }) => changes.every(({ kind }) => kind === 'add-statement')))
})

test('a request that lacks what a condition wants is told of it, or the condition takes what it has', () => {
  const identity = compiled('identity', 'inline:office', {
    ...full,
    Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
  })
  const request = asking(admin, {}, { 'aws:SourceIp': '203.0.113.9' })
  const texts = smallestChanges(request, policies({ identity }), []).map(told)
  assert.ok(texts.includes('aws:SourceIp=10.0.0.0'))
  assert.ok(
    texts.includes(
      'edit aws:SourceIp of inline:office 0 {"Effect":"Allow","Action":"ecr:*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.9"]}}}',
    ),
  )
})

test('a Deny that a condition can spare is met by another request', () => {
  const identity = compiled('identity', 'inline:tls', full, {
    Effect: 'Deny',
    Action: '*',
    Resource: '*',
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  })
  const request = asking(admin, {}, { 'aws:SecureTransport': 'false' })
  const texts = smallestChanges(request, policies({ identity }), []).map(told)
  assert.ok(texts.includes('aws:SecureTransport=true'), texts.join('\n'))
})

test('across accounts both sides are needed, and each is told to its own account', () => {
  const foreign = 'arn:aws:iam::999988887777:user/ext'
  const [proposal, ...more] = smallestChanges(asking(foreign), policies({}), [])
  assert.deepEqual(
    proposal?.changes.map(
      (change) => change.kind === 'add-statement' && [change.type, change.account],
    ),
    [
      ['identity', '999988887777'],
      ['resource', account],
    ],
  )
  assert.deepEqual(more, [])
})

test('a role is entered by a trust policy alone, or by one that leaves it to the account', () => {
  const request = asking(admin, { action: 'sts:AssumeRole', resource: role })
  const resource = compiled('trust', 'trust policy', {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:user/eve` },
    Action: 'sts:AssumeRole',
  })
  const [first, second] = smallestChanges(request, policies({ resource }), [])
  const trusted = `{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::${account}:user/eve","${admin}"]},"Action":"sts:AssumeRole"}`
  assert.equal(first && told(first), `edit principal of trust policy 0 ${trusted}`)
  assert.equal(
    second && told(second),
    `add to trust policy {"Effect":"Allow","Principal":{"AWS":"${admin}"},"Action":"sts:AssumeRole"}`,
  )
})

test('guard rails are changed at the level that is silent', () => {
  const all = { Effect: 'Allow', Action: '*', Resource: '*' }
  const scp = [
    compiled('scp', 'root', all),
    compiled('scp', 'account', { ...all, Action: 's3:*', Resource: 'arn:aws:s3:::x' }),
    [],
  ]
  const identity = compiled('identity', 'inline:full', full)
  const [proposal] = smallestChanges(asking(admin), policies({ identity, scp }), [])
  assert.deepEqual(
    proposal?.changes.map(
      (change) => change.kind === 'add-statement' && [change.policy, change.level],
    ),
    [
      ['account', 1],
      [undefined, 2],
    ],
  )
})

test('after a fault there is no proposal', () => {
  const context = {
    get(): never {
      throw new Error('no')
    },
  }
  const identity = compiled('identity', 'inline:x', {
    ...full,
    Condition: { StringEquals: { 'aws:username': 'x' } },
  })
  assert.deepEqual(smallestChanges(asking(admin, { context }), policies({ identity }), []), [])
})

const runs = { numRuns: fuzzRuns(250), seed: fuzzSeed() }

test('every proposal, made in the JSON of the policies, turns the decision', () => {
  let proved = 0
  fc.assert(
    fc.property(writtenQuestions, (question) => {
      const request = requestOf(question.request)
      const proposals = smallestChanges(request, policySetOf(question.policies), [])
      for (const { changes } of proposals) {
        const after = changes.reduce(make, question)
        const decision = evaluate(requestOf(after.request), policySetOf(after.policies))
        assert.equal(decision.kind, 'allow', JSON.stringify(changes))
        proved++
      }
    }),
    runs,
  )
  assert.ok(proved > runs.numRuns / 2, String(proved))
})

interface Written {
  readonly policies: WrittenPolicies
  readonly request: WrittenRequest
}

/** By hand, as an administrator would. */
function make({ policies: written, request }: Written, change: Change): Written {
  if (change.kind === 'use-principal') return { policies: written, request }
  if (change.kind === 'meet-condition') {
    const context = { ...request.context, [change.key]: change.value }
    return { policies: written, request: { ...request, context } }
  }
  const statement = change.statement as unknown as WrittenStatement
  const index = change.kind === 'edit-statement' ? change.index : undefined
  const put = (policy: WrittenPolicy): WrittenPolicy => ({
    ...policy,
    Statement:
      index === undefined
        ? [...policy.Statement, statement]
        : policy.Statement.map((one, at) => (at === index ? statement : one)),
  })
  const fresh = { Version: '2012-10-17', Statement: [statement] }
  const [level = 0, place] = change.policy?.split(' ')[1]?.split('.').map(Number) ?? [
    change.kind === 'add-statement' ? change.level : 0,
  ]
  const inList = (list: readonly WrittenPolicy[]): readonly WrittenPolicy[] =>
    place === undefined || place >= list.length
      ? [...list, fresh]
      : list.map((policy, at) => (at === place ? put(policy) : policy))
  const type = change.type === 'trust' ? 'resource' : change.type
  if (type === 'scp' || type === 'rcp') {
    const levels = written[type].map((list, at) => (at === level ? inList(list) : list))
    return { policies: { ...written, [type]: levels }, request }
  }
  return { policies: { ...written, [type]: inList(written[type] ?? []) }, request }
}

test('a statement that is written and read again is the same', () => {
  fc.assert(
    fc.property(writtenPolicies, ({ identity, resource }) => {
      for (const policy of [...identity, ...resource]) {
        const document = documentOf(policy)
        const again = documentOf({
          Version: policy.Version,
          Statement: document.statements.map(writeStatement),
        })
        assert.deepEqual(again, document)
      }
    }),
    runs,
  )
})

test('every kind of caller is named by the statement that would let it in', () => {
  const provider = `arn:aws:iam::${account}:oidc-provider/idp.example`
  const callers: readonly (readonly [caller: string | null, principal: unknown])[] = [
    [null, '*'],
    ['service:replication.ecr.amazonaws.com', { Service: 'replication.ecr.amazonaws.com' }],
    [`web:${provider}`, { Federated: provider }],
    [session, { AWS: role }],
    ['arn:aws:iam::999988887777:root', { AWS: '999988887777' }],
    [
      `arn:aws:sts::${account}:federated-user/dev`,
      { AWS: `arn:aws:sts::${account}:federated-user/dev` },
    ],
  ]
  for (const [caller, principal] of callers) {
    const proposals = smallestChanges(asking(caller), policies({}), [])
    const found = proposals.some(({ changes }) =>
      changes.some(
        (change) =>
          change.kind === 'add-statement' &&
          change.type === 'resource' &&
          JSON.stringify(change.statement.Principal) === JSON.stringify(principal),
      ),
    )
    assert.ok(found, JSON.stringify([caller, proposals]))
  }
})

test('every level of a caller’s chain is added to a NotPrincipal that stops it', () => {
  const identity = compiled('identity', 'inline:full', full)
  const exempting = (NotPrincipal: unknown): PolicySet['identity'] =>
    compiled('resource', 'repository policy', {
      Effect: 'Deny',
      NotPrincipal,
      Action: 'ecr:PutImage',
    })
  const federated = `arn:aws:sts::${account}:federated-user/dev`
  const chains: readonly (readonly [caller: string, chain: readonly string[]])[] = [
    [admin, [admin, account]],
    [session, [session, role, account]],
    [federated, [federated, `arn:aws:iam::${account}:user/dev`, account]],
    [`arn:aws:iam::${account}:root`, [account]],
  ]
  for (const [caller, chain] of chains) {
    const resource = exempting({ AWS: '111122223333' })
    const texts = smallestChanges(asking(caller), policies({ identity, resource }), []).map(told)
    const names = JSON.stringify(['111122223333', ...chain])
    assert.ok(
      texts.some((text) => text.includes(`"NotPrincipal":{"AWS":${names}}`)),
      texts.join('\n'),
    )
  }
  const service = asking('service:x.amazonaws.com')
  const resource = [
    ...exempting({ AWS: '111122223333' }),
    ...compiled('resource', 'other', { Effect: 'Allow', Principal: '*', Action: '*' }),
  ]
  const texts = smallestChanges(service, policies({ resource }), []).map(told)
  assert.ok(
    texts.some((text) => text.includes('"Service":"x.amazonaws.com"')),
    texts.join('\n'),
  )
})

test('a boundary, a session policy and a resource control policy are told of where they are silent', () => {
  const silent = { Effect: 'Allow', Action: 'ecr:DescribeImages', Resource: '*' }
  const identity = compiled('identity', 'inline:full', full)
  const sets: readonly (readonly [type: PolicyType, set: PolicySet])[] = [
    [
      'boundary',
      policies({ identity, boundary: compiled('boundary', 'arn:aws:iam::1:policy/b', silent) }),
    ],
    ['boundary', policies({ identity, boundary: [] })],
    ['session', policies({ identity, session: compiled('session', 'inline', silent) })],
    ['rcp', policies({ identity, rcp: [compiled('rcp', 'rcp', { ...silent, Principal: '*' })] })],
    ['rcp', policies({ identity, rcp: [[]] })],
  ]
  for (const [type, set] of sets) {
    const eve = known(`arn:aws:iam::${account}:user/eve`, set)
    const proposals = smallestChanges(asking(admin), set, [eve])
    const changes = proposals.flatMap((proposal) => proposal.changes)
    assert.ok(
      changes.length > 0 && changes.every((change) => 'type' in change && change.type === type),
    )
  }
})

test('a Deny that names this action or this repository is narrowed', () => {
  const identity = compiled('identity', 'inline:full', full)
  const denials: readonly (readonly [deny: object, part: RegExp])[] = [
    [{ Action: ['ecr:putimage', 'ecr:BatchDeleteImage'] }, /"Action":"ecr:BatchDeleteImage"/],
    [{ NotAction: 'ecr:Get*' }, /"NotAction":\["ecr:Get\*","ecr:PutImage"\]/],
    [{ Action: 'ecr:*', Resource: '*' }, /"NotResource":"arn:aws:ecr:/],
    [{ Action: 'ecr:*', Resource: [repository, 'arn:aws:ecr:*'] }, /use|principal/],
    [{ Action: 'ecr:*', NotResource: 'arn:aws:s3:::x' }, /"NotResource":\["arn:aws:s3:::x","arn/],
  ]
  for (const [deny, part] of denials) {
    const statement = { Effect: 'Deny', Resource: '*', ...deny }
    const { Resource: _, ...bare } = statement
    const own = compiled('identity', 'inline:deny', 'NotResource' in deny ? bare : statement)
    const set = policies({ identity: [...identity, ...own] })
    const texts = smallestChanges(asking(admin), set, []).map(told).join('\n')
    assert.match(texts, part)
  }
})

test('a negated condition lets the value go, and one that cannot list a value is left', () => {
  const keys = { 'aws:ResourceTag/team': 'blue' }
  const conditioned = (Condition: unknown): PolicySet =>
    policies({ identity: compiled('identity', 'inline:c', { ...full, Condition }) })
  const edits = (Condition: unknown, had: Readonly<Record<string, string>> = keys): string =>
    smallestChanges(asking(admin, {}, had), conditioned(Condition), [])
      .map(told)
      .filter((text) => text.startsWith('edit'))
      .join('\n')
  const tag = 'aws:ResourceTag/team'
  assert.match(
    edits({ StringNotEquals: { [tag]: ['blue', 'red'] } }),
    /"aws:ResourceTag\/team":"red"/,
  )
  assert.equal(edits({ StringNotEquals: { [tag]: 'blue' } }), '')
  assert.equal(edits({ StringLike: { [tag]: 'x' } }, { [tag]: 'a*' }), '')
  assert.equal(edits({ StringEquals: { [tag]: 'x' } }, { [tag]: 'a${b}' }), '')
  assert.equal(edits({ Null: { [tag]: 'true' } }), '')
  assert.equal(edits({ StringEquals: { [tag]: 'x' } }, {}), '')
  assert.match(
    edits(
      { StringEquals: { [tag]: 'x' }, Bool: { 'aws:SecureTransport': 'true' } },
      { ...keys, 'aws:SecureTransport': 'true' },
    ),
    /\["x","blue"\]/,
  )
})

test('nothing is proposed beyond the bound of the search', () => {
  const deny = { Effect: 'Deny', Action: 'ecr:PutImage', Resource: '*' }
  const resource = compiled(
    'resource',
    'repository policy',
    ...Array.from({ length: 6 }, () => ({ ...deny, Principal: '*' })),
  )
  const identity = compiled('identity', 'inline:full', full)
  assert.deepEqual(smallestChanges(asking(admin), policies({ identity, resource }), []), [])
})

test('among very many statements that nearly fit, the new one and its price are still told', () => {
  const near = Array.from({ length: 150 }, (_, place) => ({
    Effect: 'Allow',
    Action: ['ecr:PutImage', 'ecr:DeleteRepository'],
    Resource: `arn:aws:ecr:us-east-1:${account}:repository/other/${place}`,
  }))
  const set = policies({ identity: compiled('identity', 'inline:near', ...near) })
  const proposals = smallestChanges(asking(admin), set, [])
  assert.equal(proposals.length, 8)
  assert.deepEqual(proposals[0]?.alsoAllows, [])
  assert.equal(proposals[0]?.changes[0]?.kind, 'add-statement')
  assert.deepEqual(proposals[7]?.alsoAllows, ['ecr:DeleteRepository'])
})
