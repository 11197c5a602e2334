// Verifications a second of each form of signature, through the worker thread as the server has it.
import { generateKeyPairSync } from 'node:crypto'
import { systemClock } from '../src/lib/clock.ts'

import { parseKey, parseRoot, parseStore } from '../src/trust/rules/parse-trust-material.ts'
import { parseTrustPolicy } from '../src/trust/rules/parse-trust-policy.ts'
import { materialFrom, type StoredMaterial } from '../src/trust/rules/trust-material.ts'
import { subjectTime, type VerifierInput } from '../src/trust/rules/verifier.ts'
import { VerifiersAside } from '../src/trust/verify-aside.ts'
import { signedBy, subject } from '../test/kit/notation-signatures.ts'
import { pemOf, pki, pkiNow } from '../test/kit/pki.ts'
import { githubIssuer, makeBundle, newSigstore, publicPem, workflow } from '../test/kit/sigstore.ts'
import { newKeyPair } from '../test/kit/test-certificates.ts'

interface Form {
  readonly name: string
  readonly format: VerifierInput['candidate']['format']
  readonly content: Uint8Array
  readonly accept: object
  readonly material: StoredMaterial
  readonly now: number
}

export async function benchVerifications(
  print: (line: string) => void,
  seconds: number,
): Promise<void> {
  const verifiers = new VerifiersAside({ clock: systemClock })
  try {
    for (const form of await forms()) {
      const input = inputOf(form)
      await verify(verifiers, input)
      const begun = performance.now()
      let count = 0
      for (; performance.now() - begun < seconds * 1000; count += 1) await verify(verifiers, input)
      const rate = (count * 1000) / (performance.now() - begun)
      print(`verifications, ${form.name}: ${rate.toFixed(0)} a second`)
    }
  } finally {
    await verifiers.close()
  }
}

async function verify(verifiers: VerifiersAside, input: VerifierInput): Promise<void> {
  const question = { input, revocation: { answers: new Map() }, isLast: true }
  const options = { signal: new AbortController().signal, time: subjectTime(Infinity) }
  const step = await verifiers.judge(question, options)
  if (step.kind !== 'verdict' || step.verdict.result !== 'verified')
    throw new Error(`it was not verified: ${JSON.stringify(step)}`)
}

function inputOf({ format, content, accept, material, now }: Form): VerifierInput {
  const read = parseTrustPolicy(
    JSON.stringify({
      version: 1,
      name: 'p',
      repositories: ['*'],
      accept: [{ id: 'e', ...accept }],
    }),
  )
  const entry = read.kind === 'read' ? read.policy.accept[0] : undefined
  if (entry === undefined) throw new Error(JSON.stringify(read))
  return {
    candidate: { format, content, annotations: {}, seenAt: now },
    subject: { ...subject, repository: 'bench/app' },
    entry,
    material: materialFrom([material]),
    now,
  }
}

async function forms(): Promise<readonly Form[]> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const made = pki({ chain: 3, label: 'bench', leaf: { key: privateKey } })
  const notation = {
    accept: { notation: { stores: ['ca:bench'], identities: ['*'] } },
    material: materialOf(parseStore('ca:bench', pemOf(made.root.der))),
    now: pkiNow,
  }
  const now = Date.parse('2026-06-01T12:00:00Z')
  const sigstore = newSigstore(now)
  const key = newKeyPair()
  const window = { validFrom: undefined, validUntil: undefined, revokedFrom: undefined }
  const bundle = (options: object): Buffer =>
    Buffer.from(JSON.stringify(makeBundle(sigstore, subject.digest, options)))
  return [
    {
      name: 'Notation JWS, ECDSA P-384',
      format: 'notation-jws',
      content: await signedBy(made, { format: 'jws' }),
      ...notation,
    },
    {
      name: 'Notation COSE, ECDSA P-384',
      format: 'notation-cose',
      content: await signedBy(made, { format: 'cose' }),
      ...notation,
    },
    {
      name: 'cosign bundle by key',
      format: 'cosign-bundle',
      content: bundle({ key, entries: () => [] }),
      accept: { cosignKey: { key: 'ci', tlog: 0 } },
      material: materialOf(parseKey('ci', publicPem(key), window)),
      now,
    },
    {
      name: 'cosign bundle keyless',
      format: 'cosign-bundle',
      content: bundle({}),
      accept: { sigstore: { root: 'bench', issuer: githubIssuer, subject: workflow } },
      material: materialOf(parseRoot('bench', JSON.stringify(sigstore.trustedRoot))),
      now,
    },
  ]
}

function materialOf(
  read: ReturnType<typeof parseStore> | ReturnType<typeof parseKey> | ReturnType<typeof parseRoot>,
): StoredMaterial {
  if (read.kind === 'refused') throw new Error(read.reason)
  return read.material
}
