import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fuzzRuns, fuzzSeed } from '../../test/kit/fuzz-runs.ts'
import { accountOf, documentOf, requesterOf } from '../../test/kit/policies.ts'
import { policySetOf, requestOf, writtenQuestions } from '../../test/kit/policy-arbitraries.ts'
import { compilePolicy, type PolicyType } from './compile.ts'
import { contextOf, type ContextValues } from './context-values.ts'
import { evaluate, type PolicySet } from './evaluate.ts'
import { holds } from './formula.ts'
import { outsidersWhoCan } from './outsiders.ts'
import { residualOf, type PartialContext } from './residual.ts'
import { whoCan, type Candidate, type CandidateAccess } from './who-can.ts'

const account = '123456789012'
const repository = `arn:aws:ecr:us-east-1:${account}:repository/team/app`
const role = `arn:aws:iam::${account}:role/CI`
const question = {
  action: 'ecr:PutImage',
  resource: repository,
  resourceAccount: accountOf(account),
}

function partial(known: Readonly<Record<string, string>>, free: readonly string[]): PartialContext {
  const lower = new Set(free.map((key) => key.toLowerCase()))
  return { ...contextOf(known), isFree: (key) => lower.has(key) }
}

function compiled(type: PolicyType, ...statements: readonly unknown[]): PolicySet['identity'] {
  const document = documentOf({ Version: '2012-10-17', Statement: statements })
  return [compilePolicy(document, { type, id: `the ${type} policy` }, new Map())]
}

const nothing: PolicySet = {
  identity: [],
  resource: [],
  boundary: undefined,
  session: undefined,
  scp: [],
  rcp: [],
}

function candidate(arn: string, policies: Partial<PolicySet>, free: readonly string[]): Candidate {
  const requester = requesterOf(arn)
  const principalArn = requester.kind === 'assumed-role' ? requester.roleArn : arn
  const context = partial({ 'aws:PrincipalArn': principalArn }, free)
  return { name: arn, requester, policies: { ...nothing, ...policies }, context }
}

function said(answers: readonly CandidateAccess[]): readonly string[] {
  return answers.map(({ name, access }) =>
    access.kind === 'conditional' ? `${name}: if ${access.text}` : `${name}: ${access.kind}`,
  )
}

const full = { Effect: 'Allow', Action: 'ecr:*', Resource: '*' }
const seed = compiled(
  'resource',
  { Effect: 'Allow', Principal: { AWS: role }, Action: 'ecr:PutImage', Resource: '*' },
  {
    Effect: 'Deny',
    Principal: '*',
    Action: 'ecr:PutImage',
    Condition: { ArnNotLike: { 'aws:PrincipalArn': role } },
  },
)

test('with a policy that lets one role push, an administrator never may, and the path of the role is shown', () => {
  const admin = `arn:aws:iam::${account}:user/admin`
  const session = `arn:aws:sts::${account}:assumed-role/CI/build`
  const answers = whoCan(
    [
      candidate(admin, { identity: compiled('identity', full), resource: seed }, []),
      candidate(session, { resource: seed }, []),
      candidate(`arn:aws:iam::${account}:root`, { resource: seed }, []),
    ],
    question,
  )
  assert.deepEqual(said(answers), [
    `${admin}: never`,
    `${session}: always`,
    `arn:aws:iam::${account}:root: never`,
  ])
  assert.deepEqual(answers[1]?.grantedBy, [
    {
      type: 'resource',
      policy: 'the resource policy',
      version: undefined,
      index: 0,
      sid: undefined,
    },
  ])
})

test('what depends on the request is said as a condition', () => {
  const dev = `arn:aws:iam::${account}:user/dev`
  const identity = compiled(
    'identity',
    { ...full, Condition: { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '192.168.0.0/16'] } } },
    {
      Effect: 'Deny',
      Action: '*',
      Resource: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  )
  const free = ['aws:SourceIp', 'aws:SecureTransport']
  const [answer] = whoCan([candidate(dev, { identity }, free)], question)
  assert.deepEqual(
    answer?.access.kind === 'conditional' && answer.access.text,
    'not (aws:SecureTransport Bool "false") and aws:SourceIp IpAddress "10.0.0.0/8", "192.168.0.0/16"',
  )
  assert.deepEqual(
    answer?.deniedBy.map(({ index }) => index),
    [1],
  )
})

test('a resource that depends on a free key stays in the condition', () => {
  const dev = `arn:aws:iam::${account}:user/dev`
  const pattern = `arn:aws:ecr:us-east-1:${account}:repository/\${aws:PrincipalTag/team}/*`
  const identity = compiled('identity', { ...full, Resource: pattern })
  const [answer] = whoCan([candidate(dev, { identity }, ['aws:PrincipalTag/team'])], question)
  assert.ok(answer?.access.kind === 'conditional')
  assert.equal(answer.access.text, `${repository} is one of ${pattern}`)
  assert.equal(holds(answer.access.when, contextOf({ 'aws:PrincipalTag/team': 'team' })), true)
  assert.equal(holds(answer.access.when, contextOf({ 'aws:PrincipalTag/team': 'x' })), false)
})

test('everybody may ask who they are', () => {
  const dev = `arn:aws:iam::${account}:user/dev`
  const ask = { ...question, action: 'sts:GetCallerIdentity', resource: '*' }
  assert.deepEqual(said(whoCan([candidate(dev, {}, [])], ask)), [`${dev}: always`])
})

test('names the public, other accounts and their principals, and what it takes of them', () => {
  const B = '999988887777'
  const resource = compiled(
    'resource',
    { Effect: 'Allow', Principal: '*', Action: 'ecr:PutImage' },
    {
      Effect: 'Allow',
      Principal: {
        AWS: [
          B,
          account,
          `arn:aws:iam::${B}:user/x/ext`,
          `arn:aws:iam::${B}:role/path/X`,
          `arn:aws:sts::${B}:assumed-role/X/s`,
          `arn:aws:sts::${B}:federated-user/f`,
          'AIDAOLDOLDOLDOLDOLDOL',
        ],
        Service: 'replication.ecr.amazonaws.com',
        Federated: `arn:aws:iam::${account}:oidc-provider/idp.example`,
      },
      Action: 'ecr:Put*',
      Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } },
    },
    { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'ecr:BatchGetImage' },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: '*',
      Condition: { StringNotEquals: { 'aws:PrincipalAccount': [account, B] } },
    },
  )
  const side = { resource, rcp: [], context: partial({}, ['aws:sourceip']) }
  const answers = outsidersWhoCan(side, question)
  assert.deepEqual(
    answers.map(({ name, kind, needsOwnPolicies }) => [name, kind, needsOwnPolicies]),
    [
      ['anyone', 'anyone', true],
      [`arn:aws:iam::${B}:root`, 'account', true],
      [`arn:aws:iam::${B}:user/x/ext`, 'principal', true],
      [`arn:aws:iam::${B}:role/path/X`, 'principal', true],
      [`arn:aws:sts::${B}:assumed-role/X/s`, 'principal', true],
      [`arn:aws:sts::${B}:federated-user/f`, 'principal', true],
    ],
  )
  const [anyone, known] = said(answers)
  assert.equal(anyone, `anyone: if not (aws:PrincipalAccount StringNotEquals "${account}", "${B}")`)
  assert.equal(known, `arn:aws:iam::${B}:root: always`)
  for (const { grantedBy } of answers) assert.ok(grantedBy.every(({ type }) => type !== 'identity'))
})

test('a grant to everyone is public, and a service and a provider are let in where they are named', () => {
  const resource = compiled(
    'resource',
    { Effect: 'Allow', Principal: '*', Action: '*' },
    {
      Effect: 'Allow',
      Principal: {
        Service: 'x.amazonaws.com',
        Federated: `arn:aws:iam::${account}:oidc-provider/i`,
      },
      Action: '*',
    },
  )
  const answers = outsidersWhoCan({ resource, rcp: [], context: partial({}, []) }, question)
  assert.deepEqual(said(answers), [
    'public: always',
    'anyone: always',
    'x.amazonaws.com: always',
    `arn:aws:iam::${account}:oidc-provider/i: always`,
  ])
})

const runs = { numRuns: fuzzRuns(1500), seed: fuzzSeed() }

test('for every context that agrees with what is known, the condition holds where the request is allowed', () => {
  const keys = ['aws:username', 'aws:sourceip', 'aws:principaltag/team', 'aws:tagkeys']
  const more = ['aws:currenttime', 'aws:principalarn', 'aws:securetransport', 'aws:sourcearn']
  const partly = fc.record({
    question: writtenQuestions,
    other: writtenQuestions,
    free: fc.subarray([...keys, ...more]),
  })
  const seen = { always: 0, never: 0, conditional: 0 }
  fc.assert(
    fc.property(partly, ({ question: { policies, request }, other, free }) => {
      const asked = requestOf(request)
      const set = policySetOf(policies)
      const isFree = (key: string): boolean => free.includes(key)
      const known: ContextValues = {
        get: (key) => (isFree(key) ? failed(key) : asked.context.get(key)),
      }
      const { when } = residualOf({ ...asked, context: { ...known, isFree } }, set)
      if (when.kind === 'true') seen.always++
      else if (when.kind === 'false') seen.never++
      else seen.conditional++
      // Free keys as they were, and as another request has them.
      const elsewhere = requestOf(other.request).context
      const changed: ContextValues = {
        get: (key) => (isFree(key) ? elsewhere : asked.context).get(key),
      }
      for (const context of [asked.context, changed]) {
        const isAllowed = evaluate({ ...asked, context }, set).kind === 'allow'
        assert.equal(holds(when, context), isAllowed)
      }
    }),
    runs,
  )
  for (const count of Object.values(seen))
    assert.ok(count > runs.numRuns / 50, JSON.stringify(seen))
})

function failed(key: string): never {
  throw new Error(`${key} is free`)
}

test('a source of context that fails allows nobody', () => {
  const dev = `arn:aws:iam::${account}:user/dev`
  const identity = compiled('identity', {
    ...full,
    Condition: { StringEquals: { 'aws:username': 'dev' } },
  })
  const context: PartialContext = { get: failed, isFree: () => false }
  const asked = {
    name: dev,
    requester: requesterOf(dev),
    policies: { ...nothing, identity },
    context,
  }
  assert.deepEqual(said(whoCan([asked], question)), [`${dev}: never`])
})

test('a role is entered by whom its trust policy names, or leaves to the account’s own policies', () => {
  const dev = `arn:aws:iam::${account}:user/dev`
  const eve = `arn:aws:iam::${account}:user/eve`
  const ask = { ...question, action: 'sts:AssumeRole', resource: role }
  const trust = (Principal: unknown): PolicySet['resource'] =>
    compiled('trust', { Effect: 'Allow', Principal, Action: 'sts:AssumeRole' })
  const enter = compiled('identity', { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: role })
  const limits = { boundary: compiled('boundary', full), session: undefined }
  assert.deepEqual(
    said(
      whoCan(
        [
          candidate(dev, { resource: trust({ AWS: dev }) }, []),
          candidate(eve, { resource: trust({ AWS: dev }), identity: enter }, []),
          candidate(eve, { resource: trust({ AWS: account }), identity: enter }, []),
          candidate(eve, { resource: trust({ AWS: account }), identity: enter, ...limits }, []),
        ],
        ask,
      ),
    ),
    [`${dev}: always`, `${eve}: never`, `${eve}: always`, `${eve}: never`],
  )
})

test('an Allow with NotPrincipal, which cannot be put, lets nobody in', () => {
  const resource = compiled(
    'resource',
    { Effect: 'Allow', NotPrincipal: { AWS: account }, Action: '*' },
    { Effect: 'Allow', Action: '*' },
  )
  assert.deepEqual(outsidersWhoCan({ resource, rcp: [], context: partial({}, []) }, question), [])
})

test('what is known of every request holds for outsiders too', () => {
  const resource = compiled('resource', {
    Effect: 'Allow',
    Principal: '*',
    Action: '*',
    Condition: {
      Bool: { 'aws:SecureTransport': 'true' },
      IpAddress: { 'aws:SourceIp': '10.0.0.0/8' },
    },
  })
  const context = partial({ 'aws:SecureTransport': 'true' }, ['aws:SourceIp'])
  assert.deepEqual(said(outsidersWhoCan({ resource, rcp: [], context }, question)), [
    'public: if aws:SourceIp IpAddress "10.0.0.0/8"',
    'anyone: if aws:SourceIp IpAddress "10.0.0.0/8"',
  ])
})
