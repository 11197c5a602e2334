// Policies and identity providers through IAM's API, by unmodified clients: what Terraform's resources call on create, read,
// update and delete, in its order and with nothing left to change after each, and the aws command.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { missing, run } from '../kit/run.ts'
import { program, startServer } from '../kit/server-process.ts'

const script = `
import boto3, json, time, urllib.parse
iam = boto3.client('iam')
account = boto3.client('sts').get_caller_identity()['Account']
def document(*actions):
    return json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': list(actions), 'Resource': '*'}]}, indent=2)
def pages(operation, key, **arguments):
    return [one for page in iam.get_paginator(operation).paginate(**arguments) for one in page[key]]
def refused(code, call, **arguments):
    try: call(**arguments)
    except iam.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == code, error.response
        return error.response
    raise SystemExit(f'{call} was accepted')

# aws_iam_role, with inline policies
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': {'AWS': f'arn:aws:iam::{account}:root'}}]})
role = iam.create_role(RoleName='ci', AssumeRolePolicyDocument=trust, MaxSessionDuration=3600, Path='/team/', Tags=[{'Key': 'team', 'Value': 'blue'}])['Role']
iam.put_role_policy(RoleName='ci', PolicyName='push', PolicyDocument=document('ecr:PutImage'))
read = iam.get_role(RoleName='ci')['Role']
assert read['AssumeRolePolicyDocument'] == json.loads(trust), read
assert (read['Arn'], read['RoleId'], read['Path'], read['MaxSessionDuration']) == (role['Arn'], role['RoleId'], '/team/', 3600), read
assert read['Tags'] == [{'Key': 'team', 'Value': 'blue'}], read
assert pages('list_role_policies', 'PolicyNames', RoleName='ci') == ['push']
assert iam.get_role_policy(RoleName='ci', PolicyName='push')['PolicyDocument'] == json.loads(document('ecr:PutImage'))
assert pages('list_attached_role_policies', 'AttachedPolicies', RoleName='ci') == []

# aws_iam_policy: create, read, update by versions until the oldest must go
made = iam.create_policy(PolicyName='pull', Description='may pull', PolicyDocument=document('ecr:BatchGetImage'), Tags=[{'Key': 'team', 'Value': 'blue'}])['Policy']
arn = made['Arn']
def read_policy():
    policy = iam.get_policy(PolicyArn=arn)['Policy']
    version = iam.get_policy_version(PolicyArn=arn, VersionId=policy['DefaultVersionId'])['PolicyVersion']
    return policy, version['Document']
policy, text = read_policy()
assert text == json.loads(document('ecr:BatchGetImage')), text
assert policy['Description'] == 'may pull' and policy['Tags'] == [{'Key': 'team', 'Value': 'blue'}], policy
assert (policy['AttachmentCount'], policy['IsAttachable'], policy['DefaultVersionId']) == (0, True, 'v1'), policy
for number in range(2, 9):
    versions = iam.list_policy_versions(PolicyArn=arn)['Versions']
    if len(versions) >= 5:
        refused('LimitExceeded', iam.create_policy_version, PolicyArn=arn, PolicyDocument=document('ecr:GetAuthorizationToken'), SetAsDefault=True)
        oldest = min((one for one in versions if not one['IsDefaultVersion']), key=lambda one: (one['CreateDate'], int(one['VersionId'][1:])))
        iam.delete_policy_version(PolicyArn=arn, VersionId=oldest['VersionId'])
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(f'ecr:Get{number}'), SetAsDefault=True)
    policy, text = read_policy()
    assert policy['DefaultVersionId'] == f'v{number}' and text == json.loads(document(f'ecr:Get{number}')), policy
iam.tag_policy(PolicyArn=arn, Tags=[{'Key': 'owner', 'Value': 'me'}])
iam.untag_policy(PolicyArn=arn, TagKeys=['team'])
assert read_policy()[0]['Tags'] == [{'Key': 'owner', 'Value': 'me'}]

# aws_iam_role_policy_attachment, of a policy of one's own and of AWS's
read_only = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly'
for one in (arn, read_only):
    iam.attach_role_policy(RoleName='ci', PolicyArn=one)
attached = [one['PolicyArn'] for one in pages('list_attached_role_policies', 'AttachedPolicies', RoleName='ci')]
assert sorted(attached) == sorted([arn, read_only]), attached
entities = iam.list_entities_for_policy(PolicyArn=arn)
assert [one['RoleName'] for one in entities['PolicyRoles']] == ['ci'] and not entities['PolicyUsers'], entities
assert iam.get_policy(PolicyArn=read_only)['Policy']['AttachmentCount'] == 1
refused('DeleteConflict', iam.delete_policy, PolicyArn=arn)
refused('DeleteConflict', iam.delete_role, RoleName='ci')

# aws_iam_openid_connect_provider
provider = iam.create_open_id_connect_provider(Url='https://token.actions.githubusercontent.com', ClientIDList=['sts.amazonaws.com'],
    ThumbprintList=['6938fd4d98bab03faadb97b34396831e3780aea1'], Tags=[{'Key': 'team', 'Value': 'blue'}])['OpenIDConnectProviderArn']
read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
assert (read['Url'], read['ClientIDList'], read['ThumbprintList']) == ('token.actions.githubusercontent.com', ['sts.amazonaws.com'], ['6938fd4d98bab03faadb97b34396831e3780aea1']), read
assert read['Tags'] == [{'Key': 'team', 'Value': 'blue'}], read
iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=['a' * 40, 'b' * 40])
iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID='other')
iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID='sts.amazonaws.com')
read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
assert (read['ClientIDList'], read['ThumbprintList']) == (['other'], ['a' * 40, 'b' * 40]), read
assert [one['Arn'] for one in iam.list_open_id_connect_providers()['OpenIDConnectProviderList']] == [provider]
refused('EntityAlreadyExists', iam.create_open_id_connect_provider, Url='https://token.actions.githubusercontent.com', ThumbprintList=[])

# what else reads the account
for size in (1, 100):
    details = [page for page in iam.get_paginator('get_account_authorization_details').paginate(PaginationConfig={'PageSize': size})]
    roles = [one for page in details for one in page['RoleDetailList']]
    assert [one['RoleName'] for one in roles] == ['ci'] and roles[0]['RolePolicyList'][0]['PolicyDocument'] == json.loads(document('ecr:PutImage')), roles
    local = [one for page in details for one in page['Policies'] if one['Arn'] == arn]
    assert len(local) == 1 and len(local[0]['PolicyVersionList']) == 5, local
names = [one['PolicyName'] for one in pages('list_policies', 'Policies', Scope='Local', PaginationConfig={'PageSize': 1})]
assert names == ['pull'], names

# a malformed document: AWS's words, and where it is wrong
wrong = refused('MalformedPolicyDocument', iam.put_role_policy, RoleName='ci', PolicyName='wrong', PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resources":"*"}]}')
assert wrong['Error']['Message'] == 'Syntax errors in policy.', wrong
assert wrong['ResponseMetadata']['HTTPHeaders']['pratique-policy-error'].startswith('1:73 '), wrong

# the simulator
result = iam.simulate_principal_policy(PolicySourceArn=role['Arn'], ActionNames=['ecr:PutImage', 'ecr:DeleteRepository', 'ecr:DescribeImages'],
    ResourceArns=[f'arn:aws:ecr:us-east-1:{account}:repository/app'])['EvaluationResults']
assert [one['EvalDecision'] for one in result] == ['allowed', 'implicitDeny', 'allowed'], result
assert result[0]['MatchedStatements'][0]['SourcePolicyId'] == 'role_ci_push', result
assert result[0]['MatchedStatements'][0]['StartPosition'] == {'Line': 4, 'Column': 5}, result
assert result[2]['ResourceSpecificResults'][0]['MatchedStatements'][0]['SourcePolicyType'] == 'aws-managed', result
conditional = json.dumps({'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': '*', 'Condition': {'IpAddress': {'aws:SourceIp': '10.0.0.0/8'}}}})
assert iam.get_context_keys_for_custom_policy(PolicyInputList=[conditional])['ContextKeyNames'] == ['aws:SourceIp']
entry = {'ContextKeyName': 'aws:SourceIp', 'ContextKeyType': 'ip', 'ContextKeyValues': ['10.1.2.3']}
asked = {'PolicyInputList': [conditional], 'ActionNames': ['ecr:PutImage']}
assert iam.simulate_custom_policy(**asked)['EvaluationResults'][0]['MissingContextValues'] == ['aws:sourceip']
assert iam.simulate_custom_policy(**asked, ContextEntries=[entry])['EvaluationResults'][0]['EvalDecision'] == 'allowed'

# destroy, in Terraform's order
iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
refused('NoSuchEntity', iam.get_open_id_connect_provider, OpenIDConnectProviderArn=provider)
for one in (arn, read_only):
    iam.detach_role_policy(RoleName='ci', PolicyArn=one)
refused('NoSuchEntity', iam.detach_role_policy, RoleName='ci', PolicyArn=arn)
for version in iam.list_policy_versions(PolicyArn=arn)['Versions']:
    if not version['IsDefaultVersion']: iam.delete_policy_version(PolicyArn=arn, VersionId=version['VersionId'])
iam.delete_policy(PolicyArn=arn)
refused('NoSuchEntity', iam.get_policy, PolicyArn=arn)
assert iam.list_instance_profiles_for_role(RoleName='ci')['InstanceProfiles'] == []
iam.delete_role_policy(RoleName='ci', PolicyName='push')
iam.delete_role(RoleName='ci')
refused('NoSuchEntity', iam.get_role, RoleName='ci')
print('ok')
`

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

test(
  'roles, policies, attachments and providers are created, read without drift, updated and deleted by boto3',
  { skip: python },
  async (t) => {
    const server = await startServer(t)
    const result = await run('python3', ['-c', script], { env: server.environment })
    assert.equal(result.stdout, 'ok\n', result.stderr)
  },
)

test('the aws command puts policies on users and groups', { skip: missing('aws') }, async (t) => {
  const server = await startServer(t)
  const aws = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await runAws(['iam', ...args], {
      env: server.environment,
    })
    return status === 0 ? stdout.trim() : stderr.trim()
  }
  const file = join(await temporaryDirectory(t), 'policy.json')
  const policy = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'ecr:*', Resource: '*' }],
  }
  await writeFile(file, JSON.stringify(policy))
  await aws('create-user', '--user-name', 'dev')
  await aws('create-group', '--group-name', 'devs')
  for (const [kind, name] of [
    ['user', 'dev'],
    ['group', 'devs'],
  ] as const) {
    const owner = [`--${kind}-name`, name] as const
    const named = [...owner, '--policy-name', 'all'] as const
    await aws(`put-${kind}-policy`, ...named, '--policy-document', `file://${file}`)
    const got = await aws(`get-${kind}-policy`, ...named, '--query', 'PolicyDocument')
    assert.deepEqual(JSON.parse(got), policy)
    const arn = 'arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly'
    await aws(`attach-${kind}-policy`, ...owner, '--policy-arn', arn)
    const query = ['--query', 'AttachedPolicies[].PolicyArn', '--output', 'text'] as const
    assert.equal(await aws(`list-attached-${kind}-policies`, ...owner, ...query), arn)
  }
  const ghost = await aws(
    'attach-user-policy',
    '--user-name',
    'dev',
    '--policy-arn',
    'arn:aws:iam::aws:policy/Ghost',
  )
  assert.match(ghost, /\(NoSuchEntity\).*Policy arn:aws:iam::aws:policy\/Ghost does not exist/)
})

test(
  'the command line changes what AWS has no parameter for of a provider',
  { skip: missing('aws') },
  async (t) => {
    const server = await startServer(t)
    const cli = async (...args: readonly string[]): Promise<readonly [number | null, string]> => {
      const result = await run(process.execPath, [program, 'oidc-provider', ...args], {
        env: server.environment,
      })
      return [result.status, result.stdout + result.stderr]
    }
    const url = 'https://issuer.example'
    assert.deepEqual(await cli('options', url, '--single-use'), [
      5,
      `pratique: there is no provider ${url}\n  list them: pratique oidc-provider list\n`,
    ])
    const create = ['iam', 'create-open-id-connect-provider', '--url', url]
    assert.equal((await runAws(create, { env: server.environment })).status, 0)
    assert.equal((await cli('options', url))[0], 2)
    const set = await cli('options', url, '--single-use', '--claims', 'repository', 'ref')
    assert.equal(set[0], 0, set[1])
    assert.match(set[1], /issuer\.example .*claims=repository,ref/)
    const wrong = await cli('options', url, '--algorithms', 'HS256')
    assert.equal(wrong[0], 1)
    assert.match(wrong[1], /algorithms must be one or more of RS256/)
    await cli('options', url, '--no-claims', '--no-single-use')
    const [, listed] = await cli('list', '--output', 'json')
    assert.deepEqual(JSON.parse(listed), [
      {
        arn: 'arn:aws:iam::123456789012:oidc-provider/issuer.example',
        url,
        clientIds: [],
        options: { singleUse: false },
      },
    ])
  },
)
