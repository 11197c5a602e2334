// "This policy lets the CI role push and nobody else, an administrator included", by the aws CLI and skopeo as they are.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { administratorAccess } from '../kit/identities.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { openWorld, other, own, type Caller, type World } from '../policies/world.ts'

const repository = 'team/app'
const ciRole = `arn:aws:iam::${own}:role/CIDeploymentRole`

const seedPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: ciRole },
      Action: [
        'ecr:PutImage',
        'ecr:InitiateLayerUpload',
        'ecr:UploadLayerPart',
        'ecr:CompleteLayerUpload',
      ],
      Resource: '*',
    },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 'ecr:PutImage',
      Condition: { ArnNotLike: { 'aws:PrincipalArn': ciRole } },
    },
  ],
}

interface Person {
  aws(...args: readonly string[]): Promise<Finished>
  /** With a login of the person's own. */
  skopeo(...args: readonly string[]): Promise<Finished>
}

/** A home and credentials, and a login by the password that the aws CLI prints. */
async function personOf(
  world: World,
  directory: string,
  caller: Caller | undefined,
): Promise<Person> {
  const { accessKeyId = '', secretAccessKey = '', sessionToken } = caller?.credentials ?? {}
  const env: NodeJS.ProcessEnv = {
    PATH: process.env['PATH'],
    HOME: directory,
    REGISTRY_AUTH_FILE: join(directory, 'auth.json'),
    AWS_ENDPOINT_URL: world.server.url,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
  }
  const aws: Person['aws'] = (...args) => runAws(args, { env })
  const skopeo: Person['skopeo'] = (...args) => run('skopeo', args, { env })
  if (caller === undefined) return { aws, skopeo }
  const password = await aws('ecr', 'get-login-password')
  assert.equal(password.status, 0, password.stderr)
  const { host } = new URL(world.server.url)
  const login = ['login', '--tls-verify=false', '-u', 'AWS', '--password-stdin', host]
  const done = await run('skopeo', login, { env, input: password.stdout })
  assert.equal(done.status, 0, done.stderr)
  return { aws, skopeo }
}

test(
  'the CI role’s session pushes; administrator, root, another account and nobody are refused; pulls are as before',
  { skip: missing('aws', 'skopeo') },
  async (t) => {
    const world = await openWorld(t)
    await world.createRepository(repository)
    await world.addRole(own, 'AROACI', 'CIDeploymentRole')
    await world.attach('AROACI', 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPowerUser')
    const foreign = await world.user(other, 'AIDAFAR')
    await world.attach('AIDAFAR', administratorAccess)
    const person = async (caller: Caller | undefined): Promise<Person> =>
      personOf(world, await temporaryDirectory(t), caller)
    const admin = await person(world.admin)
    const set = await admin.aws(
      'ecr',
      'set-repository-policy',
      '--repository-name',
      repository,
      '--policy-text',
      JSON.stringify(seedPolicy),
    )
    assert.equal(set.status, 0, set.stderr)
    const directory = await temporaryDirectory(t)
    const image = await writeImageLayout(join(directory, 'image'), [{ 'etc/hello': 'one' }])
    const next = await writeImageLayout(join(directory, 'next'), [{ 'etc/hello': 'two' }])
    const { host } = new URL(world.server.url)
    const push = (who: Person, layout: string, name: string): Promise<Finished> =>
      who.skopeo('copy', '--dest-tls-verify=false', `oci:${layout}`, `docker://${host}/${name}`)
    const pull = (who: Person, to: string): Promise<Finished> =>
      who.skopeo(
        'copy',
        '--src-tls-verify=false',
        `docker://${host}/${repository}:v1`,
        `oci:${join(directory, to)}`,
      )

    const ci = await person(await world.session('AROACI'))
    const pushed = await push(ci, image.directory, `${repository}:v1`)
    assert.equal(pushed.status, 0, pushed.stderr)

    const refusedBy = 'with an explicit deny in a resource-based policy'
    const resource = `arn:aws:ecr:us-east-1:${own}:repository/${repository}`
    const root = await person(await world.root(own))
    for (const [who, arn] of [
      [admin, `arn:aws:iam::${own}:user/admin`],
      [root, `arn:aws:iam::${own}:root`],
    ] as const) {
      const refused = await push(who, next.directory, `${repository}:v2`)
      assert.notEqual(refused.status, 0)
      const sentence = `User: ${arn} is not authorized to perform: ecr:PutImage on resource: ${resource} ${refusedBy}`
      assert.ok(refused.stderr.includes(sentence), refused.stderr)
    }
    const far = await person(foreign)
    const blind = await push(far, next.directory, `${own}/${repository}:v2`)
    assert.notEqual(blind.status, 0)
    assert.match(blind.stderr, /does not exist|name unknown/i)
    const asked = await far.aws(
      'ecr',
      'put-image',
      '--registry-id',
      own,
      '--repository-name',
      repository,
      '--image-manifest',
      '{}',
      '--image-tag',
      'v2',
    )
    assert.match(asked.stderr, /AccessDeniedException/)
    assert.ok(asked.stderr.includes(refusedBy), asked.stderr)
    const nobody = await person(undefined)
    const unnamed = await push(nobody, next.directory, `${repository}:v2`)
    assert.notEqual(unnamed.status, 0)
    assert.match(unnamed.stderr, /unauthorized|authentication required/i)

    for (const [who, to] of [
      [admin, 'by-admin'],
      [root, 'by-root'],
      [ci, 'by-ci'],
    ] as const) {
      const pulled = await pull(who, to)
      assert.equal(pulled.status, 0, pulled.stderr)
    }
    const tags = await admin.skopeo(
      'list-tags',
      '--tls-verify=false',
      `docker://${host}/${repository}`,
    )
    assert.deepEqual((JSON.parse(tags.stdout) as { Tags: readonly string[] }).Tags, ['v1'])
  },
)

test(
  'the aws CLI is told where a policy is wrong in AWS’s words, and reads back what it put',
  { skip: missing('aws') },
  async (t) => {
    const world = await openWorld(t)
    await world.createRepository(repository)
    const admin = await personOf(world, await temporaryDirectory(t), world.admin)
    const on = ['--repository-name', repository] as const
    const wrong = await admin.aws('ecr', 'set-repository-policy', ...on, '--policy-text', '{')
    assert.match(wrong.stderr, /InvalidParameterException.*'Invalid repository policy provided'/)
    const missingPolicy = await admin.aws('ecr', 'get-repository-policy', ...on)
    assert.match(missingPolicy.stderr, /RepositoryPolicyNotFoundException/)
    const policyText =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:ListImages"}]}'
    await admin.aws('ecr', 'set-repository-policy', ...on, '--policy-text', policyText)
    const got = await admin.aws(
      'ecr',
      'get-repository-policy',
      ...on,
      '--query',
      'policyText',
      '--output',
      'text',
    )
    assert.equal(got.stdout.trim(), policyText)
    const deleted = await admin.aws('ecr', 'delete-repository-policy', ...on)
    assert.equal(deleted.status, 0, deleted.stderr)
  },
)
