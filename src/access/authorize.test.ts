import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import {
  administratorAccess,
  identitiesIn,
  policyText,
  roleCaller,
  rootCaller,
  userCaller,
  type Identities,
} from '../../test/kit/identities.ts'
import { accountOf } from '../../test/kit/principals.ts'
import { testRegistry, type TestRegistry } from '../../test/kit/registry.ts'
import { tagRepository } from '../registry/tag-repository.ts'
import { anonymousCaller } from './anonymous.ts'
import {
  authorize,
  type Authorization,
  type AuthorizationRequest,
  type MessageEncoder,
} from './authorize.ts'
import type { Caller } from './caller.ts'
import type { DeniedRequest } from './encoded-message.ts'
import { PolicySnapshots } from './policy-snapshot.ts'

const own = accountOf('123456789012')
const other = accountOf('999988887777')
const region = 'us-east-1'
const repository = `arn:aws:ecr:${region}:${own}:repository/team/app`
const pull = 'ecr:BatchGetImage'

const allow = (action: unknown, resource: unknown = '*', rest: object = {}): object => ({
  Effect: 'Allow',
  Action: action,
  Resource: resource,
  ...rest,
})

interface World extends Identities {
  readonly database: TestRegistry['database']
  readonly address: TestRegistry['repository']
  judge(
    caller: Caller,
    action: string,
    more?: Partial<AuthorizationRequest>,
    encodeMessage?: MessageEncoder,
  ): Promise<Authorization>
  /** `allow`, `explicit-deny`, or what is missing: `implicit-deny identity`. */
  outcome(caller: Caller, action: string, more?: Partial<AuthorizationRequest>): Promise<string>
  putRepositoryPolicy(
    document: string,
    principals?: Readonly<Record<string, string>>,
  ): Promise<void>
}

/** Two accounts, and one repository `team/app` in the first. */
async function world(t: TestContext): Promise<World> {
  const { database, clock, repository: address } = await testRegistry(t)
  const identities = identitiesIn(database)
  await identities.addAccount(other)
  const snapshots = new PolicySnapshots({ reader: database, region })
  const deps = { snapshots, clock, region, organization: undefined }
  const judge: World['judge'] = (caller, action, more, encodeMessage = () => undefined) =>
    authorize({ ...deps, encodeMessage }, caller, { action, resources: [repository], ...more })
  return {
    ...identities,
    database,
    address,
    judge,
    async outcome(caller, action, more) {
      const judged = await judge(caller, action, more)
      if (judged.kind === 'allow') return 'allow'
      const { decision } = judged
      return decision.kind === 'explicit-deny'
        ? decision.kind
        : `${decision.kind} ${decision.missing.join(' ')}`.trim()
    },
    putRepositoryPolicy: (document, principals = {}) =>
      identities.change((tx) =>
        tx.run(
          `INSERT INTO repository_policies SELECT id, $1, $2, 1 FROM repositories WHERE name = 'team/app'
           ON CONFLICT (repository_id) DO UPDATE SET document = excluded.document, principals = excluded.principals`,
          [document, JSON.stringify(principals)],
        ),
      ),
  }
}

const dev = userCaller(own, 'AIDADEV', '/dev')
const foreigner = userCaller(other, 'AIDAFAR', '/far')

test('who has no policy may nothing, and is told so in AWS’s words', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  const judged = await w.judge(dev, pull)
  assert.equal(judged.kind, 'deny')
  assert.equal(
    judged.kind === 'deny' && judged.message,
    `User: arn:aws:iam::${own}:user/dev is not authorized to perform: ecr:BatchGetImage on resource: ${repository} because no identity-based policy allows the ecr:BatchGetImage action`,
  )
})

test('rights are those of now: what is detached is gone with the next question', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  await w.attach('AIDADEV', administratorAccess)
  assert.equal(await w.outcome(dev, pull), 'allow')
  await w.detach('AIDADEV', administratorAccess)
  assert.equal(await w.outcome(dev, pull), 'implicit-deny identity resource')
  await w.put('AIDADEV', 'pull', allow(pull))
  assert.equal(await w.outcome(dev, pull), 'allow')
  await w.remove('AIDADEV', 'pull')
  assert.equal(await w.outcome(dev, pull), 'implicit-deny identity resource')
})

test('who is gone, and whose account is closed, is denied even what is everybody’s', async (t) => {
  const w = await world(t)
  const everybody = { Effect: 'Allow', Principal: '*', Action: pull }
  await w.putRepositoryPolicy(policyText(everybody))
  assert.equal(await w.outcome(dev, pull), 'explicit-deny')
  await w.addUser(own, 'AIDADEV', 'dev')
  assert.equal(await w.outcome(dev, pull), 'allow')
  assert.equal(await w.outcome(rootCaller(own), 'ecr:DeleteRepository'), 'allow')
  await w.change((tx) => tx.run(`UPDATE accounts SET state = 'closed' WHERE id = $1`, [own]))
  assert.equal(await w.outcome(dev, pull), 'explicit-deny')
  assert.equal(await w.outcome(rootCaller(own), 'ecr:DeleteRepository'), 'explicit-deny')
})

test('groups grant to users, never to sessions of roles', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  await w.addGroup(own, 'AGPA1', 'AIDADEV')
  await w.put('AGPA1', 'pull', allow(pull))
  assert.equal(await w.outcome(dev, pull), 'allow')
  await w.put('AGPA1', 'pull', { ...allow(pull), Effect: 'Deny' })
  await w.attach('AIDADEV', administratorAccess)
  assert.equal(await w.outcome(dev, pull), 'explicit-deny')
})

test('boundary, session policy and guard rail each limit and never grant', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  await w.addRole(own, 'AROACI', 'ci')
  const narrow = await w.addManaged(own, 'narrow', allow('ecr:List*'))
  await w.bound('AIDADEV', narrow)
  assert.equal(await w.outcome(dev, 'ecr:ListImages'), 'implicit-deny identity resource')
  await w.attach('AIDADEV', administratorAccess)
  assert.equal(await w.outcome(dev, pull), 'implicit-deny boundary')
  assert.equal(await w.outcome(dev, 'ecr:ListImages'), 'allow')
  await w.attach('AROACI', administratorAccess)
  const policies = [policyText(allow('ecr:List*'))]
  const limited = roleCaller(own, 'AROACI', '/ci', { policies })
  assert.equal(await w.outcome(limited, pull), 'implicit-deny session')
  assert.equal(await w.outcome(limited, 'ecr:ListImages'), 'allow')
  const byArn = roleCaller(own, 'AROACI', '/ci', { policyArns: [narrow] })
  assert.equal(await w.outcome(byArn, pull), 'implicit-deny session')
  await w.putGuardRail(own, 'scp', 0, allow('*'))
  await w.putGuardRail(own, 'scp', 1, allow('ecr:List*'))
  assert.equal(await w.outcome(byArn, 'ecr:ListImages'), 'allow')
  assert.equal(await w.outcome(rootCaller(own), pull), 'implicit-deny scp')
})

test('a boundary or attached policy that is not there denies everything', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  await w.attach('AIDADEV', administratorAccess)
  await w.bound('AIDADEV', `arn:aws:iam::${own}:policy/gone`)
  assert.equal(await w.outcome(dev, pull), 'explicit-deny')
  await w.bound('AIDADEV', administratorAccess)
  assert.equal(await w.outcome(dev, pull), 'allow')
  await w.attach('AIDADEV', 'arn:aws:iam::aws:policy/NoSuchPolicy')
  assert.equal(await w.outcome(dev, pull), 'explicit-deny')
})

test('a stored document that cannot be read denies everything', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  await w.attach('AIDADEV', administratorAccess)
  await w.putText('AIDADEV', 'future', '{"Version":"2030-01-01"}')
  assert.equal(await w.outcome(dev, pull), 'explicit-deny')
  await w.remove('AIDADEV', 'future')
  await w.putRepositoryPolicy('no JSON')
  assert.equal(await w.outcome(dev, pull), 'explicit-deny')
  assert.equal(await w.outcome(rootCaller(own), 'ecr:SetRepositoryPolicy'), 'allow')
})

test('another account’s repository needs both sides', async (t) => {
  const w = await world(t)
  await w.addUser(other, 'AIDAFAR', 'far')
  await w.attach('AIDAFAR', administratorAccess)
  assert.equal(await w.outcome(foreigner, pull), 'implicit-deny resource')
  const grant = { Effect: 'Allow', Principal: { AWS: other }, Action: pull }
  await w.putRepositoryPolicy(policyText(grant))
  assert.equal(await w.outcome(foreigner, pull), 'allow')
  assert.equal(await w.outcome(foreigner, 'ecr:PutImage'), 'implicit-deny resource')
  await w.detach('AIDAFAR', administratorAccess)
  assert.equal(await w.outcome(foreigner, pull), 'implicit-deny identity')
  const everybody = { ...grant, Principal: '*' }
  await w.putRepositoryPolicy(policyText(everybody))
  assert.equal(await w.outcome(foreigner, pull), 'implicit-deny identity')
})

test('the registry’s policy is a second policy of each repository, in scope V1 for three actions only', async (t) => {
  const w = await world(t)
  await w.addUser(other, 'AIDAFAR', 'far')
  await w.attach('AIDAFAR', administratorAccess)
  const registry = policyText({
    Effect: 'Allow',
    Principal: { AWS: other },
    Action: 'ecr:*',
    Resource: `arn:aws:ecr:${region}:${own}:repository/*`,
  })
  await w.change((tx) =>
    tx.run(`INSERT INTO registry_policies VALUES ($1, $2, '{}', 1)`, [own, registry]),
  )
  assert.equal(await w.outcome(foreigner, pull), 'allow')
  await w.change((tx) =>
    tx.run(`INSERT INTO account_settings VALUES ($1, 'REGISTRY_POLICY_SCOPE', 'V1')`, [own]),
  )
  assert.equal(await w.outcome(foreigner, pull), 'implicit-deny resource')
  assert.equal(await w.outcome(foreigner, 'ecr:CreateRepository'), 'allow')
})

test('a guard rail on resources binds those of other accounts and the nameless too', async (t) => {
  const w = await world(t)
  const everybody = { Effect: 'Allow', Principal: '*', Action: 'ecr:*' }
  await w.putRepositoryPolicy(policyText(everybody))
  const nobody = anonymousCaller(own, { sourceAddress: '192.0.2.1', secureTransport: true })
  assert.equal(await w.outcome(nobody, pull), 'allow')
  const rail = { Effect: 'Deny', Principal: '*', Action: 'ecr:*', Resource: '*' }
  const rest = { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' }
  await w.putGuardRail(own, 'rcp', 0, rail, rest)
  assert.equal(await w.outcome(nobody, pull), 'explicit-deny')
})

test('the nameless do no more than the four reads, whatever a policy says', async (t) => {
  const w = await world(t)
  await w.putRepositoryPolicy(policyText({ Effect: 'Allow', Principal: '*', Action: '*' }))
  const nobody = anonymousCaller(own, { sourceAddress: '192.0.2.1', secureTransport: true })
  for (const action of ['ecr:PutImage', 'ecr:DescribeImages', 'ecr:DescribeRepositories']) {
    assert.equal(await w.outcome(nobody, action), 'implicit-deny resource', action)
  }
  for (const action of [pull, 'ecr:GetDownloadUrlForLayer', 'ecr:ListImages']) {
    assert.equal(await w.outcome(nobody, action), 'allow', action)
  }
  await w.putRepositoryPolicy(policyText({ Effect: 'Allow', Principal: { AWS: own }, Action: '*' }))
  assert.equal(await w.outcome(nobody, pull), 'implicit-deny resource')
})

test('a role made again under the same name is another one', async (t) => {
  const w = await world(t)
  await w.addRole(own, 'AROACI', 'ci')
  const arn = `arn:aws:iam::${own}:role/ci`
  const document = policyText({ Effect: 'Allow', Principal: { AWS: arn }, Action: pull })
  await w.putRepositoryPolicy(document, { [arn]: 'AROACI' })
  assert.equal(await w.outcome(roleCaller(own, 'AROACI', '/ci'), pull), 'allow')
  await w.deleteRole('AROACI')
  assert.equal(await w.outcome(roleCaller(own, 'AROACI', '/ci'), pull), 'explicit-deny')
  await w.addRole(own, 'AROANEW', 'ci')
  assert.equal(
    await w.outcome(roleCaller(own, 'AROANEW', '/ci'), pull),
    'implicit-deny identity resource',
  )
})

test('tags of repositories, principals and sessions are seen as they are now', async (t) => {
  const w = await world(t)
  await w.addRole(own, 'AROACI', 'ci')
  const sameTeam = { StringEquals: { 'ecr:ResourceTag/Team': '${aws:PrincipalTag/team}' } }
  await w.put('AROACI', 'team', allow(pull, '*', { Condition: sameTeam }))
  const ci = roleCaller(own, 'AROACI', '/ci')
  assert.equal(await w.outcome(ci, pull), 'implicit-deny identity resource')
  const tags = [{ key: 'Team', value: 'blue' }]
  await tagRepository(w.database, { repository: w.address, tags })
  assert.equal(await w.outcome(ci, pull), 'implicit-deny identity resource')
  await w.tag('AROACI', 'team', 'blue')
  assert.equal(await w.outcome(ci, pull), 'allow')
  const red = roleCaller(own, 'AROACI', '/ci', { tags: { team: 'red' } })
  assert.equal(await w.outcome(red, pull), 'implicit-deny identity resource')
})

test('each of several resources must be allowed; the one that is not is named', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  await w.put('AIDADEV', 'one', allow('ecr:DescribeRepositories', repository))
  const hidden = `arn:aws:ecr:${region}:${own}:repository/hidden`
  const judged = await w.judge(dev, 'ecr:DescribeRepositories', { resources: [repository, hidden] })
  assert.equal(judged.kind === 'deny' && judged.resource, hidden)
  await assert.rejects(w.judge(dev, pull, { resources: [] }), /no resource/)
})

test('strangers of another account cannot ask by conditions of their own what is there, and with which tags', async (t) => {
  const w = await world(t)
  await w.addUser(other, 'AIDAFAR', 'far')
  const tags = [{ key: 'Team', value: 'blue' }]
  await tagRepository(w.database, { repository: w.address, tags })
  const isBlue = { Condition: { StringEquals: { 'ecr:ResourceTag/Team': 'blue' } } }
  await w.put('AIDAFAR', 'ask', allow('*'), { ...allow('*', '*', isBlue), Effect: 'Deny' })
  const said = async (name: string, action = pull): Promise<string> => {
    const resource = `arn:aws:ecr:${region}:${own}:repository/${name}`
    const judged = await w.judge(foreigner, action, { resources: [resource] })
    return judged.kind === 'deny' ? judged.message.replaceAll(name, 'NAME') : judged.kind
  }
  assert.equal(await said('team/app'), await said('team/xyz'))
  assert.match(await said('team/app'), /because no resource-based policy allows/)
  // Whoever is let in by the owner is told of their own Deny.
  const far = { Effect: 'Allow', Principal: { AWS: other }, Action: pull }
  await w.putRepositoryPolicy(policyText(far))
  assert.match(await said('team/app'), /explicit deny in an identity-based policy/)
  assert.match(await said('team/app', 'ecr:PutImage'), /because no resource-based policy allows/)
})

test('a message shows an account what its own policies asked for, and of another’s nothing', async (t) => {
  const w = await world(t)
  await w.addUser(other, 'AIDAFAR', 'far')
  await w.tag('AIDAFAR', 'wage', 'low')
  await tagRepository(w.database, {
    repository: w.address,
    tags: [{ key: 'plan', value: 'secret' }],
  })
  const encoded: DeniedRequest[] = []
  const encodeMessage = (denied: DeniedRequest): string => String(encoded.push(denied))
  const asked = async (): Promise<readonly string[]> => {
    const judged = await w.judge(foreigner, pull, {}, encodeMessage)
    assert.ok(judged.kind === 'deny' && judged.encodedMessage !== undefined)
    return [...(encoded.at(-1)?.context.keys() ?? [])]
  }
  const planned = { StringEquals: { 'ecr:ResourceTag/plan': 'secret' } }
  const far = { Effect: 'Allow', Principal: { AWS: other }, Action: pull, Condition: planned }
  await w.putRepositoryPolicy(policyText(far))
  const isWell = { Condition: { StringEquals: { 'aws:PrincipalTag/wage': 'high' } } }
  await w.put('AIDAFAR', 'wage', allow(pull, '*', isWell))
  assert.deepEqual(await asked(), ['aws:principaltag/wage'])
  await w.put('AIDAFAR', 'wage', allow(pull))
  await w.putRepositoryPolicy(policyText({ ...far, Effect: 'Deny' }))
  await w.put('AIDAFAR', 'other', allow('ecr:PutImage', '*', isWell))
  assert.deepEqual(await asked(), ['ecr:resourcetag/plan'])
})

test('AWS’s own policies are everybody’s to read who is allowed to', async (t) => {
  const w = await world(t)
  await w.addUser(own, 'AIDADEV', 'dev')
  await w.attach('AIDADEV', administratorAccess)
  const resources = [administratorAccess]
  assert.equal(await w.outcome(dev, 'iam:GetPolicy', { resources }), 'allow')
  const foreign = [`arn:aws:iam::${other}:policy/x`]
  assert.equal(
    await w.outcome(dev, 'iam:GetPolicy', { resources: foreign }),
    'implicit-deny resource',
  )
})
