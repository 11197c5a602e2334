// When images are scanned, as the unmodified SDK and command line of AWS see it: rules, waiters, pages, refusals.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { runAws } from '../kit/aws.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout } from '../kit/image-layout.ts'
import { pushLayout } from '../kit/push-layout.ts'
import { missing, run } from '../kit/run.ts'
import { startServer, type ServerProcess } from '../kit/server-process.ts'

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

const preamble = `
import boto3, time
ecr = boto3.client('ecr')
waiting = {'Delay': 1, 'MaxAttempts': 60}
def rules(kind, *rules):
    put = [{'scanFrequency': frequency, 'repositoryFilters': [{'filter': filter, 'filterType': 'WILDCARD'}]} for frequency, filter in rules]
    given = ecr.put_registry_scanning_configuration(scanType=kind, rules=put)['registryScanningConfiguration']
    kept = ecr.get_registry_scanning_configuration()['scanningConfiguration']
    assert given == kept == {'scanType': kind, 'rules': put}, (given, kept)
def resolved(*names):
    answer = ecr.batch_get_repository_scanning_configuration(repositoryNames=list(names))
    assert answer['failures'] == [], answer
    return [(c['scanFrequency'], c['scanOnPush'], [f['filter'] for f in c['appliedScanFilters']]) for c in answer['scanningConfigurations']]
def refused(code, sentence, call, **arguments):
    try: call(**arguments)
    except ecr.exceptions.ClientError as error:
        assert (error.response['Error']['Code'], error.response['Error']['Message']) == (code, sentence), error.response
        return
    raise SystemExit(f'{call} was accepted')
def image(tag='1.0'): return {'repositoryName': 'team/app', 'imageId': {'imageTag': tag}}
def status(tag='1.0'): return ecr.describe_image_scan_findings(**image(tag))['imageScanStatus']['status']
def described(): return {d['imageTags'][0]: d for page in ecr.get_paginator('describe_images').paginate(repositoryName='team/app', PaginationConfig={'PageSize': 1}) for d in page['imageDetails']}
`

/** An image for each tag, with a package that the starter set knows flaws of. */
async function push(
  t: TestContext,
  server: ServerProcess,
  ...tags: readonly string[]
): Promise<void> {
  const directory = await temporaryDirectory(t)
  for (const tag of tags) {
    const manifest = JSON.stringify({ name: 'lodash', version: '4.17.20' })
    const files = { 'app/node_modules/lodash/package.json': manifest, 'etc/tag': tag }
    const layout = await writeImageLayout(join(directory, tag), [files])
    await pushLayout(server, 'team/app', layout, tag)
  }
}

async function python3(server: ServerProcess, script: string): Promise<void> {
  const env = server.environment
  const result = await run('python3', ['-c', `${preamble}${script}\nprint('ok')`], { env })
  assert.equal(result.stdout, 'ok\n', result.stderr)
}

test(
  'under secure defaults a push is scanned, and the waiters of the SDK end',
  { skip: python },
  async (t) => {
    const server = await startServer(t)
    await python3(
      server,
      `
assert ecr.get_registry_scanning_configuration()['scanningConfiguration'] == {'scanType': 'BASIC',
    'rules': [{'scanFrequency': 'CONTINUOUS_SCAN', 'repositoryFilters': [{'filter': '*', 'filterType': 'WILDCARD'}]}]}
ecr.create_repository(repositoryName='team/app')
ecr.create_repository(repositoryName='quiet', imageScanningConfiguration={'scanOnPush': False})
assert resolved('team/app', 'quiet') == [('CONTINUOUS_SCAN', True, ['*']), ('MANUAL', False, [])], resolved('team/app', 'quiet')
`,
    )
    await push(t, server, '1.0', '2.0')
    await python3(
      server,
      `
for tag in ['1.0', '2.0']: ecr.get_waiter('image_scan_complete').wait(**image(tag), WaiterConfig=waiting)
assert status() == 'COMPLETE'
# By hand as often as one likes.
for _ in range(2):
    assert ecr.start_image_scan(**image())['imageScanStatus']['status'] == 'IN_PROGRESS'
    ecr.get_waiter('image_scan_complete').wait(**image(), WaiterConfig=waiting)
details = described()
assert set(details) == {'1.0', '2.0'}, details
for detail in details.values():
    assert detail['imageScanStatus']['status'] == 'COMPLETE', detail
    summary = detail['imageScanFindingsSummary']
    found = ecr.describe_image_scan_findings(**image(detail['imageTags'][0]))['imageScanFindings']
    assert summary['findingSeverityCounts'] == found['findingSeverityCounts'], (summary, found)
    assert summary['vulnerabilitySourceUpdatedAt'] == found['vulnerabilitySourceUpdatedAt']
    assert summary['imageScanCompletedAt'] == found['imageScanCompletedAt']
pages = list(ecr.get_paginator('describe_image_scan_findings').paginate(**image(), PaginationConfig={'PageSize': 1}))
listed = [f['name'] for page in pages for f in page['imageScanFindings']['findings']]
assert len(listed) == len(set(listed)) == sum(summary['findingSeverityCounts'].values()), listed
# Enhanced scanning goes on: the word says so, and a rule that was put goes before what a repository says.
rules('ENHANCED', ('CONTINUOUS_SCAN', '*'))
assert status() == 'ACTIVE' and described()['1.0']['imageScanStatus']['status'] == 'ACTIVE'
assert resolved('quiet') == [('CONTINUOUS_SCAN', True, ['*'])]
rules('ENHANCED', ('SCAN_ON_PUSH', 'team'), ('CONTINUOUS_SCAN', 'prod'))
assert status() == 'COMPLETE' and resolved('team/app', 'quiet') == [('SCAN_ON_PUSH', True, ['team']), ('MANUAL', False, [])]
# What holds by default can be put.
rules('BASIC', ('CONTINUOUS_SCAN', '*'))
`,
    )
  },
)

test(
  'images that were there before are scanned when rules begin to scan continuously',
  { skip: python },
  async (t) => {
    const server = await startServer(t, { environment: { PRATIQUE_DEFAULTS: 'aws' } })
    await python3(server, `ecr.create_repository(repositoryName='team/app')`)
    await push(t, server, '1.0')
    await python3(
      server,
      `
assert 'imageScanStatus' not in described()['1.0']
rules('ENHANCED', ('CONTINUOUS_SCAN', 'team/*'))
for _ in range(100):
    if described()['1.0'].get('imageScanStatus', {}).get('status') == 'ACTIVE': break
    time.sleep(0.2)
else: raise SystemExit(described())
`,
    )
  },
)

test(
  'under aws defaults rules, quotas and refusals are those of AWS',
  { skip: python },
  async (t) => {
    const server = await startServer(t, { environment: { PRATIQUE_DEFAULTS: 'aws' } })
    await python3(
      server,
      `
assert ecr.get_registry_scanning_configuration()['scanningConfiguration'] == {'scanType': 'BASIC', 'rules': []}
ecr.create_repository(repositoryName='team/app')
ecr.create_repository(repositoryName='own', imageScanningConfiguration={'scanOnPush': True})
assert resolved('team/app', 'own') == [('MANUAL', False, []), ('SCAN_ON_PUSH', True, [])]
missing = ecr.batch_get_repository_scanning_configuration(repositoryNames=['absent'])
assert missing['failures'][0]['failureCode'] == 'REPOSITORY_NOT_FOUND', missing
refused('ValidationException', 'scan frequency CONTINUOUS_SCAN is not supported for scan type BASIC; use SCAN_ON_PUSH or MANUAL',
    ecr.put_registry_scanning_configuration, scanType='BASIC', rules=[{'scanFrequency': 'CONTINUOUS_SCAN', 'repositoryFilters': []}])
refused('ValidationException', "1 validation error detected: Value 'UPPER' at 'rules.1.member.repositoryFilters.1.member.filter' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-z0-9*]+(?:[._/-][a-z0-9*]+)*",
    ecr.put_registry_scanning_configuration, scanType='BASIC', rules=[{'scanFrequency': 'SCAN_ON_PUSH', 'repositoryFilters': [{'filter': 'UPPER', 'filterType': 'WILDCARD'}]}])
`,
    )
    await push(t, server, '1.0', '2.0')
    await python3(
      server,
      `
over = 'The scan quota per image has been exceeded. Wait and try again.'
ecr.start_image_scan(**image())
ecr.get_waiter('image_scan_complete').wait(**image(), WaiterConfig=waiting)
assert status() == 'COMPLETE'
refused('LimitExceededException', over, ecr.start_image_scan, **image())
rules('ENHANCED', ('CONTINUOUS_SCAN', 'prod'))
refused('ValidationException', 'This feature is disabled', ecr.start_image_scan, **image('2.0'))
rules('BASIC', ('SCAN_ON_PUSH', 'team'))
assert resolved('team/app') == [('SCAN_ON_PUSH', True, ['team'])]
`,
    )
    await push(t, server, '3.0')
    await python3(
      server,
      `
ecr.get_waiter('image_scan_complete').wait(**image('3.0'), WaiterConfig=waiting)
# A scan of a push counts as the image's one of the day.
refused('LimitExceededException', 'The scan quota per image has been exceeded. Wait and try again.', ecr.start_image_scan, **image('3.0'))
`,
    )
  },
)

test(
  'aws ecr wait image-scan-complete ends, and the command line puts and reads rules',
  { skip: missing('aws') },
  async (t) => {
    const server = await startServer(t)
    const aws = async (...args: readonly string[]): Promise<string> => {
      const { status, stdout, stderr } = await runAws(['ecr', ...args], {
        env: server.environment,
      })
      assert.equal(status, 0, stderr)
      return stdout
    }
    await aws('create-repository', '--repository-name', 'team/app')
    await push(t, server, '1.0')
    const named = ['--repository-name', 'team/app', '--image-id', 'imageTag=1.0']
    await aws('wait', 'image-scan-complete', ...named)
    const filters = [{ filter: 'team', filterType: 'WILDCARD' }]
    const rules = [{ scanFrequency: 'SCAN_ON_PUSH', repositoryFilters: filters }]
    const put = ['--scan-type', 'BASIC', '--rules', JSON.stringify(rules)]
    await aws('put-registry-scanning-configuration', ...put)
    const read: unknown = JSON.parse(await aws('get-registry-scanning-configuration'))
    assert.partialDeepStrictEqual(read, { scanningConfiguration: { scanType: 'BASIC', rules } })
    const resolved = await aws(
      'batch-get-repository-scanning-configuration',
      '--repository-names',
      'team/app',
    )
    assert.partialDeepStrictEqual(JSON.parse(resolved), {
      scanningConfigurations: [{ scanFrequency: 'SCAN_ON_PUSH', appliedScanFilters: filters }],
    })
  },
)
