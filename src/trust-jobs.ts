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
import { revokedEntities, type RevocationDeps } from './signing/revocation-status.ts'
import { reevaluateTrust, renewEveryMs, renewEvidence } from './trust/reevaluate-trust.ts'
import { createOutboundFetch } from './lib/outbound-fetch.ts'
import { fetchingRevocation } from './trust/revocation-answers.ts'
import { engineRevision, signatureVerifier } from './trust/rules/signature-verifier.ts'

type TrustFoundation = Pick<Foundation, 'database' | 'blobs' | 'clock'>

/** Who is told of signatures of ours of which nothing is known; where nobody is, the API tells it when it is asked. */
type OnUnknown = (arn: string) => void

export const trustSchedule = [{ kind: renewEvidenceJob, everyMs: renewEveryMs }] as const

/** `url`: where the server is reached, which it knows for itself only when it listens. */
export function evaluationDeps(
  config: Pick<Config, 'region' | 'url'>,
  { database, blobs, clock }: TrustFoundation,
  onUnknown: OnUnknown = () => undefined,
): EvaluationDeps {
  const { region } = config
  return {
    database,
    clock,
    contentOf: (repositoryId) => openImageContent({ reader: database, blobs }, repositoryId),
    verifier: signatureVerifier(
      fetchingRevocation({
        database,
        clock,
        fetch: createOutboundFetch(),
        askSigner: (question) => askOwnSigner({ reader: database, region, onUnknown }, question),
      }),
    ),
    engineRevision,
    place: { region, hostsOf: (account) => hostsOf(config, account) },
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
  config: Pick<Config, 'region' | 'url'>,
  foundation: TrustFoundation,
  onUnknown?: OnUnknown,
): Readonly<Record<string, JobHandler>> {
  const deps = evaluationDeps(config, foundation, onUnknown)
  return {
    [referrersChangedJob]: (input, options) => evaluateSubject(deps, subjectOfJob(input), options),
    [reevaluateTrustJob]: (input, options) => reevaluateTrust(deps, input, options),
    [renewEvidenceJob]: (_, options) => renewEvidence(deps, options),
  }
}
