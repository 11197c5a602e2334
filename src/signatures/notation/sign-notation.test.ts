import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formats, subject } from '../../../test/kit/notation-signatures.ts'
import { day, keyOf, pki, pkiNow, type Pki } from '../../../test/kit/pki.ts'
import { keyUsageExtension } from '../x509/issue-certificate.ts'
import { signWith, type KeyAlgorithm } from '../x509/key-algorithm.ts'
import { makePayload } from './payload.ts'
import { readEnvelope } from './read-envelope.ts'
import { signNotation, type SignatureRequest, type Signer } from './sign-notation.ts'

const made = pki()
const usual = { payload: makePayload(subject), scheme: 'notary.x509', signingTime: pkiNow } as const

function signerOf({ chain, leaf }: Pki, key = leaf.key): Signer {
  return { chain, sign: async (bytes) => signWith(key, bytes) }
}

async function judged(
  request: Partial<SignatureRequest>,
  signer = signerOf(made),
): Promise<string> {
  const result = await signNotation({ ...usual, format: 'jws', ...request }, signer)
  return result.kind === 'refused' ? result.reason : 'signed'
}

test('nothing is made that nobody could verify', async () => {
  const another = keyOf('P-256', 'another')
  const encipher = pki({ leaf: { extensions: [keyUsageExtension('keyEncipherment')] } })
  for (const format of formats) {
    assert.equal(await judged({ format }), 'signed')
    assert.match(await judged({ format }, signerOf(made, another)), /not of the key of its cert/)
    assert.match(await judged({ format }, signerOf(encipher)), /may not sign: its keyUsage lacks/)
    const noRoot = { ...signerOf(made), chain: made.chain.slice(0, 2) }
    assert.match(await judged({ format }, noRoot), /is the last one and not self-signed/)
    const junk = { ...signerOf(made), chain: [Buffer.from('junk')] }
    assert.match(await judged({ format }, junk), /is no X\.509 certificate/)
    assert.match(
      await judged({ format }, { ...signerOf(made), chain: [] }),
      /there is no certificate/,
    )
    assert.match(await judged({ format, expiry: pkiNow }), /would expire before it is made/)
    assert.match(await judged({ format, payload: new Uint8Array(0) }), /the payload is empty/)
    const scheme = { 'io.cncf.notary.signingScheme': 'x' }
    assert.match(
      await judged({ format, criticalAttributes: scheme }),
      /is set by the signature itself/,
    )
  }
})

test('the signer is told which algorithm its key is for', async () => {
  const told: KeyAlgorithm[] = []
  const by = pki({ chain: 1, leaf: { key: keyOf('P-521') } })
  const signer: Signer = {
    chain: by.chain,
    sign: async (bytes, algorithm) => {
      told.push(algorithm)
      return signWith(by.leaf.key, bytes)
    },
  }
  for (const format of formats) assert.equal(await judged({ format }, signer), 'signed')
  assert.deepEqual(
    told.map(({ keySpec, hash }) => `${keySpec} ${hash}`),
    ['EC-521 sha512', 'EC-521 sha512'],
  )
})

test('what is asked for is what the envelope says', async () => {
  for (const format of formats) {
    const request: SignatureRequest = {
      ...usual,
      format,
      scheme: 'notary.x509.signingAuthority',
      signingTime: pkiNow + 999,
      expiry: pkiNow + day,
      criticalAttributes: { 'io.cncf.notary.verificationPlugin': 'p', 'x.example': 'y' },
      signingAgent: 'agent/1',
      timestamp: async (signature) => signature.subarray(0, 8),
    }
    const result = await signNotation(request, signerOf(made))
    assert.ok(result.kind === 'signed')
    const type = format === 'jws' ? 'application/jose+json' : 'application/cose'
    const read = readEnvelope(result.envelope, type)
    assert.ok(read.kind === 'envelope', JSON.stringify(read))
    const { envelope } = read
    assert.deepEqual(envelope.attributes, {
      scheme: 'notary.x509.signingAuthority',
      // To the second: both forms are read by clients that know no fractions.
      signingTime: pkiNow,
      expiry: pkiNow + day,
      verificationPlugin: 'p',
      extended: new Map([['x.example', { isCritical: true, value: 'y' }]]),
    })
    assert.deepEqual(Buffer.from(envelope.payload), Buffer.from(usual.payload))
    assert.equal(envelope.signingAgent, 'agent/1')
    assert.deepEqual(
      Buffer.from(envelope.timestamp ?? []),
      Buffer.from(envelope.signature.subarray(0, 8)),
    )
    assert.equal(envelope.chain.length, 3)
  }
})
