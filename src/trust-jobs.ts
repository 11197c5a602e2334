// What the program does by itself with signatures: evidence when something changes, and when its time is over.
import type { Config } from './config.ts'
import type { Foundation } from './foundation.ts'
import type { JobHandler } from './jobs/worker.ts'
import type { AccountId } from './policy/account-id.ts'
import { referrersChangedJob } from './registry/events.ts'
import { openImageContent } from './registry/open-image-content.ts'
import { evaluateSubject } from './trust/evaluate-subject.ts'
import { reevaluateTrustJob, renewEvidenceJob, subjectOfJob } from './trust/evaluation-jobs.ts'
import type { EvaluationDeps } from './trust/judge-subject.ts'
import type { AwsRevocationQuestion, AwsSignerAnswer } from './signatures/notation/aws-signer.ts'
import { isSigningError } from './signing/errors.ts'
import { wordOnCertificate } from './signing/revocation-lists.ts'
import { revokedEntities, type RevocationDeps } from './signing/revocation-status.ts'
import { reevaluateTrust, renewEveryMs, renewEvidence } from './trust/reevaluate-trust.ts'
import { createOutboundFetch } from './lib/outbound-fetch.ts'
import {
  refreshPublicRoot,
  refreshPublicRootEveryMs,
  refreshPublicRootJob,
  type PublicRootDeps,
} from './trust/follow-public-root.ts'
import seed from './trust/public-root/seed.json' with { type: 'json' }
import type { TrustPlace } from './trust/load-policies.ts'
import { keptAnswers } from './trust/revocation-answers.ts'
import { engineRevision } from './trust/rules/signature-verifier.ts'
import { verifyInSteps } from './trust/rules/verify-in-steps.ts'
import type { Verifiers } from './trust/verify-aside.ts'

type TrustConfig = Pick<Config, 'region' | 'url' | 'trust'>
type TrustFoundation = Pick<Foundation, 'database' | 'blobs' | 'clock'>

export interface TrustAside {
  readonly verifiers: Verifiers
  /** Who is told of signatures of ours of which nothing is known; where nobody is, the API tells it when it is asked. */
  readonly onUnknown?: (arn: string) => void
}

export const trustSchedule = [
  { kind: renewEvidenceJob, everyMs: renewEveryMs },
  { kind: refreshPublicRootJob, everyMs: refreshPublicRootEveryMs },
] as const

export function publicRootDeps(
  { trust }: Pick<Config, 'trust'>,
  { database, clock }: Pick<Foundation, 'database' | 'clock'>,
): PublicRootDeps {
  return { database, clock, fetch: createOutboundFetch(), mirror: trust.sigstoreMirror, seed }
}

/** `url`: where the server is reached, which it knows for itself only when it listens. */
export function trustPlace(config: Pick<Config, 'region' | 'url'>): TrustPlace {
  return { region: config.region, hostsOf: (account) => hostsOf(config, account) }
}

export function evaluationDeps(
  config: TrustConfig,
  { database, blobs, clock }: TrustFoundation,
  { verifiers, onUnknown = () => undefined }: TrustAside,
): EvaluationDeps {
  const { region } = config
  return {
    database,
    clock,
    contentOf: (repositoryId) => openImageContent({ reader: database, blobs }, repositoryId),
    verifier: verifyInSteps((question, options) => verifiers.judge(question, options), {
      answerTo: keptAnswers({
        database,
        clock,
        fetch: createOutboundFetch(),
        places: config.trust.revocationPlaces,
        mayReplaceCrl: (lists, options) => verifiers.mayReplaceCrl(lists, options),
      }),
      askSigner: (question) => askOwnSigner({ reader: database, region, onUnknown }, question),
      askIssuer: (certificate) => wordOnCertificate({ reader: database, region }, certificate),
    }),
    engineRevision,
    place: trustPlace(config),
  }
}

/** Of what another installation signed nothing is known here. */
async function askOwnSigner(
  deps: RevocationDeps,
  { signatureTimestamp, ...asked }: AwsRevocationQuestion,
): Promise<AwsSignerAnswer> {
  try {
    const signedAt = new Date(signatureTimestamp)
    return { revokedEntities: await revokedEntities(deps, { ...asked, signedAt }) }
  } catch (error) {
    if (!isSigningError(error)) throw error
    return 'unavailable'
  }
}

/** Under which names the scopes of a policy may mean this registry. */
function hostsOf(
  { region, url }: Pick<Config, 'region' | 'url'>,
  account: AccountId,
): readonly string[] {
  const own = url !== undefined && URL.canParse(url) ? [new URL(url).host.toLowerCase()] : []
  return [...own, `${account}.dkr.ecr.${region}.amazonaws.com`]
}

export function trustJobHandlers(
  config: TrustConfig,
  foundation: TrustFoundation,
  aside: TrustAside,
): Readonly<Record<string, JobHandler>> {
  const deps = evaluationDeps(config, foundation, aside)
  return {
    [referrersChangedJob]: (input, options) => evaluateSubject(deps, subjectOfJob(input), options),
    [reevaluateTrustJob]: (input, options) => reevaluateTrust(deps, input, options),
    [renewEvidenceJob]: (_, options) => renewEvidence(deps, options),
    [refreshPublicRootJob]: (_, options) =>
      refreshPublicRoot(publicRootDeps(config, foundation), options),
  }
}
