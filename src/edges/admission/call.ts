import type { Cluster } from '../../admission/cluster-store.ts'
import type { DecidedImage, RecordDecisions } from '../../admission/decision-recorder.ts'
import type { Judgement, Question } from '../../admission/judge-images.ts'
import { contextOfCluster } from '../../admission/rules/cluster-context.ts'
import { locateImage } from '../../admission/rules/own-image.ts'
import type { NormalReference } from '../../admission/rules/image-reference.ts'
import type { DecisionContext } from '../../admission/rules/evidence.ts'
import { noWorkload, type Workload } from '../../admission/rules/workload.ts'
import type { Clock } from '../../lib/clock.ts'
import type { AccountId } from '../../policy/account-id.ts'

/** What the doors of clusters stand on. */
export interface AdmissionDeps {
  readonly clock: Clock
  readonly judge: (question: Question) => Promise<readonly Judgement[]>
  /** Writes down what was answered, later; it returns at once. */
  readonly record: RecordDecisions
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
      /** What was kept from running, for the audit log. */
      readonly denied?: Denied
    }
  /** 400: to an API server a failure of the webhook, of which its failurePolicy says what it means. */
  | { readonly kind: 'refused'; readonly message: string }

export interface Denied {
  readonly account: AccountId
  readonly cluster: string
  readonly namespace: string
  /** Of this registry. */
  readonly images: readonly { readonly repository: string; readonly digest: string | undefined }[]
  readonly message: string
}

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
  const { account, settings } = cluster
  const hosts = new Set([...deps.hostsOf(account), ...settings.hosts])
  const located = references.map((reference) => locateImage(reference, { hosts, account }))
  const nameable = located.filter((image) => image.kind !== 'unnameable')
  const { context, policyNames } = contextOfCluster(cluster, { door, namespace })
  const judged = await deps.judge({ account, images: nameable, context, policyNames })
  let next = 0
  return located.map((image) => (image.kind === 'unnameable' ? undefined : judged[next++]))
}

/** An image with what was decided of it, to be written down. */
export interface AnsweredImage {
  /** As it was named. */
  readonly image: string
  readonly reference: NormalReference
  readonly judgement: Judgement
}

/** `workload`: where the question names it. `isLetRun`: whether what is allowed may run with this answer. */
export function decidedImages(
  { cluster }: Pick<AdmissionCall, 'cluster'>,
  {
    door,
    namespace,
    workload = noWorkload,
    isLetRun,
  }: AskedPlace & { readonly workload?: Workload; readonly isLetRun: boolean },
  answered: readonly AnsweredImage[],
): readonly DecidedImage[] {
  return answered.map(({ image, reference, judgement }) => ({
    account: cluster.account,
    cluster: cluster.name,
    door,
    namespace: namespace ?? '',
    workload,
    image,
    repository: repositoryOf(cluster.account, reference, judgement),
    judgement,
    isLetRun: isLetRun && judgement.decision.decision !== 'deny',
  }))
}

/** The account may stand before the name; an image of another registry is told with its host. */
function repositoryOf(
  account: AccountId,
  { host, path }: NormalReference,
  { kind }: Judgement,
): string {
  if (kind === 'foreign') return `${host}/${path}`
  return path.startsWith(`${account}/`) ? path.slice(account.length + 1) : path
}
