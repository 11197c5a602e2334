// What AWS answers, and what the audit makes of it: a refusal and a silence are unknown, each for what it is about.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { IAMClient } from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import { postureEvidence } from '../../test/kit/posture.ts'
import { recordedEcr, type RecordedAnswer } from '../../test/kit/recorded-ecr.ts'
import type { PostureEvidence } from '../../src/posture/rules/evidence.ts'
import { judgePosture, type JudgedRule } from '../../src/posture/rules/judge-posture.ts'
import { postureRules } from '../../src/posture/rules/table.ts'
import { isPullExcluded } from '../fetch-manifests.ts'
import { readRegistry } from './read-registry.ts'
import { readRepositories } from './read-repositories.ts'

const digest = `sha256:${'a'.repeat(64)}`
const now = Date.UTC(2026, 10, 26)
const seconds = now / 1000

const usual: Readonly<Record<string, RecordedAnswer>> = {
  DescribeRepositories: {
    repositories: [
      {
        repositoryName: 'prod/app',
        repositoryArn: 'arn:aws:ecr:eu-west-1:123456789012:repository/prod/app',
        imageTagMutability: 'IMMUTABLE',
        encryptionConfiguration: { encryptionType: 'AES256' },
      },
    ],
  },
  BatchGetRepositoryScanningConfiguration: {
    scanningConfigurations: [{ repositoryName: 'prod/app', scanFrequency: 'CONTINUOUS_SCAN' }],
  },
  GetLifecyclePolicy: { error: 'LifecyclePolicyNotFoundException' },
  GetRepositoryPolicy: { error: 'RepositoryPolicyNotFoundException' },
  ListTagsForResource: { tags: [] },
  DescribeImages: {
    imageDetails: [
      {
        imageDigest: digest,
        imageTags: ['1.0'],
        imagePushedAt: seconds - 86_400,
        imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
        artifactMediaType: 'application/vnd.oci.image.config.v1+json',
      },
      {
        imageDigest: `sha256:${'b'.repeat(64)}`,
        imageTags: [`sha256-${'a'.repeat(64)}.sig`],
        imagePushedAt: seconds,
        artifactMediaType: 'application/vnd.oci.image.config.v1+json',
      },
    ],
  },
  DescribeImageScanFindings: {
    imageScanStatus: { status: 'ACTIVE', description: 'Continuous scan is selected for image.' },
    imageScanFindings: {
      enhancedFindings: [
        {
          severity: 'LOW',
          status: 'ACTIVE',
          fixAvailable: 'NO',
          packageVulnerabilityDetails: {
            vulnerabilityId: 'CVE-2026-0001',
            vulnerablePackages: [{ name: 'openssl', version: '1.1.1' }],
          },
          resources: [{ details: { awsEcrContainerImage: { platform: 'UBUNTU_16_04' } } }],
        },
      ],
    },
  },
  ListImageReferrers: { referrers: [] },
  DescribePullThroughCacheRules: { pullThroughCacheRules: [] },
  DescribeRegistry: { replicationConfiguration: { rules: [] } },
  GetSigningConfiguration: { error: 'SigningConfigurationNotFoundException' },
}

async function judge(
  t: TestContext,
  changed: Readonly<Record<string, RecordedAnswer>> = {},
): Promise<{
  readonly rules: ReadonlyMap<string, JudgedRule>
  readonly asked: readonly string[]
}> {
  const answers = { ...usual, ...changed }
  const { session, asked } = await recordedEcr(t, (name) => answers[name] ?? { error: 'NoSuch' })
  const reading = { now, looked: 5, only: [], isPullAllowed: false, progress: () => undefined }
  const repositories = await readRepositories(session, reading)
  const evidence: Partial<PostureEvidence> = {
    now,
    repositories: { kind: 'told', value: repositories },
    ...(await readRegistry(session)),
  }
  const posture = judgePosture(postureRules, postureEvidence({ evidence }), [])
  return { rules: new Map(posture.rules.map((rule) => [rule.rule.id, rule])), asked }
}

test('of an account as it is usually: no manifest is fetched, and the signature’s tag is no image', async (t) => {
  const { rules, asked } = await judge(t)
  assert.ok(!asked.includes('BatchGetImage') && !asked.includes('GetDownloadUrlForLayer'))
  const outcome = (id: string): string | undefined => rules.get(id)?.outcome
  assert.equal(outcome('REG-001'), 'pass')
  assert.equal(outcome('REG-004'), 'fail')
  assert.equal(outcome('REG-006'), 'pass')
  assert.equal(outcome('REG-015'), 'pass')
  assert.equal(rules.get('REG-015')?.seen[0]?.resource, 'prod/app:1.0')
  assert.equal(outcome('REG-016'), 'pass')
  assert.equal(outcome('REG-019'), 'unknown')
  // Inspector tells which release the image is built on.
  assert.equal(outcome('REG-020'), 'fail')
  assert.match(rules.get('REG-020')?.seen[0]?.words ?? '', /ubuntu-16\.04/)
  // One that cosign's tag claims, and nobody verified.
  assert.equal(outcome('REG-022'), 'unknown')
})

test('signatures that verifiers pulled are no images that somebody runs', async (t) => {
  const pulled = { imagePushedAt: seconds - 86_400, lastRecordedPullTime: seconds - 60 }
  const { rules } = await judge(t, {
    DescribeImages: {
      imageDetails: [
        {
          ...pulled,
          imageDigest: digest,
          imageTags: ['1.0'],
          artifactMediaType: 'application/vnd.oci.image.config.v1+json',
        },
        {
          ...pulled,
          imageDigest: `sha256:${'b'.repeat(64)}`,
          imageTags: [`sha256-${'a'.repeat(64)}.sig`],
          artifactMediaType: 'application/vnd.oci.image.config.v1+json',
        },
        {
          ...pulled,
          imageDigest: `sha256:${'c'.repeat(64)}`,
          artifactMediaType: 'application/vnd.cncf.notary.signature',
        },
      ],
    },
  })
  for (const id of ['REG-017', 'REG-023'])
    for (const { resource } of rules.get(id)?.seen ?? []) assert.equal(resource, 'prod/app:1.0', id)
  assert.equal(rules.get('REG-017')?.seen.length, 1)
})

for (const [operation, action, ids] of [
  ['GetLifecyclePolicy', 'ecr:GetLifecyclePolicy', ['REG-004', 'REG-005']],
  ['GetRepositoryPolicy', 'ecr:GetRepositoryPolicy', ['REG-006', 'REG-007', 'REG-012']],
  ['DescribeImages', 'ecr:DescribeImages', ['REG-015', 'REG-019', 'REG-036']],
  ['DescribeImageScanFindings', 'ecr:DescribeImageScanFindings', ['REG-015', 'REG-016', 'REG-018']],
  ['DescribePullThroughCacheRules', 'ecr:DescribePullThroughCacheRules', ['REG-031', 'REG-032']],
] as const) {
  test(`without ${action} its rules are unknown and say so, and the others are judged`, async (t) => {
    const { rules } = await judge(t, { [operation]: { error: 'AccessDeniedException' } })
    for (const id of ids) {
      const rule = rules.get(id)
      assert.equal(rule?.outcome, 'unknown', id)
      assert.ok(
        [rule, ...rule.seen].some((one) => one.action === action),
        id,
      )
    }
    assert.equal(rules.get('REG-003')?.outcome, 'pass')
  })
}

test('an image that was never scanned, one of which AWS cannot speak, and a word nobody knows', async (t) => {
  const rows: readonly (readonly [RecordedAnswer, string])[] = [
    [{ error: 'ScanNotFoundException' }, 'fail'],
    [
      { imageScanStatus: { status: 'UNSUPPORTED_IMAGE', description: 'no such system' } },
      'unknown',
    ],
    [{ imageScanStatus: { status: 'SOMETHING' } }, 'unknown'],
    [{}, 'unknown'],
  ]
  for (const [answer, outcome] of rows) {
    const { rules } = await judge(t, { DescribeImageScanFindings: answer })
    assert.equal(rules.get('REG-015')?.outcome, outcome, JSON.stringify(answer))
  }
})

test('only a session of a role that is listed may fetch manifests unasked', async (t) => {
  const { session } = await recordedEcr(t, () => ({
    pullTimeUpdateExclusions: ['arn:aws:iam::123456789012:role/ops/audit'],
  }))
  const place = { target: 'aws', session, iam: new IAMClient(), sts: new STSClient() } as const
  for (const [arn, isExcluded] of [
    ['arn:aws:sts::123456789012:assumed-role/audit/me', true],
    ['arn:aws:sts::123456789012:assumed-role/dit/me', false],
    ['arn:aws:sts::999988887777:assumed-role/audit/me', false],
    ['arn:aws:iam::123456789012:user/audit', false],
    ['arn:aws:iam::123456789012:root', false],
  ] as const)
    assert.equal(await isPullExcluded(place.session, arn), isExcluded, arn)
})

test('a setting that a service leaves out is unknown', async (t) => {
  const { rules } = await judge(t, {
    DescribeRepositories: { repositories: [{ repositoryName: 'prod/app' }] },
    BatchGetRepositoryScanningConfiguration: { scanningConfigurations: [] },
  })
  for (const id of ['REG-001', 'REG-003', 'REG-013'])
    assert.equal(rules.get(id)?.outcome, 'unknown', id)
})
