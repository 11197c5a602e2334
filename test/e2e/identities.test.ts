// Users, groups, keys, roles and accounts by the unmodified aws CLI, by boto3, and by the command line.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { missing, run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::123456789012:root' },
      Action: 'sts:AssumeRole',
    },
  ],
})

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

function signedBy(server: ServerProcess, keys: Keys): NodeJS.ProcessEnv {
  return {
    ...server.environment,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  }
}

async function awsOf(t: TestContext) {
  const server = await startServer(t)
  const ask = async (line: string, env = server.environment): Promise<Finished> =>
    runAws([...line.split(' '), '--output', 'json'], { env })
  const ok = async (line: string, env = server.environment): Promise<unknown> => {
    const { status, stdout, stderr } = await ask(line, env)
    assert.equal(status, 0, `${line}: ${stderr}`)
    return stdout === '' ? undefined : JSON.parse(stdout)
  }
  const refused = async (line: string, env = server.environment): Promise<string> => {
    const { status, stderr } = await ask(line, env)
    assert.notEqual(status, 0, line)
    return stderr.trim()
  }
  return { server, ok, refused }
}

const noAws = missing('aws')

test(
  'aws iam: a user’s life, with tags, groups and the refusals on the way',
  { skip: noAws },
  async (t) => {
    const { ok, refused } = await awsOf(t)
    await ok('iam create-user --user-name dev --path /team/ --tags Key=team,Value=blue')
    assert.match(
      await refused('iam create-user --user-name DEV'),
      /\(EntityAlreadyExists\).*User with name DEV already exists\./,
    )
    await ok('iam tag-user --user-name dev --tags Key=cost,Value=7')
    await ok('iam untag-user --user-name dev --tag-keys team')
    assert.deepEqual(await ok('iam list-user-tags --user-name dev --query Tags'), [
      { Key: 'cost', Value: '7' },
    ])
    await ok('iam create-group --group-name devs')
    await ok('iam add-user-to-group --group-name devs --user-name dev')
    assert.deepEqual(await ok('iam get-group --group-name devs --query Users[].Arn'), [
      'arn:aws:iam::123456789012:user/team/dev',
    ])
    assert.match(await refused('iam delete-user --user-name dev'), /\(DeleteConflict\)/)
    await ok('iam remove-user-from-group --group-name devs --user-name dev')
    await ok('iam update-user --user-name dev --new-user-name maker --new-path /')
    assert.equal(
      await ok('iam get-user --user-name maker --query User.Arn'),
      'arn:aws:iam::123456789012:user/maker',
    )
    await ok('iam delete-user --user-name maker')
    await ok('iam delete-group --group-name devs')
    assert.match(await refused('iam get-user --user-name maker'), /\(NoSuchEntity\)/)
  },
)

test('aws iam: keys are rotated, and the old one opens nothing', { skip: noAws }, async (t) => {
  const { server, ok, refused } = await awsOf(t)
  await ok('iam create-user --user-name dev')
  const make = async (): Promise<Keys> => {
    const { AccessKey } = (await ok('iam create-access-key --user-name dev')) as {
      readonly AccessKey: { readonly AccessKeyId: string; readonly SecretAccessKey: string }
    }
    return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey }
  }
  const [first, second] = [await make(), await make()]
  assert.match(
    await refused('iam create-access-key --user-name dev'),
    /\(LimitExceeded\).*Cannot exceed quota for AccessKeysPerUser: 2/,
  )
  const whoAmI = 'sts get-caller-identity --query Arn'
  for (const keys of [first, second]) {
    const arn = await ok(whoAmI, signedBy(server, keys))
    assert.equal(arn, 'arn:aws:iam::123456789012:user/dev')
  }
  const used = await ok(
    `iam get-access-key-last-used --access-key-id ${first.accessKeyId} --query AccessKeyLastUsed.ServiceName`,
  )
  assert.equal(used, 'sts')
  const old = `--user-name dev --access-key-id ${first.accessKeyId}`
  await ok(`iam update-access-key ${old} --status Inactive`)
  assert.match(await refused(whoAmI, signedBy(server, first)), /\(InvalidClientTokenId\)/)
  await ok(`iam delete-access-key ${old}`)
  assert.match(await refused(whoAmI, signedBy(server, first)), /\(InvalidClientTokenId\)/)
  await ok(whoAmI, signedBy(server, second))
  // Who has no policy may do nothing, not even look.
  assert.match(await refused('iam list-users', signedBy(server, second)), /\(AccessDenied\)/)
})

test(
  'aws iam: a role is made, read without drift, changed and deleted',
  { skip: noAws },
  async (t) => {
    const { server, ok, refused } = await awsOf(t)
    const file = join(await temporaryDirectory(t), 'trust.json')
    await writeFile(file, trust)
    const document = `--assume-role-policy-document file://${file}`
    await ok(
      `iam create-role --role-name ci ${document} --max-session-duration 7200 --tags Key=a,Value=b`,
    )
    assert.deepEqual(
      await ok('iam get-role --role-name ci --query Role.AssumeRolePolicyDocument'),
      JSON.parse(trust),
    )
    await ok('iam update-role --role-name ci --description builds')
    assert.deepEqual(
      await ok('iam get-role --role-name ci --query Role.[Description,MaxSessionDuration]'),
      ['builds', 7200],
    )
    await ok(
      'iam attach-role-policy --role-name ci --policy-arn arn:aws:iam::aws:policy/AdministratorAccess',
    )
    assert.match(
      await refused('iam delete-role --role-name ci'),
      /\(DeleteConflict\).*Cannot delete entity, must detach all policies first\./,
    )
    await ok(
      'iam detach-role-policy --role-name ci --policy-arn arn:aws:iam::aws:policy/AdministratorAccess',
    )
    await ok('iam list-instance-profiles-for-role --role-name ci')
    await ok('iam delete-role --role-name ci')
    const wrong = trust.replace('root', 'role/nobody')
    await writeFile(file, wrong)
    assert.match(
      await refused(`iam create-role --role-name ci ${document}`),
      /\(MalformedPolicyDocument\).*Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role\/nobody"/,
    )
    assert.ok(server.pid > 0)
  },
)

const script = `
import boto3
iam = boto3.client('iam')
for n in range(5):
    iam.create_user(UserName=f'user-{n}', Path='/many/')
names = [u['UserName'] for page in iam.get_paginator('list_users').paginate(PathPrefix='/many/', PaginationConfig={'PageSize': 2}) for u in page['Users']]
assert names == [f'user-{n}' for n in range(5)], names
try:
    iam.create_user(UserName='USER-0')
    raise SystemExit('two users of one name')
except iam.exceptions.EntityAlreadyExistsException: pass
try:
    iam.get_user(UserName='nobody')
    raise SystemExit('nobody is there')
except iam.exceptions.NoSuchEntityException as error:
    assert error.response['Error']['Message'] == 'The user with name nobody cannot be found.', error
iam.create_group(GroupName='devs')
iam.add_user_to_group(GroupName='devs', UserName='user-0')
assert [g['GroupName'] for g in iam.list_groups_for_user(UserName='user-0')['Groups']] == ['devs']
try:
    iam.delete_group(GroupName='devs')
    raise SystemExit('a group with users was deleted')
except iam.exceptions.DeleteConflictException: pass
role = iam.create_role(RoleName='ci', AssumeRolePolicyDocument='''${trust}''', Tags=[{'Key': 'a', 'Value': 'ü'}])['Role']
read = iam.get_role(RoleName='ci')['Role']
assert {k: v for k, v in read.items() if k != 'RoleLastUsed'} == role, (read, role)
assert read['AssumeRolePolicyDocument']['Statement'][0]['Action'] == 'sts:AssumeRole', read
assert iam.get_account_summary()['SummaryMap']['Users'] == 6
try:
    iam.create_role(RoleName='x', AssumeRolePolicyDocument='{')
    raise SystemExit('a policy that is none was taken')
except iam.exceptions.MalformedPolicyDocumentException as error:
    assert 'pratique-policy-error' in error.response['ResponseMetadata']['HTTPHeaders'], error.response
print('ok')
`

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

test(
  'boto3: users by pages, groups, roles, and exceptions by their names',
  { skip: python },
  async (t) => {
    const server = await startServer(t)
    const result = await run('python3', ['-c', script], { env: server.environment })
    assert.equal(result.stdout, 'ok\n', result.stderr)
  },
)

async function pratique(
  server: ServerProcess,
  line: string,
  env = server.environment,
): Promise<Finished> {
  return run(process.execPath, [program, ...line.split(' ')], { env })
}

test('the command line makes a user, a key for it, and rotates that', async (t) => {
  const server = await startServer(t)
  const ok = async (line: string): Promise<string> => {
    const { status, stdout, stderr } = await pratique(server, line)
    assert.equal(status, 0, `${line}: ${stderr}`)
    return stdout
  }
  assert.equal((await pratique(server, 'key list nobody')).status, 5)
  assert.match(await ok('user create dev --tag team=blue'), /user\/dev/)
  assert.equal((await pratique(server, 'user create dev')).status, 1)
  assert.equal((await pratique(server, 'user create x --tag team')).status, 2)
  const first = JSON.parse(await ok('key create dev --output json')) as Keys
  const asDev = signedBy(server, first)
  assert.equal((await pratique(server, 'user list', asDev)).status, 4)
  await ok('user attach dev AdministratorAccess')
  assert.match((await pratique(server, 'user list', asDev)).stdout, /admin[\s\S]*dev/)
  const rotated = await pratique(server, 'key rotate dev --replace --output json')
  assert.match(rotated.stderr, new RegExp(`key ${first.accessKeyId} is Inactive`))
  assert.equal((await pratique(server, 'user list', asDev)).status, 4)
  const second = JSON.parse(rotated.stdout) as Keys
  assert.equal((await pratique(server, 'user list', signedBy(server, second))).status, 0)
  const keys = JSON.parse(await ok('key list dev --output json')) as readonly { status: string }[]
  assert.deepEqual(
    keys.map(({ status }) => status),
    ['Inactive', 'Active'],
  )
  await ok(`key delete ${first.accessKeyId} --user dev`)
  await ok('group create devs')
  await ok('group add devs dev')
  assert.match(await ok('group users devs'), /user\/dev/)
  await ok('group remove devs dev')
  await ok('group delete devs')
  const file = join(await temporaryDirectory(t), 'trust.json')
  await writeFile(file, trust)
  assert.match(await ok(`role create ci --trust ${file} --max-session 2h`), /role\/ci/)
  assert.match(await ok('role list'), /role\/ci/)
  await ok('role delete ci')
})

test('the command line makes an account, which is another’s, and closes it', async (t) => {
  const server = await startServer(t)
  const refused = await pratique(server, 'account close 123456789012')
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /the caller's own/)
  const made = await pratique(server, 'account create 210987654321 --alias second --output json')
  const { key } = JSON.parse(made.stdout) as { readonly key: Keys }
  const asOther = signedBy(server, key)
  const users = await pratique(server, 'user list --output json', asOther)
  assert.match(users.stdout, /arn:aws:iam::210987654321:user\/admin/)
  assert.doesNotMatch(users.stdout, /123456789012/)
  // An account's administrator is not the installation's.
  for (const line of ['account list', 'account create', 'account root-key 123456789012'])
    assert.equal((await pratique(server, line, asOther)).status, 4, line)
  assert.match((await pratique(server, 'account list')).stdout, /210987654321 +second +active/)
  const root = await pratique(server, 'account root-key 210987654321 --output json')
  const rootKeys = JSON.parse(root.stdout) as Keys
  assert.match(rootKeys.accessKeyId, /^AKIA/)
  assert.equal((await pratique(server, 'account close 210987654321')).status, 0)
  assert.match((await pratique(server, 'account list')).stdout, /210987654321 +second +closed/)
  assert.equal((await pratique(server, 'user list', asOther)).status, 4)
  assert.equal((await pratique(server, 'user list', signedBy(server, rootKeys))).status, 4)
})
