import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bundleV3,
  dsseBody,
  githubIssuer,
  logEntry,
  makeBundle,
  newSigstore,
  workflow,
  type BundleOptions,
} from '../../../test/kit/sigstore.ts'
import { digestOf } from '../../oci/digest.ts'
import { readBundle } from './read-bundle.ts'
import { readTrustedRoot } from './trusted-root.ts'
import { verifySigstore } from './verify-sigstore.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const subject = digestOf(Buffer.from('an image'))
const sigstore = newSigstore(now)
const bytesOf = (value: object): Buffer => Buffer.from(JSON.stringify(value))
const early = (version: string): string =>
  `application/vnd.dev.sigstore.bundle+json;version=${version}`

interface Bundle {
  readonly mediaType: string
  readonly verificationMaterial: Readonly<Record<string, unknown>> & {
    readonly certificate?: object
  }
  readonly dsseEnvelope: object
}

const bundleOf = (options: BundleOptions = {}): Bundle =>
  makeBundle(sigstore, subject, options) as unknown as Bundle

function withChain(bundle: Bundle, mediaType: string): object {
  const { certificate, ...rest } = bundle.verificationMaterial
  const x509CertificateChain = { certificates: [certificate] }
  return { ...bundle, mediaType, verificationMaterial: { ...rest, x509CertificateChain } }
}

function resultOf(bundle: object): string {
  const reading = readTrustedRoot('private', bytesOf(sigstore.trustedRoot))
  const entry = {
    kind: 'keyless',
    root: reading.kind === 'root' ? reading.root : undefined,
    issuer: githubIssuer,
    subject: workflow,
    thresholds: { log: 1, time: 1, certificateLog: 1 },
    acceptAttestationAsSignature: false,
  } as const
  const candidate = { format: 'cosign-bundle', content: bytesOf(bundle) } as const
  return verifySigstore(candidate, { subject, entry, now }).result
}

function refused(bundle: object | Buffer, detail: RegExp): void {
  const reading = readBundle(Buffer.isBuffer(bundle) ? bundle : bytesOf(bundle))
  assert.equal(reading.kind, 'refused')
  assert.match(reading.kind === 'refused' ? reading.detail : '', detail)
}

test('a bundle that two readers would read differently is refused', () => {
  const good = bundleOf()
  const text = JSON.stringify(good)
  refused(Buffer.from(text.replace('{', '{"mediaType":"x",')), /mediaType" twice/)
  refused(Buffer.from(text.replace('"dsseEnvelope"', '"DsseEnvelope"')), /some clients read/)
  refused(Buffer.from(`\uFEFF${text}`), /byte order mark/)
  const both = { ...good.verificationMaterial, publicKey: { hint: 'x' } }
  refused({ ...good, verificationMaterial: both }, /publicKey and certificate; it must be one/)
  const message = { messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' }, signature: 'AAAA' }
  refused({ ...good, messageSignature: message }, /messageSignature, which signs files/)
})

test('what is no bundle is refused with the member that is wrong', () => {
  const good = bundleOf()
  refused([], /no.*object|not a JSON object/)
  refused({ ...good, mediaType: 'application/vnd.dev.sigstore.bundle.v0.4+json' }, /media type/)
  refused({ ...good, mediaType: undefined }, /media type none/)
  refused({ ...good, dsseEnvelope: undefined }, /no dsseEnvelope/)
  refused({ ...good, verificationMaterial: undefined }, /no verificationMaterial/)
  refused({ ...good, verificationMaterial: { tlogEntries: [] } }, /names no key/)
  refused({ ...good, dsseEnvelope: { ...good.dsseEnvelope, payload: 1 } }, /payload/)
  refused({ ...good, dsseEnvelope: { ...good.dsseEnvelope, signatures: [] } }, /signatures/)
  const hint = 'x'.repeat(2000)
  refused({ ...good, verificationMaterial: { publicKey: { hint } } }, /hint/)
  const rawBytes = Buffer.alloc(20_000).toString('base64')
  const certificate = { rawBytes }
  refused({ ...good, verificationMaterial: { certificate } }, /more than 16384 bytes/)
})

test('each version of the format is read by its own rules', () => {
  assert.equal(resultOf(withChain(bundleOf(), early('0.2'))), 'verified')
  const promised = bundleOf({
    entries: (made, pem) => [
      logEntry(sigstore.log, dsseBody(made, pem), { at: now, withoutProof: true }),
    ],
  })
  assert.equal(resultOf(withChain(promised, early('0.1'))), 'verified')
  refused(promised, /inclusionProof/)
  refused(withChain(bundleOf(), bundleV3), /\$case/)
  assert.equal(resultOf({ ...bundleOf(), mediaType: early('0.3') }), 'verified')
})
