// Purpose:  are repositories set up so that bad images are noticed, tags stay what they are, and old images go?
// Spec:     our own (docs/posture.md); ECR's settings of repositories. Equivalents name the checks of other tools with the same idea.
// Input:    settings as the ECR API tells them.
// Deviates: tags that may not move but for narrow exclusions pass, where Security Hub's ECR.2 takes IMMUTABLE alone.
// Unknowns: a setting that is not told, and a lifecycle policy that cannot be read.
import { lintLifecycle } from '../../lifecycle/rules/lint-lifecycle.ts'
import { parseLifecycle } from '../../lifecycle/rules/parse-lifecycle.ts'
import { matchesSegment } from '../../vex/path-glob.ts'
import type { RepositoryEvidence } from './evidence.ts'
import {
  dayMs,
  daysSince,
  eachRepository,
  fail,
  fewOf,
  pass,
  tellingOf,
  unknown,
} from './per-resource.ts'
import type { PostureRule } from './posture-rule.ts'

export const ecrGuide = 'https://docs.aws.amazon.com/AmazonECR/latest/userguide'

export const repositoryRules: readonly PostureRule[] = [
  {
    id: 'REG-001',
    title: 'Repository is scanned on push or continuously',
    severity: 'high',
    why: 'An image that nobody scans has no findings, which looks like an image without any.',
    evidence: ['ecr:DescribeRepositories', 'ecr:BatchGetRepositoryScanningConfiguration'],
    judge: (evidence) =>
      eachRepository(evidence, ({ scanFrequency }) =>
        tellingOf(scanFrequency, (frequency) =>
          frequency === 'MANUAL'
            ? fail('is scanned only when somebody asks')
            : pass(`is scanned: ${frequency}`),
        ),
      ),
    remedy:
      'aws ecr put-image-scanning-configuration --repository-name {repository} --image-scanning-configuration scanOnPush=true',
    equivalents: [
      { tool: 'Prowler', id: 'ecr_registry_scan_images_on_push_enabled' },
      { tool: 'Security Hub', id: 'ECR.1' },
      { tool: 'Checkov', id: 'CKV_AWS_163' },
      { tool: 'Trivy', id: 'AWS-0030' },
    ],
    references: [`${ecrGuide}/image-scanning.html`],
  },
  {
    id: 'REG-002',
    title: 'Production repository is scanned continuously',
    severity: 'medium',
    why: 'Most flaws of an image become known after it was pushed; a scan on push never tells of them.',
    evidence: ['ecr:DescribeRepositories', 'ecr:BatchGetRepositoryScanningConfiguration'],
    judge: (evidence) =>
      eachRepository(evidence, ({ name, scanFrequency }) =>
        isNamed(name, evidence.expectations.production)
          ? tellingOf(scanFrequency, (frequency) =>
              frequency === 'CONTINUOUS_SCAN'
                ? pass('is scanned continuously')
                : fail(`is for production and not scanned continuously: ${frequency}`),
            )
          : undefined,
      ),
    remedy: `aws ecr put-registry-scanning-configuration --scan-type ENHANCED --rules '[{"scanFrequency":"CONTINUOUS_SCAN","repositoryFilters":[{"filter":"*","filterType":"WILDCARD"}]}]'`,
    equivalents: [],
    references: [`${ecrGuide}/image-scanning-enhanced.html`],
  },
  {
    id: 'REG-003',
    title: 'Tags are immutable, and exclusions are narrow',
    severity: 'medium',
    why: 'Who may push can put another image under a tag that was tested and is deployed.',
    evidence: ['ecr:DescribeRepositories'],
    judge: (evidence) => eachRepository(evidence, judgeMutability),
    remedy:
      'aws ecr put-image-tag-mutability --repository-name {repository} --image-tag-mutability IMMUTABLE',
    equivalents: [
      { tool: 'Prowler', id: 'ecr_repositories_tag_immutability' },
      { tool: 'Security Hub', id: 'ECR.2' },
      { tool: 'Checkov', id: 'CKV_AWS_51' },
      { tool: 'Trivy', id: 'AWS-0031' },
    ],
    references: [`${ecrGuide}/image-tag-mutability.html`],
  },
  {
    id: 'REG-004',
    title: 'Repository has a lifecycle policy',
    severity: 'low',
    why: 'Images that nobody needs cost space, and can still be started.',
    evidence: ['ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy'],
    judge: (evidence) =>
      eachRepository(evidence, ({ lifecycle }) =>
        tellingOf(lifecycle, (text) =>
          text === undefined ? fail('has no lifecycle policy') : pass('has a lifecycle policy'),
        ),
      ),
    remedy:
      'aws ecr put-lifecycle-policy --repository-name {repository} --lifecycle-policy-text file://lifecycle.json',
    equivalents: [
      { tool: 'Prowler', id: 'ecr_repositories_lifecycle_policy_enabled' },
      { tool: 'Security Hub', id: 'ECR.3' },
    ],
    references: [`${ecrGuide}/LifecyclePolicies.html`],
  },
  {
    id: 'REG-005',
    title: 'Lifecycle policy has no shadowed, dead or all-deleting rule',
    severity: 'medium',
    why: 'A rule that never acts keeps what it should delete, and one by age alone can empty a repository.',
    evidence: ['ecr:DescribeRepositories', 'ecr:GetLifecyclePolicy'],
    judge: (evidence) =>
      eachRepository(evidence, ({ lifecycle }) =>
        tellingOf(lifecycle, (text) => (text === undefined ? undefined : judgeLifecycle(text))),
      ),
    remedy: 'pratique lifecycle preview {repository}',
    equivalents: [],
    references: [`${ecrGuide}/lifecycle_policy_parameters.html`],
  },
  {
    id: 'REG-013',
    title: 'Repository is encrypted with a customer key where that is required',
    severity: 'low',
    why: 'Only a key of your own can be taken away from whoever holds the bytes.',
    evidence: ['ecr:DescribeRepositories'],
    judge: (evidence) =>
      eachRepository(evidence, ({ name, customerKey }) => {
        if (!isNamed(name, evidence.expectations.customerKeys)) return undefined
        return tellingOf(customerKey, (key) =>
          key === undefined
            ? fail('is encrypted with a key of the service')
            : pass(`is encrypted with ${key}`),
        )
      }),
    remedy:
      'aws ecr create-repository --repository-name {repository}-encrypted --encryption-configuration encryptionType=KMS,kmsKey=KEY_ARN',
    equivalents: [
      { tool: 'Checkov', id: 'CKV_AWS_136' },
      { tool: 'Trivy', id: 'AWS-0033' },
      { tool: 'Security Hub', id: 'ECR.5' },
    ],
    references: [`${ecrGuide}/encryption-at-rest.html`],
  },
  {
    id: 'REG-014',
    title: 'Repository is tagged as required',
    severity: 'low',
    why: 'Nobody answers for a repository whose owner is not written anywhere.',
    evidence: ['ecr:DescribeRepositories', 'ecr:ListTagsForResource'],
    judge: (evidence) =>
      eachRepository(evidence, ({ arn, tags }) => {
        const { requiredTags } = evidence.expectations
        if (requiredTags.length === 0) return undefined
        return tellingOf(tags, (keys) => {
          const missing = requiredTags.filter((key) => !keys.includes(key))
          return missing.length === 0
            ? pass(`is tagged: ${fewOf(requiredTags)}`)
            : fail(`has no tag ${fewOf(missing)}`, { arn, tag: missing[0] ?? '' })
        })
      }),
    remedy: 'aws ecr tag-resource --resource-arn {arn} --tags Key={tag},Value=VALUE',
    equivalents: [{ tool: 'Security Hub', id: 'ECR.4' }],
    references: [`${ecrGuide}/ecr-using-tags.html`],
  },
  {
    id: 'REG-036',
    title: 'No images that nobody pulled for 180 days',
    severity: 'info',
    why: 'They cost space, and what nobody runs need not be kept to be run.',
    evidence: ['ecr:DescribeRepositories', 'ecr:DescribeImages'],
    judge: (evidence) =>
      eachRepository(evidence, ({ images }) =>
        tellingOf(images, (all) => {
          if (all.length === 0) return undefined
          const old = all.filter((image) => {
            const at = Math.max(image.lastPulledAt ?? 0, image.pushedAt ?? evidence.now)
            return evidence.now - at > unusedMs
          })
          if (old.length === 0) return pass('each image was pushed or pulled within 180 days')
          const bytes = old.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
          const since = Math.max(
            ...old.map(({ pushedAt = evidence.now }) => daysSince(pushedAt, evidence.now)),
          )
          return fail(
            `${old.length} of ${all.length} images were not pulled for 180 days and hold up to ${bytes} bytes; the oldest was pushed ${since} days ago`,
          )
        }),
      ),
    remedy: 'pratique lifecycle preview {repository}',
    equivalents: [],
    references: [`${ecrGuide}/LifecyclePolicies.html`],
  },
]

const unusedMs = 180 * dayMs

export function isNamed(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesSegment(pattern, name))
}

function judgeMutability({ mutability, exclusions }: RepositoryEvidence): ReturnType<typeof pass> {
  switch (mutability) {
    case 'IMMUTABLE':
      return pass('no tag moves')
    case 'MUTABLE':
      return fail('every tag can be moved')
    case 'IMMUTABLE_WITH_EXCLUSION': {
      const wide = exclusions.filter(isWide)
      return wide.length === 0
        ? pass(`no tag moves but for ${fewOf(exclusions)}`)
        : fail(`the exclusion ${wide.join(', ')} lets most tags be moved`)
    }
    case 'MUTABLE_WITH_EXCLUSION':
      return exclusions.includes('*')
        ? pass('no tag moves')
        : fail(`every tag can be moved but for ${fewOf(exclusions)}`)
    case 'unknown':
      return unknown('the source does not tell whether tags can be moved')
  }
}

/** Fewer than two characters that a tag has to have. */
function isWide(filter: string): boolean {
  return filter.replaceAll('*', '').length < 2
}

function judgeLifecycle(text: string): ReturnType<typeof pass> {
  const read = parseLifecycle(text, { limits: 'secure' })
  if (read.kind === 'refused') return unknown('its lifecycle policy cannot be read')
  const warnings = lintLifecycle(read.policy).filter(({ code }) => code !== 'TAG_LIST_IS_AND')
  return warnings.length === 0
    ? pass(`its lifecycle policy has ${read.policy.rules.length} rules, and each can act`)
    : fail(warnings.map(({ message }) => message).join('; '))
}
