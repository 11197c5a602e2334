import type { Cluster } from '../../admission/cluster-store.ts'
import type { Judgement, Question } from '../../admission/judge-images.ts'
import { locateImage } from '../../admission/rules/own-image.ts'
import type { NormalReference } from '../../admission/rules/image-reference.ts'
import type { DecisionContext } from '../../admission/rules/evidence.ts'
import { matchesSegment } from '../../vex/path-glob.ts'
import type { Clock } from '../../lib/clock.ts'
import type { AccountId } from '../../policy/account-id.ts'

/** What the doors of clusters stand on. */
export interface AdmissionDeps {
  readonly clock: Clock
  readonly judge: (question: Question) => Promise<readonly Judgement[]>
  /** Under which names nodes may reach this registry, in lower case. */
  readonly hostsOf: (account: AccountId) => readonly string[]
}

export interface AdmissionCall {
  readonly cluster: Cluster
  /** Parsed JSON. */
  readonly body: unknown
  readonly requestId: string
}

export type AdmissionReply =
  | {
      readonly kind: 'json'
      readonly value: unknown
      /** Nothing is written down of a question that is only tried. */
      readonly isDryRun: boolean
    }
  /** 400: to an API server a failure of the webhook, of which its failurePolicy says what it means. */
  | { readonly kind: 'refused'; readonly message: string }

export interface AskedPlace {
  readonly door: Extract<DecisionContext['door'], 'admission' | 'gatekeeper'>
  readonly namespace: string | undefined
}

/** `undefined` in the place of an image that no name of a repository could mean. */
export async function judgeReferences(
  deps: AdmissionDeps,
  { cluster }: Pick<AdmissionCall, 'cluster'>,
  { door, namespace }: AskedPlace,
  references: readonly NormalReference[],
): Promise<readonly (Judgement | undefined)[]> {
  const { account, name, settings } = cluster
  const hosts = new Set([...deps.hostsOf(account), ...settings.hosts])
  const located = references.map((reference) => locateImage(reference, { hosts, account }))
  const nameable = located.filter((image) => image.kind !== 'unnameable')
  const context: DecisionContext = {
    door,
    cluster: name,
    withoutPolicy: settings.withoutPolicy,
    ...(namespace === undefined ? {} : { namespace }),
    ...(settings.platforms.length === 0 ? {} : { platforms: settings.platforms }),
  }
  const policyNames = settings.bindings.find((binding) =>
    matchesSegment(binding.namespace, namespace ?? ''),
  )?.policies
  const judged = await deps.judge({ account, images: nameable, context, policyNames })
  let next = 0
  return located.map((image) => (image.kind === 'unnameable' ? undefined : judged[next++]))
}
