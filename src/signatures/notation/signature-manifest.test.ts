import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signedBy, subject } from '../../../test/kit/notation-signatures.ts'
import { pki, pkiNow } from '../../../test/kit/pki.ts'
import { parseManifest } from '../../oci/manifest.ts'
import { mediaTypes } from '../../oci/media-type.ts'
import { thumbprintOf } from '../x509/certificate.ts'
import {
  makeSignatureManifest,
  readSignatureManifest,
  signatureArtifactType,
} from './signature-manifest.ts'

const made = pki({ chain: 2 })
const annotation = 'io.cncf.notary.x509chain.thumbprint#S256'

async function ours(): Promise<Record<string, unknown>> {
  const bytes = await signedBy(made, { format: 'jws' })
  const envelope = { bytes, mediaType: 'application/jose+json' }
  const manifest = makeSignatureManifest(subject, envelope, {
    chain: made.chain,
    createdAt: pkiNow,
  })
  return JSON.parse(Buffer.from(manifest).toString()) as Record<string, unknown>
}

function judged(body: unknown): ReturnType<typeof readSignatureManifest> {
  const parsed = parseManifest(Buffer.from(JSON.stringify(body)), undefined)
  assert.ok(parsed.kind === 'parsed', JSON.stringify(parsed))
  return readSignatureManifest(parsed.manifest)
}

test('the manifest that is written is read again', async () => {
  const found = judged(await ours())
  assert.ok(found.kind === 'signature')
  assert.equal(found.envelope.mediaType, 'application/jose+json')
  assert.deepEqual(
    found.thumbprints,
    made.made.map(({ certificate }) => thumbprintOf(certificate)),
  )
})

test('older forms are read, and what is none of them is another thing', async () => {
  const body = await ours()
  const { artifactType: _, ...withoutType } = body
  const config = body['config'] as Record<string, unknown>
  const legacy = { ...withoutType, config: { ...config, mediaType: signatureArtifactType } }
  assert.equal(judged(legacy).kind, 'signature')
  const { layers: blobs, config: __, ...artifact } = body
  const oldest = { ...artifact, mediaType: mediaTypes.ociArtifact, blobs }
  assert.equal(judged(oldest).kind, 'signature')
  assert.equal(judged(withoutType).kind, 'other')
  assert.equal(judged({ ...body, artifactType: 'application/x' }).kind, 'other')
  const withConfig = { ...body, config: { ...config, mediaType: mediaTypes.ociConfig } }
  assert.equal(judged(withConfig).kind, 'other')
})

test('a manifest of this type with anything but one envelope is malformed', async () => {
  const body = await ours()
  const [layer] = body['layers'] as readonly Record<string, unknown>[]
  const detailOf = (layers: readonly unknown[]): string => {
    const found = judged({ ...body, layers })
    return found.kind === 'malformed' ? found.detail : found.kind
  }
  assert.match(detailOf([]), /holds 0 blobs/)
  assert.match(detailOf([layer, layer]), /holds 2 blobs/)
  assert.match(detailOf([{ ...layer, mediaType: 'application/json' }]), /no envelope/)
  assert.match(detailOf([{ ...layer, size: 1024 * 1024 + 1 }]), /more than 1048576 bytes/)
})

test('thumbprints are a hint: read in either case, and left out where they are none', async () => {
  const body = await ours()
  const of = (text: string | undefined): readonly string[] => {
    const found = judged({ ...body, annotations: text === undefined ? {} : { [annotation]: text } })
    return found.kind === 'signature' ? found.thumbprints : [found.kind]
  }
  const hex = 'AB'.repeat(32)
  assert.deepEqual(of(JSON.stringify([hex, 7, 'x'])), [hex.toLowerCase()])
  for (const text of [undefined, '', '{', '{}', 'null', `[${'1,'.repeat(4000)}1]`])
    assert.deepEqual(of(text), [])
})
