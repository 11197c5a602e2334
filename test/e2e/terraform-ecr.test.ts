// What Terraform's aws_ecr_repository, aws_ecr_repository_policy and aws_ecr_registry_policy call on create, read, update and
// delete, in their order: after each of them what is read is what was planned, so that there is nothing left to change.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../kit/run.ts'
import { startServer } from '../kit/server-process.ts'

const script = `
import boto3, json
ecr, iam = boto3.client('ecr'), boto3.client('iam')
account = boto3.client('sts').get_caller_identity()['Account']
def refused(code, call, **arguments):
    try: call(**arguments)
    except ecr.exceptions.ClientError as error:
        assert error.response['Error']['Code'] == code, error.response
        return error.response['Error']['Message']
    raise SystemExit(f'{call} was accepted')
def normal(document):
    # As Terraform writes JSON: keys in order, no blanks, what HTML could read escaped.
    text = json.dumps(document, sort_keys=True, separators=(',', ':'), ensure_ascii=False)
    return text.replace('&', '\\\\u0026').replace('<', '\\\\u003c').replace('>', '\\\\u003e')

# aws_ecr_repository: what it keeps of a read
def read(name):
    [found] = ecr.describe_repositories(repositoryNames=[name])['repositories']
    tags = ecr.list_tags_for_resource(resourceArn=found['repositoryArn'])['tags']
    assert len(tags) == len({tag['Key'] for tag in tags}), tags
    assert found['createdAt'].tzinfo is not None
    return {
        'arn': found['repositoryArn'], 'name': found['repositoryName'], 'registry_id': found['registryId'],
        'repository_url': found['repositoryUri'], 'image_tag_mutability': found['imageTagMutability'],
        'image_tag_mutability_exclusion_filter': found.get('imageTagMutabilityExclusionFilters', []),
        'scan_on_push': found['imageScanningConfiguration']['scanOnPush'],
        'encryption_type': found['encryptionConfiguration']['encryptionType'],
        'kms_key': found['encryptionConfiguration'].get('kmsKey', ''),
        'tags': {tag['Key']: tag['Value'] for tag in tags},
    }
refused('RepositoryNotFoundException', ecr.describe_repositories, repositoryNames=['team/app'])
created = ecr.create_repository(repositoryName='team/app', imageTagMutability='MUTABLE', encryptionConfiguration={'encryptionType': 'AES256'},
    imageScanningConfiguration={'scanOnPush': True}, tags=[{'Key': 'team', 'Value': 'blue'}, {'Key': 'env', 'Value': ''}])['repository']
plan = {
    'arn': f'arn:aws:ecr:us-east-1:{account}:repository/team/app', 'name': 'team/app', 'registry_id': account,
    'repository_url': created['repositoryUri'], 'image_tag_mutability': 'MUTABLE', 'image_tag_mutability_exclusion_filter': [],
    'scan_on_push': True, 'encryption_type': 'AES256', 'kms_key': '', 'tags': {'team': 'blue', 'env': ''},
}
assert created['repositoryUri'].endswith('/team/app'), created
def converge(change={}):
    plan.update(change)
    for _ in range(2): assert read('team/app') == plan, (read('team/app'), plan)
converge()
refused('RepositoryAlreadyExistsException', ecr.create_repository, repositoryName='team/app', imageTagMutability='MUTABLE')
named = {'repositoryName': 'team/app', 'registryId': account}
for mutability in ('IMMUTABLE', 'MUTABLE'):
    put = ecr.put_image_tag_mutability(**named, imageTagMutability=mutability)
    assert (put['imageTagMutability'], put['repositoryName'], put['registryId']) == (mutability, 'team/app', account), put
    converge({'image_tag_mutability': mutability})
put = ecr.put_image_scanning_configuration(**named, imageScanningConfiguration={'scanOnPush': False})
assert put['imageScanningConfiguration'] == {'scanOnPush': False}, put
converge({'scan_on_push': False})
ecr.put_image_scanning_configuration(**named, imageScanningConfiguration={'scanOnPush': True})
converge({'scan_on_push': True})
# The block taken out of the configuration: the provider puts one without a value.
ecr.put_image_scanning_configuration(**named, imageScanningConfiguration={})
converge({'scan_on_push': False})
ecr.untag_resource(resourceArn=plan['arn'], tagKeys=['env'])
ecr.tag_resource(resourceArn=plan['arn'], tags=[{'Key': 'team', 'Value': 'red'}, {'Key': 'Owner', 'Value': 'a@b.c'}])
converge({'tags': {'team': 'red', 'Owner': 'a@b.c'}})

# Without optional blocks: the provider leaves scanning out, and takes what it reads.
bare = ecr.create_repository(repositoryName='bare', imageTagMutability='MUTABLE')['repository']
state = read('bare')
assert (state['image_tag_mutability'], state['encryption_type'], state['tags']) == ('MUTABLE', 'AES256', {}), state
assert state == read('bare') and state['arn'] == bare['repositoryArn'], state

# aws_ecr_repository_policy, with a principal of the account and characters that Terraform escapes
trust = json.dumps({'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': {'AWS': account}}]})
role = iam.create_role(RoleName='ci', AssumeRolePolicyDocument=trust)['Role']['Arn']
def policy(*actions):
    return normal({'Version': '2008-10-17', 'Statement': [{'Sid': 'new policy', 'Effect': 'Allow', 'Principal': {'AWS': [role, f'arn:aws:iam::{account}:root']},
        'Action': list(actions), 'Condition': {'StringNotEquals': {'aws:PrincipalTag/note': 'a&b<c>é'}}}]})
refused('RepositoryPolicyNotFoundException', ecr.get_repository_policy, repositoryName='team/app')
for actions in (['ecr:GetDownloadUrlForLayer', 'ecr:BatchGetImage'], ['ecr:BatchGetImage'], ['ecr:BatchGetImage']):
    text = policy(*actions)
    assert ecr.set_repository_policy(repositoryName='team/app', policyText=text)['policyText'] == text
    got = ecr.get_repository_policy(repositoryName='team/app')
    assert (got['policyText'], got['repositoryName'], got['registryId']) == (text, 'team/app', account), got
forced = ecr.set_repository_policy(repositoryName='team/app', policyText=text, force=True)
assert forced['policyText'] == text, forced
converge()
# The provider tries again for as long as the refusal says this: a role that was just made may not be known yet.
unknown = text.replace(':role/ci', ':role/absent')
message = refused('InvalidParameterException', ecr.set_repository_policy, repositoryName='team/app', policyText=unknown)
assert 'Invalid repository policy provided' in message, message
assert ecr.get_repository_policy(repositoryName='team/app')['policyText'] == text

# aws_ecr_registry_policy
def registry(*actions):
    return normal({'Version': '2012-10-17', 'Statement': [{'Sid': 'testpolicy', 'Effect': 'Allow', 'Principal': {'AWS': f'arn:aws:iam::{account}:root'},
        'Action': list(actions), 'Resource': [f'arn:aws:ecr:us-east-1:{account}:repository/*']}]})
refused('RegistryPolicyNotFoundException', ecr.get_registry_policy)
for actions in (['ecr:ReplicateImage'], ['ecr:ReplicateImage', 'ecr:CreateRepository']):
    text = registry(*actions)
    put = ecr.put_registry_policy(policyText=text)
    got = ecr.get_registry_policy()
    assert (put['registryId'], put['policyText']) == (got['registryId'], got['policyText']) == (account, text), (put, got)

# destroy
assert ecr.delete_registry_policy()['registryId'] == account
refused('RegistryPolicyNotFoundException', ecr.get_registry_policy)
refused('RegistryPolicyNotFoundException', ecr.delete_registry_policy)
ecr.delete_repository_policy(**named)
refused('RepositoryPolicyNotFoundException', ecr.get_repository_policy, repositoryName='team/app')
refused('RepositoryPolicyNotFoundException', ecr.delete_repository_policy, **named)
index = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
ecr.put_image(repositoryName='team/app', imageManifest=index, imageTag='v1')
refused('RepositoryNotEmptyException', ecr.delete_repository, **named, force=False)
converge()
for name, force in (('team/app', True), ('bare', False)):
    ecr.delete_repository(repositoryName=name, registryId=account, force=force)
    refused('RepositoryNotFoundException', ecr.describe_repositories, repositoryNames=[name])
    refused('RepositoryNotFoundException', ecr.delete_repository, repositoryName=name, registryId=account, force=force)
refused('RepositoryNotFoundException', ecr.delete_repository_policy, **named)
refused('RepositoryNotFoundException', ecr.get_repository_policy, repositoryName='team/app')
print('ok')
`

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

for (const defaults of ['secure', 'aws'])
  test(
    `repositories and policies are created, read without drift, updated and deleted by boto3, with defaults ${defaults}`,
    { skip: python },
    async (t) => {
      const server = await startServer(t, { environment: { PRATIQUE_DEFAULTS: defaults } })
      const result = await run('python3', ['-c', script], { env: server.environment })
      assert.equal(result.stdout, 'ok\n', result.stderr)
    },
  )
