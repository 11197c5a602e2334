import {
  readProviderKey,
  readProviderRequest,
  writeProviderResponse,
  type KeyReading,
  type ProviderItem,
} from '../../admission/rules/provider-request.ts'
import { decisionValue } from '../../admission/rules/decision-value.ts'
import type { Judgement } from '../../admission/judge-images.ts'
import {
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
    itemOf: ({ key, image, reference }, judgement) => ({
      key,
      value: decisionValue(judgement.decision, {
        image,
        repository: reference.path,
        digest: judgement.digest,
        evidence: judgement.evidence,
        now: deps.clock.now().getTime(),
        traceId: call.requestId,
      }),
    }),
  })
}

/** The image by the digest that its tag names now, as a text: Gatekeeper's mutation takes nothing else. */
export async function answerMutatingProvider(
  deps: AdmissionDeps,
  call: AdmissionCall,
): Promise<AdmissionReply> {
  return answerKeys(deps, call, {
    isIdempotent: true,
    itemOf: ({ key, image, reference }, { digest, kind }) => {
      if (kind === 'foreign' || reference.digest !== undefined) return { key, value: image }
      if (digest === undefined) return { key, error: 'there is no such image in this registry' }
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
    itemOf,
  }: {
    readonly isIdempotent: boolean
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
  const items = read.map((key): ProviderItem => {
    if (key.kind === 'refused') return { key: key.key, error: key.problem }
    const judgement = judged.get(key.key)
    const error = 'there is no such image in this registry'
    return judgement === undefined ? { key: key.key, error } : itemOf(key, judgement)
  })
  return { kind: 'json', value: writeProviderResponse({ items }, isIdempotent), isDryRun: false }
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
