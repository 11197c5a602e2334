import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSigstore } from '../../../test/kit/sigstore.ts'
import { digestOf } from '../../oci/digest.ts'
import { readTrustedRoot } from './trusted-root.ts'

const now = Date.parse('2026-06-01T12:00:00Z')
const sigstore = newSigstore(now)

interface RootJson {
  readonly tlogs: readonly Record<string, unknown>[]
  readonly certificateAuthorities: readonly {
    readonly certChain: { readonly certificates: readonly { readonly rawBytes: string }[] }
  }[]
}
const whole = sigstore.trustedRoot as RootJson
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

function refused(bytes: Buffer, reason: RegExp): void {
  const reading = readTrustedRoot('private', bytes)
  assert.equal(reading.kind, 'refused')
  assert.match(reading.kind === 'refused' ? reading.reason : '', reason)
}

const change = (changes: object): Buffer => bytesOf({ ...whole, ...changes })

test('a root is used whole or not at all, and says where it is wrong', () => {
  refused(Buffer.from('{'), /not JSON/)
  refused(bytesOf([]), /mediaType is missing/)
  refused(change({ mediaType: 'text/plain' }), /mediaType is "text\/plain"/)
  refused(Buffer.alloc(1024 * 1024 + 1), /more than 1048576 bytes/)
  const none = { tlogs: [], certificateAuthorities: [], timestampAuthorities: [] }
  refused(change(none), /trust nothing/)
  refused(change({ tlogs: Array.from({ length: 65 }, () => whole.tlogs[0]) }), /tlogs has more/)
  refused(change({ tlogs: [{ ...whole.tlogs[0], baseUrl: '' }] }), /tlogs\[0\] lacks/)
  refused(change({ ctlogs: [{ ...whole.tlogs[0], logId: undefined }] }), /ctlogs\[0\] lacks/)
  const key = { rawBytes: 'AAAA', keyDetails: 'PKIX_ECDSA_P256_SHA_256' }
  refused(change({ tlogs: [{ ...whole.tlogs[0], publicKey: key }] }), /cannot be read/)
  const text = JSON.stringify(whole).replace('{', '{"tlogs":[],')
  refused(Buffer.from(text), /twice/)
})

test('a chain leads from each certificate to the one that issued it, and ends in a root', () => {
  const [authority] = whole.certificateAuthorities
  const certificates = authority?.certChain.certificates ?? []
  const chain = (...given: readonly unknown[]): Buffer =>
    change({ certificateAuthorities: [{ ...authority, certChain: { certificates: given } }] })
  refused(chain(), /certificateAuthorities\[0\]\.certChain is empty/)
  refused(chain(certificates[0]), /does not end in a certificate that signs itself/)
  refused(chain(certificates[1], certificates[0]), /certificate 0 that certificate 1 did not issue/)
  refused(chain({ rawBytes: 'AAAA' }), /cannot be read/)
  refused(chain(...Array.from({ length: 11 }, () => certificates[1])), /more than 10/)
  assert.equal(readTrustedRoot('private', chain(...certificates)).kind, 'root')
})

test('a root knows its name, its hash, its newest member and its logs', () => {
  const bytes = bytesOf(whole)
  const reading = readTrustedRoot('private', bytes)
  const root = reading.kind === 'root' ? reading.root : assert.fail(reading.reason)
  assert.deepEqual(
    [root.name, root.hash, root.newestStart],
    ['private', digestOf(bytes), now - 20 * 86_400_000],
  )
  assert.deepEqual(
    root.logs.map(({ address, ids }) => [address, ids]),
    [['https://rekor.sigstore.test', [sigstore.log.id.toString('hex')]]],
  )
})
