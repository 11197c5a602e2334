// Purpose:  read what Gatekeeper asks a provider of external data, and write what it is answered.
// Spec:     externaldata.gatekeeper.sh/v1beta1, ProviderRequest and ProviderResponse; Ratify's keys; signing reference 6.5.
// Input:    a body of at most 2 MiB; hostile.
// Deviates: nothing.
// Unknowns: a key that cannot be read is answered with an error of its own; a request that cannot be is a system error, on which
//           templates deny.
import { isRecord } from '../../oci/descriptor.ts'
import { readImageReference, type NormalReference } from './image-reference.ts'

export const maxProviderBytes = 2 * 1024 * 1024
export const maxProviderKeys = 500
const maxKeyBytes = 2048

const apiVersion = 'externaldata.gatekeeper.sh/v1beta1'

export type ProviderReading =
  /** Each once, in the order of their first mention. */
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  | { readonly kind: 'refused'; readonly problem: string }

export function readProviderRequest(body: unknown): ProviderReading {
  if (!isRecord(body) || body['apiVersion'] !== apiVersion || body['kind'] !== 'ProviderRequest')
    return refused(`expected a ProviderRequest of ${apiVersion}`)
  const { request } = body
  const keys = isRecord(request) ? request['keys'] : undefined
  if (!Array.isArray(keys)) return refused('request.keys is no list')
  const texts = keys.filter((key: unknown) => typeof key === 'string')
  if (texts.length < keys.length) return refused('a key is no text')
  const unique = [...new Set(texts)]
  if (unique.length > maxProviderKeys)
    return refused(`${unique.length} keys were asked for; at most ${maxProviderKeys} are answered`)
  return { kind: 'read', keys: unique }
}

function refused(problem: string): ProviderReading {
  return { kind: 'refused', problem }
}

export interface ProviderItem {
  readonly key: string
  readonly value?: unknown
  readonly error?: string
}

/** `idempotent`: whether a webhook that mutates may ask. */
export function writeProviderResponse(
  answer: { readonly items: readonly ProviderItem[] } | { readonly systemError: string },
  idempotent: boolean,
): Readonly<Record<string, unknown>> {
  const said =
    'items' in answer ? { items: answer.items, systemError: '' } : { items: [], ...answer }
  return { apiVersion, kind: 'ProviderResponse', response: { idempotent, ...said } }
}

export type ImagesReading =
  | {
      readonly kind: 'read'
      readonly namespace: string | undefined
      /** Each once. */
      readonly images: readonly string[]
    }
  | { readonly kind: 'refused'; readonly problem: string }

/** Our own question, for callers that speak neither of the two languages: `{ "namespace": "prod", "images": ["…"] }`. */
export function readImagesRequest(body: unknown): ImagesReading {
  const { namespace, images } = isRecord(body) ? body : {}
  if (namespace !== undefined && (typeof namespace !== 'string' || namespace.length > 63))
    return { kind: 'refused', problem: 'namespace must be the name of one' }
  if (!Array.isArray(images) || images.length > maxProviderKeys)
    return { kind: 'refused', problem: `images must be a list of at most ${maxProviderKeys}` }
  const texts = images.filter((image: unknown) => typeof image === 'string')
  if (texts.length < images.length) return { kind: 'refused', problem: 'an image is no text' }
  const place = namespace === '' ? undefined : namespace
  return { kind: 'read', namespace: place, images: [...new Set(texts)] }
}

export type KeyReading =
  | {
      readonly kind: 'read'
      /** Undefined: the key names none, and the address does. */
      readonly cluster: string | undefined
      readonly namespace: string | undefined
      /** As written. */
      readonly image: string
      readonly reference: NormalReference
    }
  | { readonly kind: 'refused'; readonly problem: string }

/** `[<namespace>]<image>`, `[<cluster>/<namespace>]<image>`, or an image alone. */
export function readProviderKey(key: string): KeyReading {
  if (Buffer.byteLength(key) > maxKeyBytes)
    return { kind: 'refused', problem: `the key has more than ${maxKeyBytes} bytes` }
  const match = /^\[(?:([a-z0-9.-]{1,63})\/)?([a-z0-9-]{0,63})\]([^[\]]*)$/.exec(key)
  if (key.startsWith('[') && match === null) {
    const problem = 'expected [namespace]image, [cluster/namespace]image, or an image'
    return { kind: 'refused', problem }
  }
  const [, cluster, namespace, image = key] = match ?? []
  const reading = readImageReference(image)
  if (reading.kind === 'refused') return { kind: 'refused', problem: reading.problem }
  const { reference } = reading
  const place = namespace === undefined || namespace === '' ? undefined : namespace
  return { kind: 'read', cluster, namespace: place, image, reference }
}
