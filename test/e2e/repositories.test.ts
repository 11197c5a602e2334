// Tag immutability with exclusions, repository creation templates and creation on push, by unmodified clients.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  CreateRepositoryCreationTemplateCommand,
  DescribeRepositoriesCommand,
  DescribeRepositoryCreationTemplatesCommand,
  ECRClient,
  GetLifecyclePolicyCommand,
  GetRepositoryPolicyCommand,
  ListTagsForResourceCommand,
  PutImageTagMutabilityCommand,
  UpdateRepositoryCreationTemplateCommand,
  type CreateRepositoryCreationTemplateCommandInput,
} from '@aws-sdk/client-ecr'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { lifecycleText } from '../kit/lifecycle.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const script = `
import boto3, json
ecr = boto3.client('ecr')
account = boto3.client('sts').get_caller_identity()['Account']
def refused(code, call, **arguments):
    try: call(**arguments)
    except ecr.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == code, error.response
        return error.response['Error']['Message']
    raise SystemExit(f'{call} was accepted')

# Exclusions: as put, as described, as replaced.
def filters(*texts): return [{'filterType': 'WILDCARD', 'filter': text} for text in texts]
name = {'repositoryName': 'python/app'}
made = ecr.create_repository(**name, imageTagMutability='IMMUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters=filters('latest', 'dev-*'))['repository']
read = ecr.describe_repositories(repositoryNames=['python/app'])['repositories'][0]
assert made == read, (made, read)
assert (read['imageTagMutability'], read['imageTagMutabilityExclusionFilters']) == ('IMMUTABLE_WITH_EXCLUSION', filters('latest', 'dev-*')), read
def index(note): return json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.index.v1+json', 'manifests': [], 'annotations': {'note': note}})
for note in ('1', '2'): ecr.put_image(**name, imageManifest=index(note), imageTag='dev-1')
ecr.put_image(**name, imageManifest=index('1'), imageTag='v1')
message = refused('ImageTagAlreadyExistsException', ecr.put_image, **name, imageManifest=index('2'), imageTag='v1')
assert message == "The image tag 'v1' already exists in the 'python/app' repository and cannot be overwritten because the tag is immutable.", message
put = ecr.put_image_tag_mutability(**name, imageTagMutability='MUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters=filters('dev-*'))
assert (put['imageTagMutability'], put['imageTagMutabilityExclusionFilters']) == ('MUTABLE_WITH_EXCLUSION', filters('dev-*')), put
ecr.put_image(**name, imageManifest=index('2'), imageTag='v1')
refused('ImageTagAlreadyExistsException', ecr.put_image, **name, imageManifest=index('1'), imageTag='dev-1')
put = ecr.put_image_tag_mutability(**name, imageTagMutability='MUTABLE')
assert 'imageTagMutabilityExclusionFilters' not in put, put
assert 'imageTagMutabilityExclusionFilters' not in ecr.describe_repositories(repositoryNames=['python/app'])['repositories'][0]

# aws_ecr_repository_creation_template: what the provider calls on create, read, update and delete.
def template(prefix='python'):
    found = ecr.describe_repository_creation_templates(prefixes=[prefix])
    assert found['registryId'] == account and 'nextToken' not in found, found
    return found['repositoryCreationTemplates'][0] if found['repositoryCreationTemplates'] else None
assert template() is None
policy = json.dumps({'Version': '2012-10-17', 'Statement': [{'Sid': 'pull', 'Effect': 'Allow', 'Principal': {'AWS': f'arn:aws:iam::{account}:root'}, 'Action': ['ecr:BatchGetImage']}]}, indent=1)
lifecycle = json.dumps({'rules': [{'rulePriority': 1, 'description': 'the newest', 'selection': {'tagStatus': 'any', 'countType': 'imageCountMoreThan', 'countNumber': 9}, 'action': {'type': 'expire'}}]}, indent=1)
made = ecr.create_repository_creation_template(prefix='python', description='of the team', appliedFor=['PULL_THROUGH_CACHE', 'CREATE_ON_PUSH'],
    encryptionConfiguration={'encryptionType': 'AES256'}, imageTagMutability='IMMUTABLE_WITH_EXCLUSION', imageTagMutabilityExclusionFilters=filters('latest'),
    resourceTags=[{'Key': 'team', 'Value': 'blue'}], repositoryPolicy=policy, lifecyclePolicy=lifecycle)
assert made['registryId'] == account, made
read = template()
assert made['repositoryCreationTemplate'] == read, (made, read)
assert (read['prefix'], read['description'], read['appliedFor']) == ('python', 'of the team', ['PULL_THROUGH_CACHE', 'CREATE_ON_PUSH']), read
assert (read['imageTagMutability'], read['imageTagMutabilityExclusionFilters']) == ('IMMUTABLE_WITH_EXCLUSION', filters('latest')), read
assert (read['repositoryPolicy'], read['lifecyclePolicy']) == (policy, lifecycle), read
assert (read['encryptionConfiguration'], read['resourceTags']) == ({'encryptionType': 'AES256'}, [{'Key': 'team', 'Value': 'blue'}]), read
assert read['createdAt'] == read['updatedAt'] and 'customRoleArn' not in read, read
refused('TemplateAlreadyExistsException', ecr.create_repository_creation_template, prefix='python/', appliedFor=['REPLICATION'])
changed = ecr.update_repository_creation_template(prefix='python', appliedFor=['CREATE_ON_PUSH'], description='', resourceTags=[], lifecyclePolicy='')['repositoryCreationTemplate']
assert changed == template() and changed['appliedFor'] == ['CREATE_ON_PUSH'], changed
assert not {'description', 'resourceTags', 'lifecyclePolicy'} & changed.keys() and changed['repositoryPolicy'] == policy, changed
assert changed['imageTagMutabilityExclusionFilters'] == filters('latest') and changed['createdAt'] == read['createdAt'], changed
changed = ecr.update_repository_creation_template(prefix='python', imageTagMutability='MUTABLE_WITH_EXCLUSION')['repositoryCreationTemplate']
assert (changed['imageTagMutability'], changed['imageTagMutabilityExclusionFilters']) == ('MUTABLE_WITH_EXCLUSION', filters('latest')), changed
changed = ecr.update_repository_creation_template(prefix='python', imageTagMutabilityExclusionFilters=filters('v*'))['repositoryCreationTemplate']
assert (changed['imageTagMutability'], changed['imageTagMutabilityExclusionFilters']) == ('MUTABLE_WITH_EXCLUSION', filters('v*')), changed
changed = ecr.update_repository_creation_template(prefix='python', imageTagMutability='MUTABLE')['repositoryCreationTemplate']
assert changed['imageTagMutability'] == 'MUTABLE' and 'imageTagMutabilityExclusionFilters' not in changed, changed
for prefix in ('ROOT', 'python/slash/', 'zoo'): ecr.create_repository_creation_template(prefix=prefix, appliedFor=['REPLICATION'])
pages = ecr.get_paginator('describe_repository_creation_templates').paginate(PaginationConfig={'PageSize': 1})
prefixes = [one['prefix'] for page in pages for one in page['repositoryCreationTemplates']]
assert prefixes == ['ROOT', 'python', 'python/slash/', 'zoo'], prefixes
for prefix in prefixes:
    assert ecr.delete_repository_creation_template(prefix=prefix)['repositoryCreationTemplate']['prefix'] == prefix
refused('TemplateNotFoundException', ecr.delete_repository_creation_template, prefix='python')
refused('TemplateNotFoundException', ecr.update_repository_creation_template, prefix='python')
print('ok')
`

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

test('exclusions, templates and creation on push', async (t) => {
  const server = await startServer(t)
  const { ecr } = server

  await t.test('by boto3, as Terraform puts them', { skip: python }, async () => {
    const done = await run('python3', ['-c', script], { env: server.environment })
    assert.equal(done.stderr, '')
    assert.equal(done.stdout.trim(), 'ok')
  })

  await t.test('the aws command puts and shows exclusions', { skip: missing('aws') }, async () => {
    const mutability = ['--image-tag-mutability', 'IMMUTABLE_WITH_EXCLUSION']
    const filters = 'filterType=WILDCARD,filter=latest'
    const args = [...mutability, '--image-tag-mutability-exclusion-filters', filters]
    const made = await run(
      'aws',
      ['ecr', 'create-repository', '--repository-name', 'cli/app', ...args, '--output', 'json'],
      { env: server.environment },
    )
    assert.equal(made.stderr, '')
    assert.match(made.stdout, /"filter": "latest"/)
  })

  await t.test('what cannot be is refused by member, value and rule', async () => {
    const mutability = (
      imageTagMutability: string,
      ...filters: readonly string[]
    ): Promise<unknown> =>
      ecr.send(
        new PutImageTagMutabilityCommand({
          repositoryName: 'cli/app',
          // @ts-expect-error -- what the model does not have, too
          imageTagMutability,
          ...(filters.length === 0
            ? {}
            : {
                imageTagMutabilityExclusionFilters: filters.map((filter) => ({
                  filterType: 'WILDCARD',
                  filter,
                })),
              }),
        }),
      )
    const member = 'imageTagMutabilityExclusionFilters'
    const parameter = (at: string, what: string): string =>
      `Invalid parameter at '${at}' failed to satisfy constraint: '${what}'`
    const refusals: readonly (readonly [Promise<unknown>, message: string])[] = [
      [
        mutability('IMMUTABLE_WITH_EXCLUSION'),
        parameter(
          member,
          `ImageTagMutabilityExclusionFilters can't be null when imageTagMutability is set as IMMUTABLE_WITH_EXCLUSION`,
        ),
      ],
      [
        mutability('MUTABLE', 'a'),
        parameter(
          member,
          'ImageTagMutabilityExclusionFilters are not allowed when imageTagMutability is set as MUTABLE',
        ),
      ],
      [
        mutability('MUTABLE_WITH_EXCLUSION', 'ok', 'a*b*c*'),
        parameter(`${member}.2.member.filter`, `'a*b*c*' must have at most 2 wildcards (*)`),
      ],
      [
        mutability('MUTABLE_WITH_EXCLUSION', 'v?'),
        parameter(
          `${member}.1.member.filter`,
          `'v?' must consist of the characters 0-9 a-z A-Z . _ - and *`,
        ),
      ],
      [
        mutability('MUTABLE_WITH_EXCLUSION', 'a', 'b', 'c', 'd', 'e', 'f'),
        parameter(member, 'must have length less than or equal to 5'),
      ],
      [
        mutability('SOMETIMES'),
        parameter(
          'imageTagMutability',
          `must be one of 'MUTABLE', 'IMMUTABLE', 'MUTABLE_WITH_EXCLUSION', 'IMMUTABLE_WITH_EXCLUSION'`,
        ),
      ],
    ]
    for (const [work, message] of refusals)
      await assert.rejects(work, { name: 'InvalidParameterException', message })

    const template = (
      input: Partial<CreateRepositoryCreationTemplateCommandInput>,
    ): Promise<unknown> =>
      ecr.send(
        new CreateRepositoryCreationTemplateCommand({
          prefix: 'prod',
          appliedFor: ['CREATE_ON_PUSH'],
          ...input,
        }),
      )
    const role = 'arn:aws:iam::210987654321:role/other'
    const refused: readonly (readonly [
      Partial<CreateRepositoryCreationTemplateCommandInput>,
      name: string,
      message: RegExp,
    ])[] = [
      [
        { prefix: 'Prod' },
        'ValidationException',
        /^1 validation error detected: Value 'Prod' at 'prefix' failed to satisfy constraint: Member must satisfy regular expression pattern: /,
      ],
      [
        // @ts-expect-error -- what the model does not have
        { appliedFor: ['ALWAYS'] },
        'ValidationException',
        /'appliedFor'.*enum value set: \[PULL_THROUGH_CACHE, REPLICATION, CREATE_ON_PUSH\]/,
      ],
      [
        { customRoleArn: role },
        'ValidationException',
        /Value 'arn:aws:iam::210987654321:role\/other' at 'customRoleArn'.*a role of account 123456789012/,
      ],
      [
        { encryptionConfiguration: { encryptionType: 'KMS' } },
        'InvalidParameterException',
        /'encryptionConfiguration\.encryptionType'.*KMS is not offered by this registry; use AES256/,
      ],
      [
        { repositoryPolicy: '{"Version":"2012-10-17"}' },
        'InvalidParameterException',
        /Invalid repository policy provided/,
      ],
      [
        { lifecyclePolicy: '{"rules":[]}' },
        'InvalidParameterException',
        /'lifecyclePolicy'.*Lifecycle policy validation failure/,
      ],
      [
        { resourceTags: [{ Key: 'aws:x', Value: '' }] },
        'InvalidTagParameterException',
        /begins with aws:/,
      ],
      [
        { imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' },
        'InvalidParameterException',
        /can't be null/,
      ],
    ]
    for (const [input, name, message] of refused)
      await assert.rejects(template(input), { name, message })
  })

  await t.test('who makes a template needs what it does, on all that it is for', async () => {
    const anywhere = { Effect: 'Allow', Action: 'ecr:*RepositoryCreationTemplate', Resource: '*' }
    const under = (action: string, name: string): object => ({
      Effect: 'Allow',
      Action: action,
      Resource: `arn:aws:ecr:us-east-1:123456789012:repository/${name}`,
    })
    const { ecr: author } = await userOf(server, 'author', [
      anywhere,
      under('ecr:CreateRepository', 'prod/*'),
      under('ecr:PutLifecyclePolicy', 'prod/*'),
    ])
    const create = (
      input: Partial<CreateRepositoryCreationTemplateCommandInput>,
    ): Promise<unknown> =>
      author.send(
        new CreateRepositoryCreationTemplateCommand({
          prefix: 'prod',
          appliedFor: ['CREATE_ON_PUSH'],
          ...input,
        }),
      )
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'ecr:*' }],
    })
    const denied: readonly (readonly [
      Partial<CreateRepositoryCreationTemplateCommandInput>,
      message: RegExp,
    ])[] = [
      [{ prefix: 'ROOT' }, /ecr:CreateRepository on resource: arn:.*:repository\/\* because/],
      [
        { prefix: 'production' },
        /ecr:CreateRepository on resource: arn:.*:repository\/production\/\*/,
      ],
      [
        { repositoryPolicy: policy },
        /ecr:SetRepositoryPolicy on resource: arn:.*:repository\/prod\/\*/,
      ],
      [{ resourceTags: [{ Key: 'a', Value: 'b' }] }, /ecr:TagResource/],
      [
        { customRoleArn: 'arn:aws:iam::123456789012:role/maker' },
        /iam:PassRole on resource: arn:aws:iam::123456789012:role\/maker/,
      ],
    ]
    for (const [input, message] of denied)
      await assert.rejects(create(input), { name: 'AccessDeniedException', message })
    await create({ lifecyclePolicy: lifecycleText(['1 any count:9']) })
    const update = (
      input: Partial<CreateRepositoryCreationTemplateCommandInput>,
    ): Promise<unknown> =>
      author.send(new UpdateRepositoryCreationTemplateCommand({ prefix: 'prod', ...input }))
    // Nor may they take away what they may not put: a policy that denies is one, and rights hang on tags.
    for (const repositoryPolicy of [policy, ''])
      await assert.rejects(update({ repositoryPolicy }), {
        name: 'AccessDeniedException',
        message: /ecr:SetRepositoryPolicy on resource: arn:.*:repository\/prod\/\*/,
      })
    await assert.rejects(update({ resourceTags: [] }), {
      name: 'AccessDeniedException',
      message: /ecr:TagResource/,
    })
    await update({ description: 'ours' })
    await update({ lifecyclePolicy: '' })
    await update({ lifecyclePolicy: lifecycleText(['1 any count:9']) })
    const list = new DescribeRepositoryCreationTemplatesCommand({})
    await assert.rejects(author.send(list), { name: 'AccessDeniedException' })
    const { repositoryCreationTemplates: listed = [] } = await ecr.send(list)
    // Safe unless it is said otherwise, as a repository is.
    assert.deepEqual(
      listed.map(({ prefix, imageTagMutability }) => [prefix, imageTagMutability]),
      [['prod', 'IMMUTABLE']],
    )
  })

  const directory = await temporaryDirectory(t)
  const layout = await writeImageLayout(join(directory, 'image'), [{ 'etc/hello': 'hello' }])
  const policyText = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'ecr:BatchGetImage' },
    ],
  })
  const lifecyclePolicy = lifecycleText(['1 any count:9'])

  await t.test(
    'skopeo makes the repository that it pushes to',
    { skip: missing('skopeo') },
    async () => {
      const push = async (to: string, user: ServerUser): Promise<Finished> => {
        const destination = `docker://${server.host}/${to}`
        const login = ['--dest-tls-verify=false', `--dest-creds=${user.credentials}`]
        const from = `oci:${layout.directory}`
        return run('skopeo', ['copy', ...login, from, destination], { env: server.environment })
      }
      const admin = { credentials: `${server.accessKeyId}:${server.secretAccessKey}` }
      const refused = await push('made/app:1', admin)
      assert.equal(refused.status, 1)
      assert.match(
        refused.stderr,
        /repository made\/app does not exist; create it \(aws ecr create-repository --repository-name made\/app\), or have a repository creation template with CREATE_ON_PUSH make it/,
      )
      await ecr.send(
        new CreateRepositoryCreationTemplateCommand({
          prefix: 'made',
          appliedFor: ['CREATE_ON_PUSH'],
          imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
          imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: 'latest' }],
          resourceTags: [{ Key: 'team', Value: 'blue' }],
          repositoryPolicy: policyText,
          lifecyclePolicy,
        }),
      )
      const pushed = await push('made/app:1', admin)
      assert.equal(pushed.status, 0, pushed.stderr)
      const repositoryName = 'made/app'
      const described = await ecr.send(
        new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] }),
      )
      const [made] = described.repositories ?? []
      assert.deepEqual(
        [made?.imageTagMutability, made?.imageTagMutabilityExclusionFilters],
        ['IMMUTABLE_WITH_EXCLUSION', [{ filterType: 'WILDCARD', filter: 'latest' }]],
      )
      const policy = await ecr.send(new GetRepositoryPolicyCommand({ repositoryName }))
      assert.equal(policy.policyText, policyText)
      const lifecycle = await ecr.send(new GetLifecyclePolicyCommand({ repositoryName }))
      assert.equal(lifecycle.lifecyclePolicyText, lifecyclePolicy)
      const tags = new ListTagsForResourceCommand({ resourceArn: made?.repositoryArn })
      assert.deepEqual((await ecr.send(tags)).tags, [{ Key: 'team', Value: 'blue' }])

      // Bound by tags: what they may push to must have the tag, which the template gives it. By a token, as skopeo asks for one.
      const tagged = await userOf(server, 'tagged', [
        { Effect: 'Allow', Action: ['ecr:CreateRepository', 'ecr:TagResource'], Resource: '*' },
        {
          Effect: 'Allow',
          Action: 'ecr:*',
          Resource: '*',
          Condition: { StringEquals: { 'aws:ResourceTag/team': 'blue' } },
        },
      ])
      const byTag = await push('made/by-tag:1', tagged)
      assert.equal(byTag.status, 0, byTag.stderr)
      assert.equal((await push('unmade/by-tag:1', tagged)).status, 1)
    },
  )

  await t.test('who may push and not create makes nothing, and is told why', async () => {
    await ecr.send(
      new CreateRepositoryCreationTemplateCommand({
        prefix: 'asked',
        appliedFor: ['CREATE_ON_PUSH'],
        resourceTags: [{ Key: 'team', Value: 'blue' }],
      }),
    )
    const may = (Action: string, members: object = {}): object => ({
      Effect: 'Allow',
      Action,
      Resource: '*',
      ...members,
    })
    const push = [may('ecr:InitiateLayerUpload'), may('ecr:PutImage'), may('ecr:BatchGetImage')]
    const isTagged = (team: string): object => ({
      Condition: { StringEquals: { 'aws:RequestTag/team': team } },
    })
    const refusals: readonly (readonly [
      name: string,
      statements: readonly object[],
      action: string,
    ])[] = [
      ['creates-not', push, 'CreateRepository'],
      [
        'puts-not',
        [may('ecr:InitiateLayerUpload'), may('ecr:CreateRepository'), may('ecr:TagResource')],
        'PutImage',
      ],
      ['tags-not', [...push, may('ecr:CreateRepository')], 'TagResource'],
      [
        'red',
        [...push, may('ecr:CreateRepository', isTagged('red')), may('ecr:TagResource')],
        'CreateRepository',
      ],
    ]
    for (const [name, statements, action] of refusals) {
      const user = await userOf(server, name, statements)
      for (const path of ['asked/app/blobs/uploads/', 'asked/app/manifests/1']) {
        const answer = await send(server, user, path.endsWith('/') ? 'POST' : 'PUT', path)
        assert.equal(answer.status, 403)
        assert.match(
          answer.text,
          new RegExp(
            `user/${name} is not authorized to perform: ecr:${action} on resource: arn:aws:ecr:us-east-1:123456789012:repository/asked/app because`,
          ),
        )
      }
    }
    const stranger = await userOf(server, 'stranger', [
      may('ecr:CreateRepository'),
      may('ecr:TagResource'),
    ])
    const unseen = await send(server, stranger, 'POST', 'asked/app/blobs/uploads/')
    assert.equal(unseen.status, 404, 'who may not push is not told that there could be something')
    const { credentials } = await userOf(server, 'narrow', [may('ecr:*')])
    const scope = 'repository:asked/app:pull'
    const token = await fetch(`${server.url}/token?scope=${scope}`, { headers: basic(credentials) })
    const bearer = `Bearer ${((await token.json()) as { readonly token: string }).token}`
    const narrow = await fetch(`${server.url}/v2/asked/app/blobs/uploads/`, {
      method: 'POST',
      headers: { authorization: bearer },
    })
    assert.equal(narrow.status, 401, 'a token to pull makes nothing')
    const reader = await userOf(server, 'reader', [may('ecr:*')])
    for (const [method, path] of [
      ['GET', 'asked/app/manifests/1'],
      ['HEAD', 'asked/app/manifests/1'],
      ['GET', `asked/app/blobs/${layout.manifestDigest}`],
      ['GET', 'asked/app/tags/list'],
      ['DELETE', 'asked/app/manifests/1'],
      ['PATCH', 'asked/app/blobs/uploads/0b3a2c1d-0000-4000-8000-000000000000'],
    ] as const) {
      assert.equal((await send(server, reader, method, path)).status, 404, `${method} ${path}`)
    }
    const asked = new DescribeRepositoriesCommand({ repositoryNames: ['asked/app'] })
    await assert.rejects(ecr.send(asked), { name: 'RepositoryNotFoundException' })

    const blue = await userOf(server, 'blue', [
      ...push,
      may('ecr:CreateRepository', isTagged('blue')),
      may('ecr:TagResource', isTagged('blue')),
    ])
    const made = await send(server, blue, 'POST', 'asked/app/blobs/uploads/')
    assert.equal(made.status, 202, made.text)
    await ecr.send(asked)
  })

  await t.test('pushes that race make one repository, with one record of who made it', async () => {
    const admin = { credentials: `${server.accessKeyId}:${server.secretAccessKey}` }
    const index =
      '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, number) =>
        number % 2 === 0
          ? send(server, admin, 'POST', 'made/race/blobs/uploads/')
          : send(server, admin, 'PUT', 'made/race/manifests/latest', index),
      ),
    )
    assert.ok(answers.every(({ status }, number) => status === (number % 2 === 0 ? 202 : 201)))
    const args = ['audit-log', 'search', '--action', 'ecr:CreateRepository', '--output', 'json']
    const found = await run(process.execPath, [program, ...args], { env: server.environment })
    assert.equal(found.stderr, '')
    const records = (JSON.parse(found.stdout) as readonly CreationRecord[]).filter(
      ({ requestParameters }) => requestParameters?.repositoryName === 'made/race',
    )
    assert.equal(records.length, 1)
    const [record] = records
    assert.deepEqual(
      [record?.eventName, record?.readOnly, record?.pratique.decision, record?.pratique.door],
      ['CreateRepository', false, 'allow', 'oci'],
    )
    const { requestParameters, resources, userIdentity } = record ?? {}
    assert.equal(requestParameters?.prefix, 'made')
    assert.deepEqual(requestParameters?.tags, [{ key: 'team', value: 'blue' }])
    assert.equal(resources?.[0]?.ARN, 'arn:aws:ecr:us-east-1:123456789012:repository/made/race')
    assert.match(userIdentity?.arn ?? '', /user\/admin$/)
  })
})

interface CreationRecord {
  readonly eventName: string
  readonly readOnly: boolean
  readonly requestParameters?: {
    readonly repositoryName: string
    readonly prefix?: string
    readonly tags?: unknown
  }
  readonly resources?: readonly { readonly ARN: string }[]
  readonly userIdentity?: { readonly arn: string }
  readonly pratique: { readonly decision: string; readonly door: string }
}

interface ServerUser {
  /** User name and password for `/v2`. */
  readonly credentials: string
}

function basic(credentials: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

async function send(
  server: ServerProcess,
  { credentials }: ServerUser,
  method: string,
  path: string,
  body?: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const type = 'application/vnd.oci.image.index.v1+json'
  const answer = await fetch(`${server.url}/v2/${path}`, {
    method,
    headers: { ...basic(credentials), 'content-type': type },
    ...(body === undefined ? {} : { body }),
  })
  return { status: answer.status, text: await answer.text() }
}

async function userOf(
  server: ServerProcess,
  name: string,
  statements: readonly object[],
): Promise<ServerUser & { readonly ecr: ECRClient }> {
  const { accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  const iam = new IAMClient({ endpoint: server.url, region: 'us-east-1', credentials })
  await iam.send(new CreateUserCommand({ UserName: name }))
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'own', PolicyDocument }))
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: name }))
  iam.destroy()
  const keys = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' }
  const ecr = new ECRClient({ endpoint: server.url, region: 'us-east-1', credentials: keys })
  return { ecr, credentials: `${keys.accessKeyId}:${keys.secretAccessKey}` }
}
