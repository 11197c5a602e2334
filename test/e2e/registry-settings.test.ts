// What a registry as a whole is told, and the referrers of an image, by the unmodified SDK of Python and the aws CLI.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DescribeRegistryCommand,
  DescribeReplicationBackfillResultsCommand,
  ListReplicationBackfillsCommand,
  PutReplicationConfigurationCommand,
  StartReplicationBackfillCommand,
  StopReplicationBackfillCommand,
} from '@aws-sdk/client-ecr'
import { runAws } from '../kit/aws.ts'
import { missing, run } from '../kit/run.ts'
import { startServer } from '../kit/server-process.ts'

const begin = `
import boto3, hashlib, json, os, time, urllib.error, urllib.request
from botocore.exceptions import ClientError
account, name = '123456789012', 'team/app'
ecr, iam, sts = boto3.client('ecr'), boto3.client('iam'), boto3.client('sts')
def refused(code, words, call, **members):
    try: answer = call(**members)
    except ClientError as error:
        found = error.response['Error']
        assert found['Code'] == code, found
        for word in words.split('|'): assert word in found['Message'], found
    else: raise SystemExit('taken: %s' % answer)
def push(data):
    digest = 'sha256:' + hashlib.sha256(data).hexdigest()
    upload = ecr.initiate_layer_upload(repositoryName=name)['uploadId']
    ecr.upload_layer_part(repositoryName=name, uploadId=upload, partFirstByte=0, partLastByte=len(data) - 1, layerPartBlob=data)
    ecr.complete_layer_upload(repositoryName=name, uploadId=upload, layerDigests=[digest])
    return {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': digest, 'size': len(data)}
def put(tag=None, **members):
    media = 'application/vnd.oci.image.manifest.v1+json'
    manifest = json.dumps({'schemaVersion': 2, 'mediaType': media, 'config': config, 'layers': [], **members})
    named = {} if tag is None else {'imageTag': tag}
    digest = ecr.put_image(repositoryName=name, imageManifest=manifest, **named)['image']['imageId']['imageDigest']
    return {'mediaType': media, 'digest': digest, 'size': len(manifest)}
# Backfills and copied deletions are newer than many an installed client.
is_new = hasattr(ecr, 'start_replication_backfill')
ecr.create_repository(repositoryName=name)
config = push(b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}')
image = put('v1')
digest = image['digest']
this = {'repositoryName': name, 'imageId': {'imageTag': 'v1'}}
trust = {'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': {'AWS': account}}}
role = iam.create_role(RoleName='scanner', Path='/third-party/', AssumeRolePolicyDocument=json.dumps(trust))['Role']['Arn']
iam.attach_role_policy(RoleName='scanner', PolicyArn='arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly')
keys = sts.assume_role(RoleArn=role, RoleSessionName='nightly')['Credentials']
scanner = boto3.client('ecr', aws_access_key_id=keys['AccessKeyId'], aws_secret_access_key=keys['SecretAccessKey'], aws_session_token=keys['SessionToken'])
`

const parts: Readonly<Record<string, string>> = {
  'referrers are listed, filtered and paged': `
artifacts = [put(artifactType=kind, subject=image, annotations={'n': str(n)}) for n, kind in enumerate(['a/sbom', 'a/signature', 'a/sbom'])]
def referrers(**members):
    found, token = [], {}
    while True:
        page = ecr.list_image_referrers(repositoryName=name, subjectId={'imageDigest': digest}, **members, **token)
        found += page['referrers']
        if 'nextToken' not in page: return found
        token = {'nextToken': page['nextToken']}
everything = referrers(maxResults=1)
assert {one['digest'] for one in everything} == {one['digest'] for one in artifacts} and len(everything) == 3, everything
first = next(one for one in everything if one['digest'] == artifacts[0]['digest'])
assert first == {**artifacts[0], 'artifactType': 'a/sbom', 'annotations': {'n': '0'}, 'artifactStatus': 'ACTIVE'}, first
assert len(referrers(filter={'artifactTypes': ['a/sbom']}, maxResults=1)) == 2
ecr.update_image_storage_class(repositoryName=name, imageId={'imageDigest': digest}, targetStorageClass='ARCHIVE')
status = lambda text: len(referrers(filter={'artifactStatus': text}))
assert [status(text) for text in ['ACTIVE', 'ANY', 'ARCHIVED', 'ACTIVATING']] == [3, 3, 0, 0], 'what is still served is active'
ecr.update_image_storage_class(repositoryName=name, imageId={'imageDigest': digest}, targetStorageClass='STANDARD')
assert ecr.list_image_referrers(repositoryName=name, subjectId={'imageDigest': artifacts[1]['digest']})['referrers'] == []
page = ecr.list_image_referrers(repositoryName=name, subjectId={'imageDigest': digest}, maxResults=1)
other = {'subjectId': {'imageDigest': artifacts[0]['digest']}, 'nextToken': page['nextToken']}
refused('InvalidParameterException', 'nextToken', ecr.list_image_referrers, repositoryName=name, **other)
refused('InvalidParameterException', 'subjectId.imageDigest|"latest"', ecr.list_image_referrers, repositoryName=name, subjectId={'imageDigest': 'latest'})
refused('ValidationException', 'filter.artifactTypes', ecr.list_image_referrers, repositoryName=name, subjectId={'imageDigest': digest}, filter={'artifactTypes': list('abcdef')})
refused('RepositoryNotFoundException', 'absent', ecr.list_image_referrers, repositoryName='absent', subjectId={'imageDigest': digest})
`,
  'pulls of an excluded role leave no trace by either protocol, and its pulls count again later': `
def pulled():
    return ecr.describe_images(repositoryName=name, imageIds=[this['imageId']])['imageDetails'][0].get('lastRecordedPullTime')
def pull_both():
    scanner.batch_get_image(repositoryName=name, imageIds=[this['imageId']])
    token = scanner.get_authorization_token()['authorizationData'][0]
    request = urllib.request.Request(token['proxyEndpoint'] + '/v2/team/app/manifests/v1', headers={'Authorization': 'Basic ' + token['authorizationToken']})
    assert urllib.request.urlopen(request).status == 200
user = 'arn:aws:iam::%s:user/dev' % account
refused('ValidationException', 'principalArn|' + user + '|role', ecr.register_pull_time_update_exclusion, principalArn=user)
refused('ValidationException', 'principalArn', ecr.register_pull_time_update_exclusion, principalArn='scanner')
refused('ExclusionNotFoundException', role, ecr.deregister_pull_time_update_exclusion, principalArn=role)
made = ecr.register_pull_time_update_exclusion(principalArn=role)
assert made['principalArn'] == role and made['createdAt'].year > 2000
refused('ExclusionAlreadyExistsException', role, ecr.register_pull_time_update_exclusion, principalArn=role)
ecr.register_pull_time_update_exclusion(principalArn=role + '2')
first = ecr.list_pull_time_update_exclusions(maxResults=1)
assert first['pullTimeUpdateExclusions'] == [role]
second = ecr.list_pull_time_update_exclusions(maxResults=1, nextToken=first['nextToken'])
assert second['pullTimeUpdateExclusions'] == [role + '2'] and 'nextToken' not in second
pull_both()
assert pulled() is None, pulled()
assert ecr.deregister_pull_time_update_exclusion(principalArn=role)['principalArn'] == role
pull_both()
assert pulled() is not None
`,
  'a signing configuration is kept; an image of before has no status, and one without a profile fails': `
refused('SigningConfigurationNotFoundException', account, ecr.get_signing_configuration)
refused('SigningConfigurationNotFoundException', account, ecr.delete_signing_configuration)
assert ecr.describe_image_signing_status(**this)['signingStatuses'] == []
profile = 'arn:aws:signer:us-east-1:%s:/signing-profiles/release' % account
rules = [{'signingProfileArn': profile, 'repositoryFilters': [{'filter': 'team/*', 'filterType': 'WILDCARD_MATCH'}]}, {'signingProfileArn': profile}]
configuration = {'rules': rules}
refused('ValidationException', 'signingConfiguration.rules.1.member.signingProfileArn|/v1', ecr.put_signing_configuration, signingConfiguration={'rules': [{'signingProfileArn': profile + '/v1'}]})
assert ecr.put_signing_configuration(signingConfiguration=configuration)['signingConfiguration'] == configuration
answer = ecr.get_signing_configuration()
assert answer['signingConfiguration'] == configuration and answer['registryId'] == account
status = ecr.describe_image_signing_status(**this)
assert status['imageId'] == {'imageDigest': digest, 'imageTag': 'v1'} and status['registryId'] == account
assert status['signingStatuses'] == []
put('v2', annotations={'pushed': 'after'})
for _ in range(100):
    [one] = ecr.describe_image_signing_status(repositoryName=name, imageId={'imageTag': 'v2'})['signingStatuses']
    if one['status'] != 'IN_PROGRESS': break
    time.sleep(0.1)
assert (one['signingProfileArn'], one['status'], one['failureCode']) == (profile, 'FAILED', 'ProfileNotFound') and 'no signing profile release' in one['failureReason'], one
refused('ImageNotFoundException', 'v9', ecr.describe_image_signing_status, repositoryName=name, imageId={'imageTag': 'v9'})
assert ecr.delete_signing_configuration()['signingConfiguration'] == configuration
`,
  'a replication configuration is kept; no image and no backfill ever looks copied': `
destination = {'region': 'eu-west-1', 'registryId': account}
deletions = {'deleteReplication': {'enabled': True}} if is_new else {}
own = {'region': 'us-east-1', 'registryId': account}
assert ecr.describe_registry()['replicationConfiguration'] == {'rules': []}
refused('InvalidParameterException', 'cannot be the same as the source registry|rules.1.member.destinations.2.member', ecr.put_replication_configuration, replicationConfiguration={'rules': [{'destinations': [destination, own]}]})
refused('ValidationException', 'replicationConfiguration.rules|25', ecr.put_replication_configuration, replicationConfiguration={'rules': [{'destinations': [destination]}] * 26})
refused('ValidationException', 'repositoryFilters.1.member.filter|T*', ecr.put_replication_configuration, replicationConfiguration={'rules': [{'destinations': [], 'repositoryFilters': [{'filter': 'T*', 'filterType': 'PREFIX_MATCH'}]}]})
rules = {'rules': [{'destinations': [destination], 'repositoryFilters': [{'filter': 'team/', 'filterType': 'PREFIX_MATCH'}], **deletions}, {'destinations': [destination]}]}
assert ecr.put_replication_configuration(replicationConfiguration=rules)['replicationConfiguration'] == rules
assert ecr.describe_registry()['replicationConfiguration'] == rules
assert ecr.describe_image_replication_status(**this)['replicationStatuses'] == [{**destination, 'status': 'FAILED', 'failureCode': 'ReplicationNotSupported'}]
if is_new:
    refused('ValidationException', 'ap-south-1|in no rule', ecr.start_replication_backfill, destination={'region': 'ap-south-1', 'registryId': account})
    refused('AccessDeniedException', '210987654321', ecr.start_replication_backfill, registryId='210987654321', destination=destination)
    started = ecr.start_replication_backfill(destination=destination)
    assert started['status'] == 'FAILED' and started['destination'] == destination, started
    named = {'replicationBackfillId': started['replicationBackfillId']}
    result = ecr.describe_replication_backfill_results(**named)
    assert (result['status'], result['failureCode'], result['results']) == ('FAILED', 'ReplicationNotSupported', []) and 'progress' not in result and 'endedAt' in result, result
    refused('ReplicationBackfillInvalidStatusException', 'FAILED', ecr.stop_replication_backfill, **named)
    refused('ReplicationBackfillNotFoundException', account, ecr.stop_replication_backfill, replicationBackfillId='0' * 8 + '-0000-0000-0000-' + '0' * 12)
    refused('InvalidParameterException', 'nextToken', ecr.describe_replication_backfill_results, nextToken='x', **named)
    second = ecr.start_replication_backfill(destination=destination)['replicationBackfillId']
    pages = list(ecr.get_paginator('list_replication_backfills').paginate(PaginationConfig={'PageSize': 1}))
    listed = [one['replicationBackfillId'] for page in pages for one in page['backfills']]
    assert sorted(listed) == sorted([named['replicationBackfillId'], second]), listed
ecr.put_replication_configuration(replicationConfiguration={'rules': []})
assert ecr.describe_image_replication_status(**this)['replicationStatuses'] == []
`,
  'pull-through cache rules are kept and never look as if they fetched': `
secret = 'arn:aws:secretsmanager:us-east-1:%s:secret:ecr-pullthroughcache/hub-a1b2c3' % account
hub = {'ecrRepositoryPrefix': 'hub', 'upstreamRegistryUrl': 'registry-1.docker.io'}
create = ecr.create_pull_through_cache_rule
refused('UnsupportedUpstreamRegistryException', 'upstreamRegistryUrl|https://quay.io', create, ecrRepositoryPrefix='quay', upstreamRegistryUrl='https://quay.io')
refused('ValidationException', 'credentialArn must be given|docker-hub', create, **hub)
refused('ValidationException', 'credentialArn', create, credentialArn=secret.replace('ecr-pullthroughcache/', 'other/'), **hub)
refused('ValidationException', 'upstreamRegistry is quay', create, upstreamRegistry='quay', credentialArn=secret, **hub)
refused('ValidationException', 'ecrRepositoryPrefix', create, ecrRepositoryPrefix='Hub', upstreamRegistryUrl='quay.io')
made = create(credentialArn=secret, upstreamRegistry='docker-hub', **hub)
assert {**hub, 'registryId': account, 'credentialArn': secret, 'upstreamRegistry': 'docker-hub', 'upstreamRepositoryPrefix': 'ROOT'}.items() <= made.items(), made
refused('PullThroughCacheRuleAlreadyExistsException', 'hub', create, credentialArn=secret, **hub)
create(ecrRepositoryPrefix='ROOT', upstreamRegistryUrl='public.ecr.aws')
create(ecrRepositoryPrefix='other', upstreamRegistryUrl='210987654321.dkr.ecr.eu-west-1.amazonaws.com', customRoleArn='arn:aws:iam::%s:role/pull' % account, upstreamRepositoryPrefix='base')
pages = ecr.get_paginator('describe_pull_through_cache_rules').paginate(PaginationConfig={'PageSize': 1})
assert [one['ecrRepositoryPrefix'] for page in pages for one in page['pullThroughCacheRules']] == ['ROOT', 'hub', 'other']
[one] = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=['hub/'])['pullThroughCacheRules']
assert one['createdAt'] == made['createdAt'] and one['upstreamRegistryUrl'] == 'registry-1.docker.io', one
refused('PullThroughCacheRuleNotFoundException', 'absent', ecr.describe_pull_through_cache_rules, ecrRepositoryPrefixes=['hub', 'absent'])
changed = ecr.update_pull_through_cache_rule(ecrRepositoryPrefix='hub', credentialArn=secret + '9')
assert changed['credentialArn'] == secret + '9' and changed['updatedAt'] >= made['createdAt']
judged = ecr.validate_pull_through_cache_rule(ecrRepositoryPrefix='hub')
assert judged['isValid'] is False and 'nothing is fetched from registry-1.docker.io' in judged['failure'], judged
refused('PullThroughCacheRuleNotFoundException', 'absent', ecr.validate_pull_through_cache_rule, ecrRepositoryPrefix='absent')
token = ecr.get_authorization_token()['authorizationData'][0]
request = urllib.request.Request(token['proxyEndpoint'] + '/v2/hub/library/nginx/manifests/latest', headers={'Authorization': 'Basic ' + token['authorizationToken']})
try: raise SystemExit('pulled: %s' % urllib.request.urlopen(request).status)
except urllib.error.HTTPError as error:
    assert error.code == 404 and 'library/nginx of registry-1.docker.io' in error.read().decode()
assert ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix='hub')['credentialArn'] == secret + '9'
refused('PullThroughCacheRuleNotFoundException', 'hub', ecr.delete_pull_through_cache_rule, ecrRepositoryPrefix='hub')
`,
  'who may only read images changes and reads none of it': `
for call, members in [
    (scanner.register_pull_time_update_exclusion, {'principalArn': role}), (scanner.deregister_pull_time_update_exclusion, {'principalArn': role}),
    (scanner.list_pull_time_update_exclusions, {}), (scanner.put_signing_configuration, {'signingConfiguration': {'rules': []}}),
    (scanner.get_signing_configuration, {}), (scanner.delete_signing_configuration, {}), (scanner.describe_image_signing_status, this),
    (scanner.put_replication_configuration, {'replicationConfiguration': {'rules': []}}), (scanner.describe_registry, {}),
    (scanner.describe_image_replication_status, this), *([(scanner.list_replication_backfills, {}),
    (scanner.start_replication_backfill, {'destination': {'region': 'eu-west-1', 'registryId': account}}),
    (scanner.stop_replication_backfill, {'replicationBackfillId': '0' * 8 + '-0000-0000-0000-' + '0' * 12}),
    (scanner.describe_replication_backfill_results, {'replicationBackfillId': '0' * 8 + '-0000-0000-0000-' + '0' * 12})] if is_new else []),
    (scanner.create_pull_through_cache_rule, {'ecrRepositoryPrefix': 'x1', 'upstreamRegistryUrl': 'quay.io'}),
    (scanner.update_pull_through_cache_rule, {'ecrRepositoryPrefix': 'other'}), (scanner.delete_pull_through_cache_rule, {'ecrRepositoryPrefix': 'other'}),
    (scanner.describe_pull_through_cache_rules, {}), (scanner.validate_pull_through_cache_rule, {'ecrRepositoryPrefix': 'other'}),
]: refused('AccessDeniedException', 'scanner/nightly', call, **members)
assert len(scanner.list_image_referrers(repositoryName=name, subjectId={'imageDigest': digest})['referrers']) == 3
`,
}

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

test('settings of a registry and referrers, by boto3, the aws CLI and the SDK', async (t) => {
  const server = await startServer(t)
  const { environment: env } = server

  // One interpreter for all parts: it says which it has done.
  const told = Object.entries(parts).map(([title, code]) => `${code}\nprint('${title}')`)
  const script = [begin, ...told].join('\n')
  const result = python === false ? await run('python3', ['-c', script], { env }) : undefined
  for (const title of Object.keys(parts)) {
    await t.test(title, { skip: python }, () => {
      const done = result?.stdout.split('\n') ?? []
      assert.ok(done.includes(title), result?.stderr.slice(-2000))
    })
  }

  await t.test('the aws CLI says the same', { skip: missing('aws') }, async () => {
    const aws = async (...words: readonly string[]): Promise<unknown> => {
      const command = ['ecr', ...words, '--output', 'json']
      const { status, stdout, stderr } = await runAws(command, { env })
      assert.equal(status, 0, stderr)
      return JSON.parse(stdout)
    }
    const rule = ['--ecr-repository-prefix', 'cli', '--upstream-registry-url', 'quay.io']
    const query = ['--query', '[upstreamRegistry, upstreamRepositoryPrefix]']
    const made = await aws('create-pull-through-cache-rule', ...rule, ...query)
    assert.deepEqual(made, ['quay', 'ROOT'])
    const rules = [{ destinations: [{ region: 'eu-west-1', registryId: '123456789012' }] }]
    const written = 'rules=[{destinations=[{region=eu-west-1,registryId=123456789012}]}]'
    const put = ['put-replication-configuration', '--replication-configuration', written]
    assert.deepEqual(await aws(...put), { replicationConfiguration: { rules } })
  })

  await t.test('a backfill by the newest SDK has failed, and says so', async () => {
    const { ecr } = server
    const destination = { region: 'eu-west-1', registryId: '123456789012' }
    const rules = [{ destinations: [destination] }]
    const configuration = { replicationConfiguration: { rules } }
    await ecr.send(new PutReplicationConfigurationCommand(configuration))
    const { replicationConfiguration } = await ecr.send(new DescribeRegistryCommand())
    assert.deepEqual(replicationConfiguration, { rules })
    const started = await ecr.send(new StartReplicationBackfillCommand({ destination }))
    const { replicationBackfillId, status, startedAt } = started
    assert.equal(status, 'FAILED')
    const named = { replicationBackfillId }
    const described = await ecr.send(new DescribeReplicationBackfillResultsCommand(named))
    assert.equal(described.failureCode, 'ReplicationNotSupported')
    assert.deepEqual([described.startedAt, described.results], [startedAt, []])
    const { backfills } = await ecr.send(new ListReplicationBackfillsCommand({ maxResults: 1 }))
    assert.equal(backfills?.[0]?.replicationBackfillId, replicationBackfillId)
    await assert.rejects(ecr.send(new StopReplicationBackfillCommand(named)), {
      name: 'ReplicationBackfillInvalidStatusException',
    })
  })
})
