// Inspector's API as the unmodified command line and SDK use it: findings, filters, counts, coverage, reports.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { run } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

async function isMissing(
  command: string,
  args: readonly string[],
  why: string,
): Promise<string | false> {
  return run(command, args).then(
    ({ status }) => (status === 0 ? false : why),
    () => why,
  )
}
const noAws = await isMissing(
  'aws',
  ['inspector2', 'list-findings', 'help'],
  'aws is not installed',
)
const noBoto = await isMissing(
  'python3',
  ['-c', "import boto3; boto3.client('inspector2', region_name='us-east-1')"],
  'boto3 is not installed',
)

async function world(t: TestContext): Promise<ServerProcess> {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t)
  const images: readonly (readonly [
    repository: string,
    tag: string,
    packages: Readonly<Record<string, string>>,
  ])[] = [
    ['team/app', '1', { lodash: '4.17.15', minimist: '1.2.5' }],
    ['team/app', '2', { lodash: '4.17.20' }],
    ['team/web', '1', { minimist: '1.2.5' }],
  ]
  for (const repositoryName of ['team/app', 'team/web'])
    await server.ecr.send(new CreateRepositoryCommand({ repositoryName }))
  for (const [at, [repository, tag, packages]] of images.entries()) {
    const files = Object.entries(packages).map(([name, version]) => [
      `app/node_modules/${name}/package.json`,
      JSON.stringify({ name, version }),
    ])
    const place = join(directory, String(at))
    await pushLayout(
      server,
      repository,
      await writeImageLayout(place, [Object.fromEntries(files) as Record<string, string>]),
      tag,
    )
    const scan = await run(process.execPath, [program, 'scan', `${repository}:${tag}`], {
      env: server.environment,
    })
    assert.ok(scan.status === 0 || scan.status === 1, scan.stderr)
  }
  return server
}

test('the command line lists, filters, counts and reports findings', { skip: noAws }, async (t) => {
  const server = await world(t)
  const aws = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await runAws(['inspector2', ...args], {
      env: server.environment,
    })
    assert.equal(status, 0, `${args.join(' ')}\n${stderr}`)
    return stdout
  }
  const texts = async (...args: readonly string[]): Promise<readonly string[]> =>
    (await aws(...args, '--output', 'text'))
      .trim()
      .split('\n')
      .filter((line) => line !== '')
  const titles = ['--query', 'findings[].[severity,title,status]']
  assert.deepEqual(
    await texts(
      'list-findings',
      '--sort-criteria',
      'field=SEVERITY,sortOrder=DESC',
      '--page-size',
      '2',
      ...titles,
    ),
    [
      'CRITICAL\tCVE-2021-44906 - minimist\tACTIVE',
      'CRITICAL\tCVE-2021-44906 - minimist\tACTIVE',
      'HIGH\tCVE-2021-23337 - lodash\tACTIVE',
      'HIGH\tCVE-2021-23337 - lodash\tACTIVE',
      'MEDIUM\tCVE-2020-28500 - lodash\tACTIVE',
      'MEDIUM\tCVE-2020-28500 - lodash\tACTIVE',
    ],
  )
  const criteria = JSON.stringify({
    severity: [{ comparison: 'EQUALS', value: 'HIGH' }],
    ecrImageTags: [{ comparison: 'EQUALS', value: '2' }],
  })
  assert.deepEqual(await texts('list-findings', '--filter-criteria', criteria, ...titles), [
    'HIGH\tCVE-2021-23337 - lodash\tACTIVE',
  ])
  const lodash = JSON.stringify({
    vulnerablePackages: [{ name: { comparison: 'EQUALS', value: 'lodash' } }],
  })
  const [arn = ''] = await texts(
    'create-filter',
    '--name',
    'lodash',
    '--action',
    'SUPPRESS',
    '--reason',
    'not reachable',
    '--filter-criteria',
    lodash,
    '--query',
    'arn',
  )
  const suppressed = [
    'list-findings',
    '--filter-criteria',
    JSON.stringify({ findingStatus: [{ comparison: 'EQUALS', value: 'SUPPRESSED' }] }),
    '--query',
    'findings[].description',
  ]
  assert.match(
    (await texts(...suppressed)).join(' '),
    /Not counted: the filter lodash of arn:aws:iam::123456789012:user\/admin: not reachable/,
  )
  const repositories = [
    'list-finding-aggregations',
    '--aggregation-type',
    'REPOSITORY',
    '--query',
    'responses[].repositoryAggregation.[repository,severityCounts.all]',
  ]
  assert.deepEqual(await texts(...repositories), ['team/app\t1', 'team/web\t1'])
  await aws('delete-filter', '--arn', arn)
  assert.deepEqual(await texts(...suppressed), [])
  const destination = ['--s3-destination', 'bucketName=any,kmsKeyArn=any']
  const [report = ''] = await texts(
    'create-findings-report',
    '--report-format',
    'CSV',
    ...destination,
    '--query',
    'reportId',
  )
  const status = ['get-findings-report-status', '--report-id', report, '--query']
  for (let asked = 0; (await texts(...status, 'status'))[0] !== 'SUCCEEDED'; asked += 1)
    assert.ok(asked < 100)
  const [address = ''] = await texts(...status, 'destination.keyPrefix')
  const lines = (await (await fetch(address)).text()).trim().split('\r\n')
  assert.equal(lines.length, 7)
  assert.match(lines[0] ?? '', /^AWS Account Id,Severity,/)
  assert.equal((await fetch(`${address.slice(0, -4)}AAAA`)).status, 403)
  assert.deepEqual(
    await texts(
      'search-vulnerabilities',
      '--filter-criteria',
      'vulnerabilityIds=CVE-2021-44906',
      '--query',
      'vulnerabilities[].cvss3.baseScore',
    ),
    ['9.8'],
  )
  assert.deepEqual(
    await texts('list-coverage', '--query', 'coveredResources[].scanStatus.reason'),
    ['SUCCESSFUL\tSUCCESSFUL\tSUCCESSFUL'],
  )
})

/** Holds every answer against the client's own model: members that must be there, words of enumerations, patterns. */
const script = `
import boto3, re, time
client = boto3.client('inspector2')
model = client.meta.service_model
def check(shape, value, path):
    if shape.type_name == 'structure':
        for name in shape.required_members:
            if shape.name != 'State': assert name in value, (path, name)
        for name, member in value.items():
            if name in shape.members: check(shape.members[name], member, path + '.' + name)
    elif shape.type_name == 'list':
        for one in value: check(shape.member, one, path + '[]')
    elif shape.type_name == 'string':
        if shape.enum: assert value in shape.enum, (path, value)
        pattern = shape.metadata.get('pattern')
        if pattern: assert re.search(pattern, value), (path, value, pattern)
        assert len(value) >= shape.metadata.get('min', 0), (path, value)
        assert len(value) <= shape.metadata.get('max', len(value)), (path, len(value))
def call(name, /, **kwargs):
    answer = getattr(client, name)(**kwargs)
    operation = model.operation_model(client.meta.method_to_api_mapping[name])
    answer.pop('ResponseMetadata')
    if operation.output_shape is not None: check(operation.output_shape, answer, name)
    return answer
findings = [f for page in client.get_paginator('list_findings').paginate(PaginationConfig={'PageSize': 1}) for f in page['findings']]
assert len(findings) == 6, len(findings)
assert len({f['findingArn'] for f in findings}) == 6
call('list_findings')
details = call('batch_get_finding_details', findingArns=[findings[0]['findingArn'], findings[0]['findingArn'][:-4] + '0000'])
assert len(details['findingDetails']) == 1 and details['errors'][0]['errorCode'] == 'FINDING_DETAILS_NOT_FOUND', details
for field in ['SEVERITY', 'EPSS_SCORE', 'FIRST_OBSERVED_AT', 'ECR_IMAGE_PUSHED_AT', 'FINDING_STATUS']:
    pages = client.get_paginator('list_findings').paginate(sortCriteria={'field': field, 'sortOrder': 'DESC'}, PaginationConfig={'PageSize': 4})
    assert {f['findingArn'] for page in pages for f in page['findings']} == {f['findingArn'] for f in findings}, field
for kind in ['ACCOUNT', 'FINDING_TYPE', 'REPOSITORY', 'AWS_ECR_CONTAINER', 'IMAGE_LAYER', 'PACKAGE', 'TITLE', 'AMI', 'AWS_LAMBDA_FUNCTION']:
    call('list_finding_aggregations', aggregationType=kind)
pages = client.get_paginator('list_finding_aggregations').paginate(aggregationType='TITLE', PaginationConfig={'PageSize': 1})
assert len([r for page in pages for r in page['responses']]) == 3
pages = client.get_paginator('list_coverage').paginate(PaginationConfig={'PageSize': 1})
assert len([r for page in pages for r in page['coveredResources']]) == 3
call('list_coverage'); call('list_coverage_statistics', groupBy='SCAN_STATUS_CODE')
call('batch_get_account_status'); call('enable', resourceTypes=['ECR']); call('get_configuration')
call('update_configuration', ecrConfiguration={'rescanDuration': 'DAYS_30'})
assert call('get_configuration')['ecrConfiguration']['rescanDurationState']['rescanDuration'] == 'DAYS_30'
enhanced = boto3.client('ecr').describe_image_scan_findings(repositoryName='team/app', imageId={'imageTag': '1'})
assert enhanced['imageScanStatus']['status'] == 'ACTIVE', enhanced['imageScanStatus']
assert len(enhanced['imageScanFindings']['enhancedFindings']) == 3
call('disable', resourceTypes=['ECR'])
arn = call('create_filter', name='n', action='NONE', filterCriteria={'severity': [{'comparison': 'EQUALS', 'value': 'HIGH'}]}, tags={'a': 'b'})['arn']
call('update_filter', filterArn=arn, description='d')
assert call('list_filters', action='NONE')['filters'][0]['description'] == 'd'
call('tag_resource', resourceArn=arn, tags={'c': 'd'}); call('untag_resource', resourceArn=arn, tagKeys=['a'])
assert call('list_tags_for_resource', resourceArn=arn)['tags'] == {'c': 'd'}
call('delete_filter', arn=arn)
destination = {'bucketName': 'b', 'kmsKeyArn': 'k'}
export = call('create_sbom_export', reportFormat='CYCLONEDX_1_4', s3Destination=destination)['reportId']
for _ in range(200):
    status = call('get_sbom_export', reportId=export)
    if status['status'] != 'IN_PROGRESS': break
    time.sleep(0.05)
assert status['status'] == 'SUCCEEDED', status
call('search_vulnerabilities', filterCriteria={'vulnerabilityIds': ['CVE-2021-44906']})
call('list_usage_totals'); call('list_account_permissions')
call('get_clusters_for_image', filter={'resourceId': 'arn:aws:ecr:us-east-1:123456789012:repository/team/app'})
def refused(name, code, /, **kwargs):
    try: getattr(client, name)(**kwargs)
    except client.exceptions.ClientError as error: assert error.response['Error']['Code'] == code, error
    else: raise SystemExit(name + ' was not refused')
refused('list_findings', 'ValidationException', nextToken='x')
refused('delete_filter', 'ResourceNotFoundException', arn=arn)
refused('get_findings_report_status', 'ResourceNotFoundException', reportId='00000000-0000-0000-0000-000000000000')
refused('enable', 'ValidationException', resourceTypes=['EC2'])
refused('list_cis_scans', 'UnsupportedOperationException')
refused('create_filter', 'ValidationException', name='all', action='SUPPRESS', filterCriteria={})
iam = boto3.client('iam')
iam.create_user(UserName='nobody')
key = iam.create_access_key(UserName='nobody')['AccessKey']
stranger = boto3.client('inspector2', aws_access_key_id=key['AccessKeyId'], aws_secret_access_key=key['SecretAccessKey'])
try: stranger.list_findings()
except stranger.exceptions.AccessDeniedException as error:
    assert error.response['ResponseMetadata']['HTTPStatusCode'] == 403, error.response
    assert 'inspector2:ListFindings' in error.response['Error']['Message'], error
else: raise SystemExit('a user without a policy was not refused')
print('ok')
`

test(
  'every answer is what the SDK’s own model says, and its paginators end',
  { skip: noBoto },
  async (t) => {
    const server = await world(t)
    const result = await run('python3', ['-c', script], { env: server.environment })
    assert.equal(result.stdout, 'ok\n', result.stderr)
  },
)
