import type { Judgement } from '../../admission/judge-images.ts'
import {
  readReview,
  writeReview,
  type ReviewRequest,
} from '../../admission/rules/admission-review.ts'
import { isPod } from '../../admission/rules/pod-images.ts'
import { workloadOf } from '../../admission/rules/workload.ts'
import {
  answerReview,
  pinImages,
  planReview,
  type JudgedImage,
  type ReviewedImage,
} from '../../admission/rules/review-images.ts'
import {
  decidedImages,
  judgeReferences,
  type AdmissionCall,
  type AdmissionDeps,
  type AdmissionReply,
  type Denied,
} from './call.ts'

/** May the pods of the request run? */
export async function validateReview(
  deps: AdmissionDeps,
  call: AdmissionCall,
): Promise<AdmissionReply> {
  const reading = readReview(call.body)
  if (reading.kind === 'refused') return { kind: 'refused', message: reading.problem }
  const { request } = reading
  const { settings } = call.cluster
  const plan = planReview(request, settings)
  if (plan.kind === 'pass') return passed(request, plan)
  const { judged, faults } = await judgeAll(deps, call, request, plan.images)
  const all = [...plan.faults, ...faults]
  const answer = answerReview(request, judged, { faults: all, settings })
  const reply = { kind: 'json', value: writeReview(request.uid, answer) } as const
  // Nothing comes of it, so nothing runs and nobody was kept from anything.
  if (request.dryRun) return { ...reply, isDryRun: true }
  recordReview(deps, call, { request, judged, isAllowed: answer.allowed })
  if (answer.allowed) return { ...reply, isDryRun: false }
  const denied = deniedIn(call, request, judged, answer.message ?? '')
  return { ...reply, isDryRun: false, denied }
}

/** The same images by what their tags name now. It denies nothing: what is not there the other webhook denies. */
export async function mutateReview(
  deps: AdmissionDeps,
  call: AdmissionCall,
): Promise<AdmissionReply> {
  const reading = readReview(call.body)
  if (reading.kind === 'refused') return { kind: 'refused', message: reading.problem }
  const { request } = reading
  const { settings } = call.cluster
  const isPinned = settings.pin === 'all' || (settings.pin === 'pods' && isPod(request.kind))
  const plan = planReview(request, { controllers: 'warn' })
  if (!isPinned || plan.kind === 'pass') return passed(request, { why: 'not pinned', warnings: [] })
  const { judged } = await judgeAll(deps, call, request, plan.images)
  const patch = pinImages(judged)
  const warnings = judged
    .filter(
      ({ digest, isOwn, reference }) =>
        isOwn && digest === undefined && reference.digest === undefined,
    )
    .map(({ named }) => `${named.image} could not be pinned to a digest`)
  const auditAnnotations = { pinned: String(patch.length) }
  const value = writeReview(request.uid, { allowed: true, warnings, auditAnnotations, patch })
  return { kind: 'json', value, isDryRun: request.dryRun }
}

function passed(
  { uid, dryRun: isDryRun }: ReviewRequest,
  { why, warnings }: { readonly why: string; readonly warnings: readonly string[] },
): AdmissionReply {
  const auditAnnotations = { decision: 'allow', why }
  const value = writeReview(uid, { allowed: true, warnings, auditAnnotations })
  return { kind: 'json', value, isDryRun }
}

function recordReview(
  { record }: Pick<AdmissionDeps, 'record'>,
  call: AdmissionCall,
  {
    request,
    judged,
    isAllowed,
  }: {
    readonly request: ReviewRequest
    readonly judged: readonly ReviewedJudgement[]
    readonly isAllowed: boolean
  },
): void {
  const { kind, namespace, name, object } = request
  const isOfPod = isPod(kind)
  const workload = workloadOf(isOfPod ? 'Pod' : kind.kind, object?.['metadata'], name)
  const place = { door: 'admission', namespace, workload, isLetRun: isAllowed && isOfPod } as const
  const answered = judged.map(({ named: { image }, reference, judgement }) => ({
    image,
    reference,
    judgement,
  }))
  record(decidedImages(call, place, answered))
}

function deniedIn(
  { cluster: { account, name: cluster } }: AdmissionCall,
  { namespace }: ReviewRequest,
  judged: readonly ReviewedJudgement[],
  message: string,
): Denied {
  const images = judged.flatMap(({ decision, isOwn, judgement }) =>
    decision.decision === 'deny' && isOwn
      ? [{ repository: judgement.image.repository, digest: judgement.digest }]
      : [],
  )
  return { account, cluster, namespace, images, message }
}

interface ReviewedJudgement extends JudgedImage {
  readonly judgement: Judgement
  readonly digest: string | undefined
  readonly isOwn: boolean
}

async function judgeAll(
  deps: AdmissionDeps,
  call: AdmissionCall,
  { namespace }: ReviewRequest,
  images: readonly ReviewedImage[],
): Promise<{ readonly judged: readonly ReviewedJudgement[]; readonly faults: readonly string[] }> {
  const place = { door: 'admission', namespace: namespace === '' ? undefined : namespace } as const
  const references = images.map(({ reference }) => reference)
  const answers = await judgeReferences(deps, call, place, references)
  const judged = images.flatMap((image, at) => {
    const judgement = answers[at]
    return judgement === undefined ? [] : [{ ...image, ...summaryOf(judgement) }]
  })
  const faults = images.flatMap(({ named }, at) =>
    answers[at] === undefined ? [`${named.image}: there is no such image in this registry`] : [],
  )
  return { judged, faults }
}

function summaryOf(
  judgement: Judgement,
): Pick<ReviewedJudgement, 'decision' | 'digest' | 'isOwn' | 'isMovable' | 'judgement'> {
  const { decision, digest, kind, image } = judgement
  const { named } = image
  const isMovable = named.kind === 'tag' && named.mutability !== 'immutable'
  return {
    decision,
    digest,
    isOwn: kind !== 'foreign',
    isMovable: isMovable && kind !== 'absent',
    judgement,
  }
}
