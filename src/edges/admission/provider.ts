import { readImageReference } from '../../admission/rules/image-reference.ts'
import {
  readImagesRequest,
  readProviderKey,
  readProviderRequest,
  writeProviderResponse,
  type KeyReading,
  type ProviderItem,
} from '../../admission/rules/provider-request.ts'
import { decisionValue, type DecisionValue } from '../../admission/rules/decision-value.ts'
import type { Judgement } from '../../admission/judge-images.ts'
import {
  decidedImages,
  judgeReferences,
  type AdmissionCall,
  type AdmissionDeps,
  type AdmissionReply,
} from './call.ts'

type ReadKey = Extract<KeyReading, { readonly kind: 'read' }> & { readonly key: string }

/** A decision for each key: a denial is a value, so that templates see why. */
export async function answerProvider(
  deps: AdmissionDeps,
  call: AdmissionCall,
): Promise<AdmissionReply> {
  return answerKeys(deps, call, {
    isIdempotent: false,
    isRecorded: true,
    itemOf: (read, judgement) => ({ key: read.key, value: valueOf(deps, call, read, judgement) }),
  })
}

function valueOf(
  { clock }: AdmissionDeps,
  { requestId }: AdmissionCall,
  { image, reference }: Pick<ReadKey, 'image' | 'reference'>,
  { decision, digest, evidence }: Judgement,
): DecisionValue {
  return decisionValue(decision, {
    image,
    repository: reference.path,
    digest,
    evidence,
    now: clock.now().getTime(),
    traceId: requestId,
  })
}

/** For callers such as policies of Kyverno: all images at once, and whether all of them may be used. */
export async function answerImages(
  deps: AdmissionDeps,
  call: AdmissionCall,
): Promise<AdmissionReply> {
  const reading = readImagesRequest(call.body)
  if (reading.kind === 'refused') return { kind: 'refused', message: reading.problem }
  const { images, namespace } = reading
  const read = images.map((image) => ({ image, ...readImageReference(image) }))
  const known = read.flatMap((one) => (one.kind === 'read' ? [one] : []))
  const references = known.map(({ reference }) => reference)
  const answers = await judgeReferences(deps, call, { door: 'admission', namespace }, references)
  const judged = new Map(known.map(({ image }, at) => [image, answers[at]]))
  const answered = known.flatMap(({ image, reference }, at) => {
    const judgement = answers[at]
    return judgement === undefined ? [] : [{ image, reference, judgement }]
  })
  const results = read.map((one) => {
    const judgement = judged.get(one.image)
    if (one.kind === 'refused') return { image: one.image, succeeded: false, error: one.problem }
    return judgement === undefined
      ? { image: one.image, succeeded: false, error: notThere }
      : valueOf(deps, call, one, judgement)
  })
  const succeeded = results.every((result) => result.succeeded)
  const place = { door: 'admission', namespace, isLetRun: succeeded } as const
  deps.record(decidedImages(call, place, answered))
  return { kind: 'json', value: { succeeded, results }, isDryRun: false }
}

const notThere = 'there is no such image in this registry'

/** The image by the digest that its tag names now, as a text: Gatekeeper's mutation takes nothing else. */
export async function answerMutatingProvider(
  deps: AdmissionDeps,
  call: AdmissionCall,
): Promise<AdmissionReply> {
  return answerKeys(deps, call, {
    isIdempotent: true,
    isRecorded: false,
    itemOf: ({ key, image, reference }, { digest, kind }) => {
      if (kind === 'foreign' || reference.digest !== undefined) return { key, value: image }
      if (digest === undefined) return { key, error: notThere }
      const isTagged = image.slice(image.lastIndexOf('/') + 1).includes(':')
      return { key, value: `${image}${isTagged ? '' : ':latest'}@${digest}` }
    },
  })
}

async function answerKeys(
  deps: AdmissionDeps,
  call: AdmissionCall,
  {
    isIdempotent,
    isRecorded,
    itemOf,
  }: {
    readonly isIdempotent: boolean
    /** Whether an answer lets anything run. */
    readonly isRecorded: boolean
    readonly itemOf: (key: ReadKey, judgement: Judgement) => ProviderItem
  },
): Promise<AdmissionReply> {
  const reading = readProviderRequest(call.body)
  if (reading.kind === 'refused') {
    const value = writeProviderResponse(
      { systemError: `pratique: ${reading.problem}` },
      isIdempotent,
    )
    return { kind: 'json', value, isDryRun: false }
  }
  const read = reading.keys.map((key) => ({ key, ...readKey(call, key) }))
  const judged = await judgeKeys(
    deps,
    call,
    read.filter((key) => key.kind === 'read'),
  )
  if (isRecorded) recordKeys(deps, call, read, judged)
  const items = read.map((key): ProviderItem => {
    if (key.kind === 'refused') return { key: key.key, error: key.problem }
    const judgement = judged.get(key.key)
    return judgement === undefined ? { key: key.key, error: notThere } : itemOf(key, judgement)
  })
  return { kind: 'json', value: writeProviderResponse({ items }, isIdempotent), isDryRun: false }
}

/** Each key for itself: which pod it is about, and what else is in that, it does not say. */
function recordKeys(
  { record }: Pick<AdmissionDeps, 'record'>,
  call: AdmissionCall,
  keys: readonly (KeyReading & { readonly key: string })[],
  judged: ReadonlyMap<string, Judgement>,
): void {
  for (const one of keys) {
    const judgement = judged.get(one.key)
    if (one.kind === 'refused' || judgement === undefined) continue
    const { image, reference, namespace } = one
    const place = { door: 'gatekeeper', namespace, isLetRun: true } as const
    record(decidedImages(call, place, [{ image, reference, judgement }]))
  }
}

function readKey({ cluster }: AdmissionCall, key: string): KeyReading {
  const reading = readProviderKey(key)
  if (reading.kind === 'refused' || reading.cluster === undefined) return reading
  if (reading.cluster === cluster.name || reading.cluster === cluster.id) return reading
  return { kind: 'refused', problem: `the key is of another cluster than ${cluster.name}` }
}

/** Those of one namespace together. */
async function judgeKeys(
  deps: AdmissionDeps,
  call: AdmissionCall,
  keys: readonly ReadKey[],
): Promise<ReadonlyMap<string, Judgement>> {
  const judged = new Map<string, Judgement>()
  for (const [namespace, group] of Map.groupBy(keys, (key) => key.namespace)) {
    const references = group.map(({ reference }) => reference)
    const place = { door: 'gatekeeper', namespace } as const
    const answers = await judgeReferences(deps, call, place, references)
    for (const [at, { key }] of group.entries()) {
      const answer = answers[at]
      if (answer !== undefined) judged.set(key, answer)
    }
  }
  return judged
}
