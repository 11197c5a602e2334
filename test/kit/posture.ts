// Evidence of an installation in which every rule passes, and the same with something changed.
import { defaultExpectations } from '../../src/posture/rules/rules-file.ts'
import type {
  ImageEvidence,
  PostureEvidence,
  RepositoryEvidence,
  ScanEvidence,
} from '../../src/posture/rules/evidence.ts'

/** Midday of a day that the cases count from. */
export const postureNow = Date.UTC(2026, 10, 26, 12)
const day = 86_400_000
const account = '123456789012'

const told = <T>(value: T): { readonly kind: 'told'; readonly value: T } => ({
  kind: 'told',
  value,
})

const scan: ScanEvidence = {
  platform: undefined,
  kind: 'scanned',
  words: undefined,
  findings: [
    {
      vulnerability: 'CVE-2026-0001',
      severity: 'LOW',
      packageName: 'openssl',
      packageVersion: '3.5.1-1',
      kev: 'unlisted',
      fix: { kind: 'none' },
      firstKnown: { kind: 'known', at: postureNow - 5 * day },
      release: 'debian-13',
    },
  ],
}

const image: ImageEvidence = {
  digest: `sha256:${'a'.repeat(64)}`,
  tags: ['1.0'],
  pushedAt: postureNow - 10 * day,
  lastPulledAt: postureNow - day,
  sizeBytes: 1000,
  isLatest: true,
  scans: told([scan]),
  configurations: told([{ platform: undefined, os: 'linux', user: '1000', secrets: [] }]),
  layers: told({ secrets: [], unread: 0 }),
  signatures: told({ count: 1, isTrusted: told(true), term: told({ kind: 'lasts' }) }),
}

const repository: RepositoryEvidence = {
  name: 'prod/app',
  arn: `arn:aws:ecr:us-east-1:${account}:repository/prod/app`,
  mutability: 'IMMUTABLE',
  exclusions: [],
  customerKey: told('arn:aws:kms:us-east-1:123456789012:key/one'),
  scanFrequency: told('CONTINUOUS_SCAN'),
  lifecycle: told(
    '{"rules":[{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}',
  ),
  policy: told(undefined),
  tags: told(['owner']),
  images: told([image]),
}

const good: PostureEvidence = {
  now: postureNow,
  account: told(account),
  expectations: {
    ...defaultExpectations,
    accounts: ['111122223333'],
    requiredTags: ['owner'],
    customerKeys: ['prod/*'],
  },
  repositories: told([repository]),
  pullThrough: told([
    {
      prefix: 'quay',
      upstream: 'quay.io',
      credentials: told({ isValid: true, words: '' }),
    },
  ]),
  replication: told([{ account: '111122223333', region: 'eu-west-1' }]),
  signing: told([]),
  admission: told({
    clusters: [{ name: 'one', hasAsked: true, withoutPolicy: 'deny', bindings: [] }],
    policies: [{ name: 'base', mode: 'enforce', scopes: [] }],
  }),
  exemptions: told([{ name: 'rule 1', owner: 'team', until: postureNow + 30 * day }]),
  data: told({ updatedAt: postureNow - 3_600_000, failing: [] }),
  principals: told([
    {
      kind: 'role',
      name: 'ci',
      arn: `arn:aws:iam::${account}:role/ci`,
      policies: [],
      managed: [],
      trust: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::${account}:root"},"Action":"sts:AssumeRole"}}`,
    },
  ]),
  accessKeys: told([
    {
      user: 'ci',
      id: 'AKIAEXAMPLE',
      isActive: true,
      createdAt: postureNow - 10 * day,
      lastUsedAt: told(postureNow - day),
    },
  ]),
  rootKeys: told(false),
  rootUse: told(undefined),
  address: told('https://registry.example.org'),
  lastBackup: told(postureNow - 3_600_000),
  chain: told({ isIntact: true, words: 'intact' }),
  lastLogExport: told(postureNow - day),
}

/** `repository`, `image`, `scan`, `finding`: of the one that there is; everything else as evidence has it. */
export interface PostureChange {
  readonly repository?: Partial<RepositoryEvidence>
  readonly image?: Partial<ImageEvidence>
  readonly scan?: Partial<ScanEvidence>
  readonly finding?: Partial<ScanEvidence['findings'][number]>
  readonly expectations?: Partial<PostureEvidence['expectations']>
  readonly evidence?: Partial<PostureEvidence>
}

export function postureEvidence(change: PostureChange = {}): PostureEvidence {
  const findings = scan.findings.map((finding) => ({ ...finding, ...change.finding }))
  const changedScan = { ...scan, findings, ...change.scan }
  const changedImage = { ...image, scans: told([changedScan]), ...change.image }
  const changedRepository = { ...repository, images: told([changedImage]), ...change.repository }
  return {
    ...good,
    repositories: told([changedRepository]),
    expectations: { ...good.expectations, ...change.expectations },
    ...change.evidence,
  }
}
