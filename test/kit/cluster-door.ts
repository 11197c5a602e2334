// What a cluster sends to the admission door, by the address and the certificate that it was given.
import assert from 'node:assert/strict'
import { request, type RequestOptions } from 'node:https'

export interface ClusterDoor {
  readonly url: string
  readonly ca: string
}

interface Answered {
  readonly status: number
  readonly body: unknown
}

export async function ask(
  { url, ca }: ClusterDoor,
  body: unknown,
  options: RequestOptions = {},
): Promise<Answered> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', ca, agent: false, ...options }, (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('end', () => {
        const parsed: unknown = JSON.parse(Buffer.concat(pieces).toString())
        resolve({ status: response.statusCode ?? 0, body: parsed })
      })
    })
    sent.on('error', reject)
    sent.end(text)
  })
}

const group = (kind: string): string =>
  kind === 'Pod' ? '' : kind === 'CronJob' ? 'batch' : 'apps'

export function review(kind: string, object: unknown, more: object = {}): unknown {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group: group(kind), version: 'v1', kind },
      operation: 'CREATE',
      namespace: 'prod',
      object,
      ...more,
    },
  }
}

interface Reviewed {
  readonly uid: string
  readonly allowed: boolean
  readonly status?: { readonly code: number; readonly message: string }
  readonly warnings?: readonly string[]
  readonly patch?: string
  readonly auditAnnotations?: Readonly<Record<string, string>>
}

export async function reviewed(door: ClusterDoor, body: unknown): Promise<Reviewed> {
  const { status, body: answer } = await ask(door, body)
  assert.equal(status, 200, JSON.stringify(answer))
  return (answer as { readonly response: Reviewed }).response
}

export const pod = (...images: readonly string[]): object => ({
  metadata: { generateName: 'app-' },
  spec: { containers: images.map((image, at) => ({ name: `c${at}`, image })) },
})

interface Door {
  readonly url: string
  readonly caBundle: string
}

export interface Manifest {
  readonly webhooks?: readonly { readonly failurePolicy: string; readonly clientConfig: Door }[]
  readonly spec?: Door
}

export function doorOf(config: Door | undefined): ClusterDoor {
  assert.ok(config)
  return { url: config.url, ca: Buffer.from(config.caBundle, 'base64').toString() }
}
