import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iamAsker, type IamAnswer } from '../../../../test/kit/iam-requests.ts'
import { testPolicyOwners } from '../../../../test/kit/policy-owners.ts'

const repository = 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'
const foreign = 'arn:aws:ecr:us-east-1:999988887777:repository/app'
const user = 'arn:aws:iam::123456789012:user/team/Dev'

function allow(action: string, more: object = {}): string {
  const statement = { Effect: 'Allow', Action: action, Resource: '*', ...more }
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}

function deny(action: string): string {
  const statement = { Effect: 'Deny', Action: action, Resource: '*' }
  return `{\n  "Version": "2012-10-17",\n  "Statement": ${JSON.stringify(statement)}\n}`
}

function members(name: string, values: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(values.map((value, place) => [`${name}.member.${place + 1}`, value]))
}

function texts(answer: IamAnswer, element: string): readonly string[] {
  const found = answer.content.matchAll(new RegExp(`<${element}>(.*?)</${element}>`, 'gs'))
  return Array.from(found, ([, text = '']) => text)
}

function refusal(answer: IamAnswer): string {
  return `${answer.status} ${texts(answer, 'Code')[0] ?? ''}: ${texts(answer, 'Message')[0] ?? ''}`
}

test('refuses inputs that cannot be simulated, and says which', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const custom = {
    ...members('PolicyInputList', [allow('*')]),
    ...members('ActionNames', ['ecr:PutImage']),
  }
  const entry = (
    name: string,
    type: string,
    ...values: readonly string[]
  ): Readonly<Record<string, string>> => ({
    'ContextEntries.member.1.ContextKeyName': name,
    'ContextEntries.member.1.ContextKeyType': type,
    ...members('ContextEntries.member.1.ContextKeyValues', values),
  })
  const refusals: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [
      members('PolicyInputList', ['{}']),
      '400 InvalidInput: PolicyInputList.1: Syntax errors in policy.',
    ],
    [members('ActionNames', ['ecr:*']), '400 InvalidInput: Invalid Action Name: ecr:*'],
    [members('ActionNames', ['PutImage']), '400 InvalidInput: Invalid Action Name: PutImage'],
    [members('ResourceArns', ['team/app']), '400 InvalidInput: Invalid Resource Arn: team/app'],
    [{ ResourceOwner: 'somebody' }, '400 InvalidInput: Invalid Resource Owner: somebody'],
    [
      { ResourcePolicy: allow('ecr:*') },
      '400 InvalidInput: CallerArn is required when a ResourcePolicy is given.',
    ],
    [
      { CallerArn: 'arn:aws:sts::123456789012:assumed-role/ci/x' },
      '400 InvalidInput: Invalid Entity Arn: arn:aws:sts::123456789012:assumed-role/ci/x does not clearly define entity type and name.',
    ],
    [
      members('PermissionsBoundaryPolicyInputList', [allow('*'), allow('*')]),
      '400 InvalidInput: Only one permissions boundary can be simulated.',
    ],
    [
      { 'ContextEntries.member.1.ContextKeyName': 'aws:username' },
      '400 InvalidInput: ContextEntries.1 must have a ContextKeyName and a ContextKeyType.',
    ],
    [
      entry('aws:username', 'string', 'a', 'b'),
      '400 InvalidInput: the context key aws:username is of type string and has 2 values; it takes one',
    ],
    [
      entry('aws:EpochTime', 'numeric', 'now'),
      '400 InvalidInput: the context key aws:EpochTime has the value &quot;now&quot;, which is no numeric',
    ],
    [
      entry('aws:SourceIp', 'ipList', '10.0.0.1', 'home'),
      '400 InvalidInput: the context key aws:SourceIp has the value &quot;home&quot;, which is no ipList',
    ],
  ]
  for (const [changed, expected] of refusals) {
    assert.equal(refusal(await ask('SimulateCustomPolicy', { ...custom, ...changed })), expected)
  }
  const wrongType = await ask('SimulateCustomPolicy', {
    ...custom,
    ...entry('aws:username', 'text', 'a'),
  })
  assert.match(refusal(wrongType), /^400 ValidationError: /)
})

test('an answer names decision, statements with their places, and what is missing', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const answer = await ask('SimulateCustomPolicy', {
    ...members('PolicyInputList', [allow('ecr:*'), deny('ecr:PutImage')]),
    ...members('ActionNames', ['ecr:PutImage']),
  })
  assert.equal(
    answer.content,
    '<EvaluationResults><member><EvalActionName>ecr:PutImage</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>explicitDeny</EvalDecision>' +
      '<MatchedStatements><member><SourcePolicyId>PolicyInputList.2</SourcePolicyId><SourcePolicyType>none</SourcePolicyType>' +
      '<StartPosition><Line>3</Line><Column>16</Column></StartPosition><EndPosition><Line>3</Line><Column>72</Column></EndPosition></member></MatchedStatements>' +
      '<MissingContextValues/></member></EvaluationResults><IsTruncated>false</IsTruncated>',
  )
})

test('each resource has its own decision, and the hardest stands for all', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const answer = await ask('SimulateCustomPolicy', {
    ...members('PolicyInputList', [allow('ecr:BatchGetImage', { Resource: `${repository}*` })]),
    ...members('ActionNames', ['ecr:BatchGetImage', 'ecr:PutImage']),
    ...members('ResourceArns', [repository, foreign]),
    ResourcePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: user }, Action: 'ecr:BatchGetImage' }],
    }),
    CallerArn: user,
  })
  assert.deepEqual(texts(answer, 'EvalDecision'), ['implicitDeny', 'implicitDeny'])
  assert.deepEqual(texts(answer, 'EvalResourceDecision'), [
    'allowed',
    'implicitDeny',
    'implicitDeny',
    'implicitDeny',
  ])
  const [details = ''] = texts(answer, 'EvalDecisionDetails')
  assert.match(details, /<key>IAM Policy<\/key><value>implicitDeny<\/value>/)
  assert.match(details, /<key>Resource Policy<\/key><value>allowed<\/value>/)
  assert.deepEqual(
    new Set(texts(answer, 'SourcePolicyId')),
    new Set(['PolicyInputList.1', 'ResourcePolicy']),
  )
})

test('the context is what is given, and what follows from the caller', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const conditional = allow('ecr:PutImage', {
    Condition: {
      StringEquals: { 'aws:username': 'Dev', 'aws:RequestTag/team': 'blue' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['team', 'owner'] },
    },
  })
  const base = {
    ...members('PolicyInputList', [conditional]),
    ...members('ActionNames', ['ecr:PutImage']),
    CallerArn: user,
  }
  const without = await ask('SimulateCustomPolicy', base)
  assert.deepEqual(texts(without, 'EvalDecision'), ['implicitDeny'])
  assert.deepEqual(texts(without, 'MissingContextValues'), [
    '<member>aws:requesttag/team</member><member>aws:tagkeys</member>',
  ])
  const given = await ask('SimulateCustomPolicy', {
    ...base,
    'ContextEntries.member.1.ContextKeyName': 'aws:RequestTag/team',
    'ContextEntries.member.1.ContextKeyType': 'string',
    ...members('ContextEntries.member.1.ContextKeyValues', ['blue']),
    'ContextEntries.member.2.ContextKeyName': 'aws:TagKeys',
    'ContextEntries.member.2.ContextKeyType': 'stringList',
    ...members('ContextEntries.member.2.ContextKeyValues', ['team']),
  })
  assert.deepEqual(texts(given, 'EvalDecision'), ['allowed'])
})

test('boundaries and organizations say whether they allow', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const answer = await ask('SimulateCustomPolicy', {
    ...members('PolicyInputList', [allow('*')]),
    ...members('PermissionsBoundaryPolicyInputList', [allow('ecr:*')]),
    ...members('OrderedOrganizationPolicyInputList.member.1.ServiceControlPolicyInputList', [
      allow('*'),
    ]),
    ...members('OrderedOrganizationPolicyInputList.member.2.ServiceControlPolicyInputList', [
      allow('iam:*'),
    ]),
    ...members('ActionNames', ['ecr:PutImage', 'iam:GetUser']),
  })
  assert.deepEqual(texts(answer, 'EvalDecision'), ['implicitDeny', 'implicitDeny'])
  assert.deepEqual(texts(answer, 'AllowedByPermissionsBoundary'), ['true', 'false'])
  assert.deepEqual(texts(answer, 'AllowedByOrganizations'), ['false', 'true'])
})

test('of a principal its own policies, its groups’, its boundary and the guard rails are simulated', async (t) => {
  const deps = await testPolicyOwners(t)
  const { ask } = iamAsker(deps)
  await ask('PutUserPolicy', {
    UserName: 'dev',
    PolicyName: 'own',
    PolicyDocument: allow('ecr:PutImage'),
  })
  await ask('PutGroupPolicy', {
    GroupName: 'devs',
    PolicyName: 'pull',
    PolicyDocument: allow('ecr:BatchGetImage'),
  })
  await ask('CreatePolicy', { PolicyName: 'list', PolicyDocument: allow('ecr:ListImages') })
  const list = 'arn:aws:iam::123456789012:policy/list'
  const readOnly = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
  await ask('AttachUserPolicy', { UserName: 'dev', PolicyArn: list })
  await ask('AttachGroupPolicy', { GroupName: 'devs', PolicyArn: readOnly })
  const actions = [
    'ecr:PutImage',
    'ecr:BatchGetImage',
    'ecr:ListImages',
    'ecr:DescribeImages',
    'iam:GetUser',
  ]
  const asked = { PolicySourceArn: user, ...members('ActionNames', actions) }
  const first = await ask('SimulatePrincipalPolicy', asked)
  assert.deepEqual(texts(first, 'EvalDecision'), [
    'allowed',
    'allowed',
    'allowed',
    'allowed',
    'implicitDeny',
  ])
  assert.deepEqual(
    texts(first, 'SourcePolicyId').map(
      (id, place) => `${id} ${texts(first, 'SourcePolicyType')[place] ?? ''}`,
    ),
    [
      'user_Dev_own user',
      'group_devs_pull group',
      'ReadOnlyAccess aws-managed',
      'list user-managed',
      'ReadOnlyAccess aws-managed',
      'ReadOnlyAccess aws-managed',
    ],
  )
  const exclude = async (entries: Readonly<Record<string, string>>): Promise<readonly string[]> =>
    texts(await ask('SimulatePrincipalPolicy', { ...asked, ...entries }), 'EvalDecision')
  assert.deepEqual(
    await exclude({
      'PolicyExclusionList.member.1.PolicyType': 'inline',
      'PolicyExclusionList.member.2.PolicyArn': 'arn:aws:iam::aws:policy/Read*',
    }),
    ['implicitDeny', 'implicitDeny', 'allowed', 'implicitDeny', 'implicitDeny'],
  )
  const inline = 'PolicyExclusionList.member.1.InlinePolicyIdentifier'
  assert.deepEqual(
    await exclude({
      [`${inline}.PolicyName`]: 'own',
      [`${inline}.AttachmentType`]: 'user',
      [`${inline}.AttachmentName`]: 'D?v',
    }),
    ['implicitDeny', 'allowed', 'allowed', 'allowed', 'implicitDeny'],
  )
  await deps.database.transaction(async (tx) => {
    await tx.run(`UPDATE users SET boundary_arn = $1 WHERE id = 'AIDA1'`, [readOnly])
    const rail = allow('ecr:BatchGetImage')
    await tx.run(`INSERT INTO guard_rails VALUES ($1, 'scp', 0, 'pull-only', $2)`, [
      deps.account,
      rail,
    ])
  })
  const bound = await ask('SimulatePrincipalPolicy', asked)
  assert.deepEqual(texts(bound, 'EvalDecision'), [
    'implicitDeny',
    'allowed',
    'implicitDeny',
    'implicitDeny',
    'implicitDeny',
  ])
  assert.deepEqual(texts(bound, 'AllowedByPermissionsBoundary'), [
    'false',
    'true',
    'true',
    'true',
    'false',
  ])
  assert.deepEqual(texts(bound, 'AllowedByOrganizations'), [
    'false',
    'true',
    'false',
    'false',
    'false',
  ])
  assert.deepEqual(
    await exclude({
      'PolicyExclusionList.member.1.PolicyType': 'permission-boundary',
      'PolicyExclusionList.member.2.PolicyType': 'scp',
    }),
    ['allowed', 'allowed', 'allowed', 'allowed', 'implicitDeny'],
  )
})

test('refuses to leave out what is named in two ways, or in none, or with two stars', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const asked = { PolicySourceArn: user, ...members('ActionNames', ['ecr:PutImage']) }
  const both = {
    'PolicyExclusionList.member.1.PolicyType': 'inline',
    'PolicyExclusionList.member.1.PolicyArn': 'arn:aws:iam::aws:policy/ReadOnlyAccess',
  }
  const message = '400 InvalidInput: PolicyExclusionList.1 must name policies in exactly one way.'
  assert.equal(refusal(await ask('SimulatePrincipalPolicy', { ...asked, ...both })), message)
  const stars = { 'PolicyExclusionList.member.1.PolicyArn': 'arn:aws:iam::aws:policy/*Only*' }
  assert.match(
    refusal(await ask('SimulatePrincipalPolicy', { ...asked, ...stars })),
    /more than one wildcard/,
  )
})

test('a principal that is not here, or is none, cannot be simulated', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const simulate = async (PolicySourceArn: string): Promise<string> =>
    refusal(
      await ask('SimulatePrincipalPolicy', {
        PolicySourceArn,
        ...members('ActionNames', ['ecr:PutImage']),
      }),
    )
  assert.equal(
    await simulate('arn:aws:iam::123456789012:user/ghost'),
    '404 NoSuchEntity: The user with name ghost cannot be found.',
  )
  assert.equal(
    await simulate('arn:aws:iam::210987654321:user/dev'),
    '404 NoSuchEntity: The user with name dev cannot be found.',
  )
  assert.match(
    await simulate('arn:aws:iam::123456789012:root'),
    /^400 InvalidInput: Invalid Entity Arn/,
  )
})

test('a role and a group are simulated too; a role as whoever has assumed it', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  await ask('PutRolePolicy', {
    RoleName: 'ci',
    PolicyName: 'p',
    PolicyDocument: allow('ecr:PutImage'),
  })
  const role = 'arn:aws:iam::123456789012:role/ci'
  const onlyRole = allow('ecr:*', { Resource: undefined, Principal: { AWS: role } })
  const answer = await ask('SimulatePrincipalPolicy', {
    PolicySourceArn: role,
    ...members('ActionNames', ['ecr:PutImage', 'ecr:BatchGetImage']),
    ...members('ResourceArns', [repository]),
    ResourcePolicy: onlyRole,
  })
  assert.deepEqual(texts(answer, 'EvalDecision'), ['allowed', 'allowed'])
  const group = await ask('SimulatePrincipalPolicy', {
    PolicySourceArn: 'arn:aws:iam::123456789012:group/team/devs',
    ...members('ActionNames', ['ecr:PutImage']),
  })
  assert.deepEqual(texts(group, 'EvalDecision'), ['implicitDeny'])
})

test('the pages of a simulation have each action once', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const actions = ['ecr:PutImage', 'ecr:BatchGetImage', 'ecr:ListImages']
  const asked = { ...members('PolicyInputList', [allow('*')]), ...members('ActionNames', actions) }
  const seen: string[] = []
  let marker: string | undefined
  do {
    const more = marker === undefined ? {} : { Marker: marker }
    const page = await ask('SimulateCustomPolicy', { ...asked, ...more, MaxItems: '2' })
    seen.push(...texts(page, 'EvalActionName'))
    ;[marker] = texts(page, 'Marker')
  } while (marker !== undefined)
  assert.deepEqual(seen, actions)
})

test('context keys that policies ask for are named, those of a principal and of further policies', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const byIp = allow('ecr:*', { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })
  const byTag = allow('ecr:*', {
    Resource: 'arn:aws:ecr:*:*:repository/${aws:PrincipalTag/team}/*',
  })
  const custom = await ask(
    'GetContextKeysForCustomPolicy',
    members('PolicyInputList', [byIp, byTag, byIp]),
  )
  assert.equal(
    custom.content,
    '<ContextKeyNames><member>aws:SourceIp</member><member>aws:principaltag/team</member></ContextKeyNames>',
  )
  await ask('PutUserPolicy', { UserName: 'dev', PolicyName: 'p', PolicyDocument: byIp })
  const principal = await ask('GetContextKeysForPrincipalPolicy', {
    PolicySourceArn: user,
    ...members('PolicyInputList', [byTag]),
  })
  assert.equal(principal.content, custom.content)
  const malformed = await ask('GetContextKeysForCustomPolicy', members('PolicyInputList', ['{']))
  assert.equal(refusal(malformed), '400 InvalidInput: PolicyInputList.1: Syntax errors in policy.')
  assert.match(malformed.headers['pratique-policy-error'] ?? '', /^1:\d+ /)
})

test('what would take too long is refused, and many actions come in shorter pages', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const statement = { Effect: 'Deny', Action: 'ecr:PutImage', Resource: '*' }
  const large = JSON.stringify({
    Version: '2012-10-17',
    Statement: Array.from({ length: 1200 }, () => statement),
  })
  const repositories = Array.from({ length: 200 }, (_, place) => `${repository}${place}`)
  const asked = {
    ...members('PolicyInputList', [large]),
    ...members('ActionNames', ['ecr:PutImage', 'ecr:BatchGetImage', 'ecr:ListImages']),
  }
  const tooMuch = await ask('SimulateCustomPolicy', {
    ...asked,
    ...members('ResourceArns', repositories),
  })
  assert.equal(
    refusal(tooMuch),
    '400 InvalidInput: 1200 statements and 200 resources are too many for one simulation.',
  )
  const some = members('ResourceArns', repositories.slice(0, 30))
  const first = await ask('SimulateCustomPolicy', { ...asked, ...some })
  assert.equal(texts(first, 'EvalActionName').length, 1)
  assert.deepEqual(texts(first, 'IsTruncated'), ['true'])
})

test('nobody’s policies are simulated under an ARN that is not theirs, letter by letter', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const actions = members('ActionNames', ['ecr:PutImage'])
  assert.equal(
    (await ask('SimulatePrincipalPolicy', { PolicySourceArn: user, ...actions })).status,
    200,
  )
  const others = ['user/Dev', 'user/TEAM/Dev', 'user/team/dev', 'user/team/x/Dev']
  for (const other of others) {
    const PolicySourceArn = `arn:aws:iam::123456789012:${other}`
    const simulated = await ask('SimulatePrincipalPolicy', { PolicySourceArn, ...actions })
    assert.match(refusal(simulated), /^404 NoSuchEntity: /, other)
    const keys = await ask('GetContextKeysForPrincipalPolicy', { PolicySourceArn })
    assert.match(refusal(keys), /^404 NoSuchEntity: /, other)
  }
})
