// Purpose:  are images signed by whom they should be, and does anybody ask for it?
// Spec:     our own (docs/posture.md); OCI distribution-spec, referrers; cosign's tags for signatures.
// Input:    how many artifacts call themselves signatures of an image; signatures and namespaces where a source tells them.
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
    title: 'No signature in use is revoked or expires within 30 days',
    severity: 'high',
    why: 'On the day it ends nothing that it covers can be started any more.',
    evidence: ['ecr:DescribeImageSigningStatus'],
    judge: ({ signatures, now }) =>
      whenTold(signatures, (all) =>
        judged(
          all.map(({ image, expiresAt, isRevoked }) => {
            const rest = { resource: image, values: { image } }
            if (isRevoked) return { ...fail('its signature is revoked'), ...rest }
            const isSoon = expiresAt !== undefined && expiresAt - now <= 30 * dayMs
            return isSoon
              ? { ...fail(`its signature ends in ${daysSince(now, expiresAt)} days`), ...rest }
              : { ...pass('its signature lasts'), ...rest }
          }),
          'no image is signed',
        ),
      ),
    remedy: 'cosign sign {image}',
    equivalents: [],
    references: [],
  },
  {
    id: 'REG-024',
    title: 'Admission denies, and does not only warn, in production namespaces',
    severity: 'medium',
    why: 'A warning that nobody reads lets everything start.',
    evidence: [],
    judge: ({ admission, expectations }) =>
      whenTold(admission, (all) =>
        judged(
          all
            .filter(({ namespace }) => isNamed(namespace, expectations.production))
            .map(({ namespace, mode }) => ({
              ...(mode === 'deny' ? pass('denies') : fail(`the mode is ${mode}`)),
              resource: namespace,
              values: { namespace },
            })),
          'no namespace is for production',
        ),
      ),
    remedy: 'write mode: deny into the admission policy of {namespace}',
    equivalents: [],
    references: [],
  },
]
