// pratique audit as it is run: who is refused, what is seen, and the same answer by AWS's shapes as by our own.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CreateRepositoryCommand,
  CreateRepositoryCreationTemplateCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetLifecyclePolicyCommand,
  PutLifecyclePolicyCommand,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import { requireAnswer } from '../../cli/posture/apply-fixes.ts'
import { gatherEvidence } from '../../cli/posture/gather.ts'
import { closePlace, type Target } from '../../cli/posture/place.ts'
import { judgePosture, type JudgedRule } from '../../src/posture/rules/judge-posture.ts'
import { defaultExpectations } from '../../src/posture/rules/rules-file.ts'
import { postureRules } from '../../src/posture/rules/table.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { writeImageLayout, writeIndexLayout } from '../kit/image-layout.ts'
import { pushIndexLayout, pushLayout } from '../kit/push-layout.ts'
import { run, type Finished } from '../kit/run.ts'
import { program, startServer, type ServerProcess } from '../kit/server-process.ts'

interface Place {
  readonly server: ServerProcess
  readonly directory: string
}

const secret = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'
const layerSecret = '0f8a7c2e-91b4-4d6a-8e3f-5a1c9d7b2e40'

test('the audit', async (t) => {
  const place = await openPlace(t)
  await t.test('wrong words are refused before anybody is asked', async () => refusals(place))
  await t.test('by default no pull is dated, and what needs one at AWS is unknown', async () =>
    untouched(place),
  )
  await t.test('who may little learns which right is missing', async () => withFewRights(place))
  await t.test('with --pull it sees users and secrets, and tells none', async () =>
    withPulls(place),
  )
  await t.test('AWS’s shapes give the same verdict as our own', async () => sameVerdict(place))
  await t.test('the server judges as the command line does', async () => sameByServer(place))
  await t.test('what is suppressed and allowed lets a pipeline go on', async () =>
    suppressed(place),
  )
  await t.test('what needs no decision is mended, in both places alike', async () => mended(place))
})

async function openPlace(t: TestContext): Promise<Place> {
  const directory = await temporaryDirectory(t)
  const server = await startServer(t)
  const { ecr } = server
  const files = [
    {
      'app/node_modules/lodash/package.json': '{"name":"lodash","version":"4.17.20"}',
      'root/.npmrc': `//r.example.com/:_authToken=${layerSecret}\n`,
    },
  ]
  await ecr.send(
    new CreateRepositoryCommand({
      repositoryName: 'prod/app',
      tags: [{ Key: 'owner', Value: 'a' }],
    }),
  )
  await ecr.send(
    new CreateRepositoryCommand({ repositoryName: 'team/open', imageTagMutability: 'MUTABLE' }),
  )
  const lifecyclePolicyText = JSON.stringify({
    rules: [
      {
        rulePriority: 1,
        selection: {
          tagStatus: 'any',
          countType: 'sinceImagePushed',
          countUnit: 'days',
          countNumber: 30,
        },
        action: { type: 'expire' },
      },
    ],
  })
  await ecr.send(
    new PutLifecyclePolicyCommand({ repositoryName: 'team/open', lifecyclePolicyText }),
  )
  const policyText = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Sid: 'Everybody', Effect: 'Allow', Principal: '*', Action: 'ecr:BatchGetImage' },
      { Sid: 'Other', Effect: 'Allow', Principal: { AWS: '999988887777' }, Action: 'ecr:*' },
    ],
  })
  await ecr.send(
    new SetRepositoryPolicyCommand({ repositoryName: 'team/open', policyText, force: true }),
  )
  const config = { User: '1000', Env: ['PATH=/bin', `API_TOKEN=${secret}`] }
  const image = await writeImageLayout(join(directory, 'image'), files, { config })
  await pushLayout(server, 'prod/app', image, '1.0')
  const index = await writeIndexLayout(join(directory, 'index'), { amd64: files, arm64: files })
  await pushIndexLayout(server, 'team/open', index, 'latest')
  await scanned(ecr, 'prod/app', image.manifestDigest)
  for (const { manifestDigest } of index.images) await scanned(ecr, 'team/open', manifestDigest)
  return { server, directory }
}

async function scanned(ecr: ECRClient, repositoryName: string, imageDigest: string): Promise<void> {
  for (let left = 600; left > 0; left -= 1) {
    const command = new DescribeImageScanFindingsCommand({
      repositoryName,
      imageId: { imageDigest },
    })
    const status = await ecr.send(command).then(
      ({ imageScanStatus }) => imageScanStatus?.status ?? '',
      // Where the scan was not even asked for yet there is none.
      () => '',
    )
    if (status === 'ACTIVE' || status === 'COMPLETE') return
    await delay(50)
  }
  assert.fail(`${repositoryName} is not scanned`)
}

async function audit({ server, directory }: Place, ...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [program, 'audit', ...args], {
    env: server.environment,
    cwd: directory,
  })
}

/** The same without a process of its own; `target` decides which API is spoken. */
async function postureOf(
  { server }: Place,
  {
    target = 'pratique',
    pull = false,
    only = [],
    keys = server,
  }: {
    readonly target?: Target
    readonly pull?: boolean
    readonly only?: readonly string[]
    readonly keys?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  } = {},
): Promise<ReadonlyMap<string, JudgedRule>> {
  const { accessKeyId, secretAccessKey } = keys
  const settings = {
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  }
  const endpoint = target === 'aws' ? undefined : server.url
  const session = { ecr: new ECRClient(settings), endpoint, name: target }
  const asked = { target, session, iam: new IAMClient(settings), sts: new STSClient(settings) }
  try {
    const reading = { now: Date.now(), looked: 5, only, pull, progress: () => undefined }
    const evidence = await gatherEvidence(asked, defaultExpectations, reading)
    const { rules } = judgePosture(postureRules, evidence, [])
    return new Map(rules.map((one) => [one.rule.id, one]))
  } finally {
    closePlace(asked)
  }
}

async function refusals(place: Place): Promise<void> {
  const file = join(place.directory, 'bad.yaml')
  await writeFile(
    file,
    'version: 1\nsuppress:\n  - rule: REG-021\n    owner: team\n    until: 2027-01-31\n',
  )
  for (const [args, status, words] of [
    [['-o', 'pdf'], 2, /known formats/],
    [['--rules', 'bad.yaml'], 2, /bad\.yaml:3: the suppression has no reason/],
  ] as const) {
    const done = await audit(place, ...args)
    assert.equal(done.status, status, done.stderr)
    assert.match(done.stderr, words)
  }
  await assert.rejects(postureOf(place, { only: ['absent'] }), /no repository absent/)
}

async function untouched(place: Place): Promise<void> {
  const rules = await postureOf(place)
  // A server of ours is looked into without a pull, and its scanner tells of layers.
  const inLayers = rules.get('REG-019')
  assert.equal(inLayers?.outcome, 'fail')
  assert.match(JSON.stringify(inLayers.seen), /npm-credentials in \/root\/\.npmrc, line 1/)
  assert.equal(rules.get('REG-021')?.outcome, 'fail')
  const atAws = await postureOf(place, { target: 'aws' })
  assert.equal(atAws.get('REG-021')?.outcome, 'unknown')
  const scan = await run(process.execPath, [program, 'scan', 'prod/app:1.0'], {
    env: place.server.environment,
    cwd: place.directory,
  })
  assert.match(scan.stdout, /secret: npm-credentials in \/root\/\.npmrc, line 1/)
  assert.ok(!scan.stdout.includes(layerSecret))
  assert.equal(rules.get('REG-006')?.outcome, 'fail')
  assert.equal(rules.get('REG-015')?.outcome, 'fail')
  for (const repositoryName of ['prod/app', 'team/open']) {
    const command = new DescribeImagesCommand({ repositoryName })
    const { imageDetails = [] } = await place.server.ecr.send(command)
    assert.ok(imageDetails.length > 0)
    assert.ok(imageDetails.every(({ lastRecordedPullTime }) => lastRecordedPullTime === undefined))
  }
}

async function withFewRights(place: Place): Promise<void> {
  const { server } = place
  const credentials = { accessKeyId: server.accessKeyId, secretAccessKey: server.secretAccessKey }
  const iam = new IAMClient({ endpoint: server.url, region: 'us-east-1', credentials })
  const UserName = 'looker'
  await iam.send(new CreateUserCommand({ UserName }))
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: ['ecr:DescribeRepositories', 'ecr:GetAuthorizationToken'],
      Resource: '*',
    },
  })
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'look', PolicyDocument }))
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
  iam.destroy()
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '' } = AccessKey ?? {}
  const keys = { accessKeyId, secretAccessKey }
  const rules = await postureOf(place, { only: ['prod/*'], keys })
  for (const [id, action] of [
    ['REG-004', 'ecr:GetLifecyclePolicy'],
    ['REG-006', 'ecr:GetRepositoryPolicy'],
    ['REG-015', 'ecr:DescribeImages'],
    ['REG-026', 'pratique:DescribeAdvisories'],
    ['REG-027', 'iam:ListAccessKeys'],
    ['REG-029', 'iam:GetAccountAuthorizationDetails'],
    ['REG-035', 'pratique:VerifyAuditLog'],
  ] as const) {
    const rule = rules.get(id)
    assert.equal(rule?.outcome, 'unknown', id)
    assert.ok(
      [rule, ...rule.seen].some((one) => one.action === action),
      id,
    )
  }
  assert.equal(rules.get('REG-003')?.outcome, 'pass')
}

async function withPulls(place: Place): Promise<void> {
  const done = await audit(
    place,
    '--pull',
    '-o',
    'table',
    '-o',
    'html=a.html',
    '-o',
    'sarif=a.sarif',
    '-o',
    'junit=a.xml',
    '-o',
    'markdown=a.md',
  )
  assert.equal(done.status, 3, done.stderr)
  assert.match(done.stdout, /prod\/app:1\.0: may hold secrets: ENV API_TOKEN: a GitHub token/)
  assert.match(done.stdout, /team\/open:latest: linux\/amd64: names no user, which is root/)
  const written = ['a.html', 'a.sarif', 'a.xml', 'a.md'].map((name) =>
    readFile(join(place.directory, name), 'utf8'),
  )
  for (const text of [done.stdout, done.stderr, ...(await Promise.all(written))])
    assert.ok(!text.includes(secret) && !text.includes(layerSecret))
}

/** Rules about what only our own server has. */
const ours = ['REG-025', 'REG-026', 'REG-033', 'REG-034', 'REG-035']

async function sameVerdict(place: Place): Promise<void> {
  const byOurs = await postureOf(place, { pull: true })
  const byAws = await postureOf(place, { pull: true, target: 'aws' })
  for (const [id, { outcome, severity, seen }] of byAws) {
    const mine = byOurs.get(id)
    if (ours.includes(id)) assert.equal(outcome, 'not-applicable', id)
    // Layers are read by our own scanner alone; configurations by both.
    else if (id === 'REG-019') assert.equal(outcome, mine?.outcome)
    // Who used root is in CloudTrail, which is not read.
    else if (id === 'REG-028') assert.equal(outcome, 'unknown')
    else
      assert.deepEqual(
        { id, outcome, severity, seen },
        { id, outcome: mine?.outcome, severity: mine?.severity, seen: mine?.seen },
      )
  }
}

/** What a rule says of each of its resources; the log goes on between two readings. */
function answersOf(rules: Iterable<JudgedRule>): ReadonlyMap<string, unknown> {
  return new Map(
    [...rules].map(({ rule, outcome, severity, seen }) => [
      rule.id,
      {
        outcome,
        severity,
        seen: seen.map(({ resource, outcome: one, words, remedy }) => ({
          resource,
          outcome: one,
          words: words.replace(/\d+ lines/, 'lines'),
          remedy,
        })),
      },
    ]),
  )
}

async function sameByServer(place: Place): Promise<void> {
  const none = await audit(place, '--server')
  assert.equal(none.status, 5, none.stderr)
  assert.match(none.stderr, /has not been judged yet/)
  // Pulled first, so that both see the same dates of pulls.
  await postureOf(place, { pull: true })
  const asked = await audit(place, '--server', '--now', '-o', 'json', '-o', 'table=t')
  assert.equal(asked.status, 3, asked.stderr)
  const told = JSON.parse(asked.stdout) as {
    readonly rules: readonly {
      readonly id: string
      readonly outcome: string
      readonly severity: string
      readonly resources: readonly Record<'resource' | 'outcome' | 'seen' | 'remedy', string>[]
    }[]
  }
  const byCommand = answersOf((await postureOf(place, { pull: true })).values())
  for (const { id, outcome, severity, resources } of told.rules) {
    const seen = resources.map(({ resource, outcome: one, seen: words, remedy }) => ({
      resource,
      outcome: one,
      words: words.replace(/\d+ lines/, 'lines'),
      remedy,
    }))
    const mine = { outcome, severity, seen }
    assert.deepEqual({ id, ...mine }, { id, ...(byCommand.get(id) as object) })
  }
  assert.equal(told.rules.length, byCommand.size)
  assert.ok(!asked.stdout.includes(secret))
  const rules =
    'version: 1\nsuppress:\n  - { rule: REG-006, owner: team, reason: is public, until: UNTIL }\n'
  const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  await writeFile(join(place.directory, 'server.yaml'), rules.replace('UNTIL', until))
  const put = await audit(place, '--put-rules', 'server.yaml')
  assert.match(put.stdout, /team\/open.*team until/, put.stderr)
  assert.match(put.stdout, /score \d+ of 100.*(?:above|below) that of|the same as on/)
}

async function suppressed(place: Place): Promise<void> {
  const rules = await postureOf(place, { only: ['prod/app'] })
  const failing = [...rules.values()].filter(({ outcome }) => outcome === 'fail')
  const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
  const entries = failing.map(
    ({ rule }) => `  - { rule: ${rule.id}, owner: team, reason: being mended, until: ${until} }`,
  )
  const rulesFile = (unknown: string): string =>
    `version: 1\nunknown: ${unknown}\nsuppress:\n${entries.join('\n')}\n`
  await writeFile(join(place.directory, 'fail.yaml'), rulesFile('fail'))
  await writeFile(join(place.directory, 'allow.yaml'), rulesFile('allow'))
  const only = ['--repository', 'prod/app', '--history', 'scores']
  const untold = await audit(place, ...only, '--rules', 'fail.yaml')
  assert.equal(untold.status, 6, untold.stdout)
  const allowed = await audit(place, ...only, '--rules', 'allow.yaml', '--min', 'medium')
  assert.equal(allowed.status, 0, allowed.stdout)
  assert.match(allowed.stdout, /the same as on 20/)
  assert.doesNotMatch(allowed.stdout, /REG-004/)
  const scores = await readFile(join(place.directory, 'scores'), 'utf8')
  assert.equal(scores.trim().split('\n').length, 2)
}

async function mended(place: Place): Promise<void> {
  const { ecr } = place.server
  for (const repositoryName of ['fix/one', 'fix/two'])
    await ecr.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability: 'MUTABLE' }))
  const lifecyclePolicy = JSON.stringify({
    rules: [
      {
        rulePriority: 1,
        selection: {
          tagStatus: 'untagged',
          countType: 'sinceImagePushed',
          countUnit: 'days',
          countNumber: 14,
        },
        action: { type: 'expire' },
      },
    ],
  })
  const template = { prefix: 'fix', appliedFor: ['PULL_THROUGH_CACHE' as const], lifecyclePolicy }
  await ecr.send(new CreateRepositoryCreationTemplateCommand(template))
  const states = async (name: string): Promise<readonly unknown[]> => {
    const { repositories = [] } = await ecr.send(
      new DescribeRepositoriesCommand({ repositoryNames: [name] }),
    )
    const policy = ecr.send(new GetLifecyclePolicyCommand({ repositoryName: name }))
    return [
      repositories[0]?.imageTagMutability,
      await policy.then(
        ({ lifecyclePolicyText }) => lifecyclePolicyText,
        () => undefined,
      ),
    ]
  }
  assert.throws(() => requireAnswer({ yes: true }, []), /go with --fix/)
  assert.throws(() => requireAnswer({ fix: ['REG-999'], yes: true }, []), /no rule REG-999/)
  const both = ['--repository', 'fix/one', '--repository', 'team/open']
  const dry = await audit(place, ...both, '--fix', '--dry-run')
  assert.match(dry.stderr, /put-image-tag-mutability --repository-name fix\/one .*\n/)
  assert.match(dry.stderr, /2 could be mended/)
  assert.match(dry.stderr, /left: REG-003 team\/open: it has the tag latest/)
  assert.match(dry.stderr, /left: REG-006 team\/open: what mends it is a decision/)
  assert.equal(dry.status, 3)
  assert.deepEqual(await states('fix/one'), ['MUTABLE', undefined])
  const only = ['--fix', 'REG-003', 'REG-004', '--yes', '-o', 'json']
  for (const [target, name] of [
    ['pratique', 'fix/one'],
    ['aws', 'fix/two'],
  ] as const) {
    const done = await audit(place, '--target', target, '--repository', name, ...only)
    assert.match(done.stderr, /2 mended, 0 not wanted, 0 failed, 0 left/)
    assert.deepEqual(await states(name), ['IMMUTABLE', lifecyclePolicy])
    const { rules } = JSON.parse(done.stdout) as { rules: { id: string; outcome: string }[] }
    const outcomes = rules.filter(({ id }) => /00[34]$/.test(id)).map(({ outcome }) => outcome)
    assert.deepEqual(outcomes, ['pass', 'pass'])
  }
}
