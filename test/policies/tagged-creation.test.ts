// What is made with tags: to make it is one right, to tag it another.
// Source: Service Authorization Reference, "Actions defined by Amazon ECR"; IAM User Guide, "Tags for AWS IAM resources".
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { testIam } from '../kit/iam-service.ts'
import { openWorld, outcomeOf, own, type World } from './world.ts'

const tags = [{ Key: 'team', Value: 'blue' }]
const onAll = { Effect: 'Allow', Resource: '*' }

async function creating(
  world: World,
  id: string,
  statements: readonly object[],
): Promise<(repositoryName: string, input?: { readonly tags?: typeof tags }) => Promise<string>> {
  const { api } = await world.user(own, id)
  await world.put(id, 'own', ...statements)
  return (repositoryName, input = {}) =>
    outcomeOf(api.send(new CreateRepositoryCommand({ repositoryName, ...input })))
}

test('a repository is made with tags by whom may tag it, and by nobody else', async (t) => {
  const world = await openWorld(t)
  const create = await creating(world, 'AIDAMAKER', [{ ...onAll, Action: 'ecr:CreateRepository' }])
  const refusal =
    'AccessDeniedException: User: arn:aws:iam::123456789012:user/aidamaker is not authorized to perform: ecr:TagResource on resource: arn:aws:ecr:us-east-1:123456789012:repository/tagged because no identity-based policy allows the ecr:TagResource action'
  assert.equal(await create('tagged', { tags }), refusal)
  assert.equal(await create('tagged'), 'allowed', 'the refusal made nothing, and no tags need none')
  assert.equal(await create('empty', { tags: [] }), 'allowed')

  const action = ['ecr:CreateRepository', 'ecr:TagResource']
  const tagger = await creating(world, 'AIDATAGGER', [{ ...onAll, Action: action }])
  assert.equal(await tagger('blue', { tags }), 'allowed')
})

test('a condition on the tags that are put holds for the right to tag', async (t) => {
  const world = await openWorld(t)
  const create = await creating(world, 'AIDABLUE', [
    { ...onAll, Action: 'ecr:CreateRepository' },
    {
      ...onAll,
      Action: 'ecr:TagResource',
      Condition: {
        StringEquals: { 'aws:RequestTag/team': 'blue' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
      },
    },
  ])
  assert.match(
    await create('red', { tags: [{ Key: 'team', Value: 'red' }] }),
    /ecr:TagResource on resource: \S+\/red because no identity-based policy allows/,
  )
  assert.match(
    await create('more', { tags: [...tags, { Key: 'cost', Value: '1' }] }),
    /ecr:TagResource on resource: \S+\/more because no identity-based policy allows/,
  )
  assert.equal(await create('blue', { tags }), 'allowed')
})

const document = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'ecr:BatchGetImage', Resource: '*' },
})
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { AWS: 'arn:aws:iam::123456789012:root' },
  },
})
const made: readonly (readonly [
  operation: string,
  tagging: string,
  members: Readonly<Record<string, string>>,
])[] = [
  ['CreateUser', 'iam:TagUser', { UserName: 'dev' }],
  ['CreateRole', 'iam:TagRole', { RoleName: 'ci', AssumeRolePolicyDocument: trust }],
  ['CreatePolicy', 'iam:TagPolicy', { PolicyName: 'pull', PolicyDocument: document }],
  [
    'CreateOpenIDConnectProvider',
    'iam:TagOpenIDConnectProvider',
    { Url: 'https://token.example.com', 'ClientIDList.member.1': 'sts' },
  ],
]

for (const [operation, tagging, members] of made) {
  test(`${operation} with tags asks for ${tagging} too`, async (t) => {
    const iam = await testIam(t, (action) => action !== tagging)
    const tagged = { ...members, 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'blue' }
    const refused = await iam.call(operation, tagged)
    assert.equal(refused.error, `AccessDenied: not authorized to perform: ${tagging}`)
    const [create, tag] = iam.asked
    assert.deepEqual(tag?.resources, create?.resources)
    assert.equal(tag?.keys['aws:RequestTag/team'], 'blue')
    assert.deepEqual(tag?.keys['aws:TagKeys'], ['team'])
    assert.equal((await iam.call(operation, members)).error, undefined)
  })
}
