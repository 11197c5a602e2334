// Purpose:  are images signed by whom they should be, and does anybody ask for it?
// Spec:     our own (docs/posture.md); OCI distribution-spec, referrers; cosign's tags for signatures.
// Input:    how many artifacts call themselves signatures of an image; what somebody verified of them, and admission, where a source tells it.
// Deviates: nothing.
// Unknowns: an artifact that calls itself a signature is none that somebody verified.
import {
  daysSince,
  dayMs,
  eachImage,
  fail,
  fewOf,
  judged,
  pass,
  tellingOf,
  whenTold,
} from './per-resource.ts'
import type { SignatureTerm } from './evidence.ts'
import { judgeAdmission } from './judge-admission.ts'
import type { PostureRule } from './posture-rule.ts'
import { ecrGuide, isNamed } from './repository-rules.ts'

export const signingRules: readonly PostureRule[] = [
  {
    id: 'REG-022',
    title: 'Released tags are signed by a trusted identity',
    severity: 'medium',
    why: 'Without a signature nobody can tell that the image came from the pipeline it claims.',
    evidence: ['ecr:DescribeRepositories', 'ecr:DescribeImages', 'ecr:ListImageReferrers'],
    judge: (evidence) =>
      eachImage(evidence, ({ tags, signatures, isLatest }) => {
        const released = tags.filter((tag) => isNamed(tag, evidence.expectations.released))
        if (!isLatest || released.length === 0) return undefined
        return tellingOf(signatures, ({ count, isTrusted }) => {
          const names = fewOf(released)
          if (count === 0) return fail(`${names} has no signature`)
          return tellingOf(isTrusted, (trusted) =>
            trusted
              ? pass(`${names} is signed by a trusted identity`)
              : fail(`${names} has ${count} signatures, none of a trusted identity`),
          )
        })
      }),
    remedy: 'cosign sign {repository}@{digest}',
    equivalents: [],
    references: [`${ecrGuide}/image-signing.html`],
  },
  {
    id: 'REG-023',
    title: 'No signature in use is revoked or ends within 30 days',
    severity: 'high',
    why: 'On the day it ends nothing that it covers can be started any more.',
    evidence: [
      'ecr:DescribeRepositories',
      'ecr:DescribeImages',
      'ecr:ListImageReferrers',
      'pratique:DescribeSignatures',
    ],
    judge: (evidence) =>
      eachImage(evidence, ({ signatures, isLatest, lastPulledAt }) => {
        const { now } = evidence
        const isInUse = isLatest || (lastPulledAt !== undefined && now - lastPulledAt <= inUseMs)
        if (!isInUse) return undefined
        return tellingOf(signatures, ({ count, term }) =>
          count === 0 ? undefined : tellingOf(term, (found) => judgeTerm(found, now)),
        )
      }),
    remedy: 'cosign sign {repository}@{digest}',
    equivalents: [],
    references: [],
  },
  {
    id: 'REG-024',
    title: 'Admission denies, and does not only warn, in production namespaces',
    severity: 'medium',
    why: 'A warning that nobody reads lets everything start.',
    evidence: [
      'pratique:ListClusters',
      'pratique:ListAdmissionPolicies',
      'pratique:GetAdmissionPolicy',
    ],
    judge: ({ admission, expectations }) =>
      whenTold(admission, (all) =>
        judged(judgeAdmission(all, expectations.production), 'no cluster asks'),
      ),
    remedy:
      'write mode: enforce into an admission policy for {namespace}, and pratique admission put',
    equivalents: [],
    references: [],
  },
]

const inUseMs = 30 * dayMs

function judgeTerm(term: SignatureTerm, now: number): ReturnType<typeof pass> | undefined {
  switch (term.kind) {
    case 'revoked':
      return fail('its signature is revoked')
    case 'lasts':
      return pass('its signature lasts')
    case 'none':
      return undefined
    case 'ends': {
      if (term.at === undefined || term.at <= now) return fail('its signature has ended')
      const days = daysSince(now, term.at)
      return term.at - now <= 30 * dayMs
        ? fail(`its signature ends in ${days} days`)
        : pass(`its signature ends in ${days} days`)
    }
  }
}
