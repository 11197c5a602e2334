import assert from 'node:assert/strict'
import { test } from 'node:test'
import { denied } from '../../../../test/kit/authorizations.ts'
import { iamAsker, type IamAnswer } from '../../../../test/kit/iam-requests.ts'
import { policyOfSize, pullPolicy, testPolicyOwners } from '../../../../test/kit/policy-owners.ts'
import { policyOperations } from './policy-operations.ts'

const arn = 'arn:aws:iam::123456789012:policy/team/pull'

function refusal({ content, status }: IamAnswer): readonly [number, string, string] {
  const element = (name: string): string =>
    new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(content)?.[1] ?? ''
  return [status, element('Code'), element('Message')]
}

test('a malformed document is refused in AWS’s words, with place and reason in a header', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const document = '{"Version":"2012-10-17",\n"Statement":{"Effect":"Allow","Actoñ":"*"}}'
  for (const [action, members] of [
    ['PutUserPolicy', { UserName: 'Dev', PolicyName: 'p' }],
    ['PutRolePolicy', { RoleName: 'ci', PolicyName: 'p' }],
    ['PutGroupPolicy', { GroupName: 'devs', PolicyName: 'p' }],
    ['CreatePolicy', { PolicyName: 'p' }],
  ] as const) {
    const answer = await ask(action, { ...members, PolicyDocument: document })
    assert.deepEqual(refusal(answer), [400, 'MalformedPolicyDocument', 'Syntax errors in policy.'])
    assert.match(
      answer.headers['pratique-policy-error'] ?? '',
      /^2:\d+ [A-Z_]+ "Acto\\u00f1" [ -~]+$/,
    )
  }
})

test('refuses in AWS’s words and with its codes', async (t) => {
  const deps = await testPolicyOwners(t)
  const { ask } = iamAsker(deps)
  await ask('CreatePolicy', { PolicyName: 'pull', Path: '/team/', PolicyDocument: pullPolicy })
  await ask('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: pullPolicy })
  const cases: readonly (readonly [
    string,
    Readonly<Record<string, string>>,
    ...(readonly unknown[]),
  ])[] = [
    [
      'GetUserPolicy',
      { UserName: 'ghost', PolicyName: 'p' },
      404,
      'NoSuchEntity',
      'The user with name ghost cannot be found.',
    ],
    [
      'GetRolePolicy',
      { RoleName: 'ci', PolicyName: 'p' },
      404,
      'NoSuchEntity',
      'The role policy with name p cannot be found.',
    ],
    [
      'PutUserPolicy',
      { UserName: 'Dev', PolicyName: 'p', PolicyDocument: policyOfSize(2049) },
      409,
      'LimitExceeded',
      'Maximum policy size of 2048 bytes exceeded for user Dev',
    ],
    [
      'PutUserPolicy',
      { UserName: 'Dev', PolicyName: 'a b', PolicyDocument: '{}' },
      400,
      'ValidationError',
      'The specified value for policyName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    ],
    [
      'CreatePolicy',
      { PolicyName: 'PULL', PolicyDocument: pullPolicy },
      409,
      'EntityAlreadyExists',
      'A policy called PULL already exists. Duplicate names are not allowed.',
    ],
    [
      'GetPolicy',
      { PolicyArn: 'arn:aws:iam::123456789012:policy/ghost' },
      404,
      'NoSuchEntity',
      'Policy arn:aws:iam::123456789012:policy/ghost was not found.',
    ],
    [
      'GetPolicyVersion',
      { PolicyArn: arn, VersionId: 'v9' },
      404,
      'NoSuchEntity',
      `Policy ${arn} version v9 does not exist or is not attachable.`,
    ],
    [
      'GetPolicyVersion',
      { PolicyArn: arn, VersionId: 'v1.x' },
      404,
      'NoSuchEntity',
      `Policy ${arn} version v1.x does not exist or is not attachable.`,
    ],
    [
      'DeletePolicy',
      { PolicyArn: arn },
      409,
      'DeleteConflict',
      "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
    ],
    [
      'DeletePolicyVersion',
      { PolicyArn: arn, VersionId: 'v1' },
      409,
      'DeleteConflict',
      'Cannot delete the default version of a policy.',
    ],
    [
      'DeletePolicy',
      { PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' },
      400,
      'UnmodifiableEntity',
      'Policy arn:aws:iam::aws:policy/AdministratorAccess is managed by AWS and cannot be changed.',
    ],
    [
      'AttachRolePolicy',
      { RoleName: 'ci', PolicyArn: 'arn:aws:iam::aws:policy/Ghost' },
      404,
      'NoSuchEntity',
      'Policy arn:aws:iam::aws:policy/Ghost does not exist or is not attachable.',
    ],
    [
      'AttachRolePolicy',
      {
        RoleName: 'ci',
        PolicyArn: 'arn:aws:iam::aws:policy/aws-service-role/ECRReplicationServiceRolePolicy',
      },
      400,
      'PolicyNotAttachable',
      'Cannot attach a Service Role Policy to a Customer Role.',
    ],
    [
      'DetachRolePolicy',
      { RoleName: 'ci', PolicyArn: arn },
      404,
      'NoSuchEntity',
      `Policy ${arn} was not found.`,
    ],
    [
      'CreateOpenIDConnectProvider',
      { Url: 'http://issuer.example' },
      400,
      'ValidationError',
      'Invalid Open ID Connect Provider URL: the URL must begin with https://',
    ],
    ['ListPolicies', { Marker: 'made-up' }, 400, 'ValidationError', 'Invalid Marker.'],
  ]
  for (const [action, members, ...expected] of cases) {
    assert.deepEqual(refusal(await ask(action, members)), expected, action)
  }
})

test('every operation is judged before anything is read or changed', async (t) => {
  const deps = await testPolicyOwners(t)
  const refused = iamAsker(deps, {
    authorize: async () => Promise.resolve(denied('no')),
  })
  const before = await deps.epoch()
  const all = {
    UserName: 'ghost',
    RoleName: 'ghost',
    GroupName: 'ghost',
    PolicyName: 'p',
    PolicyArn: arn,
    PolicyDocument: 'no document',
    VersionId: 'v1',
    Url: 'https://issuer.example',
    ClientID: 'x',
    OpenIDConnectProviderArn: 'arn:aws:iam::123456789012:oidc-provider/issuer.example',
    'ThumbprintList.member.1': 'a'.repeat(40),
    'Tags.member.1.Key': 'k',
    'Tags.member.1.Value': 'v',
    'TagKeys.member.1': 'k',
    'PolicyInputList.member.1': pullPolicy,
    'ActionNames.member.1': 'ecr:PutImage',
    PolicySourceArn: 'arn:aws:iam::123456789012:user/ghost',
  }
  for (const { name } of policyOperations) {
    assert.deepEqual(refusal(await refused.ask(name, all)), [403, 'AccessDenied', 'no'], name)
  }
  assert.equal(await deps.epoch(), before)
})

test('what is asked of policies: the owner with its path, its boundary, and which policy', async (t) => {
  const deps = await testPolicyOwners(t)
  const boundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
  await deps.database.transaction(async (tx) => {
    await tx.run(`UPDATE users SET boundary_arn = $1 WHERE id = 'AIDA1'`, [boundary])
    await tx.run(`INSERT INTO identity_tags VALUES ('AIDA1', 'team', 'blue')`)
  })
  const { ask, questions } = iamAsker(deps)
  await ask('AttachUserPolicy', { UserName: 'dev', PolicyArn: boundary })
  assert.deepEqual(questions(), [
    {
      action: 'iam:AttachUserPolicy',
      resources: ['arn:aws:iam::123456789012:user/team/Dev'],
      keys: {
        'aws:ResourceTag/team': 'blue',
        'iam:ResourceTag/team': 'blue',
        'iam:PermissionsBoundary': boundary,
        'iam:PolicyARN': boundary,
      },
    },
  ])
  await ask('PutGroupPolicy', { GroupName: 'ghost', PolicyName: 'p', PolicyDocument: pullPolicy })
  await ask('CreatePolicy', { PolicyName: 'p', Path: '/a/', PolicyDocument: pullPolicy })
  await ask('CreateOpenIDConnectProvider', { Url: 'https://issuer.example/' })
  await ask('ListPolicies')
  assert.deepEqual(
    questions().map(({ action, resources }) => [action, ...resources]),
    [
      ['iam:PutGroupPolicy', 'arn:aws:iam::123456789012:group/ghost'],
      ['iam:CreatePolicy', 'arn:aws:iam::123456789012:policy/a/p'],
      ['iam:CreateOpenIDConnectProvider', 'arn:aws:iam::123456789012:oidc-provider/issuer.example'],
      ['iam:ListPolicies', '*'],
    ],
  )
})

test('inline policies: put, read, listed, deleted', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const put = await ask('PutRolePolicy', {
    RoleName: 'ci',
    PolicyName: 'pull',
    PolicyDocument: pullPolicy,
  })
  assert.equal(
    put.body,
    '<PutRolePolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></PutRolePolicyResponse>',
  )
  const got = await ask('GetRolePolicy', { RoleName: 'CI', PolicyName: 'PULL' })
  const encoded = /<PolicyDocument>(.*)<\/PolicyDocument>/.exec(got.content)?.[1] ?? ''
  assert.match(encoded, /^[A-Za-z0-9._~%-]+$/)
  assert.equal(decodeURIComponent(encoded), pullPolicy)
  assert.match(got.content, /^<RoleName>ci<\/RoleName><PolicyName>pull<\/PolicyName>/)
  assert.equal(
    (await ask('ListRolePolicies', { RoleName: 'ci' })).content,
    '<PolicyNames><member>pull</member></PolicyNames><IsTruncated>false</IsTruncated>',
  )
  await ask('DeleteRolePolicy', { RoleName: 'ci', PolicyName: 'pull' })
  assert.equal(
    (await ask('ListRolePolicies', { RoleName: 'ci' })).content,
    '<PolicyNames/><IsTruncated>false</IsTruncated>',
  )
})

test('managed policies: made, read with their versions, attached, told who uses them', async (t) => {
  const deps = await testPolicyOwners(t)
  const { ask } = iamAsker(deps)
  const made = await ask('CreatePolicy', {
    PolicyName: 'pull',
    Path: '/team/',
    Description: 'may pull',
    PolicyDocument: pullPolicy,
  })
  const id = /<PolicyId>(ANPA[A-Z2-7]{17})<\/PolicyId>/.exec(made.content)?.[1] ?? ''
  const shape = (description: string, attached = 0): string =>
    `<Policy><PolicyName>pull</PolicyName><PolicyId>${id}</PolicyId><Arn>${arn}</Arn><Path>/team/</Path><DefaultVersionId>v1</DefaultVersionId>` +
    `<AttachmentCount>${attached}</AttachmentCount><PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount><IsAttachable>true</IsAttachable>` +
    `<CreateDate>2026-11-24T12:00:00Z</CreateDate><UpdateDate>2026-11-24T12:00:00Z</UpdateDate>${description}</Policy>`
  assert.equal(made.content, shape(''))
  await ask('AttachGroupPolicy', { GroupName: 'devs', PolicyArn: arn })
  assert.equal(
    (await ask('GetPolicy', { PolicyArn: arn })).content,
    shape('<Description>may pull</Description>', 1),
  )
  const version = await ask('GetPolicyVersion', { PolicyArn: arn, VersionId: 'v1' })
  assert.match(
    version.content,
    /^<PolicyVersion><Document>%7B[^<]+<\/Document><VersionId>v1<\/VersionId><IsDefaultVersion>true<\/IsDefaultVersion><CreateDate>2026-11-24T12:00:00Z<\/CreateDate><\/PolicyVersion>$/,
  )
  assert.equal(
    (await ask('ListAttachedGroupPolicies', { GroupName: 'devs' })).content,
    `<AttachedPolicies><member><PolicyName>pull</PolicyName><PolicyArn>${arn}</PolicyArn></member></AttachedPolicies><IsTruncated>false</IsTruncated>`,
  )
  assert.equal(
    (await ask('ListEntitiesForPolicy', { PolicyArn: arn })).content,
    '<PolicyGroups><member><GroupName>devs</GroupName><GroupId>AGPA1</GroupId></member></PolicyGroups><PolicyUsers/><PolicyRoles/><IsTruncated>false</IsTruncated>',
  )
  const local = { PolicyArn: arn, EntityFilter: 'LocalManagedPolicy' }
  assert.match((await ask('ListEntitiesForPolicy', local)).content, /^<PolicyGroups\/>/)
  const next = await ask('CreatePolicyVersion', {
    PolicyArn: arn,
    PolicyDocument: pullPolicy,
    SetAsDefault: 'true',
  })
  assert.equal(
    next.content,
    '<PolicyVersion><VersionId>v2</VersionId><IsDefaultVersion>true</IsDefaultVersion><CreateDate>2026-11-24T12:00:00Z</CreateDate></PolicyVersion>',
  )
  await ask('DeletePolicyVersion', { PolicyArn: arn, VersionId: 'v1' })
  assert.doesNotMatch(
    (await ask('ListPolicyVersions', { PolicyArn: arn })).content,
    /<VersionId>v1/,
  )
  await ask('DetachGroupPolicy', { GroupName: 'devs', PolicyArn: arn })
  assert.equal((await ask('DeletePolicy', { PolicyArn: arn })).status, 200)
})

test('lists are pages of any size, each policy once, and filtered before they are cut', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  for (const name of ['a', 'B', 'c', 'D', 'e']) {
    await ask('CreatePolicy', {
      PolicyName: name,
      Path: name === 'c' ? '/x/' : '/',
      PolicyDocument: pullPolicy,
    })
  }
  await ask('AttachUserPolicy', {
    UserName: 'dev',
    PolicyArn: 'arn:aws:iam::123456789012:policy/B',
  })
  const walk = async (members: Readonly<Record<string, string>>): Promise<string> => {
    const names: string[] = []
    let marker: string | undefined
    do {
      const page = await ask('ListPolicies', {
        MaxItems: '2',
        Scope: 'Local',
        ...members,
        ...(marker === undefined ? {} : { Marker: marker }),
      })
      names.push(
        ...Array.from(page.content.matchAll(/<PolicyName>(.*?)</g), ([, name = '']) => name),
      )
      marker = /<IsTruncated>true<\/IsTruncated><Marker>(.*?)</.exec(page.content)?.[1]
    } while (marker !== undefined)
    return names.join('')
  }
  assert.equal(await walk({}), 'aBcDe')
  assert.equal(await walk({ PathPrefix: '/x/' }), 'c')
  assert.equal(await walk({ OnlyAttached: 'true' }), 'B')
  assert.equal(await walk({ PolicyUsageFilter: 'PermissionsPolicy' }), 'B')
  assert.equal(await walk({ PolicyUsageFilter: 'PermissionsBoundary' }), '')
  assert.match(await walk({ Scope: 'AWS' }), /AdministratorAccess/)
  const first = await ask('ListPolicies', { MaxItems: '1' })
  const marker = /<Marker>(.*?)</.exec(first.content)?.[1] ?? ''
  const other = await ask('ListPolicies', { MaxItems: '1', Scope: 'Local', Marker: marker })
  assert.deepEqual(refusal(other), [400, 'ValidationError', 'Invalid Marker.'])
})

test('who uses a policy is told page after page', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
  for (const [kind, name] of [
    ['User', 'dev'],
    ['User', 'ops'],
    ['Role', 'ci'],
    ['Group', 'devs'],
  ] as const) {
    await ask(`Attach${kind}Policy`, { [`${kind}Name`]: name, PolicyArn })
  }
  const seen: string[] = []
  let marker: string | undefined
  do {
    const more = marker === undefined ? {} : { Marker: marker }
    const page = await ask('ListEntitiesForPolicy', { PolicyArn, MaxItems: '1', ...more })
    seen.push(
      ...Array.from(
        page.content.matchAll(/<(?:User|Role|Group)Name>(.*?)</g),
        ([, name = '']) => name,
      ),
    )
    marker = /<Marker>(.*?)</.exec(page.content)?.[1]
  } while (marker !== undefined)
  assert.deepEqual(seen, ['devs', 'ci', 'Dev', 'ops'])
})

test('identity providers: made, read, changed, deleted', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  const made = await ask('CreateOpenIDConnectProvider', {
    Url: 'https://token.actions.githubusercontent.com',
    'ClientIDList.member.1': 'sts.amazonaws.com',
  })
  const OpenIDConnectProviderArn =
    'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com'
  assert.equal(
    made.content,
    `<OpenIDConnectProviderArn>${OpenIDConnectProviderArn}</OpenIDConnectProviderArn>`,
  )
  await ask('AddClientIDToOpenIDConnectProvider', { OpenIDConnectProviderArn, ClientID: 'x' })
  await ask('RemoveClientIDFromOpenIDConnectProvider', {
    OpenIDConnectProviderArn,
    ClientID: 'sts.amazonaws.com',
  })
  await ask('UpdateOpenIDConnectProviderThumbprint', {
    OpenIDConnectProviderArn,
    'ThumbprintList.member.1': 'a'.repeat(40),
  })
  assert.equal(
    (await ask('GetOpenIDConnectProvider', { OpenIDConnectProviderArn })).content,
    `<Url>token.actions.githubusercontent.com</Url><ClientIDList><member>x</member></ClientIDList><ThumbprintList><member>${'a'.repeat(40)}</member></ThumbprintList><CreateDate>2026-11-24T12:00:00Z</CreateDate>`,
  )
  await ask('DeleteOpenIDConnectProvider', { OpenIDConnectProviderArn })
  assert.equal((await ask('ListOpenIDConnectProviders')).content, '<OpenIDConnectProviderList/>')
})

test('policies and providers have tags, which policies about them can ask for', async (t) => {
  const deps = await testPolicyOwners(t)
  const { ask, questions } = iamAsker(deps)
  const provider = 'arn:aws:iam::123456789012:oidc-provider/issuer.example'
  const tagged = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'blue' }
  const kinds = [
    [
      'Policy',
      'PolicyArn',
      arn,
      { PolicyName: 'pull', Path: '/team/', PolicyDocument: pullPolicy },
    ],
    [
      'OpenIDConnectProvider',
      'OpenIDConnectProviderArn',
      provider,
      { Url: 'https://issuer.example' },
    ],
  ] as const
  for (const [kind, member, value, made] of kinds) {
    await ask(`Create${kind}`, { ...made, ...tagged })
    const named = { [member]: value }
    assert.deepEqual(questions().at(-1)?.keys, {
      'aws:RequestTag/team': 'blue',
      'aws:TagKeys': ['team'],
    })
    assert.match(
      (await ask(`Get${kind}`, named)).content,
      /<Tags><member><Key>team<\/Key><Value>blue<\/Value><\/member><\/Tags>/,
    )
    const before = await deps.epoch()
    const changed = { 'Tags.member.1.Key': 'TEAM', 'Tags.member.1.Value': 'red' }
    await ask(`Tag${kind}`, { ...named, ...changed })
    assert.equal(await deps.epoch(), before + 1)
    assert.deepEqual(questions().at(-1)?.keys, {
      'aws:ResourceTag/team': 'blue',
      'iam:ResourceTag/team': 'blue',
      'aws:RequestTag/TEAM': 'red',
      'aws:TagKeys': ['TEAM'],
    })
    assert.equal(
      (await ask(`List${kind}Tags`, named)).content,
      '<Tags><member><Key>TEAM</Key><Value>red</Value></member></Tags><IsTruncated>false</IsTruncated>',
    )
    await ask(`Untag${kind}`, { ...named, 'TagKeys.member.1': 'team' })
    assert.match((await ask(`List${kind}Tags`, named)).content, /^<Tags\/>/)
    await ask(`Tag${kind}`, { ...named, ...tagged })
    await ask(`Delete${kind}`, named)
    await ask(`Create${kind}`, made)
    assert.doesNotMatch((await ask(`Get${kind}`, named)).content, /<Tags>/)
    const reserved = { ...named, 'Tags.member.1.Key': 'aws:x', 'Tags.member.1.Value': '' }
    assert.equal((await ask(`Tag${kind}`, reserved)).status, 400)
  }
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  assert.equal(refusal(await ask('TagPolicy', { PolicyArn, ...tagged }))[1], 'UnmodifiableEntity')
  assert.match((await ask('ListPolicyTags', { PolicyArn })).content, /^<Tags\/>/)
})

test('the whole account is told in four lists, page by page, each entry once', async (t) => {
  const { ask } = iamAsker(await testPolicyOwners(t))
  await ask('CreatePolicy', { PolicyName: 'pull', Path: '/team/', PolicyDocument: pullPolicy })
  await ask('PutUserPolicy', { UserName: 'dev', PolicyName: 'own', PolicyDocument: pullPolicy })
  await ask('AttachRolePolicy', { RoleName: 'ci', PolicyArn: arn })
  const names = /<(?:UserName|GroupName|RoleName|Arn)>([^<]*)</g
  const walk = async (members: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const seen: string[] = []
    let marker: string | undefined
    do {
      const more = marker === undefined ? {} : { Marker: marker }
      const page = await ask('GetAccountAuthorizationDetails', { ...members, ...more })
      seen.push(...Array.from(page.content.matchAll(names), ([, name = '']) => name))
      marker = /<Marker>(.*?)</.exec(page.content)?.[1]
    } while (marker !== undefined)
    return seen.filter((name) => name.startsWith('arn:aws:iam::123456789012'))
  }
  const everything = [
    'arn:aws:iam::123456789012:user/team/Dev',
    'arn:aws:iam::123456789012:user/ops',
    'arn:aws:iam::123456789012:group/team/devs',
    'arn:aws:iam::123456789012:role/ci',
    arn,
  ]
  assert.deepEqual(await walk({}), everything)
  assert.deepEqual(await walk({ MaxItems: '1' }), everything)
  assert.deepEqual(await walk({ MaxItems: '3' }), everything)
  assert.deepEqual(
    await walk({ 'Filter.member.1': 'Role', 'Filter.member.2': 'Group', MaxItems: '1' }),
    everything.slice(2, 4),
  )
  assert.deepEqual(await walk({ 'Filter.member.1': 'AWSManagedPolicy' }), [])
  const user = await ask('GetAccountAuthorizationDetails', {
    'Filter.member.1': 'User',
    MaxItems: '1',
  })
  const document = encodeURIComponent(pullPolicy).replaceAll('*', '%2A')
  assert.equal(
    /<UserDetailList>(.*)<\/UserDetailList>/.exec(user.content)?.[1],
    '<member><Path>/team/</Path><UserName>Dev</UserName><UserId>AIDA1</UserId><Arn>arn:aws:iam::123456789012:user/team/Dev</Arn><CreateDate>1970-01-01T00:00:00Z</CreateDate>' +
      `<UserPolicyList><member><PolicyName>own</PolicyName><PolicyDocument>${document}</PolicyDocument></member></UserPolicyList>` +
      '<GroupList><member>devs</member></GroupList><AttachedManagedPolicies/><Tags/></member>',
  )
  const local = await ask('GetAccountAuthorizationDetails', {
    'Filter.member.1': 'LocalManagedPolicy',
  })
  assert.match(local.content, /<PolicyVersionList><member><Document>%7B/)
  const role = await ask('GetAccountAuthorizationDetails', { 'Filter.member.1': 'Role' })
  assert.match(
    role.content,
    /<InstanceProfileList\/><RolePolicyList\/><AttachedManagedPolicies><member><PolicyName>pull</,
  )
})
