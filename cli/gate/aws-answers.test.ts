// What AWS answers, and what the gate makes of it: what a source does not tell is unknown, and never false.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { admissionNow, admissionPolicy } from '../../test/kit/admission.ts'
import { recordedEcr, type RecordedAnswer, type RecordedEcr } from '../../test/kit/recorded-ecr.ts'
import { parseImageReference } from '../reference.ts'
import { withPulls } from '../fetch-manifests.ts'
import { noveltyBy, readBaseline } from './baseline.ts'
import { gatePolicies, type PolicyFlags } from './gate-policies.ts'
import { judgeReference, verdictOf, type JudgedImage, type Judging } from './judge-reference.ts'
import { gateFinding } from '../../test/kit/gate.ts'

interface Case {
  readonly name: string
  readonly source: string
  /** Of DescribeImageScanFindings, in order. */
  readonly pages: readonly RecordedAnswer[]
  readonly asked: readonly {
    readonly flags: Partial<PolicyFlags>
    readonly verdict: string
    /** Of all reasons, in order of the report; none where they are left out. */
    readonly codes?: readonly string[]
  }[]
}

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own cases
const { cases } = JSON.parse(
  readFileSync(new URL('cases/aws-answers.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Case[] }

const digest = `sha256:${'a'.repeat(64)}`
const arm = `sha256:${'b'.repeat(64)}`
const index = `sha256:${'c'.repeat(64)}`
const image = 'application/vnd.oci.image.manifest.v1+json'

const described = { imageDetails: [{ imageDigest: digest, imageManifestMediaType: image }] }

/** Data is as old at any time: the recorded one is moved to now. */
function moved(value: RecordedAnswer): RecordedAnswer {
  const by = Math.round((Date.now() - admissionNow) / 1000)
  const text = JSON.stringify(value, (key, one: unknown) =>
    key.endsWith('At') && typeof one === 'number' && one > 1_700_000_000 ? one + by : one,
  )
  return Object(JSON.parse(text)) as RecordedAnswer
}

function judging(flags: Partial<PolicyFlags>, more: Partial<Judging> = {}): Judging {
  return {
    policies: gatePolicies({ policy: [], ...flags }, Date.now()),
    suppressions: undefined,
    baseline: undefined,
    platform: undefined,
    context: { door: 'gate', withoutPolicy: 'deny' },
    deadline: 0,
    ...more,
  }
}

async function judgeRecorded(
  { session }: RecordedEcr,
  how: Judging,
  text = 'team/app:1.0',
): Promise<JudgedImage> {
  const reference = parseImageReference(text)
  assert.ok(reference !== undefined)
  return judgeReference(session, { reference, registryId: '123456789012' }, how)
}

function codesOf({ decision }: JudgedImage): readonly string[] {
  return decision.reasons.map(({ code }) => code)
}

for (const { name, pages, asked } of cases) {
  test(name, async (t) => {
    const ecr = await recordedEcr(t, (operation, input) => {
      if (operation === 'DescribeImages') return described
      assert.equal(operation, 'DescribeImageScanFindings')
      assert.equal(input['registryId'], '123456789012')
      return moved(pages[input['nextToken'] === undefined ? 0 : 1] ?? {})
    })
    for (const { flags, verdict, codes = [] } of asked) {
      const told = await judgeRecorded(ecr, judging(flags))
      assert.equal(verdictOf(told.decision), verdict, JSON.stringify([flags, codesOf(told)]))
      assert.deepEqual(codesOf(told), codes, JSON.stringify(flags))
    }
  })
}

const manifest = JSON.stringify({
  schemaVersion: 2,
  manifests: [
    { digest, platform: { os: 'linux', architecture: 'amd64' } },
    { digest: arm, platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } },
    { digest: index, platform: { os: 'unknown', architecture: 'unknown' } },
  ],
})

async function recordedIndex(
  t: Parameters<typeof recordedEcr>[0],
  scans: Readonly<Record<string, RecordedAnswer>>,
): Promise<RecordedEcr> {
  return recordedEcr(t, (operation, input) => {
    if (operation === 'DescribeImages')
      return {
        imageDetails: [
          { imageDigest: index, imageManifestMediaType: 'application/vnd.oci.image.index.v1+json' },
        ],
      }
    if (operation === 'BatchGetImage') return { images: [{ imageManifest: manifest }] }
    const { imageId } = input as { readonly imageId?: { readonly imageDigest?: string } }
    return scans[imageId?.imageDigest ?? ''] ?? { error: 'ScanNotFoundException' }
  })
}

const clean = { imageScanStatus: { status: 'COMPLETE' }, imageScanFindings: { findings: [] } }
const bad = {
  imageScanStatus: { status: 'COMPLETE' },
  imageScanFindings: {
    findings: [
      {
        name: 'CVE-1',
        severity: 'CRITICAL',
        attributes: [{ key: 'package_name', value: 'curl' }],
      },
    ],
  },
}

test('of an index every platform is judged, unless one is asked for', async (t) => {
  const ecr = await recordedIndex(t, { [digest]: clean, [arm]: bad })
  const whole = await judgeRecorded(ecr, judging({}))
  assert.equal(verdictOf(whole.decision), 'deny')
  assert.equal(whole.decision.reasons[0]?.platform, 'linux/arm64/v8')
  assert.equal(whole.onlyPlatform, undefined)
  const amd = await judgeRecorded(ecr, judging({}, { platform: 'linux/amd64' }))
  assert.deepEqual([verdictOf(amd.decision), amd.onlyPlatform], ['allow', 'linux/amd64'])
  const other = await judgeRecorded(ecr, judging({}, { platform: 'linux/arm64' }))
  assert.equal(verdictOf(other.decision), 'deny')
  const none = await judgeRecorded(ecr, judging({}, { platform: 'linux/s390x' }))
  assert.deepEqual([verdictOf(none.decision), codesOf(none)], ['unknown', ['no-platform']])
})

test('of an index of AWS nothing is fetched where that would date a pull that nobody meant', async (t) => {
  const ecr = await recordedIndex(t, { [digest]: clean, [arm]: clean })
  const { ecr: client, endpoint, name } = ecr.session
  const told = await judgeRecorded(
    { ...ecr, session: { ecr: client, endpoint, name } },
    judging({}),
  )
  assert.equal(verdictOf(told.decision), 'unknown')
  assert.match(told.decision.reasons[0]?.message ?? '', /AWS dates a pull.*give --pull/)
  assert.ok(!ecr.asked.includes('BatchGetImage'))
  const meant = { ...ecr, session: withPulls(ecr.session, true) }
  assert.equal(verdictOf((await judgeRecorded(meant, judging({}))).decision), 'allow')
})

test('a platform that was not scanned is told, and no other stands in for it', async (t) => {
  const ecr = await recordedIndex(t, { [digest]: clean })
  const told = await judgeRecorded(ecr, judging({}))
  assert.deepEqual([verdictOf(told.decision), codesOf(told)], ['unknown', ['not-scanned']])
})

test('only what an earlier image did not have counts as new, whatever its version', async (t) => {
  const ecr = await recordedEcr(t, (operation, input) => {
    const { imageIds } = input as { readonly imageIds?: readonly { readonly imageTag?: string }[] }
    if (operation === 'DescribeImages')
      return {
        imageDetails: [
          {
            imageDigest: imageIds?.[0]?.imageTag === 'old' ? arm : digest,
            imageManifestMediaType: image,
          },
        ],
      }
    return bad
  })
  const reference = parseImageReference('team/app:old')
  assert.ok(reference !== undefined)
  const baseline = await readBaseline(ecr.session, reference, '123456789012')
  const flags = { newOnly: true, baseline: 'team/app:old' } as const
  const same = await judgeRecorded(ecr, judging(flags, { baseline }))
  assert.equal(verdictOf(same.decision), 'allow')
  const target = { repository: 'team/app', registryId: undefined, digest, platform: undefined }
  const novelty = noveltyBy(baseline, target)
  assert.equal(novelty(gateFinding({ vulnerability: 'CVE-2', packageName: 'curl' })), 'new')
  assert.equal(
    novelty(gateFinding({ vulnerability: 'CVE-2', aliases: ['cve-1'], packageName: 'curl' })),
    'old',
  )
  const untold = noveltyBy(new Map([[undefined, { kind: 'running', status: 'PENDING' }]]), target)
  assert.equal(untold(gateFinding()), 'unknown')
})

const immutable = admissionPolicy({
  version: 1,
  name: 'p',
  require: { tagMutability: 'immutable', maxImageAge: '90d' },
})

test('what a policy asks of the repository is read only then, and what may not be read is unknown', async (t) => {
  const answers: Record<string, RecordedAnswer> = {
    DescribeImages: described,
    DescribeImageScanFindings: clean,
    BatchGetImage: { error: 'AccessDeniedException' },
  }
  const ecr = await recordedEcr(t, (operation) => answers[operation] ?? {})
  await judgeRecorded(ecr, judging({}))
  assert.deepEqual([...new Set(ecr.asked)], ['DescribeImages', 'DescribeImageScanFindings'])
  const rows: readonly (readonly [answer: RecordedAnswer, code: string | undefined])[] = [
    [{ error: 'AccessDeniedException' }, 'tag-mutability-unknown'],
    [{ repositories: [{ imageTagMutability: 'MUTABLE' }] }, 'tag-mutable'],
    [{ repositories: [{ imageTagMutability: 'IMMUTABLE' }] }, undefined],
    [
      {
        repositories: [
          {
            imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION',
            imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: '1.*' }],
          },
        ],
      },
      'tag-mutable',
    ],
    [
      {
        repositories: [
          {
            imageTagMutability: 'MUTABLE_WITH_EXCLUSION',
            imageTagMutabilityExclusionFilters: [{ filterType: 'WILDCARD', filter: '1.*' }],
          },
        ],
      },
      undefined,
    ],
    [{ repositories: [{ imageTagMutability: 'SOMETIMES' }] }, 'tag-mutability-unknown'],
  ]
  for (const [answer, code] of rows) {
    answers['DescribeRepositories'] = answer
    const told = await judgeRecorded(ecr, judging({}, { policies: [immutable] }))
    const codes = codesOf(told).filter((one) => one !== 'image-age-unknown')
    assert.deepEqual(codes, code === undefined ? [] : [code], JSON.stringify(answer))
    assert.ok(codesOf(told).includes('image-age-unknown'))
  }
  const pinned = await judgeRecorded(
    ecr,
    judging({}, { policies: [immutable] }),
    `team/app@${digest}`,
  )
  assert.deepEqual(codesOf(pinned), ['image-age-unknown'])
})
